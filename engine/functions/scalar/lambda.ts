import { javaEntries } from '../../values/java-map-order.js';
import type { Value } from '../../values/value.js';
import { scalar } from '../function.js';

const CATEGORY = 'LAMBDA';

type One = (x: Value) => Value;
type Two = (x: Value, y: Value) => Value;
type Three = (x: Value, y: Value, z: Value) => Value;
type MapOf = Map<Value, Value>;

const transform = scalar({
  name: 'TRANSFORM',
  description: 'Applies a lambda to each element of an array, or one to each key and one to each value of a map.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'TRANSFORM(array ARRAY<T>, lambda LAMBDA(T) => U) -> ARRAY<U>',
      nulls: 'propagate',
      make: () => (a: Value[], f: One) => a.map((x) => f(x)),
    },
    {
      signature: 'TRANSFORM(map MAP<K, V>, keys LAMBDA(K, V) => R, values LAMBDA(K, V) => S) -> MAP<R, S>',
      nulls: 'propagate',
      make: () => (m: MapOf, keys: Two, values: Two) => {
        const out: MapOf = new Map();
        for (const [k, v] of m) {
          const key = keys(k, v);
          if (out.has(key)) throw new RangeError(`Duplicate key: ${String(key)}`);
          out.set(key, values(k, v));
        }
        return out;
      },
    },
  ],
  examples: [
    { sql: 'TRANSFORM(ARRAY[3, 6], x => x + 5)', result: 'ARRAY[8, 11]' },
    { sql: "TRANSFORM(MAP('a' := 1), (k, v) => UCASE(k), (k, v) => v + 1)", result: "MAP('A' := 2)" },
  ],
});

const filter = scalar({
  name: 'FILTER',
  description: 'The elements of an array, or the entries of a map, for which a lambda holds.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'FILTER(array ARRAY<T>, lambda LAMBDA(T) => BOOLEAN) -> ARRAY<T>',
      nulls: 'propagate',
      make: () => (a: Value[], f: One) => a.filter((x) => f(x) === true),
    },
    {
      signature: 'FILTER(map MAP<K, V>, lambda LAMBDA(K, V) => BOOLEAN) -> MAP<K, V>',
      nulls: 'propagate',
      make: () => (m: MapOf, f: Two) => new Map([...m].filter(([k, v]) => f(k, v) === true)),
    },
  ],
  examples: [
    { sql: 'FILTER(ARRAY[3, 6, 2, 10], x => x > 5)', result: 'ARRAY[6, 10]' },
    { sql: "FILTER(MAP('a' := 1, 'b' := 2), (k, v) => v > 1)", result: "MAP('b' := 2)" },
  ],
});

const reduce = scalar({
  name: 'REDUCE',
  description:
    'Folds an array or a map from an initial state with a lambda; NULL where the state is. A map with text keys is walked in the order of a Java HashMap.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'REDUCE(array ARRAY<T>, state S, lambda LAMBDA(S, T) => S) -> S',
      nulls: 'pass',
      make: () => (a: Value[] | null, state: Value, f: Two) => {
        if (a === null || state === null) return state;
        return a.reduce<Value>((s, x) => f(s, x), state);
      },
    },
    {
      signature: 'REDUCE(map MAP<K, V>, state S, lambda LAMBDA(S, K, V) => S) -> S',
      nulls: 'pass',
      make: () => (m: MapOf | null, state: Value, f: Three) => {
        if (m === null || state === null) return state;
        return javaEntries(m).reduce<Value>((s, [k, v]) => f(s, k, v), state);
      },
    },
  ],
  examples: [
    { sql: 'REDUCE(ARRAY[1, 2, 3], 10, (s, x) => s + x)', result: '16' },
    { sql: "REDUCE(MAP('a' := 1, 'b' := 2), 0, (s, k, v) => s + v)", result: '3' },
  ],
});

export const LAMBDA_FUNCTIONS = [transform, filter, reduce];
