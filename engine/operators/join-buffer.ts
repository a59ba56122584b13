import { ByteWriter } from '../records/bytes.js';
import { RowCodec, ValueReader, writeInt64, writeVarint } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { asBuffer } from './group-cache.js';

/** A row that waits for others to join. */
export interface BufferedRow {
  readonly time: number;
  /** Its padded result is still to come, unless it finds a match. */
  waiting: boolean;
  readonly bytes: Buffer;
  /** Decoded, once somebody has asked. */
  row: Value[] | null;
  readonly page: Page;
}

interface Page {
  readonly rows: BufferedRow[];
  changed: boolean;
}

/** A full page; `page` is null while it lies in the store only. */
interface SealedPage {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  page: Page | null;
}

/** All rows of one key. */
interface KeyRows {
  readonly key: Buffer;
  sealed: SealedPage[];
  open: Page;
  nextPage: number;
  changed: boolean;
}

/** Rows of a page. A key with few rows is one value in the store; one with many costs a write of its last page. */
const PAGE_ROWS = 64;
/** What a row costs in memory beside its bytes. */
const ROW_BYTES = 100;

const HEAD = 1;
const PAGE = 2;

/**
 * The rows of one side of a stream-stream join by key and time. In the store, a key has a head, which holds its newest rows
 * and lists its full pages, and these pages. Rows are decoded when they are joined, encoded once when they come in.
 */
export class JoinBuffer {
  private readonly keys = new Map<string, KeyRows>();
  private readonly dirty: KeyRows[] = [];
  private readonly codec: RowCodec;
  private readonly reader = new ValueReader();
  private readonly out = new ByteWriter();
  private held = 0;
  private cachedRows = 0;

  constructor(
    private readonly store: Store,
    types: readonly SqlType[],
    /** Rows that stay in memory after a commit. */
    private readonly maxCached: number,
  ) {
    this.codec = new RowCodec(types);
  }

  /** Keeps a row. True where `same` is true of none of the key's newest rows: the first of its kind. */
  add(key: Buffer, time: number, row: readonly Value[], waiting: boolean, same: (time: number) => boolean): boolean {
    const rows = this.rowsOf(key, true)!;
    const first = !rows.open.rows.some((r) => same(r.time));
    this.out.reset();
    this.codec.encode(row, this.out);
    const bytes = this.out.toBuffer();
    rows.open.rows.push({ time, waiting, bytes, row: row.slice(), page: rows.open });
    this.cachedRows++;
    this.held += bytes.length + ROW_BYTES;
    this.touch(rows, rows.open);
    if (rows.open.rows.length >= PAGE_ROWS) seal(rows);
    return first;
  }

  /** Visits the rows of a key whose time is in [from, to], in order of time and then of arrival. */
  probe(key: Buffer, from: number, to: number, visit: (row: BufferedRow) => void): void {
    const rows = this.rowsOf(key, false);
    if (rows === undefined) return;
    const found: BufferedRow[] = [];
    let ordered = true;
    const collect = (page: Page): void => {
      for (const row of page.rows) {
        if (row.time < from || row.time > to) continue;
        if (found.length > 0 && found[found.length - 1]!.time > row.time) ordered = false;
        found.push(row);
      }
    };
    for (const sealed of rows.sealed) {
      if (sealed.to >= from && sealed.from <= to) collect(this.pageOf(rows, sealed));
    }
    collect(rows.open);
    if (!ordered) found.sort((a, b) => a.time - b.time);
    for (const row of found) visit(row);
  }

  /** Milliseconds between [from, to] and the nearest of the key's newest rows; undefined where it has none. */
  nearest(key: Buffer, from: number, to: number): number | undefined {
    const rows = this.rowsOf(key, false)?.open.rows ?? [];
    if (rows.length === 0) return undefined;
    return rows.reduce((n, { time }) => Math.min(n, time < from ? from - time : time - to), Number.POSITIVE_INFINITY);
  }

  values(row: BufferedRow): readonly Value[] {
    row.row ??= this.codec.decode(row.bytes);
    return row.row;
  }

  /** The row has found a match, or its padded result is out. */
  settle(key: Buffer, row: BufferedRow): void {
    if (!row.waiting) return;
    row.waiting = false;
    this.touch(this.rowsOf(key, true)!, row.page);
  }

  /** Drops what is older than `from`: full pages as a whole. */
  prune(key: Buffer, from: number): void {
    const rows = this.rowsOf(key, false);
    if (rows === undefined) return;
    const kept = rows.sealed.filter((s) => s.to >= from);
    const open = rows.open.rows.filter((r) => r.time >= from);
    if (kept.length === rows.sealed.length && open.length === rows.open.rows.length) return;
    for (const { number, to } of rows.sealed) if (to < from) this.store.delete(pageKey(key, number));
    rows.sealed = kept;
    rows.open.rows.splice(0, rows.open.rows.length, ...open);
    this.touch(rows, rows.open);
  }

