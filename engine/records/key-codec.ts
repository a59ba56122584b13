import { WeirError } from '../base/errors.js';
import { Decimal } from '../values/decimal.js';
import type { SqlType } from '../values/sql-type.js';
import { bigintValue, type Value } from '../values/value.js';
import type { ByteWriter } from './bytes.js';
import { readInt64 } from './bytes.js';
import { StringCache } from './intern.js';

/*
 * Keys as bytes whose order (memcmp, LevelDB's) is the order of the values: a store's range scan is a range of keys, and a
 * prefix of the columns is a prefix of the bytes. Each column is a tag (NULL 0, else 1: nulls come first) and:
 *
 *   BOOLEAN 1 byte · INTEGER, DATE, TIME 4 bytes, sign bit flipped · BIGINT, TIMESTAMP 8 bytes, sign bit flipped
 *   DOUBLE 8 bytes of IEEE 754, all flipped where negative, else the sign; NaN last; -0 and 0 are two keys, as in Java
 *   STRING, BYTES with 00 written as 00 FF, ended by 00 01
 *   DECIMAL sign and length of the unscaled value in one byte, then its magnitude (complemented where negative)
 *   ARRAY each element after a 1, then 0 · STRUCT its fields · MAP as an array of key and value, by encoded key
 *
 * The encoding of one type is self-delimiting, so that a window's start can follow the last column.
 */

const NULL_TAG = 0;
const VALUE_TAG = 1;
const MAX_DECIMAL_BYTES = 0x7e;
const SIGN = -2147483648;

/** Encodes rows of fixed column types. Not for concurrent use (it is synchronous, and keeps its place). */
export class KeyCodec {
  private readonly strings = new StringCache();
  private position = 0;
  private limit = 0;

  constructor(readonly types: readonly SqlType[]) {}

  /** Appends all columns. */
  encode(values: readonly Value[], out: ByteWriter): void {
    const types = this.types;
    for (let i = 0; i < types.length; i++) writeKeyPart(types[i]!, values[i] ?? null, out);
  }

  /** Appends the first `count` columns: the common prefix of all keys that start with these values. */
  encodePrefix(values: readonly Value[], count: number, out: ByteWriter): void {
    for (let i = 0; i < count; i++) writeKeyPart(this.types[i]!, values[i] ?? null, out);
  }

  /** The columns of the key at [start, end); what follows them (a window) is left alone. Throws STATE_ERROR if cut short. */
  decode(bytes: Buffer, start = 0, end: number = bytes.length): Value[] {
    const row = new Array<Value>(this.types.length);
    this.decodeInto(bytes, start, end, row);
    return row;
  }

  /** As `decode`, into `row`; returns the position behind the last column. */
  decodeInto(bytes: Buffer, start: number, end: number, row: Value[]): number {
    this.position = start;
    this.limit = end;
    const types = this.types;
    for (let i = 0; i < types.length; i++) row[i] = this.read(types[i]!, bytes);
    return this.position;
  }

  private take(n: number): number {
    const at = this.position;
    if (at + n > this.limit) throw cutShort();
    this.position = at + n;
    return at;
  }

  private read(type: SqlType, b: Buffer): Value {
    const tag = b[this.take(1)]!;
    if (tag === NULL_TAG) return null;
    if (tag !== VALUE_TAG) throw new WeirError('STATE_ERROR', `Not a key of type ${type.kind}: tag ${tag}`);
    switch (type.kind) {
      case 'STRING':
        return this.readString(b);
      case 'INTEGER':
      case 'DATE':
      case 'TIME':
        return b.readInt32BE(this.take(4)) ^ SIGN;
      case 'BIGINT':
        return readOrderedInt64(b, this.take(8));
      case 'TIMESTAMP':
        return Number(readOrderedInt64(b, this.take(8)));
      case 'BOOLEAN':
        return b[this.take(1)] === 1;
      case 'DOUBLE':
        return readOrderedDouble(b, this.take(8));
      case 'BYTES':
        return this.readEscaped(b);
      case 'DECIMAL':
        return new Decimal(this.readUnscaled(b), type.scale);
      case 'ARRAY': {
        const elements: Value[] = [];
        while (b[this.take(1)] !== 0) elements.push(this.read(type.element, b));
        return elements;
      }
      case 'MAP': {
        const entries = new Map<Value, Value>();
        while (b[this.take(1)] !== 0) {
          const key = this.read(type.key, b);
          entries.set(key, this.read(type.value, b));
        }
        return entries;
      }
      case 'STRUCT': {
        const fields = new Array<Value>(type.fields.length);
        for (let i = 0; i < fields.length; i++) fields[i] = this.read(type.fields[i]!.type, b);
        return fields;
      }
    }
  }

