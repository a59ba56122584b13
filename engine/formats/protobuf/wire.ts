import type { ByteWriter } from '../../records/bytes.js';
import { bigintValue } from '../../values/value.js';
import { DecodeError } from '../format.js';

/*
 * Protobuf's wire format: fields in any order, each a tag (number and wire type) and a value
 * (https://protobuf.dev/programming-guides/encoding/).
 */

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const GROUP = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

export type WireType = typeof VARINT | typeof FIXED64 | typeof DELIMITED | typeof FIXED32;

/** Groups inside groups that are stepped over. */
const MAX_GROUPS = 100;

/** Where a message is being read. `end` is that of the innermost message. */
export class WireCursor {
  bytes: Buffer = Buffer.alloc(0);
  p = 0;
  end = 0;
  /** The two halves of what `read64` has read. */
  private low = 0;
  private high = 0;

  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.p = start;
    this.end = end;
  }

  byte(): number {
    if (this.p >= this.end) throw tooShort();
    return this.bytes[this.p++]!;
  }

  /** Start of the next `n` bytes, which are then behind the cursor. */
  take(n: number): number {
    const start = this.p;
    if (n > this.end - start) throw tooShort();
    this.p = start + n;
    return start;
  }

  /** A varint's lower 32 bits, signed: int32, enums, tags. */
  int32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    this.p--;
    this.read64();
    return this.low;
  }

  /** A varint of 64 bits, signed: a BIGINT in its one form. */
  int64(): number | bigint {
    this.read64();
    return join(this.low, this.high);
  }

  sint32(): number {
    const v = this.int32();
    return (v >>> 1) ^ -(v & 1);
  }

  sint64(): number | bigint {
    this.read64();
    const sign = -(this.low & 1);
    return join(((this.low >>> 1) | (this.high << 31)) ^ sign, (this.high >>> 1) ^ sign);
  }

  bool(): boolean {
    this.read64();
    return this.low !== 0 || this.high !== 0;
  }

  fixed32(): number {
    return this.bytes.readInt32LE(this.take(4));
  }

  fixed64(): number | bigint {
    const at = this.take(8);
    return join(this.bytes.readInt32LE(at), this.bytes.readInt32LE(at + 4));
  }

  float(): number {
    return this.bytes.readFloatLE(this.take(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** A length, and behind it that many bytes: their end. */
  delimited(): number {
    const n = this.int32();
    if (n < 0 || n > this.end - this.p) throw tooShort();
    return this.p + n;
  }

  /** Steps over the value of a field. */
  skip(tag: number): void {
    let depth = 0;
    let at = tag;
    const open: number[] = [];
    for (;;) {
      if (at >>> 3 === 0) throw new DecodeError('A Protobuf field with the number 0');
      switch (at & 7) {
        case VARINT:
          this.read64();
          break;
        case FIXED64:
          this.take(8);
          break;
        case DELIMITED:
          this.p = this.delimited();
          break;
        case FIXED32:
          this.take(4);
          break;
        case GROUP:
          if (depth >= MAX_GROUPS) throw new DecodeError('Protobuf groups nested too deep');
          open[depth++] = at >>> 3;
          break;
        case GROUP_END:
          if (depth === 0 || open[--depth] !== at >>> 3)
            throw new DecodeError('A Protobuf group ends that never began');
          break;
        default:
          throw new DecodeError('A Protobuf field of an unknown wire type');
      }
      if (depth === 0) return;
      at = this.int32();
    }
  }

  private read64(): void {
    const b = this.bytes;
    const end = this.end;
    let p = this.p;
    let low = 0;
    let high = 0;
    let c = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (p >= end) throw tooShort();
      c = b[p++]!;
      low |= (c & 0x7f) << shift;
      if (c < 0x80) {
        this.p = p;
        this.low = low;
        this.high = 0;
        return;
      }
    }
    if (p >= end) throw tooShort();
    c = b[p++]!;
    low |= (c & 0x7f) << 28;
    high = (c & 0x7f) >>> 4;
    for (let shift = 3; c >= 0x80; shift += 7) {
      if (shift > 31) throw new DecodeError('A Protobuf varint of more than 64 bits');
      if (p >= end) throw tooShort();
      c = b[p++]!;
      high |= (c & 0x7f) << shift;
    }
    this.p = p;
    this.low = low;
    this.high = high;
  }
}

const tooShort = (): DecodeError => new DecodeError('The Protobuf payload ends too early');

function join(low: number, high: number): number | bigint {
  const v = high * 4294967296 + (low >>> 0);
  return Number.isSafeInteger(v) ? v : bigintValue((BigInt(high) << 32n) | BigInt(low >>> 0));
}

/** An unsigned varint of 32 bits; `v` may be its signed form. */
export function writeVarint32(out: ByteWriter, v: number): void {
  out.ensure(5);
  const b = out.buffer;
  let p = out.length;
  let u = v >>> 0;
  for (; u >= 0x80; u >>>= 7) b[p++] = (u & 0x7f) | 0x80;
  b[p++] = u;
  out.length = p;
}

/** A varint of 64 bits: negative numbers take ten bytes, those of 32 bits too. */
export function writeVarint64(out: ByteWriter, v: number | bigint): void {
  if (typeof v === 'number') {
    if (v >= 0 && v <= 0x7fffffff) writeVarint32(out, v);
    else writeHalves(out, v >>> 0, Math.floor(v / 4294967296) >>> 0);
  } else {
    writeHalves(out, Number(BigInt.asUintN(32, v)), Number(BigInt.asUintN(32, v >> 32n)));
  }
}

function writeHalves(out: ByteWriter, low: number, high: number): void {
  let l = low;
  let h = high;
  while (h !== 0) {
    out.byte((l & 0x7f) | 0x80);
    l = ((l >>> 7) | (h << 25)) >>> 0;
    h >>>= 7;
  }
  writeVarint32(out, l);
}

export function writeSint32(out: ByteWriter, v: number): void {
  writeVarint32(out, (v << 1) ^ (v >> 31));
}

export function writeSint64(out: ByteWriter, v: number | bigint): void {
  const n = BigInt(v);
  writeVarint64(out, (n << 1n) ^ (n >> 63n));
}

export function writeFixed32(out: ByteWriter, v: number): void {
  out.ensure(4);
  out.length = out.buffer.writeInt32LE(v | 0, out.length);
}

export function writeFixed64(out: ByteWriter, v: number | bigint): void {
  out.ensure(8);
  out.length = out.buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(v)), out.length);
}

/** Begins something with its length in front; `endDelimited` wants what this gives. */
export function beginDelimited(out: ByteWriter): number {
  out.byte(0);
  return out.length;
}

export function endDelimited(out: ByteWriter, start: number): void {
  const n = out.length - start;
  if (n < 0x80) {
    out.buffer[start - 1] = n;
    return;
  }
  const more = n < 0x4000 ? 1 : n < 0x200000 ? 2 : n < 0x10000000 ? 3 : 4;
  out.ensure(more);
  out.buffer.copyWithin(start + more, start, start + n);
  out.length = start - 1;
  writeVarint32(out, n);
  out.length = start + more + n;
}
