import { Decimal } from '../../types/decimal.js';
import { StringCache } from '../../types/intern.js';
import { doubleText } from '../../types/java-text.js';
import type { Column } from '../../types/schema.js';
import { printType, type SqlType } from '../../types/sql-type.js';
import { bigintValue, type Value } from '../../types/value.js';
import { readUnscaled } from '../avro/bytes.js';
import { DecodeError, type RowDecoder } from '../format.js';
import { matchFields } from '../match-fields.js';
import { DATE_TYPE, DECIMAL_TYPE, TIME_TYPE, TIMESTAMP_TYPE, WRAPPERS } from './builtin.js';
import { BYTES, FIXED32, FIXED64, ProtoCursor, VARINT, zigzag32, zigzag64 } from './bytes.js';
import type { ProtoField, ProtoMessage, ProtoType, Scalar } from './schema.js';

/** Reads payloads of a message straight into rows: fields that no one needs are stepped over. */
export function protoReader(message: ProtoMessage, columns: readonly Column[], needed: readonly number[]): RowDecoder {
  const cursor = new ProtoCursor();
  const reader = new Readers().message(message, columns, needed);
  return {
    decode(bytes, start, end, row) {
      cursor.reset(bytes, start, end);
      reader.start(row);
      reader.read(cursor, row);
      return true;
    },
  };
}

type Read = (c: ProtoCursor) => Value;

/** Takes a field's value, of a wire type, into its place. */
type Slot = (c: ProtoCursor, wire: number, row: Value[]) => void;

class MessageReader {
  /** By field number. */
  private readonly slots = new Map<number, Slot>();
  private readonly starts: (() => Value)[];

  constructor(width: number) {
    this.starts = new Array<() => Value>(width).fill(() => null);
  }

  add(column: number, number: number, start: () => Value, slot: Slot): void {
    this.starts[column] = start;
    this.slots.set(number, slot);
  }

  /** What the row holds where the payload says nothing. */
  start(row: Value[]): void {
    for (let i = 0; i < this.starts.length; i++) row[i] = this.starts[i]!();
  }

  read(c: ProtoCursor, row: Value[]): void {
    const { slots } = this;
    while (c.p < c.end) {
      const tag = c.int32();
      const slot = slots.get(tag >>> 3);
      if (slot === undefined) c.skip(tag & 7);
      else slot(c, tag & 7, row);
    }
  }

  /** The message that comes next, behind its length, as a struct. */
  readonly nested: Read = (c) => {
    const row: Value[] = new Array<Value>(this.starts.length).fill(null);
    this.start(row);
    within(c, () => this.read(c, row));
    return row;
  };
}

/** Reads what lies behind a length, as if nothing else were there. */
function within(c: ProtoCursor, read: () => void): void {
  const n = c.size();
  const start = c.take(n);
  const { end, p } = c;
  c.p = start;
  c.end = p;
  read();
  c.p = p;
  c.end = end;
}

class Readers {
  private readonly strings = new StringCache();

  message(message: ProtoMessage, columns: readonly Column[], needed?: readonly number[]): MessageReader {
    const reader = new MessageReader(columns.length);
    const at = matchFields(
      message.fields.map((f) => f.name),
      columns.map((c) => c.name),
    );
    columns.forEach((column, i) => {
      const field = message.fields[at[i]!];
      if (field !== undefined && (needed === undefined || needed.includes(i)))
        this.field(reader, i, field, column.type);
    });
    return reader;
  }

