import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/errors.js';
import type { Chain } from '../dataflow/chain.js';
import type { InputQueue, TaskInput } from '../dataflow/input-queue.js';
import { InputSet } from '../dataflow/input-set.js';
import { LanedInput } from '../dataflow/laned-input.js';
import type { SchemaRegistry } from '../formats/registry/registry.js';
import type {
  CommittedOffset,
  FetchedPartition,
  GroupMember,
  KeyValueOp,
  LogWriter,
  RefusedRecord,
} from '../log/log.js';
import { BatchBuilder } from '../records/batch.js';
import type { AppendBatch } from '../records/output-batches.js';
import { AT_END, type Origin } from '../records/progress.js';
import type { StateDatabase, Store, TaskId } from '../stores/store.js';
import type { DeadLetters } from './dead-letter.js';
import type { Sweeper } from './sweeper.js';

/** Outputs that wait in a task are appended to the log at this size: they travel while the next records are processed. */
const SHIP_BYTES = 256 * 1024;
/** A changelog batch is closed at this size. */
const CHANGELOG_BATCH_BYTES = 512 * 1024;

/** Alive; dead of its first failure; or closed. A task that is not alive processes, appends and commits nothing. */
type TaskState =
  | { readonly kind: 'alive' }
  | { readonly kind: 'dead'; readonly failure: unknown }
  | { readonly kind: 'closed' };

const ALIVE: TaskState = { kind: 'alive' };

export interface TaskStore {
  readonly store: Store;
  /** Its changelog topic; null where the log commits state itself. */
  readonly changelog: string | null;
}

export interface TaskOptions {
  readonly id: TaskId;
  readonly group: string;
  readonly chain: Chain;
  readonly inputs: readonly TaskInput[];
  /** Whether more of an input is on the log than was fetched. */
  readonly behind: (input: InputQueue) => boolean;
  /** `max.task.idle.ms`, see `InputSet`. */
  readonly idleMs?: number;
  readonly stores: readonly TaskStore[];
  readonly sweeper: Sweeper;
  /** Records that could not be processed, on their way to a topic of their own. */
  readonly deadLetters?: DeadLetters | null;
  readonly writer: LogWriter;
  /** Counts a record that the log does not take, and tells of it. */
  readonly reportRefused: (node: string, record: RefusedRecord) => void;
  /** Whose partitions these are: a commit after the group has given them away is refused. */
  readonly member?: GroupMember;
  readonly state: StateDatabase;
  readonly schemas?: SchemaRegistry | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** Offsets that the group has committed; those of other inputs are written at the first commit. */
  readonly committed: readonly CommittedOffset[];
  /** Changed state and outputs beyond this many bytes force a commit. */
  readonly maxDirtyBytes: number;
}

/**
 * One sub-topology on one partition: takes fetched batches, processes them in slices, and commits. Nothing of it is visible
 * to anyone before the commit. After any rejection it is dead: whatever is asked of it rejects with the same error, so that
 * no commit of it can ever say more than what it has handed over. `close` it and build another from the committed state.
 */
export class Task {
  readonly id: TaskId;
  private readonly inputSet: InputSet;
  private readonly committedOffsets = new Map<string, CommittedOffset>();
  private running: Promise<boolean> | null = null;
  private state: TaskState = ALIVE;
  /** Commits that have come through. */
  commits = 0;
  private readonly isFull = (): boolean => this.full;

  constructor(private readonly options: TaskOptions) {
    this.id = options.id;
    const { inputs, clock, behind, idleMs = 0 } = options;
    this.inputSet = new InputSet(inputs, { clock, behind, idleMs });
    for (const o of options.committed) this.committedOffsets.set(placeOf(o.topic, o.partition), o);
  }

  /** A commit is on its way; no record may be processed. */
  get committing(): boolean {
    return this.running !== null;
  }

  get inputs(): readonly TaskInput[] {
    return this.inputSet.inputs;
  }

  /** Something was fetched for it. */
  add(input: TaskInput, fetched: FetchedPartition): void {
    input.add(fetched);
    this.inputSet.fetched();
  }

  /** It did not run for a while, nor did those that it waits for. */
  restarted(): void {
    this.inputSet.restarted();
  }

  /** Records are buffered that wait for those of another input. */
  get waiting(): boolean {
    return this.inputSet.waiting;
  }

  /** Whether so much waits here of what another task has written that that one had better wait. */
  isBehind(writer: Origin, topic: string): boolean {
    for (const input of this.inputs) {
      if (input.source.topic === topic && input instanceof LanedInput && input.isAhead(writer)) return true;
    }
    return false;
  }

  /** There are records that can be processed now. */
  get hasInput(): boolean {
    return this.inputSet.hasWork;
  }

  get bufferedBytes(): number {
    return this.inputSet.bufferedBytes;
  }

