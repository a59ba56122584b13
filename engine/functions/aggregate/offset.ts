import { array, BIGINT, type SqlType, struct } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';

/** A value with its place in the order in which rows came. */
interface Seen {
  readonly seq: number;
  readonly value: Value;
}

const seenType = (type: SqlType): SqlType =>
  struct([
    { name: 'SEQ', type: BIGINT },
    { name: 'VAL', type },
  ]);

/**
 * Numbers rows as they come. A state that is read back from the store raises the counter, so that a restart keeps the order.
 */
class Sequence {
  private next = 0;

  take(): number {
    return this.next++;
  }
  restore(value: Value): Seen {
    const [seq, v] = value as [number, Value];
    if (seq >= this.next) this.next = seq + 1;
    return { seq, value: v };
  }
}

type End = 'earliest' | 'latest';

/** One value; null is the state before any. */
function single(type: SqlType, end: End, ignoreNulls: boolean): AggregateImpl<never> {
  const sequence = new Sequence();
  return aggregate<Seen | null>({
    stateType: seenType(type),
    init: () => null,
    add: (s, args) => {
      const value = args[0]!;
      if ((value === null && ignoreNulls) || (end === 'earliest' && s !== null)) return s;
      return { seq: sequence.take(), value };
    },
    merge: (a, b) => {
      if (a === null || b === null) return a ?? b;
      return a.seq > b.seq === (end === 'latest') ? a : b;
    },
    result: (s) => s?.value ?? null,
    toState: (s) => (s === null ? null : [s.seq, s.value]),
    fromState: (v) => (v === null ? null : sequence.restore(v)),
  });
}

/** The first or last `n` values in the order in which they came. */
function several(type: SqlType, end: End, n: number, ignoreNulls: boolean): AggregateImpl<never> {
  if (n < 1) throw new RangeError(`${end === 'latest' ? 'latest' : 'earliest'}N must be 1 or greater`);
  const sequence = new Sequence();
  return aggregate<Seen[]>({
    stateType: array(seenType(type)),
    init: () => [],
    add: (s, args) => {
      const value = args[0]!;
      if ((value === null && ignoreNulls) || (end === 'earliest' && s.length >= n)) return s;
      s.push({ seq: sequence.take(), value });
      if (s.length > n) s.shift();
      return s;
    },
    merge: (a, b) => {
      const all = [...a, ...b].sort((x, y) => x.seq - y.seq);
      return end === 'latest' ? all.slice(-n) : all.slice(0, n);
    },
    result: (s) => s.map((x) => x.value),
    toState: (s) => s.map((x) => [x.seq, x.value]),
    fromState: (v) => (v as Value[]).map((x) => sequence.restore(x)),
  });
}

function overloads(name: string, end: End): AggregateOverload[] {
  return [
    {
      signature: `${name}(value T) -> T`,
      undo: 'none',
      make: (types) => single(types.result, end, true),
    },
    {
      signature: `${name}(value T, init ignoreNulls BOOLEAN) -> T`,
      undo: 'none',
      make: (types, [ignoreNulls]) => single(types.result, end, ignoreNulls === true),
    },
    {
      signature: `${name}(value T, init n INT) -> ARRAY<T>`,
      undo: 'none',
      make: (types, [n]) => several(types.args[0]!, end, n as number, true),
    },
    {
      signature: `${name}(value T, init n INT, init ignoreNulls BOOLEAN) -> ARRAY<T>`,
      undo: 'none',
      make: (types, [n, ignoreNulls]) => several(types.args[0]!, end, n as number, ignoreNulls === true),
    },
  ];
}

const latest = aggregateFunction({
  name: 'LATEST_BY_OFFSET',
  description: 'The value that came last, or the last n of them; NULLs are ignored unless ignoreNulls is false.',
  category: 'AGGREGATE',
  overloads: overloads('LATEST_BY_OFFSET', 'latest'),
  examples: [
    { sql: 'LATEST_BY_OFFSET(x)', rows: [['1'], ['2'], ['CAST(NULL AS INT)']], result: '2' },
    { sql: 'LATEST_BY_OFFSET(x, 2)', rows: [['1'], ['2'], ['3']], init: ['2'], result: 'ARRAY[2, 3]' },
  ],
});

const earliest = aggregateFunction({
  name: 'EARLIEST_BY_OFFSET',
  description: 'The value that came first, or the first n of them; NULLs are ignored unless ignoreNulls is false.',
  category: 'AGGREGATE',
  overloads: overloads('EARLIEST_BY_OFFSET', 'earliest'),
  examples: [
    { sql: 'EARLIEST_BY_OFFSET(x)', rows: [['CAST(NULL AS INT)'], ['1'], ['2']], result: '1' },
    {
      sql: 'EARLIEST_BY_OFFSET(x, 2, false)',
      rows: [['CAST(NULL AS INT)'], ['2'], ['3']],
      init: ['2', 'false'],
      result: 'ARRAY[CAST(NULL AS INT), 2]',
    },
  ],
});

export const OFFSET_AGGREGATES = [latest, earliest];
