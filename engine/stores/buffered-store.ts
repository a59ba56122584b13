import type { KeyValueOp } from '../log/log.js';
import { compareBytes } from '../records/bytes.js';
import { BytesTable } from './bytes-table.js';
import type { Store } from './store.js';

/** Committed state of one store, by the store's own keys. */
export interface Committed {
  get(key: Uint8Array): Uint8Array | undefined;
  range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    limit?: number,
  ): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  /** Takes over what was committed, where nobody else writes it down (memory). */
  apply?(ops: readonly KeyValueOp[]): void;
}

/** Told of each change of what a store caches, so that the owner can bound all caches together. */
export interface CacheOwner {
  cached(store: BufferedStore, bytes: number): void;
}

const DIRTY = 1;
const USED = 2;
/**
 * What an entry costs in memory beside its bytes, measured: two typed arrays and places in the table. What LevelDB gives
 * out is allocated outside of the heap, and what is cached is a copy of its own: dearer than what callers put.
 */
const BUFFERED = 256;
const CACHED = 480;

/**
 * The store of a running task: a write-back buffer and a read cache in one table, over the committed state. Changed entries
 * stay until the commit. The others may be evicted at any time; those that were not read since the last round go first.
 */
export class BufferedStore implements Store {
  dirtyBytes = 0;
  /** Bytes of entries that may be evicted. */
  cleanBytes = 0;
  private readonly table = new BytesTable();
  private readonly dirty: number[] = [];
  /** Committed value of a changed entry; undefined where it was never looked up. */
  private readonly before: (Uint8Array | null | undefined)[] = [];
  private hand = 0;

  constructor(
    readonly name: string,
    private readonly prefix: Uint8Array,
    private readonly committedState: Committed,
    private readonly owner: CacheOwner,
  ) {}

  get(key: Uint8Array): Uint8Array | undefined {
    const { table } = this;
    const i = table.find(key);
    if (i >= 0) {
      table.marks[i]! |= USED;
      return table.values[i] ?? undefined;
    }
    const value = this.committedState.get(key);
    // The key is the caller's, who may use its bytes again.
    const added = table.add(Uint8Array.prototype.slice.call(key), value ?? null);
    this.clean(sizeOf(table, added, CACHED));
    return value;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.set(key, value);
  }

  delete(key: Uint8Array): void {
    this.set(key, null);
  }

  async *range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const buffered: [Uint8Array, Uint8Array | null][] = [];
    for (const i of this.dirty) {
      const key = this.table.keys[i]!;
      if (within(key, from, to)) buffered.push([key, this.table.values[i]!]);
    }
    buffered.sort((a, b) => compareBytes(a[0], b[0]));
    let next = 0;
    for await (const entry of this.committedState.range(from, to)) {
      let order = 1;
      while (next < buffered.length && (order = compareBytes(buffered[next]![0], entry[0])) <= 0) {
        const [key, value] = buffered[next++]!;
        if (value !== null) yield [key, value];
        if (order === 0) break;
      }
      if (order !== 0) yield entry;
    }
    for (; next < buffered.length; next++) {
      const [key, value] = buffered[next]!;
      if (value !== null) yield [key, value];
    }
  }

  drain(): readonly KeyValueOp[] {
    return this.dirty.map((i) => operation(this.table.keys[i]!, this.table.values[i]!));
  }

  databaseOps(): readonly KeyValueOp[] {
    const { prefix, table } = this;
    return this.dirty.map((i) => {
      const own = table.keys[i]!;
      const key = Buffer.allocUnsafe(prefix.length + own.length);
      key.set(prefix);
      key.set(own, prefix.length);
      return operation(key, table.values[i]!);
    });
  }

  committed(): void {
    this.committedState.apply?.(this.drain());
    let bytes = 0;
    for (const i of this.dirty) {
      this.table.marks[i] = USED;
      this.before[i] = undefined;
      bytes += sizeOf(this.table, i, CACHED);
    }
    this.dirty.length = 0;
    this.dirtyBytes = 0;
    this.clean(bytes);
  }

  discard(): void {
    let bytes = 0;
    for (const i of this.dirty) {
      const before = this.before[i];
      this.before[i] = undefined;
      if (before === undefined) this.table.remove(i);
      else {
        this.table.values[i] = before;
        this.table.marks[i] = 0;
        bytes += sizeOf(this.table, i, CACHED);
      }
    }
    this.dirty.length = 0;
    this.dirtyBytes = 0;
    this.clean(bytes);
  }

  /**
   * Drops clean entries until `bytes` are freed, or until a whole round frees none. An entry that was read since the last
   * round is spared once.
   */
  evict(bytes: number): void {
    const { table } = this;
    let freed = 0;
    for (let steps = table.capacity * 2; steps > 0 && freed < bytes; steps--) {
      if (this.hand >= table.capacity) this.hand = 0;
      const i = this.hand++;
      if (table.keys[i] === undefined || (table.marks[i]! & DIRTY) !== 0) continue;
      if ((table.marks[i]! & USED) !== 0) {
        table.marks[i]! &= ~USED;
        continue;
      }
      freed += sizeOf(table, i, CACHED);
      table.remove(i);
    }
    if (freed > 0) this.clean(-freed);
  }

  /** Forgets everything, buffered writes included: the committed state was removed under it. */
  reset(): void {
    this.table.clear();
    this.dirty.length = 0;
    this.before.length = 0;
    this.dirtyBytes = 0;
    this.hand = 0;
    this.clean(-this.cleanBytes);
  }

  private set(key: Uint8Array, value: Uint8Array | null): void {
    const { table } = this;
    let i = table.find(key);
    if (i < 0) {
      i = table.add(key, value);
      this.before[i] = undefined;
      this.dirty.push(i);
    } else if ((table.marks[i]! & DIRTY) !== 0) {
      this.dirtyBytes -= sizeOf(table, i, BUFFERED);
      table.values[i] = value;
    } else {
      this.clean(-sizeOf(table, i, CACHED));
      this.before[i] = table.values[i]!;
      table.values[i] = value;
      this.dirty.push(i);
    }
    table.marks[i] = DIRTY | USED;
    this.dirtyBytes += sizeOf(table, i, BUFFERED);
  }

  private clean(bytes: number): void {
    this.cleanBytes += bytes;
    this.owner.cached(this, bytes);
  }
}

const sizeOf = (table: BytesTable, i: number, overhead: number): number =>
  table.keys[i]!.length + (table.values[i]?.length ?? 0) + overhead;

const operation = (key: Uint8Array, value: Uint8Array | null): KeyValueOp =>
  value === null ? { type: 'del', key } : { type: 'put', key, value };

export function within(key: Uint8Array, from: Uint8Array | undefined, to: Uint8Array | undefined): boolean {
  return (from === undefined || compareBytes(key, from) >= 0) && (to === undefined || compareBytes(key, to) < 0);
}
