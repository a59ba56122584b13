import { addLong, type Long, multiplyLong, negateLong } from '../../types/arithmetic.js';
import { BIGINT, DOUBLE, type SqlType, struct } from '../../types/sql-type.js';
import type { Value } from '../../types/value.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';

const NUMBERS = ['INT', 'BIGINT', 'DOUBLE'] as const;

interface Spread {
  sum: Value;
  count: number;
  /** Sum of the squared distances from the mean, kept up row by row (Youngs and Cramer). */
  m2: number;
}

/** Variance of a sample over n - 1; 0.0 for one value and for none. */
function variance(sumType: SqlType, finish: (variance: number) => number): AggregateImpl<never> {
  const exact = sumType.kind === 'BIGINT';
  const add = (a: Value, b: Value): Value => (exact ? addLong(a as Long, b as Long) : (a as number) + (b as number));
  const negated = (a: Value): Value => (exact ? negateLong(a as Long) : -(a as number));
  /** What the n-th value adds, `sum` holding it already. */
  const step = (n: number, value: Value, sum: Value): number =>
    n < 2 ? 0 : (n * Number(value) - Number(sum)) ** 2 / (n * (n - 1));
  return aggregate<Spread>({
    stateType: struct([
      { name: 'SUM', type: sumType },
      { name: 'COUNT', type: BIGINT },
      { name: 'M2', type: DOUBLE },
    ]),
    init: () => ({ sum: 0, count: 0, m2: 0 }),
    add: (s, [v]) => {
      if (v === null || v === undefined) return s;
      s.count++;
      s.sum = add(s.sum, v);
      s.m2 += step(s.count, v, s.sum);
      return s;
    },
    undo: (s, [v]) => {
      if (v === null || v === undefined || s.count === 0) return s;
      s.m2 -= step(s.count, v, s.sum);
      s.count--;
      s.sum = add(s.sum, negated(v));
      return s;
    },
    merge: (a, b) => {
      if (a.count === 0) return b;
      if (b.count === 0) return a;
      const n = a.count + b.count;
      const apart = Number(a.sum) / a.count - Number(b.sum) / b.count;
      return { sum: add(a.sum, b.sum), count: n, m2: a.m2 + b.m2 + (apart ** 2 * a.count * b.count) / n };
    },
    result: (s) => (s.count < 2 ? 0 : finish(s.m2 / (s.count - 1))),
    toState: (s) => [s.sum, s.count, s.m2],
    fromState: (v) => {
      const [sum, count, m2] = v as [Value, number, number];
      return { sum, count, m2 };
    },
  });
}

const varianceOverloads = (name: string, finish: (variance: number) => number): AggregateOverload[] =>
  NUMBERS.map((t) => ({
    signature: `${name}(value ${t}) -> DOUBLE`,
    table: true,
    make: (types) => variance(types.args[0]!.kind === 'DOUBLE' ? DOUBLE : BIGINT, finish),
  }));

const stddevSample = aggregateFunction({
  name: 'STDDEV_SAMPLE',
  description: 'The standard deviation of a sample; NULLs are ignored.',
  category: 'AGGREGATE',
  overloads: varianceOverloads('STDDEV_SAMPLE', Math.sqrt),
  examples: [{ sql: 'STDDEV_SAMPLE(x)', rows: [['500'], ['100'], ['CAST(NULL AS INT)']], result: 'SQRT(80000)' }],
});

const stddevSamp = aggregateFunction({
  name: 'STDDEV_SAMP',
  description:
    'The variance of a sample; NULLs are ignored. Its name says otherwise and ksqlDB computes it so; use STDDEV_SAMPLE for the standard deviation.',
  category: 'AGGREGATE',
  overloads: varianceOverloads('STDDEV_SAMP', (v) => v),
  examples: [{ sql: 'STDDEV_SAMP(x)', rows: [['0'], ['10']], result: '5E1' }],
});

