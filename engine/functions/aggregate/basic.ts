import { addLong, type Long, negateLong } from '../../values/arithmetic.js';
import { compareValues } from '../../values/compare.js';
import { Decimal } from '../../values/decimal.js';
import { fitDecimal } from '../../values/fit.js';
import { BIGINT, DOUBLE, decimal, INTEGER, type SqlType, struct } from '../../values/sql-type.js';
import { bigintValue, type Value } from '../../values/value.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';
import { exactMean, exactSum } from './exact.js';

/** COUNT without an argument counts rows, with one the rows where it is not NULL. */
const count = aggregateFunction({
  name: 'COUNT',
  description: 'Counts rows: all of them, or those in which the argument is not NULL.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'COUNT() -> BIGINT',
      undo: 'exact',
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
      undo: 'exact',
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
): AggregateImpl<T> {
  return {
    stateType,
    init: () => zero,
    add: (sum, args) => (args[0] === null ? sum : add(sum, args[0] as T)),
    undo: (sum, args) => (args[0] === null ? sum : add(sum, negate(args[0] as T))),
    merge: add,
    result: (sum) => sum,
  };
}

/**
 * For streams, whose rows are never taken back: doubles are added up as they come, as in Java, and a DECIMAL that outgrows
 * its type is refused.
 */
export function sumOf(type: SqlType, undone: boolean): AggregateImpl<never> {
  switch (type.kind) {
    case 'INTEGER':
      return aggregate(
        summing<number>(
          INTEGER,
          0,
          (a, b) => (a + b) | 0,
          (a) => -a | 0,
        ),
      );
    case 'BIGINT':
      return aggregate(summing<Long>(BIGINT, 0, addLong, negateLong));
    case 'DOUBLE':
      if (undone) return exactSum();
      return aggregate(
        summing<number>(
          DOUBLE,
          0,
          (a, b) => a + b,
          (a) => -a,
        ),
      );
    case 'DECIMAL': {
      const { precision, scale } = type;
      const fit = (d: Decimal): Decimal => fitDecimal(d, precision, scale);
      const add = (a: Decimal, b: Decimal): Decimal => a.add(b);
      const sum = summing<Decimal>(type, new Decimal(0n, scale), undone ? add : (a, b) => fit(add(a, b)), (a) =>
        a.negate(),
      );
      // Over a table the sum may be too large for its type for a while: the rows that made it so may be taken back.
      return aggregate<Decimal>(undone ? { ...sum, result: fit } : { ...sum, refuses: true });
    }
    default:
      throw new Error(`no sum of ${type.kind}`);
  }
}

const sum = aggregateFunction({
  name: 'SUM',
  description:
    'Adds up a numeric column; NULLs are ignored, and the sum of nothing is 0. INT and BIGINT wrap as in Java. A row that takes a DECIMAL sum beyond its type is left out; over a table, the sum is NULL as long as it does not fit.',
  category: 'AGGREGATE',
  overloads: [
    ...['INT', 'BIGINT', 'DOUBLE'].map(
      (t): AggregateOverload => ({
        signature: `SUM(value ${t}) -> ${t}`,
        undo: 'exact',
        make: (types) => sumOf(types.result, types.undone),
      }),
    ),
    {
      signature: 'SUM(value DECIMAL) -> DECIMAL',
      undo: 'exact',
      returns: (args) => args[0]!,
      make: (types) => sumOf(types.result, types.undone),
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

const MEAN = (sum: SqlType): SqlType =>
  struct([
    { name: 'SUM', type: sum },
    { name: 'COUNT', type: BIGINT },
  ]);

/** Of doubles whose rows are never taken back: they are added up as they come, as in Java. */
const doubleMean = aggregate<Mean<number>>({
  stateType: MEAN(DOUBLE),
  init: () => ({ sum: 0, count: 0 }),
  add: (s, [v]) => {
    if (v !== null) {
      s.sum += v as number;
      s.count++;
    }
    return s;
  },
  merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
  result: (s) => (s.count === 0 ? 0 : s.sum / s.count),
  toState: (s) => [s.sum, s.count],
  fromState: (v) => {
    const [sum, count] = v as [number, number];
    return { sum, count };
  },
});

/** A sum of integers of any size: a number as long as that is exact. */
const addWide = (a: Long, b: Long): Long => {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return BigInt(a) + BigInt(b);
};

/** Of integers; the sum never wraps, and what a BIGINT cannot hold of it is stored apart. */
const integerMean = aggregate<Mean<Long>>({
  stateType: MEAN(BIGINT),
  moreType: decimal(38, 0),
  init: () => ({ sum: 0, count: 0 }),
  add: (s, [v]) => {
    if (v !== null) {
      s.sum = addWide(s.sum, v as Long);
      s.count++;
    }
    return s;
  },
  undo: (s, [v]) => {
    if (v !== null) {
      s.sum = addWide(s.sum, typeof v === 'bigint' ? -v : 0 - (v as number));
      s.count--;
    }
    return s;
  },
  merge: (a, b) => ({ sum: addWide(a.sum, b.sum), count: a.count + b.count }),
  result: (s) => (s.count === 0 ? 0 : Number(s.sum) / s.count),
  toState: (s) => [typeof s.sum === 'bigint' ? bigintValue(s.sum) : s.sum, s.count],
  toMore: (s) => (typeof s.sum === 'bigint' ? Decimal.fromInteger(s.sum) : null),
  fromState: (v, more) => {
    const [sum, count] = v as [Long, number];
    return { sum: more === null ? sum : (more as Decimal).unscaled, count };
  },
});

const avg = aggregateFunction({
  name: 'AVG',
  description:
    'The mean of a numeric column; NULLs are ignored, and the mean of nothing is 0.0. The sum behind it never wraps.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'AVG(value INT) -> DOUBLE',
      undo: 'exact',
      make: () => integerMean,
    },
    {
      signature: 'AVG(value BIGINT) -> DOUBLE',
      undo: 'exact',
      make: () => integerMean,
    },
    {
      signature: 'AVG(value DOUBLE) -> DOUBLE',
      undo: 'exact',
      make: ({ undone }) => (undone ? exactMean() : doubleMean),
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
    undo: 'none',
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
