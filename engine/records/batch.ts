import { WeirError } from '../base/errors.js';
import { readInt64 } from './bytes.js';
import { crc32c } from './crc32c.js';
import type { Header } from './record.js';

export { crc32c };

/**
 * Kafka's record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch): what the `Log` carries in both
 * directions. A batch is never taken apart into objects: a cursor walks it in place, a builder writes one buffer.
 */

/** Bytes before the first record. */
export const BATCH_HEADER = 61;
const ATTRIBUTES = 21;
/** Attribute bits: compression 0-2, timestamp type 3, transactional 4, control 5. */
export const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;

/** One uncompressed data batch inside a larger buffer. */
export interface RecordBatch {
  readonly buffer: Buffer;
  /** First byte of the first record, and the byte after the last. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Rounded where they are beyond 2^53. */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** `baseTimestamp` where that is rounded: the other records' times are differences to it. */
  readonly exactBase?: bigint;
  /** The broker's time stands for every record's (message.timestamp.type=LogAppendTime). */
  readonly logAppendTime: boolean;
  /** Records below this offset were fetched only because they share the batch: the cursor leaves them out. */
  readonly firstWanted: number;
}

/** Total length of the batch at `p`, or -1 where it is cut short. */
export function batchLength(b: Buffer, p: number, end = b.length): number {
  if (p + BATCH_HEADER > end) return -1;
  const n = b.readInt32BE(p + 8) + 12;
  return p + n > end ? -1 : n;
}

/** Reads the header of the whole, uncompressed batch at `p`. */
export function batchAt(b: Buffer, p: number, firstWanted = 0): RecordBatch {
  const baseOffset = readInt64(b, p);
  const attributes = b.readInt16BE(p + ATTRIBUTES);
  const baseTimestamp = readInt64(b, p + 27);
  return {
    buffer: b,
    start: p + BATCH_HEADER,
    end: p + 12 + b.readInt32BE(p + 8),
    count: b.readInt32BE(p + 57),
    baseOffset,
    lastOffset: baseOffset + b.readInt32BE(p + 23),
    baseTimestamp,
    maxTimestamp: readInt64(b, p + 35),
    logAppendTime: (attributes & LOG_APPEND_TIME) !== 0,
    firstWanted,
    ...(Number.isSafeInteger(baseTimestamp) ? {} : { exactBase: b.readBigInt64BE(p + 27) }),
  };
}

/**
 * Batches that will be kept. Where they are less than half of the buffers that they lie in, they are copied into one buffer
 * of their own, for views would keep the rest too.
 */
export function ownBatches(batches: readonly RecordBatch[]): readonly RecordBatch[] {
  let bytes = 0;
  let pinned = 0;
  for (const [i, { buffer, start, end }] of batches.entries()) {
    bytes += end - start;
    if (i === 0 || buffer.buffer !== batches[i - 1]!.buffer.buffer) pinned += buffer.buffer.byteLength;
  }
  if (pinned <= 2 * (bytes + batches.length * BATCH_HEADER)) return batches;
  const own = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  return batches.map((batch) => {
    const start = at;
    at += batch.buffer.copy(own, at, batch.start, batch.end);
    return { ...batch, buffer: own, start, end: at };
  });
}

/** Walks the records of a batch. `next()` then gives byte ranges into `buffer`; a start of -1 stands for null. */
export class BatchCursor {
  buffer: Buffer = Buffer.alloc(0);
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  /** Milliseconds. No safe integer: the record's own time is beyond 2^53, which is no event time. */
  timestamp = 0;
  offset = 0;
  private position = 0;
  private left = 0;
  private headersAt = 0;
  private baseOffset = 0;
  private baseTimestamp = 0;
  private exactBase: bigint | undefined;
  private appendTime = -1;
  private firstWanted = 0;

  reset(batch: RecordBatch): void {
    this.buffer = batch.buffer;
    this.position = batch.start;
    this.left = batch.count;
    this.baseOffset = batch.baseOffset;
    this.baseTimestamp = batch.baseTimestamp;
    this.exactBase = batch.exactBase;
    this.appendTime = batch.logAppendTime ? batch.maxTimestamp : -1;
    this.firstWanted = batch.firstWanted;
  }

