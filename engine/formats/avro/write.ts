import { WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Decimal } from '../../values/decimal.js';
import type { Column } from '../../values/schema.js';
import { printType, type SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { matchFields } from '../match-fields.js';
import { unscaledBytes, writeLong } from './bytes.js';
import { type AvroField, type AvroType, branchName, entryTypes, perMillisecond } from './schema.js';

/** Writes a value; null only where the schema has room for it, else WeirError ENCODE_ERROR. */
type Write = (v: Value, out: ByteWriter) => void;

const utf8 = new TextEncoder();

/**
 * Writes rows as `schema` says, which need not be the one that the columns give: fields that no column fills get their
 * default. Throws WeirError BAD_STATEMENT where a column cannot be written as its field.
 */
export function avroWriter(
  schema: AvroType,
  columns: readonly Column[],
  wrapped: boolean,
): (row: readonly Value[], out: ByteWriter) => void {
  if (!wrapped) {
    const write = writer(schema, columns[0]!.type, columns[0]!.name);
    return (row, out) => write(row[0] ?? null, out);
  }
  const write = writer(schema, { kind: 'STRUCT', fields: columns }, 'the row');
  return (row, out) => write(row as Value[], out);
}

function writer(schema: AvroType, type: SqlType, name: string): Write {
  if (schema.kind === 'union') return unionWriter(schema.branches, type, name);
  const write = plainWriter(schema, type, name);
  if (write === null) throw mismatch(name, type, schema);
  return (v, out) => {
    if (v === null) {
      throw new WeirError(
        'ENCODE_ERROR',
        `Unable to serialize record: ${name} is NULL, and the schema does not allow that`,
      );
    }
    write(v, out);
  };
}

const mismatch = (name: string, type: SqlType, schema: AvroType): WeirError =>
  new WeirError('BAD_STATEMENT', `${name} of type ${printType(type)} cannot be written as Avro ${schema.kind}`);

function unionWriter(branches: readonly AvroType[], type: SqlType, name: string): Write {
  const nullAt = branches.findIndex((b) => b.kind === 'null');
  const some = branches.filter((b) => b.kind !== 'null');
  const write = some.length > 1 && type.kind === 'STRUCT' ? choiceWriter(branches, type.fields, name) : null;
  const single = write === null ? branchWriter(branches, type, name) : write;
  return (v, out) => {
    if (v !== null) {
      single(v, out);
      return;
    }
    if (nullAt < 0) {
      throw new WeirError('ENCODE_ERROR', `Unable to serialize record: ${name} is NULL, and no branch of its union is`);
    }
    writeLong(out, nullAt);
  };
}

/** The first branch that can hold the type. */
function branchWriter(branches: readonly AvroType[], type: SqlType, name: string): Write {
  for (const [i, branch] of branches.entries()) {
    if (branch.kind === 'null' || branch.kind === 'union') continue;
    const write = plainWriter(branch, type, name);
    if (write === null) continue;
    return (v, out) => {
      writeLong(out, i);
      write(v, out);
    };
  }
  throw mismatch(name, type, { kind: 'union', branches });
}

/** A struct with one field a branch: the one that is set. */
function choiceWriter(branches: readonly AvroType[], fields: readonly Column[], name: string): Write | null {
  const at = matchFields(
    branches.map((b) => (b.kind === 'null' ? '' : branchName(b))),
    fields.map((f) => f.name),
  );
  if (at.some((i) => i < 0)) return null;
  const writers = fields.map((f, i) => writer(branches[at[i]!]!, f.type, `${name}.${f.name}`));
  return (v, out) => {
    const set = (v as Value[]).findIndex((x) => x !== null);
    if (set < 0) throw new WeirError('ENCODE_ERROR', `Unable to serialize record: no branch of ${name} is set`);
    writeLong(out, at[set]!);
    writers[set]!((v as Value[])[set]!, out);
  };
}

function plainWriter(schema: Exclude<AvroType, { kind: 'union' }>, type: SqlType, name: string): Write | null {
  switch (schema.kind) {
    case 'null':
      return null;
    case 'boolean':
      return type.kind === 'BOOLEAN' ? (v, out) => out.byte(v === true ? 1 : 0) : null;
    case 'int':
      return ['INTEGER', 'DATE', 'TIME'].includes(type.kind) ? (v, out) => writeLong(out, v as number) : null;
    case 'long':
      if (type.kind === 'TIMESTAMP' && perMillisecond(schema.logical) > 1) {
        const units = BigInt(perMillisecond(schema.logical));
        return (v, out) => writeLong(out, BigInt(v as number) * units);
      }
      return ['INTEGER', 'BIGINT', 'TIMESTAMP'].includes(type.kind)
        ? (v, out) => writeLong(out, v as number | bigint)
        : null;
    case 'float':
      return type.kind === 'DOUBLE' ? (v, out) => out.floatLE(v as number) : null;
    case 'double':
      return ['DOUBLE', 'INTEGER'].includes(type.kind) ? (v, out) => out.doubleLE(v as number) : null;
    case 'string':
      return type.kind === 'STRING' ? (v, out) => writeText(v as string, out) : null;
    case 'enum':
      return type.kind === 'STRING' ? enumWriter(schema.symbols, name) : null;
    case 'bytes':
      return bytesWriter(schema.decimal?.scale, type, name, null);
    case 'fixed':
      return bytesWriter(schema.decimal?.scale, type, name, schema.size);
    case 'array':
      return arrayWriter(schema.items, type, name);
    case 'map':
      if (type.kind !== 'MAP' || type.key.kind !== 'STRING') return null;
      return entriesWriter((k, out) => writeText(k as string, out), writer(schema.values, type.value, name));
    case 'record':
      return type.kind === 'STRUCT' ? recordWriter(schema.fields, type.fields, name) : null;
  }
}

function writeText(text: string, out: ByteWriter): void {
  const n = text.length;
  let ascii = n < 64;
  for (let i = 0; ascii && i < n; i++) ascii = text.charCodeAt(i) < 0x80;
  if (ascii) {
    writeLong(out, n);
    out.utf8(text);
    return;
  }
  const bytes = utf8.encode(text);
  writeLong(out, bytes.length);
  out.copy(bytes);
}

function enumWriter(symbols: readonly string[], name: string): Write {
  return (v, out) => {
    const i = symbols.indexOf(v as string);
    if (i < 0)
      throw new WeirError('ENCODE_ERROR', `Unable to serialize record: ${name} is no symbol of its enum: ${v}`);
    writeLong(out, i);
  };
}

function bytesWriter(scale: number | undefined, type: SqlType, name: string, size: number | null): Write | null {
  const put = (bytes: Uint8Array, out: ByteWriter): void => {
    if (size === null) writeLong(out, bytes.length);
    else if (bytes.length !== size) {
      throw new WeirError(
        'ENCODE_ERROR',
        `Unable to serialize record: ${name} must have ${size} bytes, not ${bytes.length}`,
      );
    }
    out.copy(bytes);
  };
  if (type.kind === 'BYTES') return (v, out) => put(v as Uint8Array, out);
  if (type.kind !== 'DECIMAL' || scale === undefined) return null;
  return (v, out) => put(unscaledBytes((v as Decimal).setScale(scale).unscaled, size ?? 1), out);
}

function arrayWriter(items: AvroType, type: SqlType, name: string): Write | null {
  if (type.kind === 'ARRAY') {
    const write = writer(items, type.element, `an element of ${name}`);
    return (v, out) => {
      const list = v as Value[];
      if (list.length > 0) writeLong(out, list.length);
      for (const x of list) write(x, out);
      out.byte(0);
    };
  }
  if (type.kind !== 'MAP') return null;
  const entry = entryTypes(items);
  if (entry === null) return null;
  const nullable = items.kind === 'union' ? items.branches.findIndex((b) => b.kind !== 'null') : null;
  const key = writer(entry.key, type.key, `a key of ${name}`);
  return entriesWriter(
    (k, out) => {
      if (nullable !== null) writeLong(out, nullable);
      key(k, out);
    },
    writer(entry.value, type.value, `a value of ${name}`),
  );
}

function entriesWriter(key: Write, value: Write): Write {
  return (v, out) => {
    const entries = v as Map<Value, Value>;
    if (entries.size > 0) writeLong(out, entries.size);
    for (const [k, x] of entries) {
      key(k, out);
      value(x, out);
    }
    out.byte(0);
  };
}

function recordWriter(written: readonly AvroField[], fields: readonly Column[], name: string): Write {
  const at = matchFields(
    written.map((f) => f.name),
    fields.map((f) => f.name),
  );
  const lost = fields.find((_, i) => at[i]! < 0);
  if (lost !== undefined) {
    throw new WeirError('BAD_STATEMENT', `The Avro schema has no field ${lost.name} (in ${name})`);
  }
  const writers = written.map((f, i): Write => {
    const column = at.indexOf(i);
    if (column < 0) return missingWriter(f);
    const write = writer(f.type, fields[column]!.type, fields[column]!.name);
    if (f.fallback === undefined || takesNull(f.type))
      return (row, out) => write((row as Value[])[column] ?? null, out);
    // NULL has no place in the field, but its default has.
    const fallback = missingWriter(f);
    return (row, out) => {
      const v = (row as Value[])[column] ?? null;
      (v === null ? fallback : write)(v, out);
    };
  });
  return (v, out) => {
    for (const write of writers) write(v, out);
  };
}

const takesNull = (type: AvroType): boolean =>
  type.kind === 'null' || (type.kind === 'union' && type.branches.some((b) => b.kind === 'null'));

/** A field that no column fills: its default, or null; an error once a record is written where there is neither. */
function missingWriter(field: AvroField): Write {
  if (field.fallback !== undefined) return (_, out) => writeJson(field.type, field.fallback, out, field.name);
  if (field.type.kind === 'union') {
    const nullAt = field.type.branches.findIndex((b) => b.kind === 'null');
    if (nullAt >= 0) return (_, out) => writeLong(out, nullAt);
  }
  return () => {
    throw new WeirError(
      'ENCODE_ERROR',
      `Unable to serialize record: no column gives the required field ${field.name} of the Avro schema`,
    );
  };
}

/** A default value, in the JSON that Avro schemas write it in: that of a union is of its first branch. */
function writeJson(schema: AvroType, v: unknown, out: ByteWriter, name: string): void {
  const wrong = (): never => {
    throw new WeirError('ENCODE_ERROR', `Unable to serialize record: the default of ${name} does not fit its type`);
  };
  switch (schema.kind) {
    case 'null':
      return;
    case 'union':
      writeLong(out, 0);
      writeJson(schema.branches[0]!, v, out, name);
      return;
    case 'record': {
      if (v === null || typeof v !== 'object') wrong();
      const j = v as Readonly<Record<string, unknown>>;
      for (const f of schema.fields)
        writeJson(f.type, Object.hasOwn(j, f.name) ? j[f.name] : f.fallback, out, `${name}.${f.name}`);
      return;
    }
    case 'array':
      if (!Array.isArray(v)) wrong();
      if ((v as unknown[]).length > 0) writeLong(out, (v as unknown[]).length);
      for (const x of v as unknown[]) writeJson(schema.items, x, out, name);
      out.byte(0);
      return;
    case 'map': {
      if (v === null || typeof v !== 'object') wrong();
      const entries = Object.entries(v as object);
      if (entries.length > 0) writeLong(out, entries.length);
      for (const [k, x] of entries) {
        writeText(k, out);
        writeJson(schema.values, x, out, name);
      }
      out.byte(0);
      return;
    }
    case 'bytes':
    case 'fixed': {
      if (typeof v !== 'string') wrong();
      const bytes = Buffer.from(v as string, 'latin1');
      if (schema.kind === 'bytes') writeLong(out, bytes.length);
      else if (bytes.length !== schema.size) wrong();
      out.copy(bytes);
      return;
    }
    default: {
      const type = JSON_TYPES[schema.kind];
      if (typeof v !== type.json) wrong();
      plainWriter(schema, type.sql, name)!(v as Value, out);
    }
  }
}

const JSON_TYPES = {
  boolean: { json: 'boolean', sql: { kind: 'BOOLEAN' } },
  int: { json: 'number', sql: { kind: 'INTEGER' } },
  long: { json: 'number', sql: { kind: 'BIGINT' } },
  float: { json: 'number', sql: { kind: 'DOUBLE' } },
  double: { json: 'number', sql: { kind: 'DOUBLE' } },
  string: { json: 'string', sql: { kind: 'STRING' } },
  enum: { json: 'string', sql: { kind: 'STRING' } },
} as const;
