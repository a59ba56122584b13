import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_HELP } from '../../cli/error-help.js';
import { ERROR_CODES } from '../../engine/index.js';
import { SqlError } from '../../parser/index.js';
import { Session } from '../analyzer/support.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const SETUP = `CREATE STREAM orders (id INT KEY, amount DECIMAL(9, 2), ordered TIMESTAMP)
  WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');`;

describe('docs/errors.md', () => {
  it.each(Object.keys(ERROR_CODES))('has a section for %s: its cause, an example, what to do', (code) => {
    const [, section = ''] = PAGE.split(`\n## ${code}\n`);
    const [own = ''] = section.split('\n## ');
    const [cause, example, remedy] = own.split(/\n(?:For example: ?|What to do: )/);
    for (const part of [cause, example, remedy]) expect(part?.trim().length).toBeGreaterThan(20);
  });

  const statements = Object.entries(ERROR_HELP).flatMap(([code, { example }]) =>
    'sql' in example ? [[code, example.sql] as const] : [],
  );
  it.each(statements)('%s: its example gives it', (code, sql) => {
    const session = new Session();
    session.run(SETUP);
    const failed = (): unknown => {
      try {
        return session.run(sql);
      } catch (e) {
        return e;
      }
    };
    const error = failed();
    expect(error).toBeInstanceOf(SqlError);
    expect((error as SqlError).code).toBe(code);
  });
});
