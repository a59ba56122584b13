import type { ByteWriter } from '../../records/bytes.js';
import { bigintValue } from '../../values/value.js';
import { DecodeError } from '../format.js';

/** A record may hold itself: its data has any depth, the stack has not. */
const MAX_DEPTH = 500;

/** Where an Avro payload is being read. */
export class AvroCursor {
  bytes: Buffer = Buffer.alloc(0);
  p = 0;
  end = 0;
  /** Records that are being stepped over, each inside the one before. */
  depth = 0;

  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.p = start;
    this.end = end;
    this.depth = 0;
  }

  /** A record inside others; who leaves it counts `depth` down. */
  enter(): void {
    if (++this.depth > MAX_DEPTH) throw new DecodeError(`Avro records nested more than ${MAX_DEPTH} deep`);
  }

  byte(): number {
    if (this.p >= this.end) throw new DecodeError('The Avro payload ends too early');
    return this.bytes[this.p++]!;
  }

  /** Start of the next `n` bytes, which are then behind the cursor. */
  take(n: number): number {
    const start = this.p;
    if (n < 0 || start + n > this.end) throw new DecodeError('The Avro payload ends too early');
    this.p = start + n;
    return start;
  }

  /** A zigzag varint of 32 bits. */
  int(): number {
    let v = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const b = this.byte();
      v |= (b & 0x7f) << shift;
      if (b < 0x80) return (v >>> 1) ^ -(v & 1);
    }
    throw new DecodeError('An Avro int of more than 32 bits');
  }

  /** A zigzag varint of 64 bits, a BIGINT in its one form. */
  long(): number | bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const b = this.byte();
      low += (b & 0x7f) * scale;
      // 7 bytes hold 49 bits: exact in a double, and so is everything below.
      if (b < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      scale *= 128;
    }
    let wide = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const b = this.byte();
      wide |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) {
        const u = BigInt.asUintN(64, wide);
        return bigintValue((u >> 1n) ^ -(u & 1n));
      }
    }
    throw new DecodeError('An Avro long of more than 64 bits');
  }

  /** A length or a count. */
  size(): number {
    const n = this.long();
    if (typeof n === 'bigint') throw new DecodeError('An Avro length beyond all bounds');
    return n;
  }
}

/** A safe integer or bigint as a zigzag varint. */
export function writeLong(out: ByteWriter, v: number | bigint): void {
  if (typeof v === 'bigint' || v > 2 ** 51 || v < -(2 ** 51)) {
    const n = BigInt(v);
    let u = BigInt.asUintN(64, (n << 1n) ^ (n >> 63n));
    for (; u >= 128n; u >>= 7n) out.byte(Number(u & 0x7fn) | 0x80);
    out.byte(Number(u));
    return;
  }
  let u = v < 0 ? -v * 2 - 1 : v * 2;
  for (; u >= 128; u = Math.floor(u / 128)) out.byte((u % 128) | 0x80);
  out.byte(u);
}

/** A big-endian two's-complement number, as decimals are written. */
export function readUnscaled(bytes: Buffer, start: number, end: number): bigint {
  const n = end - start;
  if (n === 0) return 0n;
  if (n <= 6) return BigInt(bytes.readIntBE(start, n));
  return BigInt.asIntN(n * 8, BigInt(`0x${bytes.toString('hex', start, end)}`));
}

/** The shortest two's-complement form; at least `size` bytes. */
export function unscaledBytes(v: bigint, size = 1): Buffer {
  let n = size;
  while (BigInt.asIntN(n * 8, v) !== v) n++;
  return Buffer.from(
    BigInt.asUintN(n * 8, v)
      .toString(16)
      .padStart(n * 2, '0'),
    'hex',
  );
}
