import type { Value } from './value.js';

/** Java's `String.hashCode`. */
export function javaHash(s: string): number {
  let h = 0;
  for (let i = 0; i < s.length; i++) h = (Math.imul(31, h) + s.charCodeAt(i)) | 0;
  return h;
}

/**
 * Keys in the order in which a Java HashMap of so many keys walks over them. Where a result depends on the order of a map's
 * entries, ksqlDB's users have seen this one. `initial`: the capacity that the HashMap was made with, where it has grown.
 */
export function javaMapOrder<K extends string | null>(keys: readonly K[], initial = 1): K[] {
  let capacity = initial;
  while (capacity < keys.length) capacity *= 2;
  while (keys.length > Math.floor(capacity * 0.75)) capacity *= 2;
  const bucket = (key: K): number => {
    const h = key === null ? 0 : javaHash(key);
    return (h ^ (h >>> 16)) & (capacity - 1);
  };
  return keys
    .map((key) => ({ key, at: bucket(key) }))
    .sort((a, b) => a.at - b.at)
    .map(({ key }) => key);
}

/** The entries of a map in the order of `javaMapOrder` where its keys are text or NULL, else as they were put in. */
export function javaEntries(map: ReadonlyMap<Value, Value>): [Value, Value][] {
  const keys = [...map.keys()];
  if (keys.length < 2 || !keys.every((k) => k === null || typeof k === 'string')) return [...map];
  return javaMapOrder(keys as (string | null)[]).map((k) => [k, map.get(k)!]);
}
