import { membersOf } from '../../engine/connectors/files/json-text.js';
import { NUMBER } from '../../engine/connectors/files/numbers.js';
import type { Row } from '../../engine/connectors/files/rows.js';
import { looksLikeTime } from '../../engine/connectors/files/times.js';
import { parseDate } from '../../engine/values/temporal.js';
import { isReserved } from '../../parser/index.js';
import { splitArray } from '../../shell/row-text.js';

/** What a column is, as far as its values say. `unknown`: all that were seen are null. */
export type Inferred =
  | { readonly kind: 'unknown' | 'BOOLEAN' | 'BIGINT' | 'DOUBLE' | 'DATE' | 'TIMESTAMP' | 'VARCHAR' }
  | { readonly kind: 'DECIMAL'; readonly integer: number; readonly scale: number }
  | { readonly kind: 'ARRAY'; readonly element: Inferred }
  | { readonly kind: 'STRUCT'; readonly fields: ReadonlyMap<string, Inferred> };

const UNKNOWN: Inferred = { kind: 'unknown' };
const TEXT: Inferred = { kind: 'VARCHAR' };
const BIGINT: Inferred = { kind: 'BIGINT' };
const DOUBLE: Inferred = { kind: 'DOUBLE' };
const MAX_PRECISION = 38;
/** Digits that every DOUBLE keeps. */
const DOUBLE_DIGITS = 15;

function numberType(text: string): Inferred {
  const [, integer, fraction, exponent] = NUMBER.exec(text)!;
  if (exponent !== undefined) return DOUBLE;
  const digits = integer?.length ?? 1;
  const scale = fraction === undefined ? 0 : fraction.length - 1;
  if (scale === 0) {
    const n = BigInt(text);
    if (BigInt.asIntN(64, n) === n) return BIGINT;
  } else if (digits + scale <= DOUBLE_DIGITS) return DOUBLE;
  return digits + scale <= MAX_PRECISION ? { kind: 'DECIMAL', integer: digits, scale } : scale > 0 ? DOUBLE : TEXT;
}

/** Of a field of a CSV file. @param hasZone times without a zone are times too */
export function fieldType(text: string, hasZone: boolean): Inferred {
  if (text === '') return UNKNOWN;
  if (NUMBER.test(text)) return numberType(text);
  if (text === 'true' || text === 'false') return { kind: 'BOOLEAN' };
  const time = looksLikeTime(text);
  if (time === 'zoned' || (time === 'local' && hasZone)) return { kind: 'TIMESTAMP' };
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isDate(text)) return { kind: 'DATE' };
  return TEXT;
}

function isDate(text: string): boolean {
  try {
    parseDate(text);
    return true;
  } catch {
    return false; // not a date: a text like any other
  }
}

/** Of a JSON value as it stands. */
export function jsonType(raw: string): Inferred {
  switch (raw[0]) {
    case 'n':
      return UNKNOWN;
    case 't':
    case 'f':
      return { kind: 'BOOLEAN' };
    case '"':
      return TEXT;
    case '[':
      return { kind: 'ARRAY', element: splitArray(raw).map(jsonType).reduce(merged, UNKNOWN) };
    case '{': {
      const fields = new Map([...membersOf(raw)].map(([name, value]) => [name, jsonType(value)]));
      return fields.size === 0 ? TEXT : { kind: 'STRUCT', fields };
    }
    default:
      return numberType(raw);
  }
}

/** The type that has room for both. */
export function merged(a: Inferred, b: Inferred): Inferred {
  if (a.kind === 'unknown') return b;
  if (b.kind === 'unknown') return a;
  if (a.kind === 'ARRAY' && b.kind === 'ARRAY') return { kind: 'ARRAY', element: merged(a.element, b.element) };
  if (a.kind === 'STRUCT' && b.kind === 'STRUCT') {
    const fields = new Map(a.fields);
    for (const [name, type] of b.fields) fields.set(name, merged(fields.get(name) ?? UNKNOWN, type));
    return { kind: 'STRUCT', fields };
  }
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (x !== null && y !== null) {
    if (a.kind === 'BIGINT' && b.kind === 'BIGINT') return BIGINT;
    const integer = Math.max(x.integer, y.integer);
    const scale = Math.max(x.scale, y.scale);
    return integer + scale <= MAX_PRECISION ? { kind: 'DECIMAL', integer, scale } : DOUBLE;
  }
  const isNumber = (t: Inferred) => t.kind === 'BIGINT' || t.kind === 'DECIMAL' || t.kind === 'DOUBLE';
  if (isNumber(a) && isNumber(b)) return DOUBLE;
  return a.kind === b.kind ? a : TEXT;
}

