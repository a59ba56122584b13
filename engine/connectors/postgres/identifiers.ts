/** As SQL has a name that is to be taken as it is: `"order"`. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A table as a person writes it. */
export interface WrittenTable {
  /** Undefined: the search path finds it. */
  readonly schema: string | undefined;
  readonly name: string;
}

/** `trips`, `fleet.trips`, `"Fleet"."trips"`; undefined: it is none of them. */
export function writtenTable(text: string): WrittenTable | undefined {
  const m = /^\s*(?:(?:"((?:[^"]|"")+)"|([^".]+))\.)?(?:"((?:[^"]|"")+)"|([^".]+))\s*$/.exec(text);
  if (m === null) return undefined;
  const plain = (name: string | undefined): string | undefined => name?.replaceAll('""', '"');
  return { schema: plain(m[1]) ?? m[2]?.trim(), name: plain(m[3]) ?? m[4]!.trim() };
}

/** What is meant by a name: what has exactly this name, else the only one that has it in any case. */
export function meant<T extends { readonly name: string }>(name: string, all: readonly T[]): T | undefined {
  const exact = all.find((o) => o.name === name);
  if (exact !== undefined) return exact;
  const alike = all.filter((o) => o.name.toLowerCase() === name.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}
