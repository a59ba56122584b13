import { ByteWriter } from '../records/bytes.js';
import { ValueReader, writeInt64, writeVarint } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import { asBuffer } from './group-cache.js';

interface Entry {
  readonly time: number;
  readonly key: Buffer;
}

/** Entries of one span of time: pages in the store, the last of them perhaps still open in memory. */
interface Bucket {
  readonly start: number;
  /** Pages that have a number; the open one is the last. */
  pages: number;
  /** No entry that is not taken is earlier. */
  min: number;
  open: ByteWriter | null;
  changed: boolean;
  /** Entries in order once the first of them was due, and how many of them are taken. */
  due: Entry[] | null;
  taken: number;
}

const PAGE_BYTES = 16 * 1024;

/**
 * Keys by the time at which something is to happen to them, in a store: what a step with event time waits for, however many
 * keys that are. A store is read by single keys on the record path, so entries lie in buckets of time, each a list of pages;
 * only the bucket that is due is in memory. An entry is two varints and its key.
 *
 * What was taken is gone from the store when its whole bucket is: after a restart some entries come again, and whoever takes
 * them must know what is done already.
 */
export class TimeIndex {
  private buckets: Bucket[] = [];
  private changed = false;
  private bytes = 0;
  private readonly reader = new ValueReader();

  constructor(
    private readonly store: Store,
    /** First byte of its keys in the store; no other entry's key begins with it. */
    private readonly tag: number,
    /** Milliseconds of a bucket. */
    readonly width: number,
  ) {
    this.load();
  }

  /** Keeps `key`. */
  add(time: number, key: Buffer): void {
    const start = time - (time % this.width);
    let at = this.buckets.length;
    while (at > 0 && this.buckets[at - 1]!.start > start) at--;
    let bucket = this.buckets[at - 1];
    if (bucket === undefined || bucket.start !== start) {
      bucket = { start, pages: 0, min: time, open: null, changed: false, due: null, taken: 0 };
      this.buckets.splice(at, 0, bucket);
    }
    if (time < bucket.min) bucket.min = time;
    if (bucket.open === null) {
      bucket.open = new ByteWriter();
      bucket.pages++;
    }
    const page = bucket.open;
    const before = page.length;
    writeVarint(time - start, page);
    writeVarint(key.length, page);
    page.copy(key);
    this.bytes += page.length - before;
    bucket.changed = this.changed = true;
    if (bucket.due !== null) insert(bucket.due, bucket.taken, { time, key });
    if (page.length >= PAGE_BYTES) this.close(bucket);
  }

  /** No entry that is still to be taken is earlier (one that a restart gives again may be); Infinity where there is none. */
  earliest(): number {
    for (const b of this.buckets) if (b.min !== Number.POSITIVE_INFINITY) return b.min;
    return Number.POSITIVE_INFINITY;
  }

  /** Takes the entries before `limit`, in order of time and of key; equal ones once. */
  take(limit: number, visit: (time: number, key: Buffer) => void): void {
    for (let bucket = this.buckets[0]; bucket !== undefined; bucket = this.buckets[0]) {
      const over = bucket.start + this.width <= limit;
      if (bucket.min >= limit && !over) return;
      bucket.due ??= this.read(bucket);
      const due = bucket.due;
      let last: Entry | undefined;
      while (bucket.taken < due.length && due[bucket.taken]!.time < limit) {
        const entry = due[bucket.taken++]!;
        if (last === undefined || order(last, entry) !== 0) visit(entry.time, entry.key);
        last = entry;
      }
      bucket.min = due[bucket.taken]?.time ?? Number.POSITIVE_INFINITY;
      this.changed = true;
      if (!over) return;
      for (let page = 0; page < bucket.pages; page++) this.store.delete(this.pageKey(bucket, page));
      this.buckets.shift();
    }
  }

  /** Before a commit. */
  flush(): void {
    if (!this.changed) return;
    for (const bucket of this.buckets) {
      if (bucket.changed) this.write(bucket);
      // A bucket that was not added to lately begins a new page when it is.
      else bucket.open = null;
      bucket.changed = false;
    }
    const out = new ByteWriter();
    writeVarint(this.buckets.length, out);
    for (const { start, pages, min } of this.buckets) {
      writeInt64(start, out);
      writeVarint(pages, out);
      writeInt64(Math.min(min, start + this.width - 1), out);
    }
    this.store.put(Buffer.of(this.tag), out.toBuffer());
    this.changed = false;
    this.bytes = 0;
  }

  heldBytes(): number {
    return this.bytes;
  }

  private load(): void {
    this.buckets = [];
    const stored = this.store.get(Buffer.of(this.tag));
    if (stored === undefined) return;
    const reader = this.reader.reset(asBuffer(stored));
    for (let n = reader.varint(); n > 0; n--) {
      const start = Number(reader.int64());
      const pages = reader.varint();
      const min = Number(reader.int64());
      this.buckets.push({ start, pages, min, open: null, changed: false, due: null, taken: 0 });
    }
    reader.finish();
  }

  private close(bucket: Bucket): void {
    this.write(bucket);
    bucket.open = null;
  }

  private write(bucket: Bucket): void {
    if (bucket.open !== null) this.store.put(this.pageKey(bucket, bucket.pages - 1), bucket.open.toBuffer());
  }

  private read(bucket: Bucket): Entry[] {
    this.write(bucket);
    const entries: Entry[] = [];
    for (let page = 0; page < bucket.pages; page++) {
      const stored = this.store.get(this.pageKey(bucket, page));
      if (stored === undefined) continue;
      const bytes = asBuffer(stored);
      const reader = this.reader.reset(bytes);
      while (reader.remaining > 0) {
        const time = bucket.start + reader.varint();
        const n = reader.varint();
        entries.push({ time, key: Buffer.from(bytes.subarray(reader.position, reader.position + n)) });
        reader.position += n;
      }
    }
    return entries.sort(order);
  }

  private pageKey(bucket: Bucket, page: number): Buffer {
    const key = Buffer.allocUnsafe(13);
    key[0] = this.tag;
    key.writeDoubleBE(bucket.start, 1);
    key.writeUInt32BE(page, 9);
    return key;
  }
}

const order = (a: Entry, b: Entry): number => a.time - b.time || Buffer.compare(a.key, b.key);

/** Puts an entry where it belongs behind the first `from`. */
function insert(entries: Entry[], from: number, entry: Entry): void {
  let low = from;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(entries[middle]!, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  entries.splice(low, 0, entry);
}