interface Moments {
  count: number;
  sumX: Value;
  sumY: Value;
  sumXX: Value;
  sumYY: Value;
  sumXY: Value;
}

/** Pearson's coefficient of the rows in which neither argument is NULL; NaN for fewer than two. */
function correlation(type: SqlType): AggregateImpl<never> {
  const exact = type.kind !== 'DOUBLE';
  const sumType = exact ? BIGINT : DOUBLE;
  const add = (a: Value, b: Value): Value => (exact ? addLong(a as Long, b as Long) : (a as number) + (b as number));
  const times = (a: Value, b: Value): Value =>
    exact ? multiplyLong(a as Long, b as Long) : (a as number) * (b as number);
  const negated = (a: Value): Value => (exact ? negateLong(a as Long) : -(a as number));
  const same = (a: Value): Value => a;
  const change = (s: Moments, x: Value, y: Value, by: 1 | -1): Moments => {
    if (x === null || y === null) return s;
    const sign = by === 1 ? same : negated;
    s.count += by;
    s.sumX = add(s.sumX, sign(x));
    s.sumY = add(s.sumY, sign(y));
    s.sumXX = add(s.sumXX, sign(times(x, x)));
    s.sumYY = add(s.sumYY, sign(times(y, y)));
    s.sumXY = add(s.sumXY, sign(times(x, y)));
    return s;
  };
  return aggregate<Moments>({
    stateType: struct([
      { name: 'COUNT', type: BIGINT },
      ...['SUMX', 'SUMY', 'SUMXX', 'SUMYY', 'SUMXY'].map((name) => ({ name, type: sumType })),
    ]),
    init: () => ({ count: 0, sumX: 0, sumY: 0, sumXX: 0, sumYY: 0, sumXY: 0 }),
    add: (s, [x, y]) => change(s, x!, y!, 1),
    undo: (s, [x, y]) => change(s, x!, y!, -1),
    merge: (a, b) => ({
      count: a.count + b.count,
      sumX: add(a.sumX, b.sumX),
      sumY: add(a.sumY, b.sumY),
      sumXX: add(a.sumXX, b.sumXX),
      sumYY: add(a.sumYY, b.sumYY),
      sumXY: add(a.sumXY, b.sumXY),
    }),
    result: (s) => {
      const [n, x, y, xx, yy, xy] = [s.count, s.sumX, s.sumY, s.sumXX, s.sumYY, s.sumXY].map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return (n * xy - x * y) / (Math.sqrt(n * xx - x * x) * Math.sqrt(n * yy - y * y));
    },
    toState: (s) => [s.count, s.sumX, s.sumY, s.sumXX, s.sumYY, s.sumXY],
    fromState: (v) => {
      const [count, sumX, sumY, sumXX, sumYY, sumXY] = v as [number, Value, Value, Value, Value, Value];
      return { count, sumX, sumY, sumXX, sumYY, sumXY };
    },
  });
}

const correlationFunction = aggregateFunction({
  name: 'CORRELATION',
  description: "Pearson's correlation coefficient of two columns, over the rows in which neither is NULL.",
  category: 'AGGREGATE',
  overloads: NUMBERS.map((t) => ({
    signature: `CORRELATION(x ${t}, y ${t}) -> DOUBLE`,
    table: true,
    make: (types) => correlation(types.args[0]!),
  })),
  examples: [
    {
      sql: 'CORRELATION(x, y)',
      rows: [
        ['1', '8'],
        ['-1', '-2'],
        ['-4', '-1'],
      ],
      result: '0.7455284088780169E0',
    },
    {
      sql: 'CORRELATION(x, y)',
      rows: [
        ['1.5E0', '8.0E0'],
        ['-1.0E0', '-2.0E0'],
        ['-4.5E0', '-1.0E0'],
      ],
      result: '0.7580764521133173E0',
    },
  ],
});

export const STATISTICS_AGGREGATES = [stddevSample, stddevSamp, correlationFunction];
