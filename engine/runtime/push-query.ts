import type { FetchedPartition, LogReader } from '../log/log.js';
import type { OperatorContext } from '../operators/operator.js';
import type { ResultSink } from '../operators/result.js';
import { MemoryState } from '../stores/memory.js';
import type { Store, TaskId } from '../stores/store.js';
import { WeirError } from '../types/errors.js';
import type { ResultNode, Topology } from '../types/topology.js';
import type { Value } from '../types/value.js';
import { buildChain, type Chain } from './chain.js';
import { Counters, type CounterValues } from './counters.js';
import { InputQueue, InputSet, isBehind } from './input-queue.js';
import { MeteredStore } from './metered-store.js';
import type { ResultColumn, RowBatch, RowProgress, RowStream, RowStreamEnd } from './row-stream.js';
import { operatorEnv, type Properties, type RuntimeServices } from './services.js';
import { type QuerySettings, querySettings } from './settings.js';
import { yieldToLoop } from './yield.js';

export interface PushSpec {
  readonly queryId: string;
  readonly topology: Topology;
  readonly properties: Properties;
  /** A pull query on a stream: from the earliest offsets to the ends as they are now, then it is complete. */
  readonly bounded?: boolean;
}

/** Why a push query says nothing: what it has read, what it left out, and where it waits. */
export interface PushStats {
  readonly counters: CounterValues;
  /** Rows handed over, and rows that wait for their reader. */
  readonly rows: number;
  readonly waitingRows: number;
  /** It has read all there is and waits for new records. */
  readonly atEnd: boolean;
  /** Records that stood in its topics before the place where it began. */
  readonly earlier: number;
  /** Largest event time so far; -1 before the first record. */
  readonly streamTime: number;
}

/** Rows that wait for a reader at most; then processing waits. */
const MAX_WAITING_ROWS = 5000;
/** Rows of one batch at most. */
const BATCH_ROWS = 1000;
/** Aggregates show their changes this long after the first one. */
const FLUSH_MS = 100;
const SLICE_MS = 8;
const POLL_MS = 100;
/** Fetched bytes at which a partition is paused until they are used up. */
const PAUSE_BYTES = 4 * 1024 * 1024;
/** State of one push query, which has nowhere to put it but memory. */
const MAX_STATE_BYTES = 256 * 1024 * 1024;

/**
 * A push query: one task over all partitions of its sources, on the node that took it. Its state is in memory, it owns
 * nothing on the log, and when it is closed nothing of it is left. Rows wait in a bounded queue: a slow reader slows it.
 */
