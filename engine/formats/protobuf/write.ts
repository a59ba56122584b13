import { ByteWriter } from '../../types/bytes.js';
import type { Decimal } from '../../types/decimal.js';
import { WeirError } from '../../types/errors.js';
import type { Column } from '../../types/schema.js';
import { printType, type SqlType } from '../../types/sql-type.js';
import type { Value } from '../../types/value.js';
import { unscaledBytes } from '../avro/bytes.js';
import { matchFields } from '../match-fields.js';
import { DATE_TYPE, DECIMAL_TYPE, TIME_TYPE, TIMESTAMP_TYPE, WRAPPERS } from './builtin.js';
import { BYTES, toZigzag, VARINT, writeVarint } from './bytes.js';
import { wireOf } from './read.js';
import type { ProtoField, ProtoMessage, ProtoType, Scalar } from './schema.js';

/** Appends a value that is not null. */
type Write = (v: Value, out: ByteWriter) => void;

const utf8 = new TextEncoder();

/**
 * Writes rows as a message, which need not be the one that the columns give. Throws WeirError BAD_STATEMENT where a column
 * has no field, or one of another type.
 */
export function protoWriter(
  message: ProtoMessage,
  columns: readonly Column[],
): (row: readonly Value[], out: ByteWriter) => void {
  const write = bodyWriter(message, columns);
  return (row, out) => write(row as Value[], out);
}

function bodyWriter(message: ProtoMessage, columns: readonly Column[]): Write {
  const at = matchFields(
    message.fields.map((f) => f.name),
    columns.map((c) => c.name),
  );
  const lost = columns.find((_, i) => at[i]! < 0);
  if (lost !== undefined) {
    throw new WeirError('BAD_STATEMENT', `The Protobuf message ${message.name} has no field ${lost.name}`);
  }
  const writers = message.fields.flatMap((field, i) => {
    const column = at.indexOf(i);
    return column < 0 ? [] : [{ column, write: fieldWriter(field, columns[column]!.type) }];
  });
  return (row, out) => {
    for (const { column, write } of writers) {
      const v = (row as Value[])[column] ?? null;
      if (v !== null) write(v, out);
    }
  };
}

function fieldWriter(field: ProtoField, type: SqlType): Write {
  if (field.map !== null && type.kind === 'MAP') return mapWriter(field, field.map, type);
  if (field.repeated) return listWriter(field, type);
  const { wire, write } = valueWriter(field.type, type);
  const put = tagged(field.number, wire, write);
  if (field.presence || field.type.kind === 'message') return put;
  const initial = field.type.kind === 'enum' ? field.type.names.get(0) : undefined;
  return (v, out) => {
    if (!isDefault(v) && v !== initial) put(v, out);
  };
}

const isDefault = (v: Value): boolean =>
  v === false || Object.is(v, 0) || v === '' || (v instanceof Uint8Array && v.length === 0);

const tagged = (number: number, wire: number, write: Write): Write => {
  const tag = number * 8 + wire;
  return (v, out) => {
    writeVarint(out, tag);
    write(v, out);
  };
};

function listWriter(field: ProtoField, type: SqlType): Write {
  if (type.kind !== 'ARRAY') throw mismatch(field, type);
  const { wire, write } = valueWriter(field.type, type.element);
  // There is no NULL in a list: it becomes what a field that is not there would be.
  const missing = emptyValue(type.element);
  const put: Write = (v, out) => write(v ?? missing, out);
  if (field.packed && wire !== BYTES) {
    const pack = lengthPrefixed((v, out) => {
      for (const x of v as Value[]) put(x, out);
    });
    const all = tagged(field.number, BYTES, pack);
    return (v, out) => {
      if ((v as Value[]).length > 0) all(v, out);
    };
  }
  const one = tagged(field.number, wire, put);
  return (v, out) => {
    for (const x of v as Value[]) one(x, out);
  };
}

function mapWriter(
  field: ProtoField,
  entry: NonNullable<ProtoField['map']>,
  type: Extract<SqlType, { kind: 'MAP' }>,
): Write {
  const key = fieldWriter(entry.key, type.key);
  const value = fieldWriter(entry.value, type.value);
  const body = lengthPrefixed((pair, out) => {
    const [k, v] = pair as [Value, Value];
    if (k !== null) key(k, out);
    if (v !== null) value(v, out);
  });
  const put = tagged(field.number, BYTES, body);
  return (v, out) => {
    for (const pair of v as Map<Value, Value>) put(pair, out);
  };
}

/** What `write` writes, behind its length. */
function lengthPrefixed(write: Write): Write {
  const scratch = new ByteWriter(64);
  return (v, out) => {
    scratch.reset();
    write(v, scratch);
    writeVarint(out, scratch.length);
    out.copy(scratch.buffer, 0, scratch.length);
  };
}

function valueWriter(written: ProtoType, type: SqlType): { readonly wire: number; readonly write: Write } {
  if (written.kind === 'scalar') {
    const write = scalarWriter(written.name, type);
    if (write === null) throw mismatchOf(written.name, type);
    return { wire: wireOf(written.name), write };
  }
  if (written.kind === 'enum') {
    if (type.kind !== 'STRING') throw mismatchOf('enum', type);
    return { wire: VARINT, write: enumWriter(written.numbers) };
  }
  const special = specialWriter(written, type);
  if (special !== null) return { wire: BYTES, write: lengthPrefixed(special) };
  if (type.kind !== 'STRUCT') throw mismatchOf(written.name, type);
  return { wire: BYTES, write: lengthPrefixed(bodyWriter(written, type.fields)) };
}

