import { type ByteWriter, readInt64 } from '../../records/bytes.js';

/** Versions of each request that a broker takes, by API key. */
export type ApiVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;

/** A request that Weir encodes itself, in one fixed version (https://kafka.apache.org/protocol). */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly version: number;
  /** Compact strings and tagged fields (KIP-482): request header v2, response header v1. */
  readonly flexible: boolean;
}

/** Brokers of Kafka 2.5 (April 2020) and newer know all of these. */
export const PRODUCE: Api = { key: 0, name: 'Produce', version: 7, flexible: false };
export const FETCH: Api = { key: 1, name: 'Fetch', version: 11, flexible: false };
export const OFFSET_FETCH: Api = { key: 9, name: 'OffsetFetch', version: 7, flexible: true };
export const TXN_OFFSET_COMMIT: Api = { key: 28, name: 'TxnOffsetCommit', version: 3, flexible: true };
export const OWN_APIS: readonly Api[] = [PRODUCE, FETCH, OFFSET_FETCH, TXN_OFFSET_COMMIT];
/** Asked for where it is needed: not all that speak Kafka's protocol know it. */
export const SET_CONFIGS: Api = { key: 44, name: 'IncrementalAlterConfigs', version: 0, flexible: false };
/** The first version with the ids of topics, of Kafka 2.8. */
export const METADATA: Api = { key: 3, name: 'Metadata', version: 10, flexible: true };

/** Reads a response in place. Reading past the end throws a RangeError of Node's. */
export class Reader {
  constructor(
    readonly buffer: Buffer,
    public at = 0,
  ) {}

  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }

  int64(): number {
    this.at += 8;
    return readInt64(this.buffer, this.at - 8);
  }

  string(): string {
    const n = this.int16();
    return n <= 0 ? '' : this.slice(n);
  }

  uvarint(): number {
    let r = 0;
    let s = 0;
    let c: number;
    do {
      c = this.buffer.readUInt8(this.at++);
      r |= (c & 127) << s;
      s += 7;
    } while (c >= 128);
    return r >>> 0;
  }

  /** 16 bytes, as text. */
  uuid(): string {
    this.at += 16;
    return this.buffer.toString('hex', this.at - 16, this.at).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  compactString(): string {
    const n = this.uvarint() - 1;
    return n <= 0 ? '' : this.slice(n);
  }

  tags(): void {
    for (let n = this.uvarint(); n > 0; n--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  skip(n: number): void {
    this.at += n;
  }

  private slice(n: number): string {
    this.at += n;
    return this.buffer.toString('utf8', this.at - n, this.at);
  }
}

/** The parts of requests that `ByteWriter` does not know. */
export function writeString(w: ByteWriter, s: string | null): void {
  w.int16(s === null ? -1 : Buffer.byteLength(s));
  if (s !== null) w.utf8(s);
}

export function writeUvarint(w: ByteWriter, n: number): void {
  let v = n;
  while (v >= 128) {
    w.byte((v & 127) | 128);
    v >>>= 7;
  }
  w.byte(v);
}

export function writeCompactString(w: ByteWriter, s: string | null): void {
  writeUvarint(w, s === null ? 0 : Buffer.byteLength(s) + 1);
  if (s !== null) w.utf8(s);
}

/** Groups things by topic, in order of appearance: Kafka's requests nest partitions in topics. */
export function byTopic<T extends { readonly topic: string }>(list: readonly T[]): Map<string, T[]> {
  const out = new Map<string, T[]>();
  for (const item of list) {
    const of = out.get(item.topic);
    if (of === undefined) out.set(item.topic, [item]);
    else of.push(item);
  }
  return out;
}
