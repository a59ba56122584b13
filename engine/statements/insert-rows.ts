import { messageOf, WeirError } from '../base/errors.js';
import type { DataSource } from '../catalog/index.js';
import { DecodeError } from '../formats/format.js';
import { assignedReader } from '../formats/json/assign.js';
import { ObjectReader } from '../formats/json/object.js';
import { OTHER, type ValueReader } from '../formats/json/reader.js';
import { JsonCursor } from '../formats/json/scan.js';
import type { FormatRef } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { StringCache } from '../records/intern.js';
import type { RawRecord } from '../records/raw-record.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';
import type { EngineParts } from './context.js';
import { pinnedSource, registerSchemas, sourceNeeds } from './statement-schemas.js';

/**
 * Turns rows as clients send them, one JSON object of column values each, into records of a stream or table. `deletes`: into a
 * tombstone with the row's key.
 */
export type RowReader = (row: string, deletes?: boolean) => RawRecord;

/**
 * Throws BAD_STATEMENT for a target that cannot be inserted into; the reader throws BAD_REQUEST for a row that does not
 * fit its columns (`assignedReader`). `unknown`: what becomes of fields that are no columns.
 */
export async function rowReader(
  source: DataSource,
  parts: Pick<EngineParts, 'registry' | 'format' | 'clock'>,
  unknown: 'refused' | 'left out' = 'refused',
): Promise<RowReader> {
  const what = source.kind.toLowerCase();
  if (source.isSource) throw bad(`Cannot insert values into read-only ${what}: ${source.name}`);
  if (source.window !== null) throw bad(`Cannot insert values into windowed stream/table: ${source.name}`);
  const registered = await registerSchemas(sourceNeeds(source, true), parts.registry);
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
  return (text, deletes = false) => {
    if (unknown === 'refused') {
      const given = parsed(text);
      for (const name of Object.keys(given)) {
        if (nameIn(names, name) !== undefined) continue;
        throw new WeirError('BAD_REQUEST', `Column name ${writtenName(name)} does not exist.`);
      }
    }
    const row = read(text);
    if (target.kind === 'TABLE' && key.some((_, i) => row[i] === null)) {
      throw new WeirError('BAD_REQUEST', `Key field must be specified: ${key.map((c) => c.name).join(', ')}`);
    }
    return {
      key: encodeKey(row.slice(0, key.length)),
      value: deletes ? null : encodeValue(row.slice(key.length)),
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

/** Names of columns and fields are read in any case. */
function rowDecoder(columns: readonly Column[]): (text: string) => Value[] {
  const strings = new StringCache();
  const cursor = new JsonCursor();
  const object = new ObjectReader(
    columns.map(({ name, type }) => ({ name, reader: named(name, assignedReader(type, strings)), wanted: true })),
  );
  return (text) => {
    // A zero behind the end: a reader may look one character ahead.
    const bytes = Buffer.from(`${text.trim().replace(/"`([^`"]+)`"\s*:/g, '"$1":')}\0`, 'utf8');
    const row = new Array<Value>(columns.length).fill(null);
    cursor.reset(bytes, 0, bytes.length - 1);
    try {
      object.read(cursor, row);
    } catch (e) {
      throw new WeirError('BAD_REQUEST', `The row does not fit: ${messageOf(e)}`, undefined, { cause: e });
    }
    return row;
  };
}

/** `reader`, whose errors name the column. */
const named = (name: string, reader: ValueReader): ValueReader => ({
  op: OTHER,
  read: (c) => {
    try {
      return reader.read(c);
    } catch (e) {
      throw new DecodeError(`column \`${name}\`: ${messageOf(e)}`);
    }
  },
});
