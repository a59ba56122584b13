import { Decimal } from '../../values/decimal.js';
import { Binary, DoubleSum } from '../../values/exact.js';
import { array, BIGINT, DOUBLE, decimal, INTEGER, type SqlType, struct } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type AggregateImpl, aggregate } from '../function.js';

/*
 * Aggregates over doubles, and over squares of any number, whose rows may be taken back. Their sums are exact
 * (values/exact.ts), and are rounded for each result. They are stored apart from the state of the first version, which rows
 * of earlier versions have.
 */

/** Any integer: the codec of rows writes as many digits as there are. */
const WIDE = decimal(38, 0);

const SUM = struct([
  { name: 'PARTS', type: array(DOUBLE) },
  { name: 'HUGE', type: WIDE },
  { name: 'EXPONENT', type: INTEGER },
  { name: 'NAN', type: BIGINT },
  { name: 'POSITIVE', type: BIGINT },
  { name: 'NEGATIVE', type: BIGINT },
]);

/** Nulls for what is mostly nothing. */
function writeSum(s: DoubleSum): Value {
  const { mantissa, exponent } = s.huge.reduced();
  const huge = mantissa === 0n ? [null, null] : [Decimal.fromInteger(mantissa), exponent];
  return [[...s.parts], ...huge, ...[s.nan, s.positive, s.negative].map((n) => (n === 0 ? null : n))];
}

function readSum(v: Value): DoubleSum {
  const [parts, huge, exponent, nan, positive, negative] = v as Value[];
  const s = new DoubleSum();
  s.parts = parts as number[];
  if (huge !== null) s.huge = new Binary((huge as Decimal).unscaled, exponent as number);
  s.nan = Number(nan);
  s.positive = Number(positive);
  s.negative = Number(negative);
  return s;
}

export const exactSum = (): AggregateImpl<never> =>
  aggregate<DoubleSum>({
    stateType: DOUBLE,
    moreType: SUM,
    init: () => new DoubleSum(),
    add: (s, [v]) => {
      if (v !== null) s.add(v as number, 1);
      return s;
    },
    undo: (s, [v]) => {
      if (v !== null) s.add(v as number, -1);
      return s;
    },
    merge: (a, b) => {
      a.merge(b);
      return a;
    },
    result: (s) => s.value(),
    toState: () => null,
    toMore: writeSum,
    fromState: (v, more) => (more === null ? DoubleSum.of(v as number) : readSum(more)),
  });

interface Mean {
  readonly sum: DoubleSum;
  count: number;
}

export const exactMean = (): AggregateImpl<never> =>
  aggregate<Mean>({
    stateType: struct([
      { name: 'SUM', type: DOUBLE },
      { name: 'COUNT', type: BIGINT },
    ]),
    moreType: struct([
      { name: 'SUM', type: SUM },
      { name: 'COUNT', type: BIGINT },
    ]),
    init: () => ({ sum: new DoubleSum(), count: 0 }),
    add: (s, [v]) => {
      if (v !== null) {
        s.sum.add(v as number, 1);
        s.count++;
      }
      return s;
    },
    undo: (s, [v]) => {
      if (v !== null) {
        s.sum.add(v as number, -1);
        s.count--;
      }
      return s;
    },
    merge: (a, b) => {
      a.sum.merge(b.sum);
      a.count += b.count;
      return a;
    },
    result: (s) => (s.count === 0 ? 0 : s.sum.value() / s.count),
    toState: () => null,
    toMore: (s) => [writeSum(s.sum), s.count],
    fromState: (v, more) => {
      const [sum, count] = (more ?? v) as [Value, number];
      return { sum: more === null ? DoubleSum.of(sum as number) : readSum(sum), count };
    },
  });

/** Sums over the rows in which no argument is NULL. */
export interface Moments {
  count: number;
  /** Of these, rows with a NaN or an infinity in them: they are in no sum. */
  special: number;
  sums: Binary[];
}

export interface MomentsOf {
  /** The state of the first version, and what it says. */
  readonly stateType: SqlType;
  readonly fromFirst: (v: Value) => Moments;
  /** How many sums there are, and what one row adds to each. */
  readonly width: number;
  readonly terms: (args: readonly Binary[]) => readonly Binary[];
  readonly result: (s: Moments) => number;
}

const isSpecial = (v: Value): boolean => typeof v === 'number' && !Number.isFinite(v);

/** Moments of rows, exact: at most some 600 bytes for each sum. */
export function moments({ stateType, fromFirst, width, terms, result }: MomentsOf): AggregateImpl<never> {
  const change = (s: Moments, args: readonly Value[], by: 1 | -1): Moments => {
    if (args.includes(null)) return s;
    s.count += by;
    if (args.some(isSpecial)) s.special += by;
    else {
      const added = terms(args.map((v) => Binary.of(v as number | bigint)));
      s.sums = s.sums.map((sum, i) => (by === 1 ? sum.plus(added[i]!) : sum.minus(added[i]!)));
    }
    return s;
  };
  return aggregate<Moments>({
    stateType,
    moreType: struct([
      { name: 'COUNT', type: BIGINT },
      { name: 'SPECIAL', type: BIGINT },
      { name: 'MANTISSAS', type: array(WIDE) },
      { name: 'EXPONENTS', type: array(INTEGER) },
    ]),
    init: () => ({ count: 0, special: 0, sums: new Array<Binary>(width).fill(Binary.ZERO) }),
    add: (s, args) => change(s, args, 1),
    undo: (s, args) => change(s, args, -1),
    merge: (a, b) => ({
      count: a.count + b.count,
      special: a.special + b.special,
      sums: a.sums.map((sum, i) => sum.plus(b.sums[i]!)),
    }),
    result,
    toState: () => null,
    toMore: (s) => {
      const sums = s.sums.map((sum) => sum.reduced());
      return [s.count, s.special, sums.map((b) => Decimal.fromInteger(b.mantissa)), sums.map((b) => b.exponent)];
    },
    fromState: (v, more) => {
      if (more === null) return fromFirst(v);
      const [count, special, mantissas, exponents] = more as [number, number, Decimal[], number[]];
      return { count, special, sums: mantissas.map((m, i) => new Binary(m.unscaled, exponents[i]!)) };
    },
  });
}
