import { Binary } from '../../values/exact.js';
import { BIGINT, DOUBLE, type SqlType, struct } from '../../values/sql-type.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';
import { type Moments, moments } from './exact.js';

const NUMBERS = ['INT', 'BIGINT', 'DOUBLE'] as const;

interface Spread {
  sum: number;
  count: number;
  /** Sum of the squared distances from the mean, kept up row by row (Youngs and Cramer). */
  m2: number;
}

const SPREAD = (sum: SqlType): SqlType =>
  struct([
    { name: 'SUM', type: sum },
    { name: 'COUNT', type: BIGINT },
    { name: 'M2', type: DOUBLE },
  ]);

/** Variance of a sample over n - 1; 0.0 for one value and for none. This one is of doubles that stay. */
const varianceOfDoubles = (finish: (variance: number) => number): AggregateImpl<never> =>
  aggregate<Spread>({
    stateType: SPREAD(DOUBLE),
    init: () => ({ sum: 0, count: 0, m2: 0 }),
    add: (s, [v]) => {
      if (v === null) return s;
      const n = ++s.count;
      s.sum += v as number;
      if (n > 1) s.m2 += (n * (v as number) - s.sum) ** 2 / (n * (n - 1));
      return s;
    },
    merge: (a, b) => {
      if (a.count === 0) return b;
      if (b.count === 0) return a;
      const n = a.count + b.count;
      const apart = a.sum / a.count - b.sum / b.count;
      return { sum: a.sum + b.sum, count: n, m2: a.m2 + b.m2 + (apart ** 2 * a.count * b.count) / n };
    },
    result: (s) => (s.count < 2 ? 0 : finish(s.m2 / (s.count - 1))),
    toState: (s) => [s.sum, s.count, s.m2],
    fromState: (v) => {
      const [sum, count, m2] = v as [number, number, number];
      return { sum, count, m2 };
    },
  });

/** A state of the first version in which a NaN or an infinity was: that it cannot be told apart from others is its fault. */
const lost = (count: number, width: number): Moments => ({
  count,
  special: 1,
  sums: new Array<Binary>(width).fill(Binary.ZERO),
});

/** n·Σxy − Σx·Σy: n² times the covariance, exact. */
const scaledCovariance = (n: Binary, x: Binary, y: Binary, xy: Binary): Binary => n.times(xy).minus(x.times(y));

const exactVariance = (sumType: SqlType, finish: (variance: number) => number): AggregateImpl<never> =>
  moments({
    stateType: SPREAD(sumType),
    fromFirst: (v) => {
      const [sum, count, m2] = v as [number | bigint, number, number];
      const squares = m2 + (count === 0 ? 0 : Number(sum) ** 2 / count);
      if (!Number.isFinite(squares)) return lost(count, 2);
      return { count, special: 0, sums: [Binary.of(sum), Binary.of(squares)] };
    },
    width: 2,
    terms: ([x]) => [x!, x!.times(x!)],
    result: ({ count, special, sums: [x, xx] }) => {
      if (count < 2) return 0;
      if (special > 0) return Number.NaN;
      const n = Binary.of(count);
      const scaled = scaledCovariance(n, x!, x!, xx!);
      return finish(scaled.dividedBy(n.times(Binary.of(count - 1))).toNumber());
    },
  });

const varianceOverloads = (name: string, finish: (variance: number) => number): AggregateOverload[] =>
  NUMBERS.map((t) => ({
    signature: `${name}(value ${t}) -> DOUBLE`,
    undo: 'exact',
    make: ({ undone }) =>
      t === 'DOUBLE' && !undone ? varianceOfDoubles(finish) : exactVariance(t === 'DOUBLE' ? DOUBLE : BIGINT, finish),
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

/** Pearson's coefficient of the rows in which neither argument is NULL; NaN for fewer than two. */
const correlation = (sumType: SqlType): AggregateImpl<never> =>
  moments({
    stateType: struct([
      { name: 'COUNT', type: BIGINT },
      ...['SUMX', 'SUMY', 'SUMXX', 'SUMYY', 'SUMXY'].map((name) => ({ name, type: sumType })),
    ]),
    fromFirst: (v) => {
      const [count, ...sums] = v as [number, ...(number | bigint)[]];
      if (!sums.every((sum) => Number.isFinite(Number(sum)))) return lost(count, sums.length);
      return { count, special: 0, sums: sums.map((sum) => Binary.of(sum)) };
    },
    width: 5,
    terms: ([x, y]) => [x!, y!, x!.times(x!), y!.times(y!), x!.times(y!)],
    result: ({ count, special, sums: [x, y, xx, yy, xy] }) => {
      if (special > 0) return Number.NaN;
      const n = Binary.of(count);
      const both = scaledCovariance(n, x!, y!, xy!);
      const ofX = scaledCovariance(n, x!, x!, xx!);
      const ofY = scaledCovariance(n, y!, y!, yy!);
      // Of what is linear the coefficient is exact, and not 1 but for the last digit.
      if (both.mantissa !== 0n && both.times(both).minus(ofX.times(ofY)).mantissa === 0n)
        return both.mantissa < 0n ? -1 : 1;
      // Halves of the exponents are taken off, so that no number is beyond the doubles.
      const [offX, offY] = [ofX.magnitude >> 1, ofY.magnitude >> 1];
      return (
        both.scaled(-offX - offY).toNumber() /
        (Math.sqrt(ofX.scaled(-2 * offX).toNumber()) * Math.sqrt(ofY.scaled(-2 * offY).toNumber()))
      );
    },
  });

const correlationFunction = aggregateFunction({
  name: 'CORRELATION',
  description: "Pearson's correlation coefficient of two columns, over the rows in which neither is NULL.",
  category: 'AGGREGATE',
  overloads: NUMBERS.map((t) => ({
    signature: `CORRELATION(x ${t}, y ${t}) -> DOUBLE`,
    undo: 'exact',
    make: () => correlation(t === 'DOUBLE' ? DOUBLE : BIGINT),
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
