import { compareValues, hashKey } from '../../values/compare.js';
import { array, type SqlType, struct } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type AggregateImpl, type AggregateOverload, aggregate, aggregateFunction } from '../function.js';
import { ORDERED_TYPES } from './basic.js';

/** The largest `k` that is taken: a state is copied on each change. */
const MAX_K = 10_000;

function checkedK(k: Value): number {
  if (typeof k !== 'number' || k < 1 || k > MAX_K)
    throw new RangeError(`k must be between 1 and ${MAX_K}, but is ${k}`);
  return k;
}

/** The `k` largest entries in falling order, the earlier first among equals. `sortBy` gives what an entry is ordered by. */
function top(
  entryType: SqlType,
  sortType: SqlType,
  k: number,
  sortBy: (entry: Value) => Value,
  entryOf: (args: readonly Value[]) => Value,
  distinct: boolean,
): AggregateImpl<never> {
  const compare = compareValues(sortType) as (a: Value, b: Value) => number;
  const key = hashKey(sortType);
  const insert = (s: Value[], entry: Value): Value[] => {
    const by = sortBy(entry);
    if (by === null) return s;
    let at = s.length;
    while (at > 0 && compare(sortBy(s[at - 1]!), by) < 0) at--;
    if (distinct && at > 0 && key(sortBy(s[at - 1]!)) === key(by)) return s;
    if (at < k) {
      s.splice(at, 0, entry);
      if (s.length > k) s.pop();
    }
    return s;
  };
  return aggregate<Value[]>({
    stateType: array(entryType),
    init: () => [],
    add: (s, args) => (args[0] === null ? s : insert(s, entryOf(args))),
    merge: (a, b) => b.reduce<Value[]>(insert, a),
    result: (s) => s.slice(),
  });
}

const itself = (v: Value): Value => v;

const plain = (name: string, distinct: boolean): AggregateOverload[] =>
  ORDERED_TYPES.map((t) => ({
    signature: `${name}(value ${t}, init k INT) -> ARRAY<${t}>`,
    undo: 'none',
    ...(t === 'DECIMAL' ? { returns: (args: readonly SqlType[]) => array(args[0]!) } : {}),
    make: (types, [k]) => top(types.args[0]!, types.args[0]!, checkedK(k!), itself, (args) => args[0]!, distinct),
  }));

/** `sort_col` and then `col0`, `col1`…: the fields of an entry that carries further columns. */
const entryStruct = (columns: readonly SqlType[]): SqlType =>
  struct(columns.map((type, i) => ({ name: i === 0 ? 'sort_col' : `col${i - 1}`, type })));

const withColumns: AggregateOverload[] = ORDERED_TYPES.map((t) => ({
  signature: `TOPK(value ${t}, column ANY, columns ANY..., init k INT) -> ARRAY<STRUCT>`,
  undo: 'none',
  returns: (args) => array(entryStruct(args.slice(0, -1))),
  make: (types, [k]) =>
    top(
      entryStruct(types.args),
      types.args[0]!,
      checkedK(k!),
      (e) => (e as Value[])[0]!,
      (args) => [...args],
      false,
    ),
}));

const topk = aggregateFunction({
  name: 'TOPK',
  description:
    'The k largest values of a column in falling order; NULLs are ignored. With further columns, an array of structs that hold them.',
  category: 'AGGREGATE',
  overloads: [...plain('TOPK', false), ...withColumns],
  examples: [
    { sql: 'TOPK(x, 3)', rows: [['7'], ['100'], ['99'], ['100']], init: ['3'], result: 'ARRAY[100, 100, 99]' },
    {
      sql: 'TOPK(x, name, 1)',
      rows: [
        ['1', "'one'"],
        ['2', "'two'"],
      ],
      init: ['1'],
      result: "ARRAY[STRUCT(`sort_col` := 2, `col0` := 'two')]",
    },
  ],
});

const topkDistinct = aggregateFunction({
  name: 'TOPKDISTINCT',
  description: 'The k largest distinct values of a column in falling order; NULLs are ignored.',
  category: 'AGGREGATE',
  overloads: plain('TOPKDISTINCT', true),
  examples: [
    { sql: 'TOPKDISTINCT(x, 2)', rows: [['7'], ['100'], ['99'], ['100']], init: ['2'], result: 'ARRAY[100, 99]' },
  ],
});

export const TOPK_AGGREGATES = [topk, topkDistinct];
