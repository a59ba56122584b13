import { WeirError } from '../base/errors.js';
import { Decimal } from '../values/decimal.js';
import type { SqlType, StructField } from '../values/sql-type.js';
import { bigintValue, type Value } from '../values/value.js';
import type { ByteWriter } from './bytes.js';
import { StringCache } from './intern.js';

/*
 * Rows as compact bytes, for state stores, changelogs and repartition topics. Not ordered: keys have their own encoding.
 *
 *   row      varint number of columns, one bit a column (set: null), the columns that are not null
 *   INTEGER, DATE, TIME, BIGINT, TIMESTAMP   zigzag varint, at most 10 bytes, exact over 64 bits
 *   BOOLEAN  1 byte · DOUBLE 8 bytes · STRING, BYTES varint length and bytes
 *   DECIMAL  varint 2 × length + (1 where the scale is not the type's, then the scale as a zigzag varint), two's complement
 *   STRUCT   as a row · ARRAY as a row of its elements · MAP varint size, then the keys and the values as two arrays
 *
 * A row that was written with fewer columns reads with nulls behind: columns can be added at the end.
 */

/** Encodes rows of fixed column types. Not for concurrent use: it is synchronous and keeps its place. */
export class RowCodec {
  private readonly reader = new ValueReader();

  constructor(readonly types: readonly SqlType[]) {}

  encode(row: readonly Value[], out: ByteWriter): void {
    const types = this.types;
    const n = types.length;
    writeVarint(n, out);
    const bits = reserveBits(n, out);
    for (let i = 0; i < n; i++) {
      const v = row[i];
      if (v === null || v === undefined) setBit(out, bits, i);
      else writeValue(types[i]!, v, out);
    }
  }

  /** The row at [start, end), all of it. Throws STATE_ERROR for bytes that are no such row. */
  decode(bytes: Buffer, start = 0, end: number = bytes.length): Value[] {
    const row = new Array<Value>(this.types.length);
    this.decodeInto(bytes, start, end, row);
    return row;
  }

  /** As `decode`, into `row`: every entry is set. */
  decodeInto(bytes: Buffer, start: number, end: number, row: Value[]): void {
    const reader = this.reader;
    reader.reset(bytes, start, end);
    reader.row(this.types, row);
    reader.finish();
  }
}

/**
 * Rows of a store that say which version of their query has put them there: a varint behind the row, left out for the first.
 * What was put there with fewer columns reads as with `RowCodec`.
 */
export class VersionedRowCodec {
  private readonly rows: RowCodec;
  private readonly reader = new ValueReader();

  constructor(
    types: readonly SqlType[],
    /** Of the rows that are encoded. */
    private readonly version: number,
  ) {
    this.rows = new RowCodec(types);
  }

  encode(row: readonly Value[], out: ByteWriter): void {
    this.rows.encode(row, out);
    if (this.version > 0) writeVarint(this.version, out);
  }

  /** The row into `row`, every entry of it; returns its version. Throws STATE_ERROR for bytes that are no such row. */
  decodeInto(bytes: Buffer, row: Value[]): number {
    const reader = this.reader.reset(bytes);
    reader.row(this.rows.types, row);
    const version = reader.remaining > 0 ? reader.varint() : 0;
    reader.finish();
    return version;
  }
}

/** Appends one value, null included: parts of an aggregate's state. */
export function encodeValue(type: SqlType, value: Value, out: ByteWriter): void {
  if (value === null) {
    out.byte(0);
    return;
  }
  out.byte(1);
  writeValue(type, value, out);
}

/** Reads what `encodeValue` wrote, and moves on. */
export function decodeValue(type: SqlType, reader: ValueReader): Value {
  return reader.byte() === 0 ? null : reader.value(type);
}

/** A place in a byte buffer. Throws STATE_ERROR where the bytes end too early. */
export class ValueReader {
  position = 0;
  private bytes: Buffer = EMPTY;
  private end = 0;
  private readonly strings = new StringCache();

  reset(bytes: Buffer, start = 0, end: number = bytes.length): this {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    return this;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (this.position !== this.end) throw malformed();
  }

  byte(): number {
    if (this.position >= this.end) throw malformed();
    return this.bytes[this.position++]!;
  }

  /** An unsigned varint below 2^31: lengths and counts. */
  varint(): number {
    let c = this.byte();
    if (c < 128) return c;
    let v = c & 127;
    let shift = 7;
    do {
      c = this.byte();
      if (shift > 28) throw malformed();
      v |= (c & 127) << shift;
      shift += 7;
    } while (c >= 128);
    if (v < 0) throw malformed();
    return v;
  }