  /** Records not yet walked, those to be left out included. */
  get remaining(): number {
    return this.left;
  }

  next(): boolean {
    for (;;) {
      if (this.left <= 0) return false;
      this.left--;
      this.read();
      if (this.offset >= this.firstWanted) return true;
    }
  }

  private read(): void {
    const b = this.buffer;
    let p = this.position;
    let c: number;
    let r = 0;
    let s = 0;
    do {
      c = b[p++]!;
      r |= (c & 127) << s;
      s += 7;
    } while (c >= 128);
    const end = p + ((r >>> 1) ^ -(r & 1));
    p++; // attributes of the record: unused in v2
    // The timestamp delta is a varlong: beyond 28 bits it is summed up as a double, exact in up to seven bytes.
    const deltaAt = p;
    r = 0;
    s = 0;
    do {
      c = b[p++]!;
      if (s < 28) r |= (c & 127) << s;
      else r += (c & 127) * 2 ** s;
      s += 7;
    } while (c >= 128);
    const delta = r < 4294967296 ? (r >>> 1) ^ -(r & 1) : r % 2 === 0 ? r / 2 : -(r + 1) / 2;
    if (this.appendTime >= 0) this.timestamp = this.appendTime;
    else if (s <= 49 && this.exactBase === undefined) this.timestamp = this.baseTimestamp + delta;
    else this.timestamp = sum64(this.exactBase ?? BigInt(this.baseTimestamp), readVarlong(b, deltaAt));
    r = 0;
    s = 0;
    do {
      c = b[p++]!;
      r |= (c & 127) << s;
      s += 7;
    } while (c >= 128);
    this.offset = this.baseOffset + ((r >>> 1) ^ -(r & 1));
    r = 0;
    s = 0;
    do {
      c = b[p++]!;
      r |= (c & 127) << s;
      s += 7;
    } while (c >= 128);
    r = (r >>> 1) ^ -(r & 1);
    if (r < 0) this.keyStart = this.keyEnd = -1;
    else {
      this.keyStart = p;
      this.keyEnd = p += r;
    }
    r = 0;
    s = 0;
    do {
      c = b[p++]!;
      r |= (c & 127) << s;
      s += 7;
    } while (c >= 128);
    r = (r >>> 1) ^ -(r & 1);
    if (r < 0) this.valueStart = this.valueEnd = -1;
    else {
      this.valueStart = p;
      this.valueEnd = p += r;
    }
    if (b[p] === 0) this.headerCount = 0;
    else {
      const [n, at] = readVarint(b, p);
      this.headerCount = n;
      this.headersAt = at;
    }
    this.position = end;
  }

  /** The current record's headers, in order; values are copies. */
  headers(): Header[] {
    const out: Header[] = [];
    let p = this.headersAt;
    for (let i = 0; i < this.headerCount; i++) {
      let n: number;
      [n, p] = readVarint(this.buffer, p);
      const key = this.buffer.toString('utf8', p, p + n);
      p += n;
      [n, p] = readVarint(this.buffer, p);
      out.push({ key, value: n < 0 ? null : Buffer.from(this.buffer.subarray(p, p + n)) });
      if (n > 0) p += n;
    }
    return out;
  }
}

function readVarint(b: Buffer, p: number): [value: number, next: number] {
  let r = 0;
  let s = 0;
  let c: number;
  do {
    c = b[p++]!;
    r |= (c & 127) << s;
    s += 7;
  } while (c >= 128);
  return [(r >>> 1) ^ -(r & 1), p];
}

/** As Java's long adds. */
const sum64 = (a: bigint, b: bigint): number => Number(BigInt.asIntN(64, a + b));

/** Of up to ten bytes, exactly. */
function readVarlong(b: Buffer, p: number): bigint {
  let z = 0n;
  for (let s = 0n; ; s += 7n) {
    const c = b[p++]!;
    z |= BigInt(c & 127) << s;
    if (c < 128) break;
  }
  return (z >> 1n) ^ -(z & 1n);
}

const NO_HEADERS: readonly Header[] = [];

const NO_BYTES = Buffer.alloc(0);
/** A builder begins with so many bytes, and keeps no more than this many times what its last batch took. */
const SMALLEST = 512;
const SPARE = 4;
/** Differences of timestamps below it are encoded without a bigint. */
const EXACT = 2 ** 52;

