import type { ByteWriter } from '../../records/bytes.js';
import type { StringCache } from '../../records/intern.js';
import { Decimal } from '../../values/decimal.js';
import { doubleText } from '../../values/java-text.js';
import type { SqlType } from '../../values/sql-type.js';
import { civilOf, DAY_MS, daysInMonth, daysOf } from '../../values/temporal.js';
import type { Value } from '../../values/value.js';
import { readUnscaled, unscaledBytes } from '../avro/bytes.js';
import { DecodeError } from '../format.js';
import { fitDecimal, timeOfDay } from '../text-values.js';
import type { Scalar } from './schema.js';
import {
  beginDelimited,
  DELIMITED,
  endDelimited,
  FIXED32,
  FIXED64,
  VARINT,
  type WireCursor,
  type WireType,
  writeFixed32,
  writeFixed64,
  writeSint32,
  writeSint64,
  writeVarint32,
  writeVarint64,
} from './wire.js';

/** Reads the value that the cursor is at. */
export type Read = (c: WireCursor) => Value;
/** Writes a value that is not null. */
export type Write = (v: Value, out: ByteWriter) => void;

export interface ScalarReader {
  readonly read: Read;
  readonly wire: WireType;
  /** What an absent one is. */
  readonly zero: Value;
}

const INT32: Readonly<Partial<Record<Scalar, (c: WireCursor) => number>>> = {
  int32: (c) => c.int32(),
  sint32: (c) => c.sint32(),
  sfixed32: (c) => c.fixed32(),
};
const UINT32: Readonly<Partial<Record<Scalar, (c: WireCursor) => number>>> = {
  uint32: (c) => c.int32() >>> 0,
  fixed32: (c) => c.fixed32() >>> 0,
};
const INT64: Readonly<Partial<Record<Scalar, (c: WireCursor) => number | bigint>>> = {
  int64: (c) => c.int64(),
  uint64: (c) => c.int64(),
  sint64: (c) => c.sint64(),
  fixed64: (c) => c.fixed64(),
  sfixed64: (c) => c.fixed64(),
};

const WIRE: Readonly<Record<Scalar, WireType>> = {
  double: FIXED64,
  float: FIXED32,
  int32: VARINT,
  int64: VARINT,
  uint32: VARINT,
  uint64: VARINT,
  sint32: VARINT,
  sint64: VARINT,
  fixed32: FIXED32,
  fixed64: FIXED64,
  sfixed32: FIXED32,
  sfixed64: FIXED64,
  bool: VARINT,
  string: DELIMITED,
  bytes: DELIMITED,
};

export const wireOf = (scalar: Scalar): WireType => WIRE[scalar];

/** Reads a scalar as a SQL type; null where it cannot be. */
export function scalarReader(scalar: Scalar, type: SqlType, strings: StringCache): ScalarReader | null {
  const wire = WIRE[scalar];
  const int = INT32[scalar];
  const uint = UINT32[scalar];
  const long = INT64[scalar];
  const number = int ?? uint ?? long;
  if (number !== undefined) {
    const narrow = long === undefined;
    switch (type.kind) {
      case 'INTEGER':
        return narrow ? { read: (c) => (number(c) as number) | 0, wire, zero: 0 } : null;
      case 'DATE':
        return int === undefined ? null : { read: int, wire, zero: 0 };
      case 'TIME':
        return int === undefined ? null : { read: (c) => timeOfDay(int(c) as number), wire, zero: 0 };
      case 'BIGINT':
        return { read: number, wire, zero: 0 };
      case 'TIMESTAMP':
        return narrow ? null : { read: (c) => Number(number(c)), wire, zero: 0 };
      case 'DOUBLE':
        return { read: (c) => Number(number(c)), wire, zero: 0 };
      case 'STRING':
        return { read: (c) => String(number(c)), wire, zero: '0' };
      case 'DECIMAL': {
        const { precision, scale } = type;
        const of = (n: number | bigint): Value => fitDecimal(Decimal.fromInteger(n), precision, scale);
        return { read: (c) => of(number(c)), wire, zero: of(0) };
      }
      default:
        return null;
    }
  }
  switch (scalar) {
    case 'bool':
      if (type.kind === 'BOOLEAN') return { read: (c) => c.bool(), wire, zero: false };
      return type.kind === 'STRING' ? { read: (c) => String(c.bool()), wire, zero: 'false' } : null;
    case 'float':
    case 'double': {
      const read = scalar === 'float' ? (c: WireCursor) => c.float() : (c: WireCursor) => c.double();
      if (type.kind === 'DOUBLE') return { read, wire, zero: 0 };
      return type.kind === 'STRING' ? { read: (c) => doubleText(read(c)), wire, zero: doubleText(0) } : null;
    }
    case 'string':
      if (type.kind !== 'STRING') return null;
      return {
        read: (c) => {
          const end = c.delimited();
          const v = strings.get(c.bytes, c.p, end);
          c.p = end;
          return v;
        },
        wire,
        zero: '',
      };
    case 'bytes':
      if (type.kind !== 'BYTES') return null;
      return {
        read: (c) => {
          const end = c.delimited();
          const v = new Uint8Array(c.bytes.subarray(c.p, end));
          c.p = end;
          return v;
        },
        wire,
        zero: new Uint8Array(0),
      };
    default:
      return null;
  }
}

