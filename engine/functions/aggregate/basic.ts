import { addLong, type Long, negateLong } from '../../types/arithmetic.js';
import { fitDecimal } from '../../types/cast.js';
import { compareValues } from '../../types/compare.js';
import { Decimal } from '../../types/decimal.js';
import { BIGINT, DOUBLE, INTEGER, type SqlType, struct } from '../../types/sql-type.js';
import type { Value } from '../../types/value.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';

/** COUNT without an argument counts rows, with one the rows where it is not NULL. */
const count = aggregateFunction({
  name: 'COUNT',
  description: 'Counts rows: all of them, or those in which the argument is not NULL.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'COUNT() -> BIGINT',
      table: true,
      make: () =>
        aggregate<number>({
          stateType: BIGINT,
          init: () => 0,
          add: (n) => n + 1,
          undo: (n) => n - 1,
          merge: (a, b) => a + b,
          result: (n) => n,
        }),
    },
    {
      signature: 'COUNT(value ANY) -> BIGINT',
      table: true,
      make: () =>
        aggregate<number>({
          stateType: BIGINT,
          init: () => 0,
          add: (n, args) => (args[0] === null ? n : n + 1),
          undo: (n, args) => (args[0] === null ? n : n - 1),
          merge: (a, b) => a + b,
          result: (n) => n,
        }),
    },
  ],
  examples: [
    { sql: 'COUNT(*)', rows: [[], [], []], result: 'CAST(3 AS BIGINT)' },
    { sql: 'COUNT(name)', rows: [["'a'"], ['CAST(NULL AS STRING)'], ["'b'"]], result: 'CAST(2 AS BIGINT)' },
  ],
});

/** A sum: an `add` and its opposite over non-null values. */
function summing<T extends Value>(
  stateType: SqlType,
  zero: T,
  add: (a: T, b: T) => T,
  negate: (a: T) => T,
): AggregateImpl<never> {
  return aggregate<T>({
    stateType,
    init: () => zero,
    add: (sum, args) => (args[0] === null ? sum : add(sum, args[0] as T)),
    undo: (sum, args) => (args[0] === null ? sum : add(sum, negate(args[0] as T))),
    merge: add,
    result: (sum) => sum,
  });
}

export function sumOf(type: SqlType): AggregateImpl<never> {
  switch (type.kind) {
    case 'INTEGER':
      return summing<number>(
        INTEGER,
        0,
        (a, b) => (a + b) | 0,
        (a) => -a | 0,
      );
    case 'BIGINT':
      return summing<Long>(BIGINT, 0, addLong, negateLong);
    case 'DOUBLE':
      return summing<number>(
        DOUBLE,
        0,
        (a, b) => a + b,
        (a) => -a,
      );
    case 'DECIMAL':
      return summing<Decimal>(
        type,
        new Decimal(0n, type.scale),
        (a, b) => fitDecimal(a.add(b), type.precision, type.scale),
        (a) => a.negate(),
      );
    default:
      throw new Error(`no sum of ${type.kind}`);
  }
}

const sum = aggregateFunction({
  name: 'SUM',
  description:
    'Adds up a numeric column; NULLs are ignored, and the sum of nothing is 0. A DECIMAL sum fails on overflow.',
  category: 'AGGREGATE',
  overloads: [
    ...['INT', 'BIGINT', 'DOUBLE'].map(
      (t): AggregateOverload => ({
        signature: `SUM(value ${t}) -> ${t}`,
        table: true,
        make: (types) => sumOf(types.result),
      }),
    ),
    {
      signature: 'SUM(value DECIMAL) -> DECIMAL',
      table: true,
      returns: (args) => args[0]!,
      make: (types) => sumOf(types.result),
    },
  ],
  examples: [
    { sql: 'SUM(amount)', rows: [['1'], ['2'], ['CAST(NULL AS INT)']], result: '3' },
    { sql: 'SUM(amount)', rows: [['1.50'], ['2.25']], result: '3.75' },
    { sql: 'SUM(amount)', rows: [['9007199254740993'], ['CAST(1 AS BIGINT)']], result: '9007199254740994' },
  ],
});

interface Mean<T> {
  sum: T;
  count: number;
}

