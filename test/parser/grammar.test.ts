import type { IToken } from 'chevrotain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatementGrammar } from '../../parser/grammar/statement.js';
import { SqlError } from '../../parser/index.js';
import { parseScriptWith } from '../../parser/parse.js';
import { ALL } from './support.js';

test('Chevrotain finds no ambiguity and no left recursion in the grammar', () => {
  expect(() => new StatementGrammar({ validate: true })).not.toThrow();
});

/** Counts how often the parser looks at a token. */
class CountingGrammar extends StatementGrammar {
  steps = 0;
  override LA(ahead: number): IToken {
    this.steps++;
    return super.LA(ahead);
  }
}

const SEEDS = [
  "CREATE OR REPLACE STREAM s (id BIGINT KEY, v DECIMAL(9, 2), a ARRAY<STRUCT<x INT, y MAP<STRING, INT>>>) WITH (kafka_topic='t', partitions=4);",
  "CREATE TABLE t AS SELECT a, COUNT(*) c, SUM(b + 1) FROM s WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 1 MINUTE, GRACE PERIOD 1 DAY) WHERE x LIKE '%a' ESCAPE '!' GROUP BY a HAVING COUNT(*) > 1 EMIT FINAL;",
  'SELECT l.*, r.v->*, transform(m, (k, v) => k || v) FROM l LEFT JOIN r WITHIN (1 HOUR, 2 HOURS) GRACE PERIOD 1 MINUTE ON l.id = r.id EMIT CHANGES LIMIT 3;',
  "INSERT INTO s (a, b) VALUES (STRUCT(x := MAP('k' := ARRAY[1, -2.5, 1E3])), CASE a WHEN 1 THEN NULL ELSE CAST('1' AS INT) END);",
  "ASSERT NOT EXISTS SCHEMA SUBJECT 'a' ID 1 TIMEOUT 3 SECONDS; DESCRIBE FUNCTION f; SHOW ALL TOPICS EXTENDED; EXPLAIN SELECT * FROM `a``b`;",
  "SET 'a'='b'; DEFINE x = '1'; PRINT t FROM BEGINNING LIMIT 2; DROP STREAM IF EXISTS s DELETE TOPIC; -- done\n/* end */ TERMINATE ALL;",
];
const PIECES = [
  ...'()[]<>,;.\'"`=+-*/%|!:{}$#\\\n ',
  ...[
    'SELECT',
    'FROM',
    'CASE',
    'END',
    'MAP(',
    'ARRAY[',
    'STRUCT<',
    '=>',
    '->',
    ':=',
    '||',
    'NOT',
    'AS',
    '1E',
    '9'.repeat(20),
  ],
  ...[
    '--',
    '/*',
    '*/',
    '${x}',
    'é',
    '\u0000',
    '\ud800',
    'WITH',
    'EXPLAIN',
    'x => ',
    'AT TIME ZONE',
    "'",
    'LIMIT',
    'KEY',
  ],
];

type Edit = readonly [place: number, cut: number, piece: string];
const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.tuple(fc.nat(10_000), fc.nat(12), fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 }))),
  { minLength: 1, maxLength: 8 },
);

function mutate(seed: string, changes: readonly Edit[]): string {
  return changes.reduce((text, [place, cut, piece]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + (cut > 6 ? cut - 6 : 0));
  }, seed);
}

describe('mutated statements', () => {
  test('2,000 of them parse or fail with a SqlError, in a number of steps that their length bounds', () => {
    const grammar = new CountingGrammar();
    let parsed = 0;
    let failed = 0;
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), edits, (seed, changes) => {
        const text = mutate(seed, changes);
        grammar.steps = 0;
        try {
          parseScriptWith(grammar, text, ALL);
          parsed++;
        } catch (error) {
          if (!(error instanceof SqlError)) throw error;
          failed++;
          expect(error.message.length).toBeGreaterThan(0);
          expect(error.format(text).length).toBeLessThan(2 * text.length + 1_000);
          if (error.span !== undefined) {
            expect(error.span.start).toBeGreaterThanOrEqual(0);
            expect(error.span.end).toBeLessThanOrEqual(text.length);
          }
        }
        expect(grammar.steps).toBeLessThan(100 * (text.length + 10));
      }),
      { numRuns: 2_000 },
    );
    expect(parsed).toBeGreaterThan(20);
    expect(failed).toBeGreaterThan(1_000);
  });

  test('steps grow in line with the text', () => {
    const grammar = new CountingGrammar();
    const stepsFor = (items: number): number => {
      grammar.steps = 0;
      parseScriptWith(grammar, `SELECT ${'f(a + 1, (b)) AS c, '.repeat(items)}d FROM s;`);
      return grammar.steps;
    };
    const [short, long] = [stepsFor(50), stepsFor(500)];
    expect(long).toBeLessThan(11 * short);
  });
});