  get recordsIn(): number {
    return this.inputSet.recordsIn;
  }

  /** Largest timestamp that was processed; -1 at first. */
  get streamTime(): number {
    return this.inputSet.streamTime;
  }

  /** What it has written for others; rows on their way through the query's own topics are no results. */
  get recordsOut(): number {
    return this.options.chain.sinks.reduce((n, s) => n + (s.isInternal ? 0 : s.records), 0);
  }

  /** The input whose record is being processed; null between records. */
  get current(): InputQueue | null {
    return this.inputSet.current;
  }

  get deadLettered(): number {
    return this.options.deadLetters?.records ?? 0;
  }

  /** Bytes that wait for the commit. */
  get dirtyBytes(): number {
    let n = 0;
    for (const o of this.options.chain.operators) if (o.heldBytes !== undefined) n += o.heldBytes();
    for (const s of this.options.stores) n += s.store.dirtyBytes;
    return n;
  }

  /** The dirty bound is reached: commit before anything else. */
  get full(): boolean {
    return this.dirtyBytes >= this.options.maxDirtyBytes;
  }

  /** Whether a commit would change anything, or tell those behind that nothing more is to come. */
  get dirty(): boolean {
    return this.offsets().length > 0 || this.dirtyBytes > 0 || this.owesEnd;
  }

  /**
   * Processes what is buffered until it is used up, the time is, or the dirty bound is reached. Then appends what outputs
   * have waited long enough in size; await `ready` before the next slice.
   */
  run(untilMs: number): void {
    this.mustLive();
    try {
      this.inputSet.run(untilMs, this.isFull);
      for (const operator of this.options.chain.operators) operator.advance?.(this.streamTime);
      this.ship(SHIP_BYTES);
    } catch (e) {
      throw this.die(e);
    }
  }

  /** Resolves when the writer has room, and the schemas are there that the next records need. */
  async ready(): Promise<void> {
    this.mustLive();
    try {
      await this.inputSet.fetchSchemas(this.options.schemas);
      await this.options.writer.ready();
    } catch (e) {
      throw this.die(e);
    }
    this.mustLive();
  }