  private readString(b: Buffer): string {
    const start = this.position;
    const limit = this.limit;
    let p = start;
    while (p < limit && b[p] !== 0) p++;
    if (p + 1 < limit && b[p + 1] === 1) {
      this.position = p + 2;
      return this.strings.get(b, start, p);
    }
    return Buffer.from(this.readEscaped(b)).toString('utf8');
  }

  private readEscaped(b: Buffer): Uint8Array {
    const start = this.position;
    const out: number[] = [];
    for (let p = start; p + 1 < this.limit; p++) {
      const c = b[p]!;
      if (c !== 0) out.push(c);
      else if (b[p + 1] === 0xff) {
        out.push(0);
        p++;
      } else {
        this.position = p + 2;
        return Uint8Array.from(out);
      }
    }
    throw cutShort();
  }

  private readUnscaled(b: Buffer): bigint {
    const head = b[this.take(1)]!;
    const negative = head < 0x80;
    const n = negative ? 0x7f - head : head - 0x80;
    const at = this.take(n);
    let v = 0n;
    for (let i = 0; i < n; i++) v = (v << 8n) | BigInt(negative ? b[at + i]! ^ 0xff : b[at + i]!);
    return negative ? -v : v;
  }
}

function writeKeyPart(type: SqlType, v: Value, out: ByteWriter): void {
  if (v === null) {
    out.byte(NULL_TAG);
    return;
  }
  switch (type.kind) {
    case 'STRING':
      writeString(v as string, out);
      return;
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      out.byte(VALUE_TAG);
      out.int32((v as number) ^ SIGN);
      return;
    case 'BIGINT':
    case 'TIMESTAMP': {
      out.byte(VALUE_TAG);
      out.int64(v as number | bigint);
      out.buffer[out.length - 8]! ^= 0x80;
      return;
    }
    case 'BOOLEAN':
      out.byte(VALUE_TAG);
      out.byte(v ? 1 : 0);
      return;
    case 'DOUBLE':
      out.byte(VALUE_TAG);
      writeOrderedDouble(v as number, out);
      return;
    case 'BYTES':
      out.byte(VALUE_TAG);
      writeEscaped(v as Uint8Array, out);
      return;
    case 'DECIMAL':
      out.byte(VALUE_TAG);
      writeUnscaled(unscaledAt(v as Decimal, type.scale), out);
      return;
    case 'ARRAY':
      out.byte(VALUE_TAG);
      for (const element of v as Value[]) {
        out.byte(1);
        writeKeyPart(type.element, element, out);
      }
      out.byte(0);
      return;
    case 'MAP':
      out.byte(VALUE_TAG);
      writeMap(type.key, type.value, v as Map<Value, Value>, out);
      return;
    case 'STRUCT': {
      out.byte(VALUE_TAG);
      const fields = v as Value[];
      for (let i = 0; i < type.fields.length; i++) writeKeyPart(type.fields[i]!.type, fields[i] ?? null, out);
      return;
    }
  }
}

function writeString(s: string, out: ByteWriter): void {
  const n = s.length;
  if (n < 32) {
    out.ensure(n + 3);
    const b = out.buffer;
    const start = out.length;
    let p = start;
    b[p++] = VALUE_TAG;
    let i = 0;
    for (; i < n; i++) {
      const c = s.charCodeAt(i);
      if (c === 0 || c >= 0x80) break;
      b[p++] = c;
    }
    if (i === n) {
      b[p++] = 0;
      b[p++] = 1;
      out.length = p;
      return;
    }
  }
  out.byte(VALUE_TAG);
  if (s.includes('\0')) {
    writeEscaped(Buffer.from(s, 'utf8'), out);
    return;
  }
  out.utf8(s);
  out.byte(0);
  out.byte(1);
}

