import type { Setting } from '../../base/setting.js';
import { LANGUAGE } from '../../settings.js';
import { addLong } from '../../values/arithmetic.js';
import { hashKey, nullSafeEqual } from '../../values/compare.js';
import { array, BIGINT, map, type SqlType, STRING, struct } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type AggregateImpl, aggregate, aggregateFunction, type FunctionConfig } from '../function.js';
import { sumOf } from './basic.js';

function limitOf({ properties }: FunctionConfig, setting: Setting<number>): number {
  const n = setting.of(properties);
  return n >= 0 ? n : Number.POSITIVE_INFINITY;
}

/** Where values may be taken back, those beyond the limit wait in the state for their turn. */
function list(type: SqlType, limit: number, undone: boolean): AggregateImpl<never> {
  const equal = nullSafeEqual(type);
  const kept = undone ? Number.POSITIVE_INFINITY : limit;
  return aggregate<Value[]>({
    stateType: array(type),
    init: () => [],
    add: (s, args) => {
      if (s.length < kept) s.push(args[0]!);
      return s;
    },
    undo: (s, args) => {
      const at = s.findLastIndex((v) => equal(v, args[0]!));
      if (at >= 0) s.splice(at, 1);
      return s;
    },
    merge: (a, b) => {
      for (const v of b) {
        if (a.length >= kept) break;
        a.push(v);
      }
      return a;
    },
    result: (s) => s.slice(0, limit),
  });
}

const collectList = aggregateFunction({
  name: 'COLLECT_LIST',
  description:
    'All values of a column, NULLs too, in the order in which they came. ksql.functions.collect_list.limit bounds their number: later ones are ignored. Over a table, whose rows may be taken back, they are kept nevertheless.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'COLLECT_LIST(value T) -> ARRAY<T>',
      undo: 'inputs',
      make: (types, _init, config) => list(types.args[0]!, limitOf(config, LANGUAGE.collectListLimit), types.undone),
    },
  ],
  examples: [{ sql: 'COLLECT_LIST(x)', rows: [['1'], ['2'], ['1']], result: 'ARRAY[1, 2, 1]' }],
});

interface Distinct {
  readonly values: Value[];
  readonly keys: Set<Value>;
}

function set(type: SqlType, limit: number): AggregateImpl<never> {
  const key = hashKey(type);
  const add = (s: Distinct, v: Value): Distinct => {
    const k = key(v);
    if (s.values.length < limit && !s.keys.has(k)) {
      s.keys.add(k);
      s.values.push(v);
    }
    return s;
  };
  return aggregate<Distinct>({
    stateType: array(type),
    init: () => ({ values: [], keys: new Set() }),
    add: (s, args) => add(s, args[0]!),
    merge: (a, b) => b.values.reduce(add, a),
    result: (s) => s.values.slice(),
    toState: (s) => s.values,
    fromState: (v) => ({ values: v as Value[], keys: new Set((v as Value[]).map(key)) }),
  });
}

const collectSet = aggregateFunction({
  name: 'COLLECT_SET',
  description:
    'The distinct values of a column, NULL too, in the order of their first appearance. ksql.functions.collect_set.limit bounds their number: later ones are ignored.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'COLLECT_SET(value T) -> ARRAY<T>',
      undo: 'none',
      make: (types, _init, config) => set(types.args[0]!, limitOf(config, LANGUAGE.collectSetLimit)),
    },
  ],
  examples: [{ sql: 'COLLECT_SET(x)', rows: [['1'], ['2'], ['1']], result: 'ARRAY[1, 2]' }],
});

/** Distinct values that HISTOGRAM counts; later ones are ignored. */
const HISTOGRAM_LIMIT = 1000;

type Counts = Map<Value, Value>;