function decimalOf(t: Inferred): { readonly integer: number; readonly scale: number } | null {
  if (t.kind === 'DECIMAL') return t;
  return t.kind === 'BIGINT' ? { integer: 19, scale: 0 } : null;
}

export function typeText(t: Inferred): string {
  switch (t.kind) {
    case 'unknown':
      return 'VARCHAR';
    case 'DECIMAL':
      return `DECIMAL(${t.integer + t.scale}, ${t.scale})`;
    case 'ARRAY':
      return `ARRAY<${typeText(t.element)}>`;
    case 'STRUCT':
      return `STRUCT<${[...t.fields].map(([name, type]) => `${columnName(name)} ${typeText(type)}`).join(', ')}>`;
    default:
      return t.kind;
  }
}

/** As people write it: a plain name without quotes, whatever its case. */
const columnName = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !isReserved(name.toUpperCase())
    ? name.toUpperCase()
    : `\`${(isReserved(name.toUpperCase()) ? name.toUpperCase() : name).replaceAll('`', '``')}\``;

/** What was found out from the first rows of a file. */
export interface Inference {
  readonly columns: ReadonlyMap<string, Inferred>;
  /** The column of the key; undefined: there is none. */
  readonly key: string | undefined;
  readonly rows: number;
}

/**
 * @param text columns that stay text
 * @param key as it was given; undefined: the first column that has another value in each row and is named like a key
 */
export function infer(
  rows: readonly Row[],
  options: { readonly text: ReadonlySet<string>; readonly key: string | undefined; readonly hasZone: boolean },
): Inference {
  const columns = new Map<string, Inferred>();
  const seen = new Map<string, Set<string>>();
  for (const row of rows) {
    const { fields, raw } = row.read();
    for (const [name, text] of fields) {
      const before = columns.get(name) ?? UNKNOWN;
      const type = options.text.has(name)
        ? TEXT
        : raw === null
          ? fieldType(text!, options.hasZone)
          : jsonType(raw.get(name)!);
      columns.set(name, merged(before, type));
      let values = seen.get(name);
      if (values === undefined) seen.set(name, (values = new Set()));
      if (text !== null && text !== '') values.add(text);
    }
  }
  const isUnique = (name: string) => rows.length > 1 && seen.get(name)!.size === rows.length;
  const isScalar = (name: string) => ['BIGINT', 'VARCHAR'].includes(columns.get(name)!.kind);
  const named = options.key === undefined ? undefined : nameIn(columns, options.key);
  const guessed = [...columns.keys()].find(
    (name) => /(^|_)(id|key|uuid)$|I[dD]$/i.test(name) && isUnique(name) && isScalar(name),
  );
  return { columns, key: options.key === undefined ? guessed : (named ?? options.key), rows: rows.length };
}

/** The name in its own case. */
export const nameIn = (columns: ReadonlyMap<string, unknown>, name: string): string | undefined =>
  columns.has(name) ? name : [...columns.keys()].find((k) => k.toLowerCase() === name.toLowerCase());

/** A stream over the topic: a key that is a number is JSON, all others text. */
export function createStatement(
  stream: string,
  topic: string,
  partitions: number,
  format: 'json' | 'delimited',
  { columns, key }: Inference,
): string {
  const isJsonKey = key !== undefined && !['VARCHAR', 'unknown'].includes(columns.get(key)!.kind);
  const names = [...columns.keys()];
  const values = names.filter((name) => name !== key);
  const list = [
    ...(key === undefined ? [] : [`${columnName(key)} ${typeText(columns.get(key)!)} KEY`]),
    ...values.map((name) => `${columnName(name)} ${typeText(columns.get(name)!)}`),
  ];
  return `CREATE STREAM ${columnName(stream)} (\n  ${list.join(',\n  ')}\n) WITH (KAFKA_TOPIC='${topic}', ${
    isJsonKey ? "KEY_FORMAT='JSON', " : ''
  }VALUE_FORMAT='${format.toUpperCase()}', PARTITIONS=${partitions});`;
}
