import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Choices } from './choices.js';
import { type PullCase, pullCase, rowText } from './pull-cases.js';
import { pull } from './pull-run.js';
import { type Input, inputsFrom } from './sources.js';
import { Undecided } from './values.js';

/**
 * Random pull queries over random tables give what a plain evaluation over the tables' rows gives. WEIR_PROPERTY_RUNS runs
 * more, WEIR_PROPERTY_SEED others; a failure prints its seed, the SQL and the input.
 */
const RUNS = Number(process.env.WEIR_PROPERTY_RUNS ?? 30) * 10;
const SEED = Number(process.env.WEIR_PROPERTY_SEED ?? 20240601);

const number = fc.nat(65_535);
const tape = fc.array(number, { minLength: 0, maxLength: 200, size: 'max' });
const inputs = fc.array(fc.array(number, { minLength: 14, maxLength: 14 }), { maxLength: 25, size: 'max' });

const show = (r: Input): string => {
  const text = (row: readonly unknown[] | null) => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));
  return `${r.source.name}: ${text(r.key)} -> ${text(r.value)}`;
};

/** What is wrong with the rows; undefined: nothing. */
function difference(query: PullCase, given: readonly Input[], rows: readonly string[]): string | undefined {
  const blocks = query.blocks(given);
  const end = query.limit === null ? Number.POSITIVE_INFINITY : query.offset + query.limit;
  let at = 0;
  let taken = 0;
  for (const block of blocks) {
    const from = Math.max(at, query.offset);
    const to = Math.min(at + block.length, end);
    at += block.length;
    if (from >= to) continue;
    // Of rows that the order does not tell apart any may stand here, each as often as it is there.
    const left = [...block];
    for (const row of rows.slice(taken, taken + to - from)) {
      const i = left.indexOf(row);
      if (i < 0) return `row ${taken} is (${row})`;
      left.splice(i, 1);
    }
    taken += to - from;
  }
  return taken === rows.length ? undefined : `${taken} rows expected, ${rows.length} given`;
}

describe('random pull queries', () => {
  it('give what plain evaluation over the rows gives', async () => {
    await fc.assert(
      fc.asyncProperty(tape, inputs, async (choices, numbers) => {
        const query = pullCase(new Choices(choices));
        const given = inputsFrom(numbers, query.tables);
        let expected: string[][];
        try {
          expected = query.blocks(given);
        } catch (e) {
          fc.pre(!(e instanceof Undecided));
          throw e;
        }
        const because = (text: string) =>
          `${text}\n\n${query.ddl}\n${query.sql}\n${given.map(show).join('\n')}\nexpected ${JSON.stringify(expected)}`;
        const { types, rows } = await pull(query.ddl, query.sql, query.tables, given).catch((e: unknown) => {
          throw new Error(because((e as Error).message), { cause: e });
        });
        if (types.join() !== query.types.map((t) => t.kind).join()) throw new Error(because(`types ${types.join()}`));
        const texts = rows.map((r) => rowText(r, query.types));
        const wrong = difference(query, given, texts);
        if (wrong !== undefined) throw new Error(because(`${wrong}\ngot ${JSON.stringify(texts)}`));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }, 120_000);

  it('hold no more than they may, and say what to do', async () => {
    const query = pullCase(new Choices([]));
    const numbers = Array.from({ length: 25 }, (_, i) => Array.from({ length: 14 }, (_, j) => i * 9 + j));
    const given = inputsFrom(numbers, query.tables);
    const run = (sql: string) => pull(query.ddl, sql, query.tables, given, 100);
    for (const sql of [
      'SELECT * FROM T ORDER BY A;',
      'SELECT DISTINCT * FROM T;',
      'SELECT A, COUNT(*) FROM T GROUP BY A;',
      'SELECT x.A FROM T x JOIN T y ON x.A = y.A;',
    ]) {
      await expect(run(sql), sql).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        hint: expect.stringContaining('WHERE'),
      });
    }
    expect((await run('SELECT * FROM T;')).rows.length).toBeGreaterThan(0);
  });
});