  /** A zigzag varint over 64 bits: a number where it is safe, else a bigint. */
  int64(): number | bigint {
    let c = this.byte();
    let v = c & 127;
    if (c >= 128) {
      let shift = 7;
      do {
        c = this.byte();
        v |= (c & 127) << shift;
        shift += 7;
      } while (c >= 128 && shift < 28);
      if (c >= 128) return this.wideInt64(v);
    }
    return (v >>> 1) ^ -(v & 1);
  }

  /** Goes on after 28 bits: as a double below 2^49, beyond that as a bigint. */
  private wideInt64(low: number): number | bigint {
    let v = low;
    let scale = 268435456;
    let c = 128;
    for (let i = 0; i < 3 && c >= 128; i++) {
      c = this.byte();
      v += (c & 127) * scale;
      scale *= 128;
    }
    if (c < 128) return v % 2 === 0 ? v / 2 : -(v + 1) / 2;
    let wide = BigInt(v);
    let shift = 49n;
    do {
      c = this.byte();
      if (shift > 63n) throw malformed();
      wide |= BigInt(c & 127) << shift;
      shift += 7n;
    } while (c >= 128);
    return bigintValue((wide >> 1n) ^ -(wide & 1n));
  }

  double(): number {
    const p = this.take(8);
    return this.bytes.readDoubleBE(p);
  }

  string(): string {
    const n = this.varint();
    const p = this.take(n);
    return this.strings.get(this.bytes, p, p + n);
  }

  /** A copy. */
  byteArray(): Uint8Array {
    const n = this.varint();
    const p = this.take(n);
    return new Uint8Array(this.bytes.subarray(p, p + n));
  }

  /** A value that is not null. */
  value(type: SqlType): Value {
    switch (type.kind) {
      case 'STRING':
        return this.string();
      case 'INTEGER':
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP':
        return Number(this.int64());
      case 'BIGINT':
        return this.int64();
      case 'DOUBLE':
        return this.double();
      case 'BOOLEAN':
        return this.byte() === 1;
      case 'BYTES':
        return this.byteArray();
      case 'DECIMAL':
        return this.decimal(type.scale);
      case 'ARRAY':
        return this.elements(type.element);
      case 'MAP': {
        const keys = this.elements(type.key);
        const values = this.elements(type.value);
        if (keys.length !== values.length) throw malformed();
        const entries = new Map<Value, Value>();
        for (let i = 0; i < keys.length; i++) entries.set(keys[i]!, values[i]!);
        return entries;
      }
      case 'STRUCT': {
        const fields = new Array<Value>(type.fields.length);
        this.fields(type.fields, fields);
        return fields;
      }
    }
  }

  /** A row of these columns; columns that it was written without become null. */
  row(types: readonly SqlType[], row: Value[]): void {
    const n = this.varint();
    const bits = this.take((n + 7) >>> 3);
    if (n > types.length) throw malformed();
    const b = this.bytes;
    for (let i = 0; i < n; i++) {
      row[i] = (b[bits + (i >>> 3)]! >>> (i & 7)) & 1 ? null : this.value(types[i]!);
    }
    for (let i = n; i < types.length; i++) row[i] = null;
  }

  private fields(declared: readonly StructField[], values: Value[]): void {
    const n = this.varint();
    const bits = this.take((n + 7) >>> 3);
    if (n > declared.length) throw malformed();
    const b = this.bytes;
    for (let i = 0; i < n; i++) {
      values[i] = (b[bits + (i >>> 3)]! >>> (i & 7)) & 1 ? null : this.value(declared[i]!.type);
    }
    for (let i = n; i < declared.length; i++) values[i] = null;
  }

  private elements(type: SqlType): Value[] {
    const n = this.varint();
    const bits = this.take((n + 7) >>> 3);
    const b = this.bytes;
    const out: Value[] = [];
    for (let i = 0; i < n; i++) {
      out.push((b[bits + (i >>> 3)]! >>> (i & 7)) & 1 ? null : this.value(type));
    }
    return out;
  }

  private decimal(scale: number): Decimal {
    const head = this.varint();
    const n = head >>> 1;
    const s = head & 1 ? Number(this.int64()) : scale;
    const p = this.take(n);
    const b = this.bytes;
    let v = 0n;
    for (let i = 0; i < n; i++) v = (v << 8n) | BigInt(b[p + i]!);
    return new Decimal(BigInt.asIntN(n * 8, v), s);
  }

  private take(n: number): number {
    const p = this.position;
    if (p + n > this.end) throw malformed();
    this.position = p + n;
    return p;
  }
}

const EMPTY = Buffer.alloc(0);
const malformed = () => new WeirError('STATE_ERROR', 'Bytes of a row end too early or are not of these columns');

