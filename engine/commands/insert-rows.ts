import type { RawRecord } from '../api.js';
import type { DataSource } from '../catalog/index.js';
import { jsonFormat } from '../formats/json.js';
import { ByteWriter } from '../types/bytes.js';
import { messageOf, WeirError } from '../types/errors.js';
import type { Column } from '../types/schema.js';
import { type SqlType, STRING } from '../types/sql-type.js';
import { parseDate, parseTime, parseTimestamp } from '../types/temporal.js';
import type { FormatRef } from '../types/topology.js';
import type { Value } from '../types/value.js';
import type { EngineParts } from './context.js';
import { pinnedSource, registerSchemas, sourceNeeds } from './schemas.js';

/** Turns rows as clients send them, one JSON object of column values each, into records of a stream or table. */
export type RowReader = (row: string) => RawRecord;

/**
 * Throws BAD_STATEMENT for a target that cannot be inserted into; the reader throws BAD_REQUEST for a row that does not
 * fit. DATE, TIME and TIMESTAMP are text as in results, BYTES base64; numbers keep all their digits.
 */
export async function rowReader(source: DataSource, parts: EngineParts): Promise<RowReader> {
  const what = source.kind.toLowerCase();
  if (source.isSource) throw bad(`Cannot insert values into read-only ${what}: ${source.name}`);
  if (source.window !== null) throw bad(`Cannot insert values into windowed stream/table: ${source.name}`);
  const format = (name: string) => parts.formats.get(name);
  const registered = await registerSchemas(sourceNeeds(source, format, true), parts.registry, format);
  const target = pinnedSource(source, registered);
  const { key } = target.schema;
  const value = target.schema.value.filter((c) => c.headers === undefined);
  const columns = [...key, ...value];
  const names = new Set(columns.map((c) => c.name));
  const read = rowDecoder(columns);
  const encode = (side: readonly Column[], ref: FormatRef, isKey: boolean) => {
    if (side.length === 0) return () => null;
    const encoder = parts.format(ref.name).encoder({ columns: side, needed: side.map((_, i) => i), ref, isKey });
    return (row: readonly Value[]): Buffer | null => {
      const out = new ByteWriter();
      return encoder.encode(row, out) ? out.toBuffer() : null;
    };
  };
  const encodeKey = encode(key, target.keyFormat, true);
  const encodeValue = encode(value, target.valueFormat, false);
  return (text) => {
    const given = parsed(text);
    for (const name of Object.keys(given)) {
      if (nameIn(names, name) !== undefined) continue;
      throw new WeirError('BAD_REQUEST', `Column name ${writtenName(name)} does not exist.`);
    }
    const row = read(text);
    for (const [i, c] of columns.entries()) checkIntegers(c.type, member(given, c.name), row[i]!, c.name);
    if (target.kind === 'TABLE' && key.some((_, i) => row[i] === null)) {
      throw new WeirError('BAD_REQUEST', `Key field must be specified: ${key.map((c) => c.name).join(', ')}`);
    }
    return {
      key: encodeKey(row.slice(0, key.length)),
      value: encodeValue(row.slice(key.length)),
      timestamp: parts.clock.now(),
    };
  };
}

const bad = (message: string) => new WeirError('BAD_STATEMENT', message);

/** A name as SQL has it: exact in back quotes, else in upper case. */
const writtenName = (name: string): string => (name.startsWith('`') ? name.replaceAll('`', '') : name.toUpperCase());

/**
 * Which of `names` is meant by one in a request; undefined: none. Programs take names from where they are exact (a
 * catalog, types that were generated): what is there only as it is written is meant by that.
 */
export function nameIn(names: { has(name: string): boolean }, name: string): string | undefined {
  return [writtenName(name), name].find((n) => names.has(n));
}

/** The JSON format reads names of columns and fields in any case, the last of several. */
const member = (row: Readonly<Record<string, unknown>>, column: string): unknown => {
  if (column in row) return row[column];
  const upper = column.toUpperCase();
  return Object.entries(row).findLast(([name]) => name.replaceAll('`', '').toUpperCase() === upper)?.[1];
};

/** The JSON format wraps and cuts numbers, as records of a topic are read; what a client inserts must be what it sent. */
function checkIntegers(type: SqlType, sent: unknown, read: Value, at: string): void {
  if (sent === null || sent === undefined || read === null) return;
  switch (type.kind) {
    case 'INTEGER':
    case 'BIGINT':
      // Digits beyond a double's are the same on both sides, or neither has them.
      if (typeof sent === 'number' && Number(read) !== sent) throw bad400(`${at}: ${sent} is no ${type.kind}.`);
      break;
    case 'ARRAY':
      for (const [i, v] of (read as Value[]).entries()) {
        checkIntegers(type.element, (sent as unknown[])[i], v, `${at}[${i + 1}]`);
      }
      break;
    case 'MAP':
      for (const [k, v] of read as Map<Value, Value>) {
        checkIntegers(type.value, (sent as Record<string, unknown>)[String(k)], v, `${at}['${String(k)}']`);
      }
      break;
    case 'STRUCT':
      for (const [i, f] of type.fields.entries()) {
        const inner = member(sent as Record<string, unknown>, f.name);
        checkIntegers(f.type, inner, (read as Value[])[i]!, `${at}->${f.name}`);
      }
      break;
  }
}

const bad400 = (message: string) => new WeirError('BAD_REQUEST', `The row does not fit: ${message}`);

function parsed(text: string): Readonly<Record<string, unknown>> {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON: ${messageOf(e)}`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new WeirError('BAD_REQUEST', 'A row must be a JSON object of column values.');
  }
  return row as Record<string, unknown>;
}

/** The JSON format reads the text; what it has other spellings for is read as text first. */
function rowDecoder(columns: readonly Column[]): (text: string) => Value[] {
  const decoder = jsonFormat.decoder({
    columns: columns.map((c) => ({ ...c, type: asText(c.type) })),
    needed: columns.map((_, i) => i),
    ref: { name: jsonFormat.name, properties: {}, wrapSingle: true },
    isKey: false,
  });
  return (text) => {
    const bytes = Buffer.from(text.replace(/"`([^`"]+)`"\s*:/g, '"$1":'), 'utf8');
    const row = new Array<Value>(columns.length).fill(null);
    try {
      decoder.decode(bytes, 0, bytes.length, row);
      return columns.map((c, i) => fromText(c.type, row[i]!));
    } catch (e) {
      throw new WeirError('BAD_REQUEST', `The row does not fit: ${messageOf(e)}`, undefined, { cause: e });
    }
  };
}

function asText(type: SqlType): SqlType {
  switch (type.kind) {
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return STRING;
    case 'ARRAY':
      return { ...type, element: asText(type.element) };
    case 'MAP':
      return { ...type, key: asText(type.key), value: asText(type.value) };
    case 'STRUCT':
      return { ...type, fields: type.fields.map((f) => ({ ...f, type: asText(f.type) })) };
    default:
      return type;
  }
}

function fromText(type: SqlType, v: Value): Value {
  if (v === null) return null;
  switch (type.kind) {
    case 'DATE':
      return parseDate(v as string);
    case 'TIME':
      return parseTime(v as string);
    case 'TIMESTAMP':
      return parseTimestamp(v as string);
    case 'ARRAY':
      return (v as Value[]).map((x) => fromText(type.element, x));
    case 'MAP':
      return new Map([...(v as Map<Value, Value>)].map(([k, x]) => [fromText(type.key, k), fromText(type.value, x)]));
    case 'STRUCT':
      return type.fields.map((f, i) => fromText(f.type, (v as Value[])[i]!));
    default:
      return v;
  }
}
