/** A NaN that was read keeps its bits. All are written as this one, so that equal values have equal bytes. */
const oneNaN = (v: number): number => (Number.isNaN(v) ? Number.NaN : v);

/** A growing byte buffer: scratch space of encoders. Reused by `reset`; `bytes()` is a view until the next write. */
export class ByteWriter {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `n` more bytes. The buffer may be another one afterwards. */
  ensure(n: number): void {
    const need = this.length + n;
    if (need <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, need));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  byte(b: number): void {
    this.ensure(1);
    this.buffer[this.length++] = b;
  }

  /** Bytes [start, end) of `source`. Short runs are copied in a loop: cheaper than a native call. */
  copy(source: Uint8Array, start = 0, end = source.length): void {
    const n = end - start;
    this.ensure(n);
    if (n < 48) {
      const b = this.buffer;
      let p = this.length;
      for (let i = start; i < end; i++) b[p++] = source[i]!;
    } else {
      this.buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    }
    this.length += n;
  }

  utf8(s: string): void {
    const n = s.length;
    this.ensure(n * 3);
    const b = this.buffer;
    let p = this.length;
    if (n < 32) {
      let i = 0;
      for (; i < n; i++) {
        const c = s.charCodeAt(i);
        if (c >= 0x80) break;
        b[p + i] = c;
      }
      if (i === n) {
        this.length = p + n;
        return;
      }
    }
    p += b.write(s, p, 'utf8');
    this.length = p;
  }

  int16(v: number): void {
    this.ensure(2);
    this.length = this.buffer.writeInt16BE(v, this.length);
  }

  int32(v: number): void {
    this.ensure(4);
    this.length = this.buffer.writeInt32BE(v, this.length);
  }

  /** A safe integer or bigint as 8 bytes, big-endian. */
  int64(v: number | bigint): void {
    this.ensure(8);
    if (typeof v === 'bigint') {
      this.length = this.buffer.writeBigInt64BE(v, this.length);
    } else {
      this.buffer.writeInt32BE(Math.floor(v / 4294967296), this.length);
      this.length = this.buffer.writeUInt32BE(v >>> 0, this.length + 4);
    }
  }

  double(v: number): void {
    this.ensure(8);
    this.length = this.buffer.writeDoubleBE(oneNaN(v), this.length);
  }

  doubleLE(v: number): void {
    this.ensure(8);
    this.length = this.buffer.writeDoubleLE(oneNaN(v), this.length);
  }

  floatLE(v: number): void {
    this.ensure(4);
    this.length = this.buffer.writeFloatLE(oneNaN(v), this.length);
  }

  /** What was written, as a view. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** What was written, as a copy of its own. */
  toBuffer(): Buffer {
    return Buffer.from(this.bytes());
  }
}

/** 8 big-endian bytes as a number; exact for safe integers. */
export function readInt64(b: Buffer, p: number): number {
  return b.readInt32BE(p) * 4294967296 + b.readUInt32BE(p + 4);
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