  flush(): void {
    for (const rows of this.dirty) this.write(rows);
    this.dirty.length = 0;
    this.held = 0;
    if (this.cachedRows <= this.maxCached) return;
    this.keys.clear();
    this.cachedRows = 0;
  }

  heldBytes(): number {
    return this.held;
  }

  private touch(rows: KeyRows, page: Page): void {
    if (!page.changed) {
      page.changed = true;
      this.held += page.rows.length * ROW_BYTES;
    }
    if (rows.changed) return;
    rows.changed = true;
    this.dirty.push(rows);
    this.held += rows.key.length + ROW_BYTES;
  }

  private rowsOf(key: Buffer, make: boolean): KeyRows | undefined {
    const id = key.toString('latin1');
    let rows = this.keys.get(id);
    if (rows !== undefined) return rows;
    const stored = this.store.get(headKey(key));
    if (stored === undefined && !make) return undefined;
    rows = { key, sealed: [], open: { rows: [], changed: false }, nextPage: 0, changed: false };
    if (stored !== undefined) this.readHead(asBuffer(stored), rows);
    this.keys.set(id, rows);
    return rows;
  }

  private pageOf(rows: KeyRows, sealed: SealedPage): Page {
    if (sealed.page !== null) return sealed.page;
    const page: Page = { rows: [], changed: false };
    const stored = this.store.get(pageKey(rows.key, sealed.number));
    if (stored !== undefined) this.readRows(Buffer.from(stored), 0, page);
    sealed.page = page;
    return page;
  }

  private write(rows: KeyRows): void {
    const { out } = this;
    rows.changed = false;
    for (const { number, page } of rows.sealed) {
      if (page === null || !page.changed) continue;
      out.reset();
      writeRows(page, out);
      this.store.put(pageKey(rows.key, number), out.toBuffer());
      page.changed = false;
    }
    rows.open.changed = false;
    if (rows.sealed.length === 0 && rows.open.rows.length === 0) {
      this.store.delete(headKey(rows.key));
      this.keys.delete(rows.key.toString('latin1'));
      return;
    }
    out.reset();
    writeVarint(rows.nextPage, out);
    writeVarint(rows.sealed.length, out);
    for (const s of rows.sealed) {
      writeVarint(s.number, out);
      writeInt64(s.from, out);
      writeInt64(s.to - s.from, out);
    }
    writeRows(rows.open, out);
    this.store.put(headKey(rows.key), out.toBuffer());
  }

  private readHead(stored: Buffer, rows: KeyRows): void {
    // Rows keep their part of it.
    const bytes = Buffer.from(stored);
    const reader = this.reader.reset(bytes);
    rows.nextPage = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      const number = reader.varint();
      const from = Number(reader.int64());
      rows.sealed.push({ number, from, to: from + Number(reader.int64()), page: null });
    }
    this.readRows(bytes, reader.position, rows.open);
  }

  private readRows(bytes: Buffer, start: number, page: Page): void {
    const reader = this.reader.reset(bytes, start);
    while (reader.remaining > 0) {
      const time = Number(reader.int64());
      const waiting = reader.byte() === 1;
      const n = reader.varint();
      const row = bytes.subarray(reader.position, reader.position + n);
      reader.position += n;
      page.rows.push({ time, waiting, bytes: row, row: null, page });
      this.cachedRows++;
    }
  }
}

function writeRows(page: Page, out: ByteWriter): void {
  for (const { time, waiting, bytes } of page.rows) {
    writeInt64(time, out);
    out.byte(waiting ? 1 : 0);
    writeVarint(bytes.length, out);
    out.copy(bytes);
  }
}

/** The newest rows become a page of their own. */
function seal(rows: KeyRows): void {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { time } of rows.open.rows) {
    from = Math.min(from, time);
    to = Math.max(to, time);
  }
  rows.sealed.push({ number: rows.nextPage++, from, to, page: rows.open });
  rows.open = { rows: [], changed: true };
}

const headKey = (key: Buffer): Buffer => Buffer.concat([Buffer.of(HEAD), key]);

function pageKey(key: Buffer, number: number): Buffer {
  const out = Buffer.allocUnsafe(key.length + 5);
  out[0] = PAGE;
  out.set(key, 1);
  out.writeUInt32BE(number, key.length + 1);
  return out;
}
