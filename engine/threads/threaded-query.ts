import { isNotReady, messageOf, WeirError } from '../base/errors.js';
import { Counters } from '../dataflow/counters.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { Placement } from '../log/log.js';
import type {
  CounterValues,
  Held,
  QueryFailure,
  QueryState,
  QueryStatus,
  StandbyStatus,
} from '../observe/query-status.js';
import { addStats } from '../observe/step-stats.js';
import type { ResumeFrom } from '../persistent/lost-positions.js';
import type { QuerySpec } from '../persistent/query-handle.js';
import { heldOf, KEPT_FAILURES, lagOf, type QueryHandle } from '../persistent/query-handle.js';
import { dropTopics } from '../persistent/query-runner.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import type { PullReader, RowBatches } from '../pull/rows.js';
import { RowCodec } from '../records/row-codec.js';
import type { Call, QueryReport, SentRows } from './protocol.js';
import type { PooledThread, ThreadedPart, ThreadPool } from './thread-pool.js';

/** The worst first: what one thread is in, the query is in. */
const STATES: readonly QueryState[] = ['ERROR', 'DISK_FULL', 'STARTING', 'REBALANCING', 'RUNNING', 'PAUSED', 'STOPPED'];

let cursors = 0;

/** A persistent query on several threads of this node: to its group each is a member, to this node they are one query. */
export class ThreadedQuery implements QueryHandle {
  readonly queryId: string;
  readonly topology: Topology;
  private readonly parts: Part[];
  private readonly none: CounterValues;
  private stopped = true;

  constructor(
    private readonly services: RuntimeServices,
    private readonly spec: QuerySpec,
    pool: ThreadPool,
    threads: number,
  ) {
    this.queryId = spec.queryId;
    this.topology = spec.topology;
    this.none = new Counters(spec.queryId, services).values();
    this.parts = Array.from({ length: threads }, (_, i) => new Part(spec, pool.thread(i)));
  }

  start(): void {
    if (!this.stopped && this.state !== 'ERROR') return;
    this.stopped = false;
    this.each((p) => p.start());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.parts.map((p) => p.stop()));
  }

  async drop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.parts.map((p) => p.drop()));
    await dropTopics(this.services, this.spec);
  }

  pause(): void {
    this.each((p) => p.pause());
  }

  resume(from?: ResumeFrom): void {
    this.each((p) => p.resume(from));
  }

  get state(): QueryState {
    if (this.stopped) return 'STOPPED';
    const states = this.parts.map((p) => p.last?.status.state ?? 'STARTING');
    return STATES.find((s) => states.includes(s))!;
  }

  get placement(): Placement | undefined {
    return this.parts.find((p) => p.last?.placement !== undefined)?.last?.placement;
  }

  partitions(topic: string): number {
    return (
      this.reports()
        .find((r) => r.partitions.has(topic))
        ?.partitions.get(topic) ?? 0
    );
  }

  holds(subtopology: number, partition: number): Held {
    const held = this.reports().map((r) => heldOf(r.status.tasks, r.standbys, subtopology, partition));
    return held.find((h) => h === 'active') ?? held.find((h) => h !== undefined);
  }

  standbys(): readonly StandbyStatus[] {
    return this.reports().flatMap((r) => r.standbys);
  }

  counters(): CounterValues {
    return this.reports().reduce((sum, r) => add(sum, r.status.counters), this.none);
  }

  async stateBytes(): Promise<number> {
    return (await Promise.all(this.parts.map((p) => p.stateBytes()))).reduce((n, b) => n + b, 0);
  }

  lag(): number {
    return this.reports().reduce((n, r) => n + lagOf(r.status), 0);
  }

  lastError(): QueryFailure | undefined {
    return this.reports()
      .flatMap((r) => r.lastError ?? [])
      .reduce<QueryFailure | undefined>((last, e) => (last === undefined || e.at > last.at ? e : last), undefined);
  }

  errors(): readonly QueryFailure[] {
    const all = this.reports().flatMap((r) => r.errors);
    return all.sort((a, b) => a.at - b.at).slice(-KEPT_FAILURES);
  }

  status(): QueryStatus {
    const statuses = this.reports().map((r) => r.status);
    return {
      queryId: this.queryId,
      state: this.state,
      error: this.lastError()?.message ?? null,
      counters: this.counters(),
      tasks: statuses.flatMap((s) => s.tasks),
      lag: statuses.flatMap((s) => s.lag),
      toRestore: statuses.reduce((n, s) => n + s.toRestore, 0),
    };
  }

  /** All threads begin at once. */
  async *openPartitions(read: TableReadPlan, reader: PullReader, partitions: readonly number[]): RowBatches {
    const all = this.parts.flatMap((part) => {
      const had = partitions.filter((p) => this.isReadFrom(part, read.subtopology, p));
      return had.length === 0 ? [] : [part.read(read, reader, had)];
    });
    try {
      const begun = await Promise.allSettled(all.map((rows) => rows.next()));
      for (const [i, first] of begun.entries()) {
        if (first.status === 'rejected') throw first.reason;
        if (first.value.done === true) continue;
        yield first.value.value;
        yield* all[i]!;
      }
    } finally {
      await Promise.all(all.map((rows) => rows.return(undefined)));
    }
  }

  /** A thread that has the task itself, or where none has, one that has a copy. */
  private isReadFrom({ last }: Part, subtopology: number, partition: number): boolean {
    if (last === undefined) return false;
    const held = heldOf(last.status.tasks, last.standbys, subtopology, partition);
    return held === 'active' || (held !== undefined && this.holds(subtopology, partition) !== 'active');
  }

  private reports(): readonly QueryReport[] {
    return this.parts.flatMap((p) => p.last ?? []);
  }

  /** Tells all threads; what they answer is in their reports. */
  private each(tell: (part: Part) => Promise<unknown>): void {
    for (const part of this.parts) {
      tell(part).catch((e: unknown) =>
        this.services.logger.error({ queryId: this.queryId, error: messageOf(e) }, 'a thread refused a query'),
      );
    }
  }
}