function averageOf<T extends Value>(
  sumType: SqlType,
  zero: T,
  add: (a: T, b: T) => T,
  negate: (a: T) => T,
): AggregateImpl<never> {
  return aggregate<Mean<T>>({
    stateType: struct([
      { name: 'SUM', type: sumType },
      { name: 'COUNT', type: BIGINT },
    ]),
    init: () => ({ sum: zero, count: 0 }),
    add: (s, [v]) => {
      if (v !== null) {
        s.sum = add(s.sum, v as T);
        s.count++;
      }
      return s;
    },
    undo: (s, [v]) => {
      if (v !== null) {
        s.sum = add(s.sum, negate(v as T));
        s.count--;
      }
      return s;
    },
    merge: (a, b) => ({ sum: add(a.sum, b.sum), count: a.count + b.count }),
    result: (s) => (s.count === 0 ? 0 : Number(s.sum) / s.count),
    toState: (s) => [s.sum, s.count],
    fromState: (v) => {
      const [total, n] = v as [T, number];
      return { sum: total, count: n };
    },
  });
}

const avg = aggregateFunction({
  name: 'AVG',
  description: 'The mean of a numeric column; NULLs are ignored, and the mean of nothing is 0.0.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'AVG(value INT) -> DOUBLE',
      table: true,
      make: () => averageOf<Long>(BIGINT, 0, addLong, negateLong),
    },
    {
      signature: 'AVG(value BIGINT) -> DOUBLE',
      table: true,
      make: () => averageOf<Long>(BIGINT, 0, addLong, negateLong),
    },
    {
      signature: 'AVG(value DOUBLE) -> DOUBLE',
      table: true,
      make: () =>
        averageOf<number>(
          DOUBLE,
          0,
          (a, b) => a + b,
          (a) => -a,
        ),
    },
  ],
  examples: [
    { sql: 'AVG(fare)', rows: [['1'], ['2'], ['CAST(NULL AS INT)']], result: '1.5E0' },
    { sql: 'AVG(fare)', rows: [['1.5E0'], ['2.5E0']], result: '2E0' },
  ],
});

/** Types with an order, in the order in which MIN, MAX and TOPK list them. */
export const ORDERED_TYPES = [
  'INT',
  'BIGINT',
  'DOUBLE',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'BYTES',
  'STRING',
] as const;

/** The value that stands first by `sign`; NULL over nothing. */
function extreme(type: SqlType, sign: 1 | -1): AggregateImpl<never> {
  const compare = compareValues(type) as (a: Value, b: Value) => number;
  const better = (a: Value, b: Value): Value => {
    if (a === null) return b;
    if (b === null) return a;
    return compare(b, a) * sign > 0 ? b : a;
  };
  return aggregate<Value>({
    stateType: type,
    init: () => null,
    add: (best, args) => better(best, args[0]!),
    merge: better,
    result: (best) => best,
  });
}

const extremeOverloads = (name: string, sign: 1 | -1): AggregateOverload[] =>
  ORDERED_TYPES.map((t) => ({
    signature: `${name}(value ${t}) -> ${t}`,
    table: false,
    ...(t === 'DECIMAL' ? { returns: (args: readonly SqlType[]) => args[0]! } : {}),
    make: (types) => extreme(types.result, sign),
  }));

const min = aggregateFunction({
  name: 'MIN',
  description: 'The smallest value of a column; NULLs are ignored.',
  category: 'AGGREGATE',
  overloads: extremeOverloads('MIN', -1),
  examples: [
    { sql: 'MIN(x)', rows: [['3'], ['1'], ['CAST(NULL AS INT)']], result: '1' },
    { sql: 'MIN(name)', rows: [["'b'"], ["'a'"]], result: "'a'" },
  ],
});

const max = aggregateFunction({
  name: 'MAX',
  description: 'The largest value of a column; NULLs are ignored.',
  category: 'AGGREGATE',
  overloads: extremeOverloads('MAX', 1),
  examples: [
    { sql: 'MAX(x)', rows: [['3'], ['1'], ['CAST(NULL AS INT)']], result: '3' },
    { sql: 'MAX(x)', rows: [['1.50'], ['2.25']], result: '2.25' },
  ],
});

export const BASIC_AGGREGATES = [count, sum, avg, min, max];