/** Writes a SQL type as a scalar; null where it cannot be. */
export function scalarWriter(scalar: Scalar, type: SqlType): Write | null {
  const { kind } = type;
  switch (scalar) {
    case 'bool':
      return kind === 'BOOLEAN' ? (v, out) => out.byte(v === true ? 1 : 0) : null;
    case 'string':
      return kind === 'STRING' ? (v, out) => writeText(v as string, out) : null;
    case 'bytes':
      return kind === 'BYTES' ? (v, out) => writeBytes(v as Uint8Array, out) : null;
    case 'double':
      return kind === 'DOUBLE' || kind === 'INTEGER' ? (v, out) => out.doubleLE(v as number) : null;
    case 'float':
      return kind === 'DOUBLE' ? (v, out) => out.floatLE(v as number) : null;
    default:
      return integerWriter(scalar, kind);
  }
}

function integerWriter(scalar: Scalar, kind: SqlType['kind']): Write | null {
  const day = kind === 'INTEGER' || kind === 'DATE' || kind === 'TIME';
  const long = day || kind === 'BIGINT' || kind === 'TIMESTAMP';
  switch (scalar) {
    case 'int32':
      return day ? (v, out) => writeVarint64(out, v as number) : null;
    case 'sint32':
      return day ? (v, out) => writeSint32(out, v as number) : null;
    case 'sfixed32':
      return day ? (v, out) => writeFixed32(out, v as number) : null;
    // What an unsigned number of 32 bits cannot hold loses its upper bits, as in Java.
    case 'uint32':
      return long ? (v, out) => writeVarint32(out, low(v)) : null;
    case 'fixed32':
      return long ? (v, out) => writeFixed32(out, low(v)) : null;
    case 'int64':
    case 'uint64':
      return long ? (v, out) => writeVarint64(out, v as number | bigint) : null;
    case 'sint64':
      return long ? (v, out) => writeSint64(out, v as number | bigint) : null;
    case 'fixed64':
    case 'sfixed64':
      return long ? (v, out) => writeFixed64(out, v as number | bigint) : null;
    default:
      return null;
  }
}

const low = (v: Value): number => (typeof v === 'bigint' ? Number(BigInt.asIntN(32, v)) : (v as number) | 0);

/** Whether a value is what an absent scalar is; -0 is not 0. */
export function isZero(v: Value): boolean {
  return v === '' || v === false || Object.is(v, 0) || (v instanceof Uint8Array && v.length === 0);
}

function writeText(text: string, out: ByteWriter): void {
  const start = beginDelimited(out);
  out.utf8(text);
  endDelimited(out, start);
}

function writeBytes(bytes: Uint8Array, out: ByteWriter): void {
  writeVarint32(out, bytes.length);
  out.copy(bytes);
}

/** The integer fields 1 to 4 of the small message that was read last; absent ones are 0. */
const numbers = new Float64Array(4);

function readNumbers(c: WireCursor): void {
  numbers[0] = numbers[1] = numbers[2] = numbers[3] = 0;
  const outer = c.end;
  c.end = c.delimited();
  while (c.p < c.end) {
    const tag = c.int32();
    const number = tag >>> 3;
    if ((tag & 7) === VARINT && number >= 1 && number <= 4) numbers[number - 1] = Number(c.int64());
    else c.skip(tag);
  }
  c.end = outer;
}

