import fc from 'fast-check';
import { describe, it } from 'vitest';
import { groupQuery, sessionQuery, tableGroupQuery, windowQuery } from './aggregates.js';
import { Choices } from './choices.js';
import { chain, foreignKeyJoin, streamStreamJoin, streamTableJoin, tableTableJoin } from './joins.js';
import { expectedSchema, lastRows, type QueryCase, SINK, streamQuery, tableQuery, texts } from './queries.js';
import { run } from './run.js';
import { type Input, inputsFrom } from './sources.js';
import { Undecided } from './values.js';

/**
 * Random valid queries over random input give what a plain evaluation over all of the input at once gives. WEIR_PROPERTY_RUNS
 * runs more of each kind, WEIR_PROPERTY_SEED others; a failure prints its seed, the SQL and the input.
 */
const RUNS = Number(process.env.WEIR_PROPERTY_RUNS ?? 30);
const SEED = Number(process.env.WEIR_PROPERTY_SEED ?? 20240601);

const number = fc.nat(65_535);
const tape = fc.array(number, { minLength: 0, maxLength: 300, size: 'max' });
const inputs = fc.array(fc.array(number, { minLength: 14, maxLength: 14 }), { maxLength: 25, size: 'max' });

const KINDS: readonly (readonly [string, (c: Choices) => QueryCase])[] = [
  ['projections and filters of a stream, PARTITION BY', streamQuery],
  ['projections and filters of a table', tableQuery],
  ['GROUP BY over a stream', groupQuery],
  ['GROUP BY over a table', tableGroupQuery],
  ['tumbling and hopping windows', windowQuery],
  ['session windows', sessionQuery],
  ['stream-table joins', streamTableJoin],
  ['table-table joins', tableTableJoin],
  ['foreign-key joins', foreignKeyJoin],
  ['stream-stream joins', streamStreamJoin],
  ['a query over another', chain],
];

const show = (r: Input): string => {
  const text = (row: readonly unknown[] | null) => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));
  return `${r.source.name}: ${text(r.key)} -> ${text(r.value)} at ${r.timestamp}`;
};

/** Throws where a query and its batch evaluation differ. Plain errors: those of `expect` take most of the time of shrinking. */
function check(query: QueryCase, given: readonly Input[]): void {
  const { sink } = query;
  const because = (text: string) => `${text}\n\n${query.sql}\n${given.map(show).join('\n')}\n`;
  const rows = query.evaluate(given);
  const timed = rows.every((r) => r.timestamp !== undefined);
  let ran: ReturnType<typeof run>;
  try {
    ran = run(query.sql, given, SINK);
  } catch (e) {
    throw new Error(because((e as Error).message), { cause: e });
  }
  const schema = expectedSchema(sink);
  if (ran.schema !== schema)
    throw new Error(because(`expected the columns ${schema}\n     got the columns ${ran.schema}`));
  const outputs = ran.outputs.map((o) => ({
    key: o.key,
    value: o.value,
    timestamp: timed ? o.timestamp : undefined,
    ...(o.window === null ? {} : { window: o.window }),
  }));
  const order = (lines: string[]) => (query.compared === 'log' ? lines : lines.sort()).join('\n');
  const expected = order(texts(rows, sink));
  const actual = order(texts(query.compared === 'table' ? lastRows(outputs, sink) : outputs, sink));
  if (actual !== expected) throw new Error(because(`expected:\n${expected}\ngot:\n${actual}`));
}

describe('a random query gives what a batch evaluation gives', () => {
  it.each(KINDS)(
    '%s',
    (_, make) => {
      fc.assert(
        fc.property(tape, inputs, (choices, rows) => {
          const query = make(new Choices(choices));
          try {
            check(query, inputsFrom(rows, query.sources));
          } catch (e) {
            if (!(e instanceof Undecided)) throw e;
          }
        }),
        // Shrinking may take long; a run that is cut short counts as failed.
        { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 60_000 + 100 * RUNS, markInterruptAsFailure: true },
      );
    },
    600_000,
  );
});