export class PushQuery implements RowStream {
  readonly queryId: string;
  readonly kind: 'push' | 'pull-stream';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'terminated';
  private readonly counters: Counters;
  private readonly settings: QuerySettings;
  private readonly chain: Chain;
  private readonly stores: Store[] = [];
  private readonly state = new MemoryState();
  private readonly task: TaskId;
  private inputs: InputSet;
  private reader: LogReader | null = null;
  /** Where a bounded query ends, by queue. */
  private readonly ends = new Map<InputQueue, number>();
  private earlier = 0;
  private rows: Value[][] = [];
  private tombstones: boolean[] = [];
  private rowsOut = 0;
  private finished = false;
  private closed = false;
  private failure: Error | null = null;
  private firstError: string | null = null;
  private stateBytes = 0;
  private flushAt = -1;
  private wakeConsumer: () => void = () => {};
  private wakeProducer: () => void = () => {};
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly services: RuntimeServices,
    private readonly spec: PushSpec,
  ) {
    this.queryId = spec.queryId;
    this.kind = spec.bounded === true ? 'pull-stream' : 'push';
    this.settings = querySettings(spec.properties, spec.bounded === true ? 'earliest' : 'latest');
    this.counters = new Counters(spec.queryId, services, () => this.inputs.streamTime);
    const sub = spec.topology.subtopologies[0]!;
    if (spec.topology.subtopologies.length !== 1) throw new Error('a push query is one sub-topology');
    this.task = { queryId: spec.queryId, subtopology: sub.id, partition: 0 };
    const result = sub.nodes.find((n): n is ResultNode => n.kind === 'result')!;
    this.columns = result.columns.map((c) => ({ name: c.name, type: c.expr.type, key: c.key }));
    const env = operatorEnv({
      services,
      properties: spec.properties,
      context: this.reports(),
      cached: this.settings.cached,
      cacheEntries: Number.POSITIVE_INFINITY,
      openStore: (ref) => {
        const store = new MeteredStore(this.state.store(this.task, ref.name), (bytes) => this.grow(bytes));
        this.stores.push(store);
        return { store, empty: true };
      },
    });
    const take: ResultSink = (row, tombstone) => {
      this.rows.push(row);
      this.tombstones.push(tombstone);
    };
    const noSinks = () => {
      throw new Error('a push query writes to no topic');
    };
    this.chain = buildChain(sub, env, { source: (node) => node.topic, target: noSinks }, take);
    this.inputs = new InputSet([], services.clock, () => false);
  }

  /** Fixes the offsets where the query begins and starts it. */
  static async open(services: RuntimeServices, spec: PushSpec): Promise<PushQuery> {
    const query = new PushQuery(services, spec);
    await query.begin();
    return query;
  }

  async next(): Promise<RowBatch | undefined> {
    while (this.rows.length === 0) {
      if (this.failure !== null) throw this.failure;
      if (this.finished || this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.wakeConsumer = resolve;
      });
    }
    const rows = this.rows.splice(0, BATCH_ROWS);
    const tombstones = this.tombstones.splice(0, BATCH_ROWS);
    this.rowsOut += rows.length;
    this.wakeProducer();
    return tombstones.includes(true) ? { rows, tombstones } : { rows };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wakeConsumer();
    this.wakeProducer();
    this.reader?.wakeup();
    await this.running;
  }

  stats(): PushStats {
    return {
      counters: this.counters.values(),
      rows: this.rowsOut,
      waitingRows: this.rows.length,
      atEnd: this.atEnd(),
      earlier: this.earlier,
      streamTime: this.inputs.streamTime,
    };
  }

  progress(): RowProgress {
    const { operators } = this.chain;
    return {
      recordsIn: this.counters.recordsIn,
      rowsOut: this.rowsOut,
      filtered: operators.reduce((n, o) => n + (o.filtered?.() ?? 0), 0),
      undecodable: this.counters.skippedRecords,
      firstError: this.firstError,
      late: this.counters.lateRecords,
      earlier: this.earlier,
      atEnd: this.atEnd(),
      lag: this.inputs.queues.reduce((n, q) => n + Math.max(0, this.endOf(q) - q.next), 0),
      streamTime: this.inputs.streamTime,
      heldBack: operators.reduce((n, o) => n + (o.openGroups?.() ?? 0), 0),
    };
  }

  /** The query's counters, and what was wrong with the first record that could not be read. */
  private reports(): OperatorContext {
    const { counters } = this;
    return {
      evaluationError: (node, message, record) => counters.evaluationError(node, message, record),
      skipped: (node, message, place) => {
        this.firstError ??= `${place.topic}-${place.partition}@${place.offset}: ${message}`;
        counters.skipped(node, message, place);
      },
      late: () => counters.late(),
      streamTime: () => counters.streamTime(),
    };
  }

  private async begin(): Promise<void> {
    const { log } = this.services;
    const queues: InputQueue[] = [];
    const { offsetReset } = this.settings;
    const bounded = this.spec.bounded === true;
    const reader = log.reader({ clientId: this.queryId });
    try {
      for (const source of this.chain.sources) {
        for (const range of await log.offsets(source.topic)) {
          const start = offsetReset === 'earliest' || bounded ? range.earliest : range.end;
          this.earlier += start - range.earliest;
          const queue = new InputQueue(source, range.partition, start);
          queues.push(queue);
          if (bounded) {
            this.ends.set(queue, range.end);
            if (start >= range.end) continue;
          }
          reader.assign(source.topic, range.partition, start);
        }
      }
    } catch (e) {
      await reader.close();
      throw e;
    }
    this.inputs = new InputSet(
      queues,
      this.services.clock,
      (q) => !this.complete(q) && isBehind(reader.position(q.source.topic, q.partition)),
    );
    this.reader = reader;
    this.running = this.run(reader).catch((e: unknown) => {
      this.failure = e instanceof Error ? e : new Error(String(e));
      this.wakeConsumer();
    });
  }

  private async run(reader: LogReader): Promise<void> {
    const { clock } = this.services;
    try {
      while (!this.closed && !this.finished) {
        await this.room();
        this.distribute(reader, await reader.poll(this.waitMs()));
        if (this.closed) break;
        const before = this.inputs.recordsIn;
        this.inputs.run(clock.now() + SLICE_MS, this.isFull);
        this.counters.recordsIn += this.inputs.recordsIn - before;
        for (const operator of this.chain.operators) operator.advance?.(this.inputs.streamTime);
        this.flushIfDue();
        this.finishIfDone();
        await this.inputs.fetchSchemas(this.services.schemas);
        if (this.rows.length > 0 || this.finished) this.wakeConsumer();
        await yieldToLoop();
      }
    } finally {
      await reader.close();
      this.state.release(this.task);
    }
  }

  /** Waits while the consumer has enough to read. */
  private async room(): Promise<void> {
    while (this.rows.length >= MAX_WAITING_ROWS && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wakeProducer = resolve;
      });
    }
  }

  private readonly isFull = (): boolean =>
    this.rows.length >= MAX_WAITING_ROWS || this.chain.results.every((r) => r.done);

  private distribute(reader: LogReader, fetched: readonly FetchedPartition[]): void {
    for (const part of fetched) {
      for (const queue of this.inputs.queues) {
        if (queue.source.topic === part.topic && queue.partition === part.partition) queue.add(part);
      }
    }
    for (const queue of this.inputs.queues) {
      const { topic } = queue.source;
      if (queue.bufferedBytes >= PAUSE_BYTES) reader.pause(topic, queue.partition);
      else reader.resume(topic, queue.partition);
    }
  }

  /** Shows what aggregates have held back, some time after the first change, or at once at the end. */
  private flushIfDue(): void {
    const held = this.chain.operators.some((o) => (o.heldBytes?.() ?? 0) > 0);
    if (!held && this.stores.every((s) => s.dirtyBytes === 0)) return;
    const now = this.services.clock.now();
    if (this.flushAt < 0) this.flushAt = now + FLUSH_MS;
    if (now >= this.flushAt || this.atBound()) this.flush();
  }

  private flush(): void {
    this.flushAt = -1;
    for (const operator of this.chain.operators) operator.flush?.();
    for (const store of this.stores) store.committed();
  }

  private finishIfDone(): void {
    if (this.chain.results.every((r) => r.done)) {
      this.end = 'limit';
      this.finished = true;
    } else if (this.atBound()) {
      this.flush();
      this.end = 'completed';
      this.finished = true;
    }
    this.counters.recordsOut = this.rowsOut + this.rows.length;
  }

  /** A bounded query has read all that it was to read. */
  private atBound(): boolean {
    return this.spec.bounded === true && this.inputs.queues.every((q) => this.complete(q));
  }

  private complete(queue: InputQueue): boolean {
    const end = this.ends.get(queue);
    return end !== undefined && queue.next >= end;
  }

  private atEnd(): boolean {
    return this.inputs.queues.every((q) => {
      const end = this.endOf(q);
      return end >= 0 && q.next >= end;
    });
  }

  /** Where the topic of an input ends, as far as known; -1 where it is not. */
  private endOf(queue: InputQueue): number {
    return this.reader?.position(queue.source.topic, queue.partition)?.end ?? -1;
  }

  private waitMs(): number {
    if (this.inputs.hasWork || this.atBound()) return 0;
    return this.flushAt < 0 ? POLL_MS : Math.max(0, Math.min(POLL_MS, this.flushAt - this.services.clock.now()));
  }

  private grow(bytes: number): void {
    this.stateBytes += bytes;
    if (this.stateBytes > MAX_STATE_BYTES) {
      throw new WeirError(
        'LIMIT_EXCEEDED',
        `The push query holds more than ${MAX_STATE_BYTES / 1024 / 1024} MiB of state`,
        'Make it a table with CREATE TABLE … AS SELECT: its state is kept on disk.',
      );
    }
  }
}