const NANOS = 1_000_000;

/** google.protobuf.Timestamp: seconds and nanoseconds. */
export const readTimestamp: Read = (c) => {
  readNumbers(c);
  const ms = numbers[0]! * 1000 + Math.floor(numbers[1]! / NANOS);
  if (!Number.isSafeInteger(ms)) throw new DecodeError('A google.protobuf.Timestamp beyond all bounds');
  return ms;
};

export const writeTimestamp: Write = (v, out) => {
  const ms = v as number;
  const seconds = Math.floor(ms / 1000);
  integer(out, 1, seconds);
  integer(out, 2, (ms - seconds * 1000) * NANOS);
};

/** google.type.Date: a whole date; one of zeros is none. */
export const readDate: Read = (c) => {
  readNumbers(c);
  const year = numbers[0]!;
  const month = numbers[1]!;
  const day = numbers[2]!;
  if (year === 0 && month === 0 && day === 0) return null;
  if (!(Math.abs(year) < 10_000_000 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) {
    throw new DecodeError(`A google.type.Date that is no date: year ${year}, month ${month}, day ${day}`);
  }
  const days = daysOf(year, month, day);
  if (days !== (days | 0)) throw new DecodeError('A google.type.Date beyond all bounds');
  return days;
};

export const writeDate: Write = (v, out) => {
  const { year, month, day } = civilOf(v as number);
  integer(out, 1, year);
  integer(out, 2, month);
  integer(out, 3, day);
};

/** google.type.TimeOfDay: hours, minutes, seconds, nanoseconds. */
export const readTime: Read = (c) => {
  readNumbers(c);
  const minutes = numbers[0]! * 60 + numbers[1]!;
  const ms = (minutes * 60 + numbers[2]!) * 1000 + Math.floor(numbers[3]! / NANOS);
  if (!(ms >= 0 && ms < DAY_MS)) throw new DecodeError('A google.type.TimeOfDay that is no time of a day');
  return ms;
};

export const writeTime: Write = (v, out) => {
  const ms = v as number;
  integer(out, 1, Math.floor(ms / 3_600_000));
  integer(out, 2, Math.floor(ms / 60_000) % 60);
  integer(out, 3, Math.floor(ms / 1000) % 60);
  integer(out, 4, (ms % 1000) * NANOS);
};

function integer(out: ByteWriter, number: number, v: number): void {
  if (v === 0) return;
  out.byte(number << 3);
  writeVarint64(out, v);
}

/** Bytes of an unscaled number, and a scale, that a DECIMAL can come from. */
const MAX_UNSCALED = 512;
const MAX_SCALE = 1000;

/** confluent.type.Decimal: the unscaled number, big-endian; its precision; its scale. */
export function readDecimal(precision: number, scale: number): Read {
  return (c) => {
    const outer = c.end;
    c.end = c.delimited();
    let unscaled = 0n;
    let digits = 0;
    while (c.p < c.end) {
      const tag = c.int32();
      if (tag === ((1 << 3) | DELIMITED)) {
        const end = c.delimited();
        if (end - c.p > MAX_UNSCALED) throw new DecodeError('A confluent.type.Decimal of too many digits');
        unscaled = readUnscaled(c.bytes, c.p, end);
        c.p = end;
      } else if (tag === ((3 << 3) | VARINT)) digits = c.int32();
      else c.skip(tag);
    }
    c.end = outer;
    if (Math.abs(digits) > MAX_SCALE) throw new DecodeError('A confluent.type.Decimal of too many digits');
    const read = digits >= 0 ? new Decimal(unscaled, digits) : new Decimal(unscaled * 10n ** BigInt(-digits), 0);
    return fitDecimal(read, precision, scale);
  };
}

/** At the scale of the column, so that equal numbers are equal bytes. */
export function decimalWriter(scale: number): Write {
  return (v, out) => {
    const d = (v as Decimal).setScale(scale);
    out.byte((1 << 3) | DELIMITED);
    writeBytes(unscaledBytes(d.unscaled), out);
    integer(out, 2, d.precision);
    integer(out, 3, d.scale);
  };
}
