import type { KeyValueOp } from '../log/log.js';
import { compareBytes, readInt64 } from '../records/bytes.js';
import { BufferedStore, type CacheOwner, type Committed, within } from './buffered-store.js';
import { CHECKPOINT, ENTRY, entryStart, queryPrefix, storePrefix, tagged, taskPrefix } from './keys.js';
import type { StateDatabase, Store, StoreReader, TaskId } from './store.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** State in memory, gone with the process: push queries and tests. Same keys and same meaning as in LevelDB. */
export class MemoryState implements StateDatabase, CacheOwner {
  /** Entries (and the checkpoint) of each store, by the prefix with its tag. */
  private readonly tables = new Map<string, MemoryEntries>();
  private readonly stores = new Map<string, BufferedStore>();

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  store(task: TaskId, name: string): Store {
    const prefix = tagged(storePrefix(task, name), ENTRY);
    const store = new BufferedStore(name, prefix, this.table(prefix), this);
    this.stores.set(idOf(prefix), store);
    return store;
  }

  reader(task: TaskId, name: string): StoreReader {
    // Looked up at each call: a store that is cleared gets a new table.
    const prefix = tagged(storePrefix(task, name), ENTRY);
    return {
      get: async (key) => this.table(prefix).get(key),
      range: (from, to, options) => this.table(prefix).range(from, to, options?.limit),
    };
  }

  async write(ops: readonly KeyValueOp[]): Promise<void> {
    for (const op of ops) {
      const start = entryStart(op.key);
      this.table(op.key.subarray(0, start)).apply([{ ...op, key: op.key.subarray(start) }]);
    }
  }

  checkpointOp(task: TaskId, name: string, changelogOffset: number): KeyValueOp {
    const value = Buffer.allocUnsafe(8);
    value.writeBigInt64BE(BigInt(changelogOffset));
    return { type: 'put', key: tagged(storePrefix(task, name), CHECKPOINT), value };
  }

  async checkpoint(task: TaskId, name: string): Promise<number | undefined> {
    const value = this.table(tagged(storePrefix(task, name), CHECKPOINT)).get(new Uint8Array(0));
    return value === undefined ? undefined : readInt64(Buffer.from(value), 0);
  }

  async clear(task: TaskId, name: string): Promise<void> {
    this.forget(storePrefix(task, name));
  }

  async bytes(queryId: string): Promise<number> {
    const start = idOf(queryPrefix(queryId));
    let bytes = 0;
    for (const [id, table] of this.tables) if (id.startsWith(start)) bytes += table.bytes();
    return bytes;
  }

  async dropQuery(queryId: string): Promise<void> {
    this.forget(queryPrefix(queryId));
  }

  release(task: TaskId): void {
    const prefix = idOf(taskPrefix(task));
    for (const id of this.stores.keys()) if (id.startsWith(prefix)) this.stores.delete(id);
  }

  /** What a store caches is here already: it keeps nothing of it. */
  cached(store: BufferedStore, bytes: number): void {
    if (bytes > 0 && store.cleanBytes > KEEP) store.evict(store.cleanBytes);
  }

  private table(prefix: Uint8Array): MemoryEntries {
    const id = idOf(prefix);
    let table = this.tables.get(id);
    if (table === undefined) {
      table = new MemoryEntries();
      this.tables.set(id, table);
    }
    return table;
  }

  private forget(prefix: Buffer): void {
    const start = idOf(prefix);
    for (const [id, table] of this.tables) if (id.startsWith(start)) table.clear();
    for (const [id, store] of this.stores) if (id.startsWith(start)) store.reset();
  }
}

/** Bytes that a store may cache over the table that has it all. */
const KEEP = 1024 * 1024;

const idOf = (b: Uint8Array): string => Buffer.from(b.buffer, b.byteOffset, b.length).toString('latin1');

class MemoryEntries implements Committed {
  private readonly map = new Map<string, Entry>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.map.get(idOf(key))?.[1];
  }

  async *range(from: Uint8Array | undefined, to: Uint8Array | undefined, limit = -1): AsyncIterable<Entry> {
    const entries = [...this.map.values()].filter(([key]) => within(key, from, to));
    entries.sort((a, b) => compareBytes(a[0], b[0]));
    yield* limit < 0 ? entries : entries.slice(0, limit);
  }

  bytes(): number {
    let bytes = 0;
    for (const [key, value] of this.map.values()) bytes += key.length + value.length;
    return bytes;
  }

  apply(ops: readonly KeyValueOp[]): void {
    for (const op of ops) {
      if (op.type === 'del') this.map.delete(idOf(op.key));
      else this.map.set(idOf(op.key), [op.key, op.value]);
    }
  }

  clear(): void {
    this.map.clear();
  }
}
