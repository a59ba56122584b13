import type { ByteWriter } from '../../types/bytes.js';
import { bigintValue } from '../../types/value.js';
import { DecodeError } from '../format.js';

/** Wire types (https://protobuf.dev/programming-guides/encoding/). */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const START_GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

const MAX_GROUPS = 100;

/** Where a Protobuf payload is being read. */
export class ProtoCursor {
  bytes: Buffer = Buffer.alloc(0);
  p = 0;
  end = 0;

  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.p = start;
    this.end = end;
  }

  byte(): number {
    if (this.p >= this.end) throw new DecodeError('The Protobuf payload ends too early');
    return this.bytes[this.p++]!;
  }

  /** Start of the next `n` bytes, which are then behind the cursor. */
  take(n: number): number {
    const start = this.p;
    if (start + n > this.end) throw new DecodeError('The Protobuf payload ends too early');
    this.p = start + n;
    return start;
  }

  /** The low 32 bits of a varint, signed. */
  int32(): number {
    let v = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const b = this.byte();
      if (shift < 32) v |= (b & 0x7f) << shift;
      if (b < 0x80) return v;
    }
    throw new DecodeError('A Protobuf varint of more than 64 bits');
  }

  /** A varint as a signed number of 64 bits. */
  int64(): number | bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const b = this.byte();
      low += (b & 0x7f) * scale;
      if (b < 0x80) return low;
      scale *= 128;
    }
    let wide = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const b = this.byte();
      wide |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return bigintValue(wide);
    }
    throw new DecodeError('A Protobuf varint of more than 64 bits');
  }

  /** A length. */
  size(): number {
    const n = this.int64();
    if (typeof n === 'bigint' || n < 0) throw new DecodeError('A Protobuf length beyond all bounds');
    return n;
  }

  /** Over the value of a field that no one reads. */
  skip(wire: number, depth = 0): void {
    switch (wire) {
      case VARINT:
        this.int64();
        return;
      case FIXED64:
        this.take(8);
        return;
      case BYTES:
        this.take(this.size());
        return;
      case FIXED32:
        this.take(4);
        return;
      case START_GROUP:
        if (depth >= MAX_GROUPS) throw new DecodeError('Protobuf groups are nested too deep');
        for (;;) {
          const tag = this.int32();
          if ((tag & 7) === END_GROUP) return;
          this.skip(tag & 7, depth + 1);
        }
      default:
        throw new DecodeError(`No Protobuf wire type: ${wire}`);
    }
  }
}

export const zigzag32 = (v: number): number => (v >>> 1) ^ -(v & 1);

export function zigzag64(v: number | bigint): number | bigint {
  if (typeof v === 'number' && v >= 0) return v % 2 === 0 ? v / 2 : -(v + 1) / 2;
  const u = BigInt.asUintN(64, BigInt(v));
  return bigintValue((u >> 1n) ^ -(u & 1n));
}

/** A number of 64 bits; a negative one takes ten bytes. */
export function writeVarint(out: ByteWriter, v: number | bigint): void {
  if (typeof v === 'number' && v >= 0) {
    let n = v;
    for (; n >= 128; n = Math.floor(n / 128)) out.byte((n % 128) | 0x80);
    out.byte(n);
    return;
  }
  let u = BigInt.asUintN(64, BigInt(v));
  for (; u >= 128n; u >>= 7n) out.byte(Number(u & 0x7fn) | 0x80);
  out.byte(Number(u));
}

/** The zigzag form of a signed number, for `writeVarint`. */
export function toZigzag(v: number | bigint): number | bigint {
  if (typeof v === 'number' && v > -(2 ** 51) && v < 2 ** 51) return v < 0 ? -v * 2 - 1 : v * 2;
  const n = BigInt(v);
  return BigInt.asUintN(64, (n << 1n) ^ (n >> 63n));
}