  /**
   * Commits what was processed. Resolves to false where there was nothing to commit, unless `always`: then the offsets are
   * committed again. One at a time.
   */
  commit(always = false): Promise<boolean> {
    if (this.running !== null) return this.running;
    this.running = this.commitNow(always)
      .catch((e: unknown) => {
        throw this.die(e);
      })
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  /** Resolves when no commit is on its way, however it ends. */
  async settled(): Promise<void> {
    while (this.running !== null) await this.running.catch(() => {});
  }

  /**
   * Another task takes over while a commit of this one may still be on its way. If the commit comes through, the state is
   * left to the changelog: writing it would overwrite what the other task has written since.
   */
  abandon(): void {
    this.die(new WeirError('STATE_ERROR', 'Another task has taken over'));
  }

  /** Lets go without a commit: what was processed since the last one never happened. */
  async close(): Promise<void> {
    // Whoever asked for a commit has been told how it ended.
    await this.settled();
    if (this.state.kind === 'alive') this.state = { kind: 'closed' };
    // Each lets go, whatever becomes of the others.
    try {
      await this.options.sweeper.close();
    } finally {
      try {
        await this.options.writer.close();
      } finally {
        this.options.state.release(this.id);
      }
    }
  }

  /**
   * The log does not take a record of this task: it is counted and becomes a dead letter. False where the task cannot go on
   * without it: without an entry of its changelog, state could not be restored.
   */
  refused(record: RefusedRecord): boolean {
    const { chain, deadLetters, stores, reportRefused } = this.options;
    if (stores.some((s) => s.changelog === record.topic)) return false;
    const sink = chain.sinks.find((s) => s.topic === record.topic);
    if (sink !== undefined) sink.records--;
    const node = sink?.nodeId ?? 'dead-letter';
    const kept = deadLetters?.refused(node, record) ?? true;
    // A letter was counted where it came from. Only one that is let go is told of here.
    if (!kept || sink !== undefined || deadLetters?.writesTo(record.topic) !== true) reportRefused(node, record);
    return true;
  }

  /** How far its inputs are committed. */
  committedInputs(): CommittedOffset[] {
    return this.inputs.flatMap(({ source: { topic }, partition }) => {
      return this.committedOffsets.get(placeOf(topic, partition)) ?? [];
    });
  }

  /** @throws the task's first failure, where it is no longer alive */
  private mustLive(): void {
    const { state } = this;
    if (state.kind === 'dead') throw state.failure;
    if (state.kind === 'closed') throw new WeirError('STATE_ERROR', 'The task is closed');
  }

  /** The first failure is the last. */
  private die(e: unknown): unknown {
    if (this.state.kind === 'alive') this.state = { kind: 'dead', failure: e };
    return this.state.kind === 'dead' ? this.state.failure : e;
  }

  private ship(minBytes: number): void {
    const { writer, chain, deadLetters } = this.options;
    const append: AppendBatch = (topic, partition, batch) => writer.append(topic, partition, batch);
    for (const sink of chain.sinks) if (sink.bytes >= minBytes) sink.drain(append);
    if (deadLetters != null && deadLetters.bytes >= minBytes) deadLetters.drain(append);
  }

  /** The task is at the end of its inputs, and not all tasks behind it, which may wait for it, have been told. */
  get owesEnd(): boolean {
    return this.options.chain.sinks.some((s) => s.owesEnd) && this.inputSet.progress === AT_END;
  }

  /** Those behind it hear how far it has come. */
  private tell(): void {
    const sinks = this.options.chain.sinks.filter((s) => s.tells);
    if (sinks.length === 0) return;
    const { progress } = this.inputSet;
    for (const sink of sinks) sink.tell(progress, Math.max(this.streamTime, 0));
  }

  /** How far its inputs are processed. A topic that is read twice is as far as its slower reader. */
  positions(): CommittedOffset[] {
    const next = new Map<string, CommittedOffset>();
    for (const input of this.inputs) {
      const { topic } = input.source;
      const { partition, next: offset, metadata } = input;
      const place = placeOf(topic, partition);
      const other = next.get(place);
      if (other === undefined || offset < other.offset) {
        next.set(place, { topic, partition, offset, ...(metadata === '' ? {} : { metadata }) });
      }
    }
    return [...next.values()];
  }

  /** Positions that have moved since the last commit, or all. */
  private offsets(all = false): CommittedOffset[] {
    return this.positions().flatMap((o) => {
      const place = placeOf(o.topic, o.partition);
      const committed: Omit<CommittedOffset, 'topic' | 'partition'> = this.committedOffsets.get(place) ?? {
        offset: -1,
      };
      // What lies before a committed offset may be removed.
      if (o.offset < committed.offset) {
        throw new WeirError('INTERNAL', `${place} would go back from ${committed.offset} to ${o.offset}`);
      }
      return all || o.offset !== committed.offset || (o.metadata ?? '') !== (committed.metadata ?? '') ? [o] : [];
    });
  }

  private async commitNow(always: boolean): Promise<boolean> {
    this.mustLive();
    const { writer, chain, stores, state, id, group, member, sweeper, deadLetters } = this.options;
    sweeper.apply();
    for (const operator of chain.operators) operator.flush?.();
    const offsets = this.offsets(always);
    const dirty = stores.filter((s) => s.store.dirtyBytes > 0);
    const outputs = chain.sinks.some((s) => s.bytes > 0) || (deadLetters?.bytes ?? 0) > 0;
    if (offsets.length === 0 && dirty.length === 0 && !outputs && !this.owesEnd) return false;
    this.tell();
    this.ship(1);
    for (const { store, changelog } of dirty) if (changelog !== null) this.log(store, changelog);
    await writer.ready();
    if (deadLetters != null) await this.settleRefused(deadLetters);
    this.mustLive();
    const ops: KeyValueOp[] = [];
    for (const { store } of dirty) for (const op of store.databaseOps()) ops.push(op);
    const result = await writer.commit({ group, offsets, state: ops, ...(member === undefined ? {} : { member }) });
    // Given up meanwhile: the state is left to the changelog.
    this.mustLive();
    if (!result.stateWritten && dirty.length > 0) {
      for (const { store, changelog } of dirty) {
        const end = result.ends.find((e) => e.topic === changelog && e.partition === id.partition);
        if (end !== undefined) ops.push(state.checkpointOp(id, store.name, end.offset));
      }
      await state.write(ops);
    }
    for (const { store } of dirty) store.committed();
    this.commits++;
    sweeper.begin();
    for (const o of offsets) this.committedOffsets.set(placeOf(o.topic, o.partition), o);
    return true;
  }

  /** What the log has refused goes to the dead letters of the same commit. */
  private async settleRefused(deadLetters: DeadLetters): Promise<void> {
    await this.options.writer.flush();
    while (deadLetters.bytes > 0) {
      this.ship(1);
      await this.options.writer.flush();
    }
  }

  private log(store: Store, changelog: string): void {
    const { writer, id } = this.options;
    const builder = new BatchBuilder();
    const timestamp = Math.max(this.streamTime, 0);
    const send = () => {
      const batch = builder.finish();
      if (batch !== undefined) writer.append(changelog, id.partition, batch);
    };
    for (const op of store.drain()) {
      if (op.type === 'put') builder.add(timestamp, op.key, 0, op.key.length, op.value, 0, op.value.length);
      else builder.add(timestamp, op.key, 0, op.key.length, null, -1, -1);
      if (builder.bytes >= CHANGELOG_BATCH_BYTES) send();
    }
    send();
  }
}

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;
