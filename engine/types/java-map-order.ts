/** Java's `String.hashCode`. */
export function javaHash(s: string): number {
  let h = 0;
  for (let i = 0; i < s.length; i++) h = (Math.imul(31, h) + s.charCodeAt(i)) | 0;
  return h;
}

/**
 * Keys in the order in which a Java HashMap made for so many of them walks over them: where a result depends on the order
 * of a map's entries, ksqlDB's users have seen this one. `initial`: the capacity that it was made with, where it has grown.
 */
export function javaMapOrder(keys: readonly string[], initial = 1): string[] {
  let capacity = initial;
  while (capacity < keys.length) capacity *= 2;
  while (keys.length > Math.floor(capacity * 0.75)) capacity *= 2;
  const bucket = (key: string): number => {
    const h = javaHash(key);
    return (h ^ (h >>> 16)) & (capacity - 1);
  };
  return keys
    .map((key) => ({ key, at: bucket(key) }))
    .sort((a, b) => a.at - b.at)
    .map(({ key }) => key);
}