function writeEscaped(bytes: Uint8Array, out: ByteWriter): void {
  out.ensure(bytes.length * 2 + 2);
  const b = out.buffer;
  let p = out.length;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]!;
    b[p++] = c;
    if (c === 0) b[p++] = 0xff;
  }
  b[p++] = 0;
  b[p++] = 1;
  out.length = p;
}

const SCRATCH = Buffer.alloc(8);

function writeOrderedDouble(v: number, out: ByteWriter): void {
  out.double(v);
  const b = out.buffer;
  const p = out.length - 8;
  if (Number.isNaN(v)) {
    // One NaN, whatever its bits, behind all numbers.
    b.fill(0, p, p + 8);
    b[p] = 0xff;
    b[p + 1] = 0xf8;
  } else if (b[p]! >= 0x80) for (let i = p; i < p + 8; i++) b[i] = b[i]! ^ 0xff;
  else b[p] = b[p]! | 0x80;
}

function readOrderedDouble(b: Buffer, p: number): number {
  if (b[p]! >= 0x80) {
    for (let i = 0; i < 8; i++) SCRATCH[i] = b[p + i]!;
    SCRATCH[0] = SCRATCH[0]! ^ 0x80;
  } else for (let i = 0; i < 8; i++) SCRATCH[i] = b[p + i]! ^ 0xff;
  return SCRATCH.readDoubleBE(0);
}

function readOrderedInt64(b: Buffer, p: number): number | bigint {
  const high = b.readInt32BE(p) ^ SIGN;
  if (high >= -0x200000 && high < 0x200000) {
    const v = high * 4294967296 + b.readUInt32BE(p + 4);
    if (v !== -9007199254740992) return v;
  }
  return bigintValue((BigInt(high) << 32n) | BigInt(b.readUInt32BE(p + 4)));
}

function writeUnscaled(v: bigint, out: ByteWriter): void {
  const negative = v < 0n;
  let rest = negative ? -v : v;
  const magnitude: number[] = [];
  for (; rest > 0n; rest >>= 32n) {
    const word = Number(rest & 0xffffffffn);
    magnitude.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
  }
  while (magnitude.length > 0 && magnitude[magnitude.length - 1] === 0) magnitude.pop();
  const n = magnitude.length;
  if (n > MAX_DECIMAL_BYTES) throw new WeirError('LIMIT_EXCEEDED', 'A DECIMAL in a key has more than 300 digits');
  out.byte(negative ? 0x7f - n : 0x80 + n);
  for (let i = n - 1; i >= 0; i--) out.byte(negative ? magnitude[i]! ^ 0xff : magnitude[i]!);
}

/**
 * The unscaled value at a column's scale. Values have that scale already. One that was computed and never cast may not: that
 * is an error.
 */
function unscaledAt(v: Decimal, scale: number): bigint {
  if (v.scale === scale) return v.unscaled;
  if (v.scale < scale) return v.unscaled * 10n ** BigInt(scale - v.scale);
  const divisor = 10n ** BigInt(v.scale - scale);
  if (v.unscaled % divisor !== 0n) {
    throw new WeirError('INTERNAL', `A key of scale ${scale} can't hold a DECIMAL of scale ${v.scale} exactly`);
  }
  return v.unscaled / divisor;
}

function writeMap(key: SqlType, value: SqlType, entries: Map<Value, Value>, out: ByteWriter): void {
  const start = out.length;
  const parts: Buffer[] = [];
  for (const [k, v] of entries) {
    out.length = start;
    writeKeyPart(key, k, out);
    writeKeyPart(value, v, out);
    parts.push(Buffer.from(out.buffer.subarray(start, out.length)));
  }
  out.length = start;
  parts.sort(Buffer.compare);
  for (const part of parts) {
    out.byte(1);
    out.copy(part);
  }
  out.byte(0);
}

const cutShort = () => new WeirError('STATE_ERROR', 'A key ends too early');

/** Bytes of a window's start behind a key. */
export const WINDOW_BYTES = 8;

/** Appends the start of a window (or another time from 1970 on), so that a key's windows are in the order of time. */
export function appendWindowStart(out: ByteWriter, startMs: number): void {
  out.int64(startMs);
}

/** The start of the window at the end of a key of `end` bytes. */
export function windowStartOf(key: Buffer, end: number = key.length): number {
  return readInt64(key, end - WINDOW_BYTES);
}
