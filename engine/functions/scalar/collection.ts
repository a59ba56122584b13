import { addLong, type Long } from '../../values/arithmetic.js';
import { compareValues, hashKey, nullSafeEqual } from '../../values/compare.js';
import { javaEntries } from '../../values/java-map-order.js';
import { javaText } from '../../values/java-text.js';
import { array, type SqlType, struct } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { type ScalarFunction, type ScalarOverload, scalar } from '../function.js';

const CATEGORY = 'COLLECTION';

const element = (t: SqlType): SqlType => (t as SqlType & { kind: 'ARRAY' }).element;

const arrayLength = scalar({
  name: 'ARRAY_LENGTH',
  description: 'The number of elements.',
  category: CATEGORY,
  overloads: [
    { signature: 'ARRAY_LENGTH(array ARRAY<T>) -> INT', nulls: 'propagate', make: () => (a: Value[]) => a.length },
  ],
  examples: [{ sql: 'ARRAY_LENGTH(ARRAY[1, 2, 3])', result: '3' }],
});

const arrayContains = scalar({
  name: 'ARRAY_CONTAINS',
  description: 'Whether an array contains a value; NULL can be looked for too.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ARRAY_CONTAINS(array ARRAY<T>, value T) -> BOOLEAN',
      nulls: 'pass',
      make: (types) => {
        const equal = nullSafeEqual(types.args[1]!);
        return (a: Value[] | null, v: Value) => a?.some((x) => equal(x, v)) === true;
      },
    },
  ],
  examples: [
    { sql: 'ARRAY_CONTAINS(ARRAY[1, 2, 3], 3)', result: 'true' },
    { sql: "ARRAY_CONTAINS(ARRAY['a'], 'b')", result: 'false' },
  ],
});

/** Keeps the first of each value for which `keep` holds. */
function distinct(type: SqlType): (a: readonly Value[], keep?: (key: Value) => boolean) => Value[] {
  const key = hashKey(type);
  return (a, keep = () => true) => {
    const seen = new Set<Value>();
    return a.filter((v) => {
      const k = key(v);
      if (seen.has(k) || !keep(k)) return false;
      seen.add(k);
      return true;
    });
  };
}

const arrayDistinct = scalar({
  name: 'ARRAY_DISTINCT',
  description: 'The distinct elements, NULL among them, in the order of their first appearance.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ARRAY_DISTINCT(array ARRAY<T>) -> ARRAY<T>',
      nulls: 'propagate',
      make: (types) => {
        const unique = distinct(element(types.result));
        return (a: Value[]) => unique(a);
      },
    },
  ],
  examples: [{ sql: "ARRAY_DISTINCT(ARRAY['a', 'a', NULL, 'c'])", result: "ARRAY['a', NULL, 'c']" }],
});

