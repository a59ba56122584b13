import { ByteWriter } from '../records/bytes.js';
import { RowCodec, ValueReader, writeVarint } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import { BIGINT, type SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { asBuffer } from './group-cache.js';

/** A left row of a foreign-key join, under its foreign key. */
export interface ForeignRow {
  readonly version: number | bigint;
  readonly timestamp: number;
  /** The left key's columns and the left row's. */
  readonly columns: readonly Value[];
}

/** Keys that one page of a foreign key's list holds. */
const PAGE_KEYS = 64;

const COUNT = 1;
const PAGE = 2;
const ROW = 3;

/**
 * Left rows by foreign key and left key. All that a foreign key has are found by single reads of the store: it has a number
 * of rows, and pages that list their left keys without a gap; a row knows its place in the list, and where one goes, the
 * last takes its place. So an update costs the same however many rows share a foreign key.
 */
export class ForeignRows {
  private readonly codec: RowCodec;
  private readonly reader = new ValueReader();
  private readonly out = new ByteWriter();

  constructor(
    private readonly store: Store,
    /** The left key's columns and the left row's. */
    types: readonly SqlType[],
  ) {
    this.codec = new RowCodec([BIGINT, BIGINT, BIGINT, ...types]);
  }

  /** False: a newer row is there already. */
  put(foreignKey: Buffer, leftKey: Buffer, row: ForeignRow): boolean {
    const id = rowKey(foreignKey, leftKey);
    const stored = this.store.get(id);
    let place: number;
    if (stored === undefined) {
      place = this.count(foreignKey);
      this.setCount(foreignKey, place + 1);
      this.setListed(foreignKey, place, leftKey);
    } else {
      const before = this.codec.decode(asBuffer(stored));
      if ((before[1] as number | bigint) > row.version) return false;
      place = Number(before[0]);
    }
    this.write(id, place, row);
    return true;
  }

  /** Removes a row, unless it is newer than `version`. */
  remove(foreignKey: Buffer, leftKey: Buffer, version: number | bigint): void {
    const id = rowKey(foreignKey, leftKey);
    const stored = this.store.get(id);
    if (stored === undefined) return;
    const row = this.codec.decode(asBuffer(stored));
    if ((row[1] as number | bigint) > version) return;
    this.store.delete(id);
    const place = Number(row[0]);
    const last = this.count(foreignKey) - 1;
    const moved = this.listed(foreignKey, last);
    this.setListed(foreignKey, last, null);
    this.setCount(foreignKey, last);
    if (place === last) return;
    this.setListed(foreignKey, place, moved);
    const movedId = rowKey(foreignKey, moved);
    const movedRow = this.codec.decode(asBuffer(this.store.get(movedId)!));
    movedRow[0] = place;
    this.encode(movedId, movedRow);
  }

  /** Visits all rows of a foreign key. */
  forEach(foreignKey: Buffer, visit: (row: ForeignRow) => void): void {
    const count = this.count(foreignKey);
    for (let from = 0; from < count; from += PAGE_KEYS) {
      for (const leftKey of this.page(foreignKey, from)) {
        const row = this.codec.decode(asBuffer(this.store.get(rowKey(foreignKey, leftKey))!));
        visit({ version: row[1] as number | bigint, timestamp: Number(row[2]), columns: row.slice(3) });
      }
    }
  }

  private write(id: Buffer, place: number, row: ForeignRow): void {
    this.encode(id, [place, row.version, row.timestamp, ...row.columns]);
  }

  private encode(id: Buffer, row: readonly Value[]): void {
    this.out.reset();
    this.codec.encode(row, this.out);
    this.store.put(id, this.out.toBuffer());
  }

  private count(foreignKey: Buffer): number {
    const stored = this.store.get(countKey(foreignKey));
    return stored === undefined ? 0 : asBuffer(stored).readUInt32BE(0);
  }

  private setCount(foreignKey: Buffer, count: number): void {
    if (count === 0) {
      this.store.delete(countKey(foreignKey));
      return;
    }
    const value = Buffer.allocUnsafe(4);
    value.writeUInt32BE(count);
    this.store.put(countKey(foreignKey), value);
  }

  private listed(foreignKey: Buffer, place: number): Buffer {
    return this.page(foreignKey, place)[place % PAGE_KEYS]!;
  }

  /** Keys of the page that `place` is on. */
  private page(foreignKey: Buffer, place: number): Buffer[] {
    const stored = this.store.get(pageKey(foreignKey, place));
    if (stored === undefined) return [];
    const bytes = Buffer.from(stored);
    const reader = this.reader.reset(bytes);
    const keys: Buffer[] = [];
    while (reader.remaining > 0) {
      const n = reader.varint();
      keys.push(bytes.subarray(reader.position, reader.position + n));
      reader.position += n;
    }
    return keys;
  }

  /** `leftKey` null: `place`, the last one, is free. */
  private setListed(foreignKey: Buffer, place: number, leftKey: Buffer | null): void {
    const keys = this.page(foreignKey, place);
    if (leftKey === null) keys.length = place % PAGE_KEYS;
    else keys[place % PAGE_KEYS] = leftKey;
    const id = pageKey(foreignKey, place);
    if (keys.length === 0) {
      this.store.delete(id);
      return;
    }
    this.out.reset();
    for (const key of keys) {
      writeVarint(key.length, this.out);
      this.out.copy(key);
    }
    this.store.put(id, this.out.toBuffer());
  }
}

const countKey = (foreignKey: Buffer): Buffer => Buffer.concat([Buffer.of(COUNT), foreignKey]);

/** Encoded keys delimit themselves: what follows one is not taken for a part of it. */
const rowKey = (foreignKey: Buffer, leftKey: Buffer): Buffer => Buffer.concat([Buffer.of(ROW), foreignKey, leftKey]);

function pageKey(foreignKey: Buffer, place: number): Buffer {
  const key = Buffer.allocUnsafe(foreignKey.length + 5);
  key[0] = PAGE;
  key.set(foreignKey, 1);
  key.writeUInt32BE(Math.floor(place / PAGE_KEYS), foreignKey.length + 1);
  return key;
}
