import { ByteWriter } from '../records/bytes.js';
import { RowCodec } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import { BIGINT, type SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { asBuffer } from './group-cache.js';

/** Columns of a stored row: its timestamp, then its own. */
export const storedRowTypes = (types: readonly SqlType[]): readonly SqlType[] => [BIGINT, ...types];

/** A stored row of a table. */
export interface TableRow {
  readonly timestamp: number;
  readonly row: Value[];
}

/** The latest row of each key of a table in a store: its timestamp and its columns, as a table that is read keeps them. */
export class TableRows {
  private readonly codec: RowCodec;
  private readonly out = new ByteWriter();
  private readonly stored: Value[];

  constructor(
    private readonly store: Store,
    types: readonly SqlType[],
  ) {
    this.codec = new RowCodec(storedRowTypes(types));
    this.stored = new Array<Value>(types.length + 1).fill(null);
  }

  get(key: Buffer): TableRow | null {
    const bytes = this.store.get(key);
    if (bytes === undefined) return null;
    const row = this.codec.decode(asBuffer(bytes));
    return { timestamp: Number(row[0]), row: row.slice(1) };
  }

  /** `row` null: the key has no row any more. The row may be longer than the stored one: only its own columns are kept. */
  put(key: Buffer, timestamp: number, row: readonly Value[] | null): void {
    if (row === null) {
      this.store.delete(key);
      return;
    }
    const stored = this.stored;
    stored[0] = timestamp;
    for (let i = 1; i < stored.length; i++) stored[i] = row[i - 1] ?? null;
    this.out.reset();
    this.codec.encode(stored, this.out);
    this.store.put(key, this.out.toBuffer());
  }
}