const noTime = (timestamp: number): WeirError =>
  new WeirError(
    'ENCODE_ERROR',
    `${timestamp} is no timestamp: a record has whole milliseconds since 1970, below 2^53.`,
  );

/**
 * Writes one batch into one buffer. `finish` gives it unsealed: whoever sends it calls `sealBatch`. What it gives is a buffer
 * of exactly the batch's size, since batches are kept (tails of the embedded log, transactions, feeds) and a view would keep
 * the whole scratch buffer with it. The scratch buffer is the builder's own, and follows the size of its batches.
 */
export class BatchBuilder {
  private buffer: Buffer = NO_BYTES;
  private position = BATCH_HEADER;
  private records = 0;
  private first = 0;
  private max = 0;

  get count(): number {
    return this.records;
  }

  /** Bytes so far, the header included. */
  get bytes(): number {
    return this.position;
  }

  /**
   * Key and value as byte ranges; a start of -1 (or null bytes) stands for null.
   * @throws WeirError ENCODE_ERROR, and adds nothing, where the timestamp is no whole number of milliseconds below 2^53
   */
  add(
    timestamp: number,
    key: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
    headers: readonly Header[] = NO_HEADERS,
  ): void {
    if (!Number.isSafeInteger(timestamp)) throw noTime(timestamp);
    if (this.records === 0) this.first = this.max = timestamp;
    else if (timestamp > this.max) this.max = timestamp;
    const { first } = this;
    const delta = timestamp - first;
    const keyLength = key === null || keyStart < 0 ? -1 : keyEnd - keyStart;
    const valueLength = value === null || valueStart < 0 ? -1 : valueEnd - valueStart;
    const headerBytes = headers.length === 0 ? 1 : headersSize(headers);
    const body =
      1 +
      longSize(delta) +
      varintSize(this.records) +
      varintSize(keyLength) +
      (keyLength > 0 ? keyLength : 0) +
      varintSize(valueLength) +
      (valueLength > 0 ? valueLength : 0) +
      headerBytes;
    this.ensure(body + 5);
    this.varint(body);
    this.buffer[this.position++] = 0;
    // Twice the difference of two safe integers may be no safe integer.
    if (Math.abs(delta) < EXACT) this.varlong(delta);
    else this.bigVarlong(BigInt(timestamp) - BigInt(first));
    this.varint(this.records++);
    this.varint(keyLength);
    if (keyLength > 0) this.copy(key!, keyStart, keyEnd);
    this.varint(valueLength);
    if (valueLength > 0) this.copy(value!, valueStart, valueEnd);
    if (headers.length === 0) this.buffer[this.position++] = 0;
    else this.writeHeaders(headers);
  }

  /** The whole batch, a buffer of its own; the builder starts anew. Undefined where nothing was added. */
  finish(): Buffer | undefined {
    if (this.records === 0) return undefined;
    const b = this.buffer;
    const end = this.position;
    b.fill(0, 0, BATCH_HEADER);
    b.writeInt32BE(end - 12, 8);
    b[16] = 2;
    b.writeInt32BE(this.records - 1, 23);
    b.writeBigInt64BE(BigInt(this.first), 27);
    b.writeBigInt64BE(BigInt(this.max), 35);
    b.writeBigInt64BE(-1n, 43);
    b.writeInt16BE(-1, 51);
    b.writeInt32BE(-1, 53);
    b.writeInt32BE(this.records, 57);
    const batch = Buffer.allocUnsafeSlow(end);
    b.copy(batch, 0, 0, end);
    if (b.length > end * SPARE) this.buffer = NO_BYTES;
    this.position = BATCH_HEADER;
    this.records = 0;
    return batch;
  }

