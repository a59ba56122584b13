import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { referencePages } from '../../cli/docs.js';

it('the reference pages are what the declarations say (else: bin/weir docs)', () => {
  const pages = referencePages();
  expect(pages.size).toBe(5);
  for (const [name, text] of pages) {
    expect(readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8'), name).toBe(text);
  }
});
