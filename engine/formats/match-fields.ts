/**
 * For each column the written field that it is read from, -1 where there is none: the one of the same name, else the one
 * whose name is the same but for case (https://docs.ksqldb.io: field names are matched ignoring case).
 */
export function matchFields(fields: readonly string[], columns: readonly string[]): number[] {
  const exact = new Map(fields.map((name, i) => [name, i]));
  const folded = new Map<string, number>();
  fields.forEach((name, i) => {
    const upper = name.toUpperCase();
    if (!folded.has(upper)) folded.set(upper, i);
  });
  const taken = new Set<number>();
  const at = columns.map((name) => exact.get(name) ?? -1);
  for (const i of at) taken.add(i);
  return at.map((i, column) => {
    if (i >= 0) return i;
    const found = folded.get(columns[column]!.toUpperCase()) ?? -1;
    if (found < 0 || taken.has(found)) return -1;
    taken.add(found);
    return found;
  });
}