const histogram = aggregateFunction({
  name: 'HISTOGRAM',
  description:
    'How often each value occurs, NULL too, for the first 1000 distinct values. Over a table, whose rows may be taken back, all are counted.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'HISTOGRAM(value STRING) -> MAP<STRING, BIGINT>',
      undo: 'inputs',
      make: ({ undone }) => {
        const kept = undone ? Number.POSITIVE_INFINITY : HISTOGRAM_LIMIT;
        const count = (s: Counts, key: Value, n: number | bigint): Counts => {
          const old = s.get(key);
          if (old === undefined && (s.size >= kept || n < 0)) return s;
          const next = addLong((old ?? 0) as number | bigint, n);
          if (next === 0) s.delete(key);
          else s.set(key, next);
          return s;
        };
        return aggregate<Counts>({
          stateType: map(STRING, BIGINT),
          init: () => new Map(),
          add: (s, args) => count(s, args[0]!, 1),
          undo: (s, args) => count(s, args[0]!, -1),
          merge: (a, b) => {
            for (const [k, n] of b) count(a, k, n as number | bigint);
            return a;
          },
          result: (s) => new Map(s.size <= HISTOGRAM_LIMIT ? s : [...s].slice(0, HISTOGRAM_LIMIT)),
        });
      },
    },
  ],
  examples: [
    {
      sql: 'HISTOGRAM(color)',
      rows: [["'red'"], ["'blue'"], ["'red'"]],
      result: "MAP('red' := CAST(2 AS BIGINT), 'blue' := CAST(1 AS BIGINT))",
    },
    {
      sql: 'HISTOGRAM(color)',
      rows: [['CAST(NULL AS STRING)'], ["'red'"], ['CAST(NULL AS STRING)']],
      result: "AS_MAP(ARRAY[NULL, 'red'], ARRAY[CAST(2 AS BIGINT), CAST(1 AS BIGINT)])",
    },
  ],
});

const NUMBERS = ['INT', 'BIGINT', 'DOUBLE'] as const;

const sumList = aggregateFunction({
  name: 'SUM_LIST',
  description: 'Adds up the elements of all arrays of a column; NULLs are ignored.',
  category: 'AGGREGATE',
  overloads: NUMBERS.map((t) => ({
    signature: `SUM_LIST(list ARRAY<${t}>) -> ${t}`,
    undo: 'exact',
    make: (types) => {
      const sum = sumOf(types.result, types.undone) as unknown as AggregateImpl<Value>;
      const each = (s: Value, list: Value, apply: (s: Value, args: readonly Value[]) => Value): Value =>
        list === null ? s : (list as Value[]).reduce((total, x) => apply(total, [x]), s);
      return aggregate<Value>({
        ...sum,
        add: (s, args) => each(s, args[0]!, sum.add),
        undo: (s, args) => each(s, args[0]!, sum.undo!),
      });
    },
  })),
  examples: [{ sql: 'SUM_LIST(xs)', rows: [['ARRAY[1, 2]'], ['ARRAY[3, CAST(NULL AS INT)]']], result: '6' }],
});

interface Tally {
  readonly value: Value;
  count: number;
}

/** The one value that all rows share, by a tally of the distinct values so that rows can be taken back. */
const attr = aggregateFunction({
  name: 'ATTR',
  description: 'The value of a column where all rows have the same, else NULL.',
  category: 'AGGREGATE',
  overloads: [
    {
      signature: 'ATTR(value T) -> T',
      undo: 'inputs',
      make: (types) => {
        const type = types.args[0]!;
        const equal = nullSafeEqual(type);
        const count = (s: Tally[], value: Value, n: number): Tally[] => {
          const at = s.findIndex((t) => equal(t.value, value));
          if (at < 0) {
            if (n > 0) s.push({ value, count: n });
          } else if ((s[at]!.count += n) <= 0) s.splice(at, 1);
          return s;
        };
        return aggregate<Tally[]>({
          stateType: array(
            struct([
              { name: 'VAL', type },
              { name: 'COUNT', type: BIGINT },
            ]),
          ),
          init: () => [],
          add: (s, args) => count(s, args[0]!, 1),
          undo: (s, args) => count(s, args[0]!, -1),
          merge: (a, b) => b.reduce((s, t) => count(s, t.value, t.count), a),
          result: (s) => (s.length === 1 ? s[0]!.value : null),
          toState: (s) => s.map((t) => [t.value, t.count]),
          fromState: (v) => (v as [Value, number][]).map(([value, n]) => ({ value, count: n })),
        });
      },
    },
  ],
  examples: [
    { sql: 'ATTR(city)', rows: [["'Rome'"], ["'Rome'"]], result: "'Rome'" },
    { sql: 'ATTR(city)', rows: [["'Rome'"], ["'Oslo'"]], result: 'CAST(NULL AS STRING)' },
  ],
});

export const COLLECTING_AGGREGATES = [collectList, collectSet, histogram, sumList, attr];
