import type { KeyValueOp } from '../log/log.js';

/**
 * State of one task under one name: bytes to bytes. Reads inside a task are synchronous and see the task's own buffered
 * writes; the database holds committed state only. Implementations: `memory` and `level`, one contract suite.
 */
export interface Store {
  readonly name: string;
  /** The value, the caller's to read until the next call; undefined where there is none. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Keeps `key` and `value`: the caller must not change them afterwards. */
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** Committed and buffered entries with `from` <= key < `to` (undefined: unbounded) in key order. */
  range(from: Uint8Array | undefined, to: Uint8Array | undefined): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  /** Bytes of buffered writes. */
  readonly dirtyBytes: number;
  /** Buffered writes as operations on this store's own keys (for the changelog); the buffer stays. */
  drain(): readonly KeyValueOp[];
  /** The same operations with whole database keys, for `LogWriter.commit`. */
  databaseOps(): readonly KeyValueOp[];
  /** The buffered writes are committed: forget them. */
  committed(): void;
  /** Forget the buffered writes: the work was aborted. */
  discard(): void;
}

/** Committed state, as pull queries see it: no buffered write of a running task. */
export interface StoreReader {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** A consistent snapshot in key order; `limit` entries at most. */
  range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    options?: { readonly limit?: number },
  ): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
}

/** Where stores live: one LevelDB a node, or memory (push queries, tests). */
export interface StateDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
  store(task: TaskId, name: string): Store;
  reader(task: TaskId, name: string): StoreReader;
  /** Writes committed state where the log did not (`CommitResult.stateWritten` false), atomically. */
  write(ops: readonly KeyValueOp[]): Promise<void>;
  /** Resolves where writes are possible; rejects with DISK_FULL where the last one was not and there is still no room. */
  room?(): Promise<void>;
  /** Operation that records, beside the state, the changelog offset that it reflects. */
  checkpointOp(task: TaskId, name: string, changelogOffset: number): KeyValueOp;
  checkpoint(task: TaskId, name: string): Promise<number | undefined>;
  /** Bytes that the committed state of a query takes, about. */
  bytes(queryId: string): Promise<number>;
  /** Removes a store of a task, or everything of a query. */
  clear(task: TaskId, name: string): Promise<void>;
  dropQuery(queryId: string): Promise<void>;
  /** The task is closed: its `Store` objects are used no more, and what they cache in memory is freed. */
  release(task: TaskId): void;
}

export interface TaskId {
  readonly queryId: string;
  readonly subtopology: number;
  readonly partition: number;
}
