import type { KeyValueOp } from '../log/log.js';
import { readInt64 } from '../records/bytes.js';
import { BufferedStore, type CacheOwner, type Committed } from './buffered-store.js';
import { behind, CHECKPOINT, ENTRY, queryPrefix, storePrefix, tagged, taskPrefix } from './keys.js';
import type { LevelDatabase } from './level-database.js';
import type { StateDatabase, Store, StoreReader, TaskId } from './store.js';

/** What the state asks of the database that it lies in. */
export type StateLevel = Pick<LevelDatabase, 'get' | 'batch' | 'scan' | 'clear'> &
  Partial<Pick<LevelDatabase, 'room' | 'approximateBytes'>>;

/**
 * State in LevelDB. The database is handed in, for the embedded log may live in the same one: whoever made it opens and
 * closes it.
 */
export class LevelState implements StateDatabase, CacheOwner {
  /** The stores in use, by prefix. */
  private readonly stores = new Map<string, BufferedStore>();
  private cachedBytes = 0;

  /** `cacheBytes` bounds the clean entries of all stores together. */
  constructor(
    private readonly database: StateLevel,
    private readonly cacheBytes = 64 * 1024 * 1024,
  ) {}

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.drop(() => true);
  }

  store(task: TaskId, name: string): Store {
    const prefix = storePrefix(task, name);
    const id = idOf(prefix);
    this.drop((other) => other === id);
    const entries = tagged(prefix, ENTRY);
    const store = new BufferedStore(name, entries, new LevelEntries(this.database, entries), this);
    this.stores.set(id, store);
    return store;
  }

  reader(task: TaskId, name: string): StoreReader {
    const entries = new LevelEntries(this.database, tagged(storePrefix(task, name), ENTRY));
    return {
      get: async (key) => entries.get(key),
      range: (from, to, options) => entries.range(from, to, options?.limit),
    };
  }

  write(ops: readonly KeyValueOp[]): Promise<void> {
    return this.database.batch(ops);
  }

  async room(): Promise<void> {
    await this.database.room?.();
  }

  checkpointOp(task: TaskId, name: string, changelogOffset: number): KeyValueOp {
    const value = Buffer.allocUnsafe(8);
    value.writeBigInt64BE(BigInt(changelogOffset));
    return { type: 'put', key: tagged(storePrefix(task, name), CHECKPOINT), value };
  }

  async checkpoint(task: TaskId, name: string): Promise<number | undefined> {
    const value = this.database.get(tagged(storePrefix(task, name), CHECKPOINT));
    return value === undefined ? undefined : readInt64(value, 0);
  }

  clear(task: TaskId, name: string): Promise<void> {
    return this.clearRange(storePrefix(task, name));
  }

  bytes(queryId: string): Promise<number> {
    const prefix = queryPrefix(queryId);
    return bytesOf(this.database, { gte: prefix, lt: behind(prefix) });
  }

  dropQuery(queryId: string): Promise<void> {
    return this.clearRange(queryPrefix(queryId));
  }

  release(task: TaskId): void {
    const prefix = idOf(taskPrefix(task));
    this.drop((id) => id.startsWith(prefix));
  }

  /** Keeps all caches within `cacheBytes`: a store with more than an equal share gives up entries first. */
  cached(store: BufferedStore, bytes: number): void {
    this.cachedBytes += bytes;
    if (bytes <= 0 || this.cachedBytes <= this.cacheBytes) return;
    const share = this.cacheBytes / Math.max(1, this.stores.size);
    const goal = this.cacheBytes * 0.95;
    if (store.cleanBytes > share) store.evict(Math.min(this.cachedBytes - goal, store.cleanBytes));
    for (const other of this.stores.values()) {
      if (this.cachedBytes <= this.cacheBytes) return;
      if (other.cleanBytes > share) other.evict(this.cachedBytes - goal);
    }
    if (this.cachedBytes > this.cacheBytes) store.evict(this.cachedBytes - goal);
  }

  private async clearRange(prefix: Buffer): Promise<void> {
    const start = idOf(prefix);
    for (const [id, store] of this.stores) if (id.startsWith(start)) store.reset();
    await this.database.clear(prefix, behind(prefix));
  }

  private drop(which: (id: string) => boolean): void {
    for (const [id, store] of this.stores) {
      if (!which(id)) continue;
      // Its task has gone: what it still holds, or caches later by mistake, is no longer counted here.
      this.stores.delete(id);
      store.reset();
    }
  }
}

const idOf = (prefix: Buffer): string => prefix.toString('latin1');

class LevelEntries implements Committed {
  /** Prefix and, behind it, room for the key that is being looked up. */
  private scratch: Buffer;

  constructor(
    private readonly database: StateLevel,
    private readonly prefix: Buffer,
  ) {
    this.scratch = Buffer.concat([prefix, Buffer.alloc(64)]);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const n = this.prefix.length + key.length;
    if (n > this.scratch.length) this.scratch = Buffer.concat([this.prefix, Buffer.alloc(key.length * 2)]);
    this.scratch.set(key, this.prefix.length);
    return this.database.get(this.scratch.subarray(0, n));
  }

  async *range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    limit = -1,
  ): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const { prefix } = this;
    const gte = from === undefined ? prefix : Buffer.concat([prefix, from]);
    const lt = to === undefined ? behind(prefix) : Buffer.concat([prefix, to]);
    for await (const entries of this.database.scan({ gte, lt, limit })) {
      for (const [key, value] of entries) yield [key.subarray(prefix.length), value];
    }
  }
}

/** The bytes of so many entries are added up one by one. For more, LevelDB gives an estimate. */
const COUNTED = 10_000;

async function bytesOf(database: StateLevel, range: { readonly gte: Buffer; readonly lt: Buffer }): Promise<number> {
  let bytes = 0;
  let entries = 0;
  for await (const some of database.scan(range)) {
    for (const [key, value] of some) bytes += key.length + value.length;
    entries += some.length;
    if (entries >= COUNTED && database.approximateBytes !== undefined) {
      // It does not count what is not in a file of its own yet.
      return Math.max(bytes, await database.approximateBytes(range.gte, range.lt));
    }
  }
  return bytes;
}
