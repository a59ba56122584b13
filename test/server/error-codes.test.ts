import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../engine/index.js';

describe('codes of errors', () => {
  it('that the parser gives are among those that docs/errors.md lists', () => {
    const files = readdirSync('parser', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
    const used = files.flatMap((f) =>
      [...readFileSync(`parser/${f}`, 'utf8').matchAll(/\bcode: '([A-Z_]+)'/g)].map((m) => m[1]!),
    );
    expect(used).toContain('SYNTAX_ERROR');
    expect(used.filter((code) => !(code in ERROR_CODES))).toEqual([]);
  });
});