function reserveBits(n: number, out: ByteWriter): number {
  const bits = out.length;
  const bytes = (n + 7) >>> 3;
  out.ensure(bytes);
  for (let i = 0; i < bytes; i++) out.buffer[bits + i] = 0;
  out.length = bits + bytes;
  return bits;
}

function setBit(out: ByteWriter, bits: number, i: number): void {
  out.buffer[bits + (i >>> 3)]! |= 1 << (i & 7);
}

function writeValue(type: SqlType, v: Value, out: ByteWriter): void {
  switch (type.kind) {
    case 'STRING':
      writeString(v as string, out);
      return;
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
    case 'BIGINT':
    case 'TIMESTAMP':
      writeInt64(v as number | bigint, out);
      return;
    case 'DOUBLE':
      out.double(v as number);
      return;
    case 'BOOLEAN':
      out.byte(v ? 1 : 0);
      return;
    case 'BYTES':
      writeVarint((v as Uint8Array).length, out);
      out.copy(v as Uint8Array);
      return;
    case 'DECIMAL':
      writeDecimal(v as Decimal, type.scale, out);
      return;
    case 'ARRAY':
      writeElements(type.element, v as Value[], out);
      return;
    case 'MAP': {
      const entries = v as Map<Value, Value>;
      writeElements(type.key, [...entries.keys()], out);
      writeElements(type.value, [...entries.values()], out);
      return;
    }
    case 'STRUCT': {
      const fields = v as Value[];
      const n = type.fields.length;
      writeVarint(n, out);
      const bits = reserveBits(n, out);
      for (let i = 0; i < n; i++) {
        const f = fields[i];
        if (f === null || f === undefined) setBit(out, bits, i);
        else writeValue(type.fields[i]!.type, f, out);
      }
    }
  }
}

function writeElements(type: SqlType, elements: readonly Value[], out: ByteWriter): void {
  const n = elements.length;
  writeVarint(n, out);
  const bits = reserveBits(n, out);
  for (let i = 0; i < n; i++) {
    const v = elements[i]!;
    if (v === null) setBit(out, bits, i);
    else writeValue(type, v, out);
  }
}

/** An unsigned varint: lengths and counts. */
export function writeVarint(v: number, out: ByteWriter): void {
  out.ensure(5);
  const b = out.buffer;
  let p = out.length;
  let z = v;
  while (z >= 128) {
    b[p++] = (z & 127) | 128;
    z >>>= 7;
  }
  b[p++] = z;
  out.length = p;
}

/** A zigzag varint over 64 bits. */
export function writeInt64(v: number | bigint, out: ByteWriter): void {
  out.ensure(10);
  const b = out.buffer;
  let p = out.length;
  if (typeof v === 'number') {
    let z: number;
    if (v >= -1073741824 && v < 1073741824) z = ((v << 1) ^ (v >> 31)) >>> 0;
    else if (v > -0x1000000000000 && v < 0x1000000000000) {
      z = v < 0 ? -2 * v - 1 : 2 * v;
      while (z >= 2147483648) {
        b[p++] = (z % 128) | 128;
        z = Math.floor(z / 128);
      }
    } else {
      writeInt64(BigInt(v), out);
      return;
    }
    while (z >= 128) {
      b[p++] = (z & 127) | 128;
      z >>>= 7;
    }
    b[p++] = z;
  } else {
    let z = BigInt.asUintN(64, (v << 1n) ^ (v >> 63n));
    while (z >= 128n) {
      b[p++] = Number(z & 127n) | 128;
      z >>= 7n;
    }
    b[p++] = Number(z);
  }
  out.length = p;
}

function writeString(s: string, out: ByteWriter): void {
  const n = s.length;
  if (n < 64) {
    out.ensure(n + 1);
    const b = out.buffer;
    const start = out.length;
    let i = 0;
    for (; i < n; i++) {
      const c = s.charCodeAt(i);
      if (c >= 0x80) break;
      b[start + 1 + i] = c;
    }
    if (i === n) {
      b[start] = n;
      out.length = start + 1 + n;
      return;
    }
  }
  writeVarint(Buffer.byteLength(s, 'utf8'), out);
  out.utf8(s);
}

function writeDecimal(v: Decimal, scale: number, out: ByteWriter): void {
  const unscaled = v.unscaled;
  let n = 1;
  while (BigInt.asIntN(n * 8, unscaled) !== unscaled) n++;
  const same = v.scale === scale;
  writeVarint(n * 2 + (same ? 0 : 1), out);
  if (!same) writeInt64(v.scale, out);
  out.ensure(n);
  for (let i = n - 1; i >= 0; i--) out.buffer[out.length++] = Number((unscaled >> BigInt(i * 8)) & 0xffn);
}