/** The query on one thread. */
class Part implements ThreadedPart {
  last: QueryReport | undefined;
  private paused = false;
  private started = false;

  constructor(
    private readonly spec: QuerySpec,
    private readonly thread: PooledThread,
  ) {}

  start(): Promise<unknown> {
    // After ERROR the thread has it still.
    if (this.started) return this.thread.call({ kind: 'resume', queryId: this.spec.queryId });
    this.started = true;
    return this.thread.add(this.spec.queryId, this);
  }

  /** A thread that is gone or going has none. */
  async stateBytes(): Promise<number> {
    if (!this.started) return 0;
    return (await this.thread.call({ kind: 'stateBytes', queryId: this.spec.queryId })) as number;
  }

  pause(): Promise<unknown> {
    this.paused = true;
    return this.started ? this.thread.call({ kind: 'pause', queryId: this.spec.queryId }) : Promise.resolve();
  }

  resume(from?: ResumeFrom): Promise<unknown> {
    this.paused = false;
    const { queryId } = this.spec;
    if (!this.started) return Promise.resolve();
    return this.thread.call({ kind: 'resume', queryId, ...(from === undefined ? {} : { from }) });
  }

  async stop(): Promise<void> {
    this.release();
    await this.gone(this.thread.call({ kind: 'stop', queryId: this.spec.queryId }));
  }

  async drop(): Promise<void> {
    this.release();
    await this.gone(this.thread.call({ kind: 'drop', queryId: this.spec.queryId }));
  }

  startCall(): Call {
    return { kind: 'start', spec: this.spec, paused: this.paused };
  }

  report(report: QueryReport): void {
    if (this.started) this.last = report;
  }

  lost(): void {
    this.last = undefined;
  }

  async *read(read: TableReadPlan, reader: PullReader, partitions: readonly number[]): RowBatches {
    const cursor = ++cursors;
    const codec = new RowCodec(read.columns.map((c) => c.type));
    await this.thread.call({ kind: 'open', cursor, read, reader, partitions });
    let ended = false;
    try {
      for (;;) {
        const batch = (await this.thread.call({ kind: 'next', cursor })) as SentRows | null;
        if (batch === null) {
          ended = true;
          return;
        }
        const bytes = asBuffer(batch.bytes);
        yield batch.ends.map((end, i) => codec.decode(bytes, batch.ends[i - 1] ?? 0, end));
      }
    } catch (e) {
      ended = true;
      throw e instanceof WeirError ? e : new WeirError('INTERNAL', messageOf(e));
    } finally {
      if (!ended) await this.thread.call({ kind: 'close', cursor });
    }
  }

  /** A thread that has died runs nothing any more. */
  private async gone(call: Promise<unknown>): Promise<void> {
    await call.catch((e: unknown) => {
      if (!isNotReady(e)) throw e;
    });
  }

  private release(): void {
    this.started = false;
    this.last = undefined;
    this.thread.remove(this.spec.queryId);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function add(a: CounterValues, b: CounterValues): CounterValues {
  return {
    recordsIn: a.recordsIn + b.recordsIn,
    recordsOut: a.recordsOut + b.recordsOut,
    skipped: a.skipped + b.skipped,
    unwritten: a.unwritten + b.unwritten,
    late: a.late + b.late,
    evaluationErrors: a.evaluationErrors + b.evaluationErrors,
    lastError: b.lastError ?? a.lastError,
    commits: a.commits + b.commits,
    unlogged: a.unlogged + b.unlogged,
    deadLettered: a.deadLettered + b.deadLettered,
    watchdogRestarts: a.watchdogRestarts + b.watchdogRestarts,
    restored: a.restored + b.restored,
    steps: addStats(a.steps, b.steps),
  };
}