function setFunction(
  name: string,
  description: string,
  example: string,
  apply: (unique: ReturnType<typeof distinct>, a: Value[], b: Value[], keysOfB: ReadonlySet<Value>) => Value[],
): ScalarFunction {
  return scalar({
    name,
    description,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(array1 ARRAY<T>, array2 ARRAY<T>) -> ARRAY<T>`,
        nulls: 'propagate',
        make: (types) => {
          const unique = distinct(element(types.result));
          const key = hashKey(element(types.result));
          return (a: Value[], b: Value[]) => apply(unique, a, b, new Set(b.map(key)));
        },
      },
    ],
    examples: [{ sql: `${name}(ARRAY[1, 2, 3, 1, 2], ARRAY[2, 4])`, result: example }],
  });
}

const arrayConcat = scalar({
  name: 'ARRAY_CONCAT',
  description: 'The elements of both arrays; where one is NULL, the other.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ARRAY_CONCAT(array1 ARRAY<T>, array2 ARRAY<T>) -> ARRAY<T>',
      nulls: 'pass',
      make: () => (a: Value[] | null, b: Value[] | null) => (a === null ? b : b === null ? a : [...a, ...b]),
    },
  ],
  examples: [{ sql: 'ARRAY_CONCAT(ARRAY[1, 2], ARRAY[2])', result: 'ARRAY[1, 2, 2]' }],
});

const arrayRemove = scalar({
  name: 'ARRAY_REMOVE',
  description: 'The array without the elements that are equal to a value.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ARRAY_REMOVE(array ARRAY<T>, element T) -> ARRAY<T>',
      nulls: 'pass',
      make: (types) => {
        const equal = nullSafeEqual(types.args[1]!);
        return (a: Value[] | null, v: Value) => (a === null ? null : a.filter((x) => !equal(x, v)));
      },
    },
  ],
  examples: [{ sql: 'ARRAY_REMOVE(ARRAY[1, 2, 3, 2], 2)', result: 'ARRAY[1, 3]' }],
});

const ORDERED = ['BOOLEAN', 'INT', 'BIGINT', 'DOUBLE', 'STRING', 'DATE', 'TIME', 'TIMESTAMP', 'BYTES'] as const;

/** Overloads for an array of each ordered type and of decimals. */
function orderedOverloads(
  signature: (t: string) => string,
  result: 'array' | 'element',
  make: (compare: (a: Value, b: Value) => number) => ScalarOverload['make'],
): ScalarOverload[] {
  const overload = (t: string, returns?: ScalarOverload['returns']): ScalarOverload => ({
    signature: signature(t),
    nulls: 'propagate',
    ...(returns === undefined ? {} : { returns }),
    make: (types, config) => {
      const compare = compareValues(element(types.args[0]!)) as (a: Value, b: Value) => number;
      return make(compare)(types, config);
    },
  });
  return [
    ...ORDERED.map((t) => overload(t)),
    overload('DECIMAL', (args) => (result === 'array' ? args[0]! : element(args[0]!))),
  ];
}

function extreme(name: string, sign: 1 | -1): ScalarFunction {
  return scalar({
    name,
    description: `The ${sign === 1 ? 'largest' : 'smallest'} element; NULLs are left out.`,
    category: CATEGORY,
    overloads: orderedOverloads(
      (t) => `${name}(array ARRAY<${t}>) -> ${t}`,
      'element',
      (compare) => () => (a: Value[]) => {
        let best: Value = null;
        for (const v of a) if (v !== null && (best === null || compare(v, best) * sign > 0)) best = v;
        return best;
      },
    ),
    examples: [
      { sql: `${name}(ARRAY[-1, 2, NULL, 0])`, result: sign === 1 ? '2' : '-1' },
      { sql: `${name}(ARRAY['Foo', 'Bar', 'baz'])`, result: sign === 1 ? "'baz'" : "'Bar'" },
    ],
  });
}

const arraySort = scalar({
  name: 'ARRAY_SORT',
  description: 'The elements in order, ASC or DESC; NULLs at the end.',
  category: CATEGORY,
  overloads: [
    ...orderedOverloads(
      (t) => `ARRAY_SORT(array ARRAY<${t}>) -> ARRAY<${t}>`,
      'array',
      (compare) => () => (a: Value[]) => sorted(a, compare, 1),
    ),
    ...orderedOverloads(
      (t) => `ARRAY_SORT(array ARRAY<${t}>, direction STRING) -> ARRAY<${t}>`,
      'array',
      (compare) => () => (a: Value[], direction: string) => {
        const d = direction.toUpperCase();
        if (d === 'ASC' || d === 'ASCENDING') return sorted(a, compare, 1);
        return d === 'DESC' || d === 'DESCENDING' ? sorted(a, compare, -1) : null;
      },
    ),
  ],
  examples: [
    { sql: 'ARRAY_SORT(ARRAY[-1, 2, NULL, 0])', result: 'ARRAY[-1, 0, 2, NULL]' },
    { sql: "ARRAY_SORT(ARRAY['a', 'b'], 'DESC')", result: "ARRAY['b', 'a']" },
  ],
});

function sorted(a: readonly Value[], compare: (x: Value, y: Value) => number, sign: 1 | -1): Value[] {
  const present = a.filter((v) => v !== null).sort((x, y) => compare(x, y) * sign);
  return [...present, ...Array<Value>(a.length - present.length).fill(null)];
}

function joined(type: SqlType): (a: Value[], delimiter: string | null) => string {
  const text = javaText(type);
  return (a, delimiter) => a.map((v) => text(v) ?? 'null').join(delimiter ?? '');
}

const JOINABLE = ['BOOLEAN', 'INT', 'BIGINT', 'DOUBLE', 'DECIMAL', 'STRING'] as const;

const arrayJoin = scalar({
  name: 'ARRAY_JOIN',
  description: 'The elements as text with a delimiter in between, a comma by default.',
  category: CATEGORY,
  overloads: [
    ...JOINABLE.map(
      (t): ScalarOverload => ({
        signature: `ARRAY_JOIN(array ARRAY<${t}>) -> STRING`,
        nulls: 'propagate',
        make: (types) => {
          const join = joined(element(types.args[0]!));
          return (a: Value[]) => join(a, ',');
        },
      }),
    ),
    ...JOINABLE.map(
      (t): ScalarOverload => ({
        signature: `ARRAY_JOIN(array ARRAY<${t}>, delimiter STRING) -> STRING`,
        nulls: 'pass',
        make: (types) => {
          const join = joined(element(types.args[0]!));
          return (a: Value[] | null, delimiter: string | null) => (a === null ? null : join(a, delimiter));
        },
      }),
    ),
  ],
  examples: [
    { sql: 'ARRAY_JOIN(ARRAY[1, 23, NULL])', result: "'1,23,null'" },
    { sql: "ARRAY_JOIN(ARRAY[1.5E0, 2E0], '; ')", result: "'1.5; 2.0'" },
  ],
});

const slice = scalar({
  name: 'SLICE',
  description:
    'The elements from one position to another, both included and counted from 1; NULL where they lie outside.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'SLICE(array ARRAY<T>, from INT, to INT) -> ARRAY<T>',
      nulls: 'pass',
      make: () => (a: Value[] | null, from: number | null, to: number | null) => {
        if (a === null) return null;
        const start = from === null ? 0 : from - 1;
        const end = to ?? a.length;
        return start < 0 || end > a.length || start > end ? null : a.slice(start, end);
      },
    },
  ],
  examples: [{ sql: 'SLICE(ARRAY[1, 2, 3, 4], 2, 3)', result: 'ARRAY[2, 3]' }],
});

/** Longest series that is made. */
const MAX_SERIES = 100_000;

function series(from: Long, to: Long, step: Long): Value[] {
  if (step === 0) throw new RangeError('GENERATE_SERIES step cannot be zero');
  if (step > 0 !== to >= from && from !== to) throw new RangeError('GENERATE_SERIES step has wrong sign');
  // Counted beforehand: behind the ends of BIGINT there is no value at which to stop.
  const count = (BigInt(to) - BigInt(from)) / BigInt(step) + 1n;
  if (count > MAX_SERIES) throw new RangeError(`GENERATE_SERIES gives more than ${MAX_SERIES} values`);
  const out: Value[] = [];
  for (let v = from, left = Number(count); left > 0; left--, v = addLong(v, step)) out.push(v);
  return out;
}

const generateSeries = scalar({
  name: 'GENERATE_SERIES',
  description: 'The values from start to end, both included, by a step of 1 (or -1 downwards) or the given one.',
  category: CATEGORY,
  overloads: (['INT', 'BIGINT'] as const).flatMap((t): ScalarOverload[] => [
    {
      signature: `GENERATE_SERIES(start ${t}, end ${t}) -> ARRAY<${t}>`,
      nulls: 'propagate',
      make: () => (from: Long, to: Long) => series(from, to, to >= from ? 1 : -1),
    },
    {
      signature: `GENERATE_SERIES(start ${t}, end ${t}, step INT) -> ARRAY<${t}>`,
      nulls: 'propagate',
      make: () => series,
    },
  ]),
  examples: [
    { sql: 'GENERATE_SERIES(4, 2)', result: 'ARRAY[4, 3, 2]' },
    { sql: 'GENERATE_SERIES(0, 9, 3)', result: 'ARRAY[0, 3, 6, 9]' },
    {
      sql: 'GENERATE_SERIES(9223372036854775806, 9223372036854775807)',
      result: 'ARRAY[9223372036854775806, 9223372036854775807]',
    },
  ],
});

const elt = scalar({
  name: 'ELT',
  description: 'The n-th of the texts, from 1; NULL for another number.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ELT(n INT, args STRING...) -> STRING',
      nulls: 'pass',
      make:
        () =>
        (n: number | null, ...args: (string | null)[]) =>
          n === null ? null : (args[n - 1] ?? null),
    },
  ],
  examples: [{ sql: "ELT(2, 'a', 'b')", result: "'b'" }],
});

const field = scalar({
  name: 'FIELD',
  description: 'The position, from 1, of a text among others; 0 where it is not there, or NULL.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'FIELD(str STRING, args STRING...) -> INT',
      nulls: 'pass',
      make:
        () =>
        (s: string | null, ...args: (string | null)[]) =>
          s === null ? 0 : args.indexOf(s) + 1,
    },
  ],
  examples: [{ sql: "FIELD('b', 'a', 'b')", result: '2' }],
});

type MapOf = Map<Value, Value>;

const mapKeys = scalar({
  name: 'MAP_KEYS',
  description: 'The keys of a map.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'MAP_KEYS(map MAP<K, V>) -> ARRAY<K>',
      nulls: 'propagate',
      make: () => (m: MapOf) => javaEntries(m).map(([k]) => k),
    },
  ],
  examples: [{ sql: "MAP_KEYS(MAP('a' := 1, 'b' := 2))", result: "ARRAY['a', 'b']" }],
});

const mapValues = scalar({
  name: 'MAP_VALUES',
  description: 'The values of a map.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'MAP_VALUES(map MAP<K, V>) -> ARRAY<V>',
      nulls: 'propagate',
      make: () => (m: MapOf) => javaEntries(m).map(([, v]) => v),
    },
  ],
  examples: [{ sql: "MAP_VALUES(MAP('a' := 1, 'b' := 2))", result: 'ARRAY[1, 2]' }],
});

const mapUnion = scalar({
  name: 'MAP_UNION',
  description: 'The entries of both maps; the second wins where both have a key. Where one is NULL, the other.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'MAP_UNION(map1 MAP<K, V>, map2 MAP<K, V>) -> MAP<K, V>',
      nulls: 'pass',
      make: () => (a: MapOf | null, b: MapOf | null) => (a === null ? b : b === null ? a : new Map([...a, ...b])),
    },
  ],
  examples: [{ sql: "MAP_UNION(MAP('a' := 1, 'b' := 2), MAP('a' := 5))", result: "MAP('a' := 5, 'b' := 2)" }],
});

const asMap = scalar({
  name: 'AS_MAP',
  description:
    'The map of a list of keys, NULL among them, to a list of values; NULL for a key without one. Values without a key are left out.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'AS_MAP(keys ARRAY<STRING>, values ARRAY<V>) -> MAP<STRING, V>',
      nulls: 'propagate',
      make: () => (keys: Value[], values: Value[]) => {
        const out: MapOf = new Map();
        keys.forEach((k, i) => {
          out.set(k, values[i] ?? null);
        });
        return out;
      },
    },
  ],
  examples: [
    { sql: "AS_MAP(ARRAY['a', 'b'], ARRAY[1, 2])", result: "MAP('a' := 1, 'b' := 2)" },
    { sql: "MAP_VALUES(AS_MAP(ARRAY['a', 'b', 'c'], ARRAY[1, 2]))", result: 'ARRAY[1, 2, NULL]' },
    { sql: "MAP_KEYS(AS_MAP(ARRAY['a', NULL], ARRAY[1, 2]))", result: "ARRAY[NULL, 'a']" },
  ],
});

const entries = scalar({
  name: 'ENTRIES',
  description: 'The entries of a map as structs of K and V, in the order of the keys where sorted is true.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'ENTRIES(map MAP<STRING, V>, sorted BOOLEAN) -> ARRAY<STRUCT>',
      nulls: 'propagate',
      returns: (_args, vars) =>
        array(
          struct([
            { name: 'K', type: { kind: 'STRING' } },
            { name: 'V', type: vars.get('V') ?? { kind: 'STRING' } },
          ]),
        ),
      make: () => (m: MapOf, inOrder: boolean) => {
        const out: Value[][] = javaEntries(m);
        return inOrder ? out.sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0)) : out;
      },
    },
  ],
  examples: [
    {
      sql: "ENTRIES(MAP('b' := 2, 'a' := 1), true)",
      result: "ARRAY[STRUCT(K := 'a', V := 1), STRUCT(K := 'b', V := 2)]",
    },
  ],
});

export const COLLECTION_FUNCTIONS = [
  arrayLength,
  arrayContains,
  arrayDistinct,
  setFunction(
    'ARRAY_EXCEPT',
    'The distinct elements of the first array that are not in the second.',
    'ARRAY[1, 3]',
    (unique, a, _b, keys) => unique(a, (k) => !keys.has(k)),
  ),
  setFunction('ARRAY_INTERSECT', 'The distinct elements that are in both arrays.', 'ARRAY[2]', (unique, a, _b, keys) =>
    unique(a, (k) => keys.has(k)),
  ),
  setFunction('ARRAY_UNION', 'The distinct elements of both arrays.', 'ARRAY[1, 2, 3, 4]', (unique, a, b) =>
    unique([...a, ...b]),
  ),
  arrayConcat,
  arrayRemove,
  extreme('ARRAY_MAX', 1),
  extreme('ARRAY_MIN', -1),
  arraySort,
  arrayJoin,
  slice,
  generateSeries,
  elt,
  field,
  mapKeys,
  mapValues,
  mapUnion,
  asMap,
  entries,
];