function enumWriter(numbers: ReadonlyMap<string, number>): Write {
  return (v, out) => {
    const n = numbers.get(v as string);
    if (n === undefined) {
      throw new WeirError('ENCODE_ERROR', `Unable to serialize record: ${String(v)} is no value of its enum`);
    }
    writeVarint(out, n);
  };
}

/** SQL values that are messages. */
function specialWriter(message: ProtoMessage, type: SqlType): Write | null {
  if (WRAPPERS.has(message.name) && type.kind !== 'STRUCT') {
    const body = bodyWriter(message, [{ name: 'value', type }]);
    return (v, out) => body([v], out);
  }
  const numbers = (...names: string[]): Write =>
    bodyWriter(
      message,
      names.map((name) => ({ name, type: { kind: 'BIGINT' } })),
    );
  switch (`${message.name} ${type.kind}`) {
    case `${TIMESTAMP_TYPE} TIMESTAMP`: {
      const body = numbers('seconds', 'nanos');
      return (v, out) => {
        const ms = v as number;
        const seconds = Math.floor(ms / 1000);
        body([seconds, (ms - seconds * 1000) * 1_000_000], out);
      };
    }
    case `${DATE_TYPE} DATE`: {
      const body = numbers('year', 'month', 'day');
      return (v, out) => {
        const date = new Date((v as number) * DAY_MS);
        body([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()], out);
      };
    }
    case `${TIME_TYPE} TIME`: {
      const body = numbers('hours', 'minutes', 'seconds', 'nanos');
      return (v, out) => {
        const ms = v as number;
        const s = Math.floor(ms / 1000);
        body([Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60, (ms % 1000) * 1_000_000], out);
      };
    }
    case `${DECIMAL_TYPE} DECIMAL`: {
      const { precision, scale } = type as Extract<SqlType, { kind: 'DECIMAL' }>;
      const body = bodyWriter(message, [
        { name: 'value', type: { kind: 'BYTES' } },
        { name: 'precision', type: { kind: 'BIGINT' } },
        { name: 'scale', type: { kind: 'BIGINT' } },
      ]);
      return (v, out) => body([unscaledBytes((v as Decimal).setScale(scale).unscaled), precision, scale], out);
    }
    default:
      return null;
  }
}

const DAY_MS = 86_400_000;

function scalarWriter(name: Scalar, type: SqlType): Write | null {
  switch (name) {
    case 'string':
      return type.kind === 'STRING' ? (v, out) => writeBytes(utf8.encode(v as string), out) : null;
    case 'bytes':
      return type.kind === 'BYTES' ? (v, out) => writeBytes(v as Uint8Array, out) : null;
    case 'bool':
      return type.kind === 'BOOLEAN' ? (v, out) => out.byte(v === true ? 1 : 0) : null;
    case 'double':
      return type.kind === 'DOUBLE'
        ? (v, out) => {
            out.ensure(8);
            out.length = out.buffer.writeDoubleLE(v as number, out.length);
          }
        : null;
    case 'float':
      return type.kind === 'DOUBLE'
        ? (v, out) => {
            out.ensure(4);
            out.length = out.buffer.writeFloatLE(v as number, out.length);
          }
        : null;
    default:
      return type.kind === 'INTEGER' || type.kind === 'BIGINT' ? INTEGERS[name] : null;
  }
}

type Integer = Exclude<Scalar, 'string' | 'bytes' | 'bool' | 'double' | 'float'>;

const varint: Write = (v, out) => writeVarint(out, v as number | bigint);
const zigzag: Write = (v, out) => writeVarint(out, toZigzag(v as number | bigint));
const fixed32: Write = (v, out) => {
  out.ensure(4);
  out.length = out.buffer.writeInt32LE(Number(BigInt.asIntN(32, BigInt(v as number | bigint))), out.length);
};
const fixed64: Write = (v, out) => {
  out.ensure(8);
  out.length = out.buffer.writeBigInt64LE(BigInt(v as number | bigint), out.length);
};

const INTEGERS: Readonly<Record<Integer, Write>> = {
  int32: varint,
  uint32: (v, out) => writeVarint(out, Number(BigInt.asUintN(32, BigInt(v as number | bigint)))),
  sint32: zigzag,
  int64: varint,
  uint64: varint,
  sint64: zigzag,
  fixed32,
  sfixed32: fixed32,
  fixed64,
  sfixed64: fixed64,
};

function writeBytes(bytes: Uint8Array, out: ByteWriter): void {
  writeVarint(out, bytes.length);
  out.copy(bytes);
}

function emptyValue(type: SqlType): Value {
  switch (type.kind) {
    case 'BOOLEAN':
      return false;
    case 'STRING':
      return '';
    case 'BYTES':
      return new Uint8Array(0);
    case 'STRUCT':
      return type.fields.map(() => null);
    default:
      return 0;
  }
}

const mismatchOf = (name: string, type: SqlType): WeirError =>
  new WeirError('BAD_STATEMENT', `A value of type ${printType(type)} cannot be written as Protobuf ${name}`);

const mismatch = (field: ProtoField, type: SqlType): WeirError =>
  new WeirError(
    'BAD_STATEMENT',
    `A value of type ${printType(type)} cannot be written as repeated field ${field.name}`,
  );