  private field(reader: MessageReader, column: number, field: ProtoField, type: SqlType): void {
    if (field.map !== null && type.kind === 'MAP') {
      this.map(reader, column, field, field.map, type);
      return;
    }
    if (!field.repeated) {
      const { wire, read } = this.value(field.type, type);
      const initial = initialValue(field, type);
      reader.add(
        column,
        field.number,
        () => initial,
        (c, w, row) => {
          if (w === wire) row[column] = read(c);
          else c.skip(w);
        },
      );
      return;
    }
    if (type.kind !== 'ARRAY') throw mismatch(field.type, type, true);
    const { wire, read } = this.value(field.type, type.element);
    reader.add(
      column,
      field.number,
      () => [],
      (c, w, row) => {
        const list = row[column] as Value[];
        if (w === wire) list.push(read(c));
        else if (w === BYTES && wire !== BYTES) {
          within(c, () => {
            while (c.p < c.end) list.push(read(c));
          });
        } else c.skip(w);
      },
    );
  }

  private map(
    reader: MessageReader,
    column: number,
    field: ProtoField,
    { key, value }: NonNullable<ProtoField['map']>,
    type: Extract<SqlType, { kind: 'MAP' }>,
  ): void {
    const entry = new MessageReader(2);
    this.field(entry, 0, key, type.key);
    this.field(entry, 1, value, type.value);
    reader.add(
      column,
      field.number,
      () => new Map(),
      (c, w, row) => {
        if (w !== BYTES) {
          c.skip(w);
          return;
        }
        const [k, v] = entry.nested(c) as [Value, Value];
        (row[column] as Map<Value, Value>).set(k, v);
      },
    );
  }

  private value(written: ProtoType, type: SqlType): { readonly wire: number; readonly read: Read } {
    if (written.kind === 'scalar') {
      const read = this.scalar(written.name, type);
      if (read === null) throw mismatch(written, type, false);
      return { wire: wireOf(written.name), read };
    }
    if (written.kind === 'enum') {
      if (type.kind !== 'STRING') throw mismatch(written, type, false);
      return { wire: VARINT, read: (c) => written.names.get(c.int32()) ?? null };
    }
    const special = this.special(written, type);
    if (special !== null) return { wire: BYTES, read: special };
    if (type.kind !== 'STRUCT') throw mismatch(written, type, false);
    return { wire: BYTES, read: this.message(written, type.fields).nested };
  }

  /** Messages that are one SQL value. */
  private special(message: ProtoMessage, type: SqlType): Read | null {
    const wrapped = WRAPPERS.get(message.name);
    if (wrapped !== undefined && type.kind !== 'STRUCT') {
      const reader = this.message(message, [{ name: 'value', type }]).nested;
      return (c) => (reader(c) as Value[])[0]!;
    }
    const parts = (...names: string[]) =>
      this.message(
        message,
        names.map((name) => ({ name, type: { kind: 'BIGINT' } })),
      ).nested as (c: ProtoCursor) => number[];
    switch (`${message.name} ${type.kind}`) {
      case `${TIMESTAMP_TYPE} TIMESTAMP`: {
        const read = parts('seconds', 'nanos');
        return (c) => {
          const [seconds, nanos] = read(c) as [number, number];
          return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
        };
      }
      case `${DATE_TYPE} DATE`: {
        const read = parts('year', 'month', 'day');
        return (c) => {
          const [year, month, day] = read(c) as [number, number, number];
          return daysOf(year, month, day);
        };
      }
      case `${TIME_TYPE} TIME`: {
        const read = parts('hours', 'minutes', 'seconds', 'nanos');
        return (c) => {
          const [h, m, s, nanos] = read(c) as [number, number, number, number];
          return ((h * 60 + m) * 60 + s) * 1000 + Math.floor(nanos / 1_000_000);
        };
      }
      case `${DECIMAL_TYPE} DECIMAL`:
        return this.decimal(message, type as Extract<SqlType, { kind: 'DECIMAL' }>);
      default:
        return null;
    }
  }

  private decimal(message: ProtoMessage, { precision, scale }: Extract<SqlType, { kind: 'DECIMAL' }>): Read {
    const read = this.message(message, [
      { name: 'value', type: { kind: 'BYTES' } },
      { name: 'scale', type: { kind: 'INTEGER' } },
    ]).nested;
    return (c) => {
      const [value, written] = read(c) as [Uint8Array, number];
      if (written < 0 || written > 1000) throw new DecodeError(`A decimal of scale ${written}`);
      const unscaled = readUnscaled(Buffer.from(value), 0, value.length);
      const d = new Decimal(unscaled, written).fit(precision, scale);
      if (d === undefined) throw new DecodeError(`A number that does not fit DECIMAL(${precision}, ${scale})`);
      return d;
    };
  }

