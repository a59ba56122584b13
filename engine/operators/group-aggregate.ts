import type { AggregateNode } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import type { Value } from '../values/value.js';
import { Folds } from './folds.js';
import { GroupCache } from './group-cache.js';
import type { Operator, OperatorEnv } from './operator.js';
import { newRecord, type TaskRecord } from './task-record.js';

export interface AggregateOptions {
  /** Records carry their key's bytes in `KeyCodec`'s form: they are the group's key as they are. */
  readonly keyed: boolean;
  /** Someone behind wants the row that each row replaces. */
  readonly previous: boolean;
}

interface Emitted {
  readonly row: Value[];
  readonly timestamp: number;
}

/**
 * What grouping with and without time windows share: one state a group, found by its stored key, and how changes come out.
 * Cached: one row a changed group at each commit; else one row an update. The row's timestamp is the largest of the group's
 * records; `previous` is the row that was emitted before.
 */
export abstract class GroupAggregate implements Operator {
  /** EMIT FINAL: changes stay inside; the subclass calls `emitFinal` for a group when it is complete. */
  protected readonly final: boolean;
  protected readonly cache: GroupCache;
  protected readonly codec: KeyCodec;
  protected readonly emitted = newRecord();
  protected readonly keyed: boolean;
  private readonly folds: Folds;
  private readonly scratch = new ByteWriter();
  private readonly key: Value[];
  private readonly row: Value[];
  private readonly cached: boolean;
  private readonly wantsPrevious: boolean;
  private readonly version: number;
  /** Rows that the changed groups have emitted before, by slot; only where someone wants them. */
  private readonly before = new Map<number, Emitted | null>();
  private readonly undone = newRecord();

  constructor(
    protected readonly node: AggregateNode,
    protected readonly env: OperatorEnv,
    private readonly out: Operator,
    options: AggregateOptions,
  ) {
    const { store, empty } = env.store(node.store);
    this.folds = new Folds(node, env);
    this.version = node.former?.length ?? 0;
    this.cache = new GroupCache(this.folds, store, empty, env.cacheEntries, this.version);
    this.codec = new KeyCodec(node.keyColumns.map((c) => c.type));
    this.key = new Array<Value>(node.keyColumns.length).fill(null);
    this.row = new Array<Value>(node.valueColumns.length).fill(null);
    this.cached = env.cached;
    this.final = node.emit === 'final';
    this.keyed = options.keyed;
    this.wantsPrevious = options.previous;
  }

  abstract process(record: TaskRecord): void;

  /** Sets key-dependent parts of `emitted` from the stored key in bytes [start, end); returns where the columns end. */
  protected abstract describe(bytes: Buffer, start: number, end: number): number;

  flush(): void {
    const cache = this.cache;
    cache.persist();
    if (this.cached && !this.final) for (let i = 0; i < cache.changed; i++) this.emit(cache.changedSlot(i), null);
    cache.clean();
    this.before.clear();
  }

  heldBytes(): number {
    return this.cache.heldBytes();
  }

  /** The record's key in stored form, in a scratch writer; undefined for a null key. */
  protected encodedKey(record: TaskRecord): ByteWriter | undefined {
    const scratch = this.scratch;
    scratch.reset();
    if (this.keyed) {
      if (record.keyStart < 0) return undefined;
      scratch.copy(record.keyBytes, record.keyStart, record.keyEnd);
    } else {
      if (record.key === null) return undefined;
      this.codec.encode(record.key, scratch);
    }
    return scratch;
  }

  protected update(slot: number, record: TaskRecord): void {
    const cache = this.cache;
    const base = slot * this.folds.width;
    const before = this.wantsPrevious && !this.final && !cache.isChanged(slot) ? this.result(slot) : undefined;
    if (record.previous !== null) this.undo(record, base);
    if (record.value !== null && !this.folds.add(cache.states, base, record)) return;
    if (cache.timestamps[slot]! < 0) this.created(slot);
    cache.touch(slot);
    if (before !== undefined) this.before.set(slot, before);
    if (record.timestamp > cache.timestamps[slot]!) cache.timestamps[slot] = record.timestamp;
    if (!this.cached && !this.final) this.emit(slot, record);
  }

  /** A group that did not exist before is about to get its first record. */
  protected created(_slot: number): void {}

  protected emitFinal(slot: number): void {
    this.emit(slot, null);
  }

  private undo(record: TaskRecord, base: number): void {
    const undone = this.undone;
    undone.key = record.key;
    undone.value = record.previous;
    undone.timestamp = record.previousTimestamp;
    this.folds.undo(this.cache.states, base, undone);
  }

  private result(slot: number): Emitted | null {
    const timestamp = this.cache.timestamps[slot]!;
    if (timestamp < 0) return null;
    const row = new Array<Value>(this.row.length).fill(null);
    this.folds.result(this.cache.states, slot * this.folds.width, row, null);
    return { row, timestamp };
  }

  private emit(slot: number, cause: TaskRecord | null): void {
    const { cache, emitted, row } = this;
    const table = cache.table;
    const start = table.keyStart(slot);
    this.codec.decodeInto(table.arena, start, this.describe(table.arena, start, table.keyEnd(slot)), this.key);
    emitted.key = this.key;
    this.folds.result(cache.states, slot * this.folds.width, row, emitted);
    emitted.value = row;
    emitted.timestamp = cache.timestamps[slot]!;
    emitted.headers = cause === null ? null : cause.headers;
    if (this.wantsPrevious) {
      const before = this.before.get(slot) ?? null;
      emitted.previous = before?.row ?? null;
      emitted.previousTimestamp = before?.timestamp ?? 0;
      emitted.previousVersion = cache.versions[slot]!;
      // What goes out now is what the next update replaces.
      if (!this.cached && !this.final) this.before.set(slot, { row: row.slice(), timestamp: emitted.timestamp });
    }
    cache.versions[slot] = this.version;
    this.out.process(emitted);
  }
}
