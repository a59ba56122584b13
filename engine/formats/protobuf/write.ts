import { WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Column } from '../../values/schema.js';
import { printType, type SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { matchFields } from '../match-fields.js';
import { entryOf, knownType, type MessageType, membersOf, type ProtoField, type ProtoType } from './schema.js';
import {
  decimalWriter,
  isZero,
  scalarWriter,
  type Write,
  wireOf,
  writeDate,
  writeTime,
  writeTimestamp,
} from './values.js';
import {
  beginDelimited,
  DELIMITED,
  endDelimited,
  VARINT,
  type WireType,
  writeVarint32,
  writeVarint64,
} from './wire.js';

/** Writes rows as messages. Throws WeirError BAD_STATEMENT where a column cannot be written as its field. */
export function protobufWriter(
  type: MessageType,
  columns: readonly Column[],
): (row: readonly Value[], out: ByteWriter) => void {
  return messageWriter(type, columns);
}

type WriteRow = (row: readonly Value[], out: ByteWriter) => void;
/** Writes a field with its tag, or nothing. */
type WriteField = (v: Value, out: ByteWriter) => void;

interface ValueWriter {
  /** Without a tag; messages with their length. */
  readonly write: Write;
  readonly wire: WireType;
  /** For what Protobuf has no null for, inside a list. */
  readonly zero: Write;
}

function messageWriter(type: MessageType, columns: readonly Column[]): WriteRow {
  const members = membersOf(type);
  const at = matchFields(
    members.map((m) => m.name),
    columns.map((c) => c.name),
  );
  const lost = columns.find((_, i) => at[i]! < 0);
  if (lost !== undefined) {
    throw new WeirError('BAD_STATEMENT', `The Protobuf message ${type.name} has no field ${lost.name}`);
  }
  // In the order of the schema, as everyone writes them.
  const writers = columns
    .map((column, i) => {
      const member = members[at[i]!]!;
      const write = member.kind === 'field' ? fieldWriter(member.field, column) : choiceWriter(member.fields, column);
      const number = member.kind === 'field' ? member.field.number : member.fields[0]!.number;
      return { i, number, write };
    })
    .sort((a, b) => a.number - b.number);
  return (row, out) => {
    for (const { i, write } of writers) write(row[i] ?? null, out);
  };
}

function fieldWriter(field: ProtoField, column: Column): WriteField {
  const entry = entryOf(field);
  if (entry !== null) return mapWriter(field, entry, column);
  if (field.repeated) return listWriter(field, column);
  const { write, wire } = valueWriter(field.type, column.type, column.name);
  const tag = (field.number << 3) | wire;
  if (field.presence || field.explicit === true) {
    return (v, out) => {
      if (v === null) return;
      writeVarint32(out, tag);
      write(v, out);
    };
  }
  const zero = field.type.kind === 'enum' ? (field.type.type.byNumber.get(0) ?? '') : undefined;
  return (v, out) => {
    if (v === null || (zero === undefined ? isZero(v) : v === zero)) return;
    writeVarint32(out, tag);
    write(v, out);
  };
}

function listWriter(field: ProtoField, column: Column): WriteField {
  if (column.type.kind !== 'ARRAY') throw mismatch(field.type, column.type, column.name);
  const { write, wire, zero } = valueWriter(field.type, column.type.element, column.name);
  if (field.packed) {
    const tag = (field.number << 3) | DELIMITED;
    return (v, out) => {
      const list = v as Value[] | null;
      if (list === null || list.length === 0) return;
      writeVarint32(out, tag);
      const start = beginDelimited(out);
      for (const x of list) (x === null ? zero : write)(x, out);
      endDelimited(out, start);
    };
  }
  const tag = (field.number << 3) | wire;
  return (v, out) => {
    if (v === null) return;
    for (const x of v as Value[]) {
      writeVarint32(out, tag);
      (x === null ? zero : write)(x, out);
    }
  };
}

function mapWriter(
  field: ProtoField,
  parts: { readonly key: ProtoField; readonly value: ProtoField },
  { name, type }: Column,
): WriteField {
  if (type.kind !== 'MAP') throw mismatch(field.type, type, name);
  const entry: MessageType = { name, fields: [parts.key, parts.value] };
  const write = messageWriter(entry, [
    { name: 'key', type: type.key },
    { name: 'value', type: type.value },
  ]);
  const tag = (field.number << 3) | DELIMITED;
  const pair: Value[] = [null, null];
  return (v, out) => {
    if (v === null) return;
    for (const [key, value] of v as Map<Value, Value>) {
      pair[0] = key;
      pair[1] = value;
      writeVarint32(out, tag);
      const start = beginDelimited(out);
      write(pair, out);
      endDelimited(out, start);
    }
  };
}

/** Of the fields of a oneof's struct the first that is not null. */
function choiceWriter(members: readonly ProtoField[], { name, type }: Column): WriteField {
  if (type.kind !== 'STRUCT') {
    throw new WeirError('BAD_STATEMENT', `${name} of type ${printType(type)} cannot be written as a oneof of Protobuf`);
  }
  const at = matchFields(
    members.map((f) => f.name),
    type.fields.map((f) => f.name),
  );
  const writers = type.fields.map((f, i) => {
    const member = members[at[i]!];
    if (member === undefined) {
      throw new WeirError('BAD_STATEMENT', `The oneof of the Protobuf schema has no field ${f.name} (in ${name})`);
    }
    return fieldWriter(member, f);
  });
  return (v, out) => {
    if (v === null) return;
    const set = (v as Value[]).findIndex((x) => x !== null);
    if (set >= 0) writers[set]!((v as Value[])[set]!, out);
  };
}

function valueWriter(type: ProtoType, sql: SqlType, name: string): ValueWriter {
  const made = tryValueWriter(type, sql, name);
  if (made === null) throw mismatch(type, sql, name);
  return made;
}

const EMPTY: Write = (_, out) => out.byte(0);
const ZERO_BYTES: Readonly<Partial<Record<WireType, number>>> = { 1: 8, 5: 4 };

function tryValueWriter(type: ProtoType, sql: SqlType, name: string): ValueWriter | null {
  switch (type.kind) {
    case 'scalar': {
      const write = scalarWriter(type.scalar, sql);
      if (write === null) return null;
      const wire = wireOf(type.scalar);
      const n = ZERO_BYTES[wire] ?? 1;
      const zero: Write = (_, out) => {
        for (let i = 0; i < n; i++) out.byte(0);
      };
      return { write, wire, zero };
    }
    case 'enum': {
      if (sql.kind !== 'STRING') return null;
      const { byName } = type.type;
      const write: Write = (v, out) => {
        const n = byName.get(v as string);
        if (n === undefined) {
          throw new WeirError('ENCODE_ERROR', `Unable to serialize record: ${name} is no symbol of its enum: ${v}`);
        }
        writeVarint64(out, n);
      };
      return { write, wire: VARINT, zero: EMPTY };
    }
    case 'map':
      return null;
    case 'message': {
      const body = bodyWriter(type, sql);
      if (body === null) return null;
      const write: Write = (v, out) => {
        const start = beginDelimited(out);
        body(v, out);
        endDelimited(out, start);
      };
      return { write, wire: DELIMITED, zero: EMPTY };
    }
  }
}

function bodyWriter(type: Extract<ProtoType, { kind: 'message' }>, sql: SqlType): Write | null {
  const known = knownType(type);
  switch (known?.kind) {
    case 'wrapper': {
      const write = scalarWriter(known.scalar, sql);
      if (write === null) return null;
      const tag = (1 << 3) | wireOf(known.scalar);
      return (v, out) => {
        if (isZero(v)) return;
        out.byte(tag);
        write(v, out);
      };
    }
    case 'timestamp':
      return sql.kind === 'TIMESTAMP' ? writeTimestamp : null;
    case 'date':
      return sql.kind === 'DATE' ? writeDate : null;
    case 'time':
      return sql.kind === 'TIME' ? writeTime : null;
    case 'decimal':
      return sql.kind === 'DECIMAL' ? decimalWriter(sql.scale) : null;
    case undefined: {
      if (sql.kind !== 'STRUCT') return null;
      const write = messageWriter(type.type, sql.fields);
      return (v, out) => write(v as Value[], out);
    }
  }
}

function mismatch(type: ProtoType, sql: SqlType, name: string): WeirError {
  const what = type.kind === 'scalar' ? type.scalar : type.kind === 'map' ? 'map' : type.type.name;
  return new WeirError('BAD_STATEMENT', `${name} of type ${printType(sql)} cannot be written as Protobuf ${what}`);
}