  private ensure(n: number): void {
    const need = this.position + n;
    if (need <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(SMALLEST, this.buffer.length * 2, need));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  private varint(v: number): void {
    let z = (v << 1) ^ (v >> 31);
    const b = this.buffer;
    let p = this.position;
    while ((z & ~127) !== 0) {
      b[p++] = (z & 127) | 128;
      z >>>= 7;
    }
    b[p++] = z;
    this.position = p;
  }

  private varlong(v: number): void {
    if (v >= -1073741824 && v < 1073741824) {
      this.varint(v);
      return;
    }
    let z = v < 0 ? -2 * v - 1 : 2 * v;
    while (z >= 128) {
      this.buffer[this.position++] = (z % 128) | 128;
      z = Math.floor(z / 128);
    }
    this.buffer[this.position++] = z;
  }

  private bigVarlong(v: bigint): void {
    let z = v < 0n ? -2n * v - 1n : 2n * v;
    for (; z >= 128n; z >>= 7n) this.buffer[this.position++] = Number(z & 127n) | 128;
    this.buffer[this.position++] = Number(z);
  }

  private copy(source: Uint8Array, start: number, end: number): void {
    const b = this.buffer;
    let p = this.position;
    if (end - start < 48) for (let i = start; i < end; i++) b[p++] = source[i]!;
    else {
      b.set(source.subarray(start, end), p);
      p += end - start;
    }
    this.position = p;
  }

  private writeHeaders(headers: readonly Header[]): void {
    this.varint(headers.length);
    for (const h of headers) {
      const key = Buffer.from(h.key, 'utf8');
      this.varint(key.length);
      this.copy(key, 0, key.length);
      this.varint(h.value === null ? -1 : h.value.length);
      if (h.value !== null) this.copy(h.value, 0, h.value.length);
    }
  }
}

function varintSize(v: number): number {
  const z = ((v << 1) ^ (v >> 31)) >>> 0;
  return z < 128 ? 1 : z < 16384 ? 2 : z < 2097152 ? 3 : z < 268435456 ? 4 : 5;
}

function longSize(v: number): number {
  if (v >= -1073741824 && v < 1073741824) return varintSize(v);
  let z = v < 0 ? -2 * v - 1 : 2 * v;
  let n = 1;
  while (z >= 128) {
    z = Math.floor(z / 128);
    n++;
  }
  return n;
}

function headersSize(headers: readonly Header[]): number {
  let n = varintSize(headers.length);
  for (const h of headers) {
    const key = Buffer.byteLength(h.key, 'utf8');
    n += varintSize(key) + key + varintSize(h.value === null ? -1 : h.value.length) + (h.value?.length ?? 0);
  }
  return n;
}

/** Producer identity of a batch; -1 throughout for a plain, non-idempotent write. */
export interface BatchProducer {
  readonly id: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly transactional: boolean;
}

export const PLAIN_PRODUCER: BatchProducer = { id: -1, epoch: -1, sequence: -1, transactional: false };

/** Completes an unsealed batch in place: offset, producer, checksum. */
export function sealBatch(batch: Buffer, baseOffset: number, producer: BatchProducer): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  const attributes = batch.readInt16BE(ATTRIBUTES);
  batch.writeInt16BE(producer.transactional ? attributes | TRANSACTIONAL : attributes & ~TRANSACTIONAL, ATTRIBUTES);
  batch.writeBigInt64BE(BigInt(producer.id), 43);
  batch.writeInt16BE(producer.epoch, 51);
  batch.writeInt32BE(producer.sequence, 53);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES, batch.length), 17);
}

/** Whether a batch's checksum fits its bytes: everything from the attributes on. */
export function batchIntact(b: Buffer, p: number, length: number): boolean {
  return b.readUInt32BE(p + 17) === crc32c(b, p + ATTRIBUTES, p + length);
}

/** Kafka's default partitioner hash (murmur2, seed 0x9747b28c) over bytes [start, end). */
export function murmur2(b: Uint8Array, start: number, end: number): number {
  const m = 0x5bd1e995;
  let h = (0x9747b28c ^ (end - start)) | 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let k = b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  switch (end - i) {
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: the tail is folded in from its last byte down
    case 3:
      h ^= b[i + 2]! << 16;
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: see above
    case 2:
      h ^= b[i + 1]! << 8;
    case 1:
      h ^= b[i]!;
      h = Math.imul(h, m);
  }
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition that Kafka's Java producer picks for a key. */
export function partitionOf(b: Uint8Array, start: number, end: number, partitions: number): number {
  return (murmur2(b, start, end) & 0x7fffffff) % partitions;
}
