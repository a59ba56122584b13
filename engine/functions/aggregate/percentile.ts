import { array, BIGINT, DOUBLE, INTEGER, struct } from '../../values/sql-type.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';

/** So many distinct values of a group are kept as they are; one more, and values share buckets. */
export const KEPT_VALUES = 1000;
/** How far a value is from what its bucket stands for, at most, while buckets are the finest. */
const ERROR = 0.01;
const GAMMA = (1 + ERROR) / (1 - ERROR);
/** Buckets of positive values are numbered from 1. A power of two, so that it stays whole as buckets are joined. */
const ZERO_BUCKET = 65_536;
const EXACT = -1;

/**
 * Values in rising order, each with how often it came. At `level` EXACT a key is a value. Above, it is the number of a
 * bucket, as in DDSketch: bucket `b` at level 0 holds the values in (γ^(b-1-ZERO_BUCKET), γ^(b-ZERO_BUCKET)], `-b` those
 * of the other sign, 0 is itself. Each level joins two neighbours (UDDSketch). So a value can be taken back, and states
 * be merged, in any order.
 */
interface Counts {
  level: number;
  nans: number;
  keys: number[];
  counts: number[];
}

const bucketOf = (value: number): number => {
  if (value === 0 || !Number.isFinite(value)) return value;
  return Math.sign(value) * (Math.ceil(Math.log(Math.abs(value)) / Math.log(GAMMA)) + ZERO_BUCKET);
};
const joined = (bucket: number): number => Math.sign(bucket) * Math.ceil(Math.abs(bucket) / 2);

function keyAt(level: number, value: number): number {
  if (level === EXACT) return value + 0;
  let key = bucketOf(value);
  for (let i = 0; i < level && Number.isFinite(key); i++) key = joined(key);
  return key;
}

/** What stands for the values of a key: as far from the least as from the greatest, in proportion. */
function valueAt(level: number, key: number): number {
  if (level === EXACT || key === 0 || !Number.isFinite(key)) return key;
  const width = Math.log(GAMMA) * 2 ** level;
  const top = (Math.abs(key) - ZERO_BUCKET / 2 ** level) * width;
  return Math.sign(key) * Math.exp(top + Math.log(2) - Math.log1p(Math.exp(width)));
}

/** The first place whose key is not less. */
function placeOf(keys: readonly number[], key: number): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function count(s: Counts, key: number, n: number): void {
  const at = placeOf(s.keys, key);
  if (s.keys[at] === key) s.counts[at]! += n;
  else {
    s.keys.splice(at, 0, key);
    s.counts.splice(at, 0, n);
  }
}

/** The same values at the next level. */
function coarser(s: Counts): Counts {
  const next: Counts = { level: s.level + 1, nans: s.nans, keys: [], counts: [] };
  s.keys.forEach((key, i) => {
    const to = s.level === EXACT ? bucketOf(key) : Number.isFinite(key) ? joined(key) : key;
    const last = next.keys.length - 1;
    if (next.keys[last] === to) next.counts[last]! += s.counts[i]!;
    else {
      next.keys.push(to);
      next.counts.push(s.counts[i]!);
    }
  });
  return next;
}

function bounded(s: Counts): Counts {
  let state = s;
  while (state.keys.length > KEPT_VALUES) state = coarser(state);
  return state;
}

/** Between the two values whose ranks are nearest, by how near these are (percentile_cont of SQL). */
function percentileOf({ level, nans, keys, counts }: Counts, fraction: number): number | null {
  const n = counts.reduce((a, b) => a + b, 0);
  if (nans > 0) return Number.NaN;
  if (n === 0) return null;
  const rank = (n - 1) * fraction;
  const below = Math.floor(rank);
  let at = 0;
  let seen = counts[0]!;
  while (seen <= below) seen += counts[++at]!;
  const low = valueAt(level, keys[at]!);
  if (rank === below || seen > below + 1) return low;
  const high = valueAt(level, keys[at + 1]!);
  const share = rank - below;
  return low * (1 - share) + high * share;
}

const STATE = struct([
  { name: 'LEVEL', type: INTEGER },
  { name: 'NANS', type: BIGINT },
  { name: 'KEYS', type: array(DOUBLE) },
  { name: 'COUNTS', type: array(BIGINT) },
]);

function percentile(fraction: number): AggregateImpl<never> {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`The fraction must be from 0 to 1, but is ${fraction}`);
  return aggregate<Counts>({
    stateType: STATE,
    init: () => ({ level: EXACT, nans: 0, keys: [], counts: [] }),
    add: (s, [v]) => {
      if (v === null) return s;
      const value = Number(v);
      if (Number.isNaN(value)) s.nans++;
      else count(s, keyAt(s.level, value), 1);
      return bounded(s);
    },
    merge: (a, b) => {
      let [to, from] = a.level >= b.level ? [a, b] : [b, a];
      while (from.level < to.level) from = coarser(from);
      from.keys.forEach((key, i) => {
        count(to, key, from.counts[i]!);
      });
      to.nans += from.nans;
      return bounded(to);
    },
    undo: (s, [v]) => {
      if (v === null) return s;
      const value = Number(v);
      if (Number.isNaN(value)) {
        s.nans--;
        return s;
      }
      const at = placeOf(s.keys, keyAt(s.level, value));
      if (--s.counts[at]! === 0) {
        s.keys.splice(at, 1);
        s.counts.splice(at, 1);
      }
      return s;
    },
    result: (s) => percentileOf(s, fraction),
    toState: (s) => [s.level, s.nans, s.keys, s.counts],
    fromState: (v) => {
      const [level, nans, keys, counts] = v as [number, number, number[], number[]];
      return { level, nans, keys: [...keys], counts: [...counts] };
    },
  });
}

const NUMBERS = ['INT', 'BIGINT', 'DOUBLE'] as const;
const ABOUT = `Values in between are interpolated; NULLs are ignored. Exact up to ${KEPT_VALUES} distinct values in a group. With more, it is within ${ERROR * 100} % of the values at its rank; where values span more than eight powers of ten within 2 %, and so on.`;

const overloads = (name: string, fraction: number | null): AggregateOverload[] =>
  NUMBERS.map((t) => ({
    signature: `${name}(value ${t}${fraction === null ? ', init fraction DOUBLE' : ''}) -> DOUBLE`,
    undo: 'inputs',
    make: (_types, init) => percentile(fraction ?? (init[0] as number)),
  }));

const percentileFunction = aggregateFunction({
  name: 'PERCENTILE',
  description: `The value below which a fraction of the values lies, from 0, the least, to 1, the greatest. ${ABOUT}`,
  category: 'AGGREGATE',
  overloads: overloads('PERCENTILE', null),
  examples: [
    { sql: 'PERCENTILE(x, 0.9)', rows: [['10'], ['20'], ['CAST(NULL AS INT)']], init: ['9E-1'], result: '1.9E1' },
    { sql: 'PERCENTILE(x, 0)', rows: [['2'], ['1'], ['3']], init: ['0E0'], result: '1E0' },
  ],
});

const median = aggregateFunction({
  name: 'MEDIAN',
  description: `The value in the middle, as PERCENTILE gives it for 0.5. ${ABOUT}`,
  category: 'AGGREGATE',
  overloads: overloads('MEDIAN', 0.5),
  examples: [
    { sql: 'MEDIAN(x)', rows: [['7'], ['1'], ['100']], result: '7E0' },
    { sql: 'MEDIAN(x)', rows: [['7'], ['1'], ['100'], ['8']], result: '7.5E0' },
  ],
});

export const PERCENTILE_AGGREGATES = [percentileFunction, median];