  private scalar(name: Scalar, type: SqlType): Read | null {
    const text = type.kind === 'STRING';
    switch (name) {
      case 'string':
        return text
          ? (c) => {
              const start = c.take(c.size());
              return this.strings.get(c.bytes, start, c.p);
            }
          : null;
      case 'bytes':
        return type.kind === 'BYTES'
          ? (c) => {
              const start = c.take(c.size());
              return new Uint8Array(c.bytes.subarray(start, c.p));
            }
          : null;
      case 'bool':
        if (text) return (c) => String(c.int32() !== 0);
        return type.kind === 'BOOLEAN' ? (c) => c.int64() !== 0 : null;
      case 'double':
        if (text) return (c) => doubleText(c.bytes.readDoubleLE(c.take(8)));
        return type.kind === 'DOUBLE' ? (c) => c.bytes.readDoubleLE(c.take(8)) : null;
      case 'float':
        if (text) return (c) => doubleText(c.bytes.readFloatLE(c.take(4)));
        return type.kind === 'DOUBLE' ? (c) => c.bytes.readFloatLE(c.take(4)) : null;
      default: {
        const read = INTEGERS[name];
        if (text) return (c) => String(read(c));
        if (type.kind === 'DOUBLE') return (c) => Number(read(c));
        return type.kind === 'BIGINT' || (type.kind === 'INTEGER' && NARROW.includes(name)) ? read : null;
      }
    }
  }
}

const NARROW: readonly Scalar[] = ['int32', 'sint32', 'sfixed32'];

type Integer = Exclude<Scalar, 'string' | 'bytes' | 'bool' | 'double' | 'float'>;

const INTEGERS: Readonly<Record<Integer, (c: ProtoCursor) => number | bigint>> = {
  int32: (c) => c.int32(),
  uint32: (c) => c.int32() >>> 0,
  sint32: (c) => zigzag32(c.int32()),
  int64: (c) => c.int64(),
  uint64: (c) => c.int64(),
  sint64: (c) => zigzag64(c.int64()),
  fixed32: (c) => c.bytes.readUInt32LE(c.take(4)),
  sfixed32: (c) => c.bytes.readInt32LE(c.take(4)),
  fixed64: (c) => bigintValue(c.bytes.readBigInt64LE(c.take(8))),
  sfixed64: (c) => bigintValue(c.bytes.readBigInt64LE(c.take(8))),
};

export function wireOf(name: Scalar): number {
  switch (name) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return FIXED64;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return FIXED32;
    case 'string':
    case 'bytes':
      return BYTES;
    default:
      return VARINT;
  }
}

/** What a field that is not there is: proto3 has no NULL but where the field says so. */
function initialValue(field: ProtoField, type: SqlType): Value {
  if (field.presence || field.type.kind === 'message') return null;
  if (field.type.kind === 'enum') return field.type.names.get(0) ?? null;
  switch (type.kind) {
    case 'BOOLEAN':
      return false;
    case 'STRING':
      return field.type.name === 'string' ? '' : field.type.name === 'bool' ? 'false' : '0';
    case 'BYTES':
      return new Uint8Array(0);
    default:
      return 0;
  }
}

const DAY_MS = 86_400_000;

function daysOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return Math.floor(date.getTime() / DAY_MS);
}

function mismatch(written: ProtoType, type: SqlType, repeated: boolean): DecodeError {
  const name = written.kind === 'enum' ? 'enum' : written.name;
  return new DecodeError(`A ${repeated ? 'repeated ' : ''}field of type ${name} cannot be read as ${printType(type)}`);
}
