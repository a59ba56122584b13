import type { ResultColumn, RowBatch, RowProgress, RowStream, RowStreamEnd } from '../api/row-stream.js';
import { WeirError } from '../base/errors.js';
import type { Properties } from '../base/properties.js';
import { buildChain, type Chain } from '../dataflow/chain.js';
import { Counters } from '../dataflow/counters.js';
import { drive, type Worker } from '../dataflow/driver.js';
import { querySettings } from '../dataflow/query-settings.js';
import { operatorEnv, type RuntimeServices } from '../dataflow/runtime-services.js';
import { noMatches } from '../observe/step-reasons.js';
import type { GivenKeys } from '../operators/given-keys.js';
import type { OperatorContext } from '../operators/operator.js';
import type { ResultSink } from '../operators/step.js';
import type { PullPlan } from '../plan/pull-plan.js';
import type { ResultNode, Topology } from '../plan/topology.js';
import { MemoryState } from '../stores/memory.js';
import type { Store, TaskId } from '../stores/store.js';
import type { Value } from '../values/value.js';
import { PushInputs, type PushReader, type Starts, startsOf } from './inputs.js';
import { MeteredStore } from './metered-store.js';

export interface PushSpec {
  readonly queryId: string;
  readonly topology: Topology;
  readonly properties: Properties;
  /** Asked for a snapshot of a table: the pull query that gives the same rows from its state, where it has one. */
  readonly table?: () => Promise<PullPlan | undefined>;
}

export interface PushOptions {
  readonly starts: Starts;
  /** Records that stand before them. */
  readonly earlier: number;
  /** Closed by the query. */
  readonly reader: PushReader;
  /** What has been given of a table before, and then by this query; absent: nobody knows. */
  readonly given?: GivenKeys | undefined;
  /** It ends where its starts say. */
  readonly bounded?: boolean;
  /** What a batch says of the place behind it. */
  readonly continuation?: ((positions: readonly number[]) => string) | undefined;
  /**
   * Asked after each slice, when all rows of what was read are cut into batches: somebody else goes on from these
   * positions. True: nothing more is read, and the query is over when its rows have been taken.
   */
  readonly handOver?: (positions: readonly number[], atEnd: boolean) => boolean;
}

/** Rows and the place in the inputs behind them. */
export interface PlacedBatch {
  readonly batch: RowBatch;
  readonly positions: readonly number[];
}

/** Rows, and their bytes about, that wait for a reader at most; then processing waits. */
const MAX_WAITING_ROWS = 5000;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Rows of one batch, about. */
export const BATCH_ROWS = 1000;
/** Aggregates show their changes this long after the first one. */
const FLUSH_MS = 100;
const POLL_MS = 100;
/** State of one push query, which has nowhere to put it but memory. */
const MAX_STATE_BYTES = 256 * 1024 * 1024;

/**
 * A query that evaluates by itself: one task over all partitions of its sources, on the node that took it. Its state is in
 * memory, it owns nothing on the log, and when it is closed nothing of it is left. Rows wait in a bounded queue: a slow
 * reader slows it.
 */
export class PushQuery implements RowStream {
  readonly queryId: string;
  readonly kind: 'push' | 'pull-stream';
  readonly columns: readonly ResultColumn[];
  end: RowStreamEnd = 'terminated';
  private readonly counters: Counters;
  private readonly chain: Chain;
  private readonly stores: Store[] = [];
  private readonly state = new MemoryState();
  private readonly task: TaskId;
  private readonly inputs: PushInputs;
  private readonly batches: PlacedBatch[] = [];
  /** Rows that are in no batch yet. */
  private rows: Value[][] = [];
  private tombstones: boolean[] = [];
  private waiting = 0;
  private rowsOut = 0;
  private finished = false;
  private closed = false;
  private failure: Error | null = null;
  private firstError: string | null = null;
  private stateBytes = 0;
  private flushAt = -1;
  private wakeConsumer: () => void = () => {};
  private wakeProducer: () => void = () => {};
  private readonly running: Promise<void>;

  /** Starts at once. */
  constructor(
    private readonly services: RuntimeServices,
    spec: PushSpec,
    private readonly options: PushOptions,
  ) {
    this.queryId = spec.queryId;
    this.kind = options.bounded === true ? 'pull-stream' : 'push';
    this.counters = new Counters(spec.queryId, services, () => this.inputs.set.streamTime);
    const sub = spec.topology.subtopologies[0]!;
    if (spec.topology.subtopologies.length !== 1) throw new Error('a push query is one sub-topology');
    this.task = { queryId: spec.queryId, subtopology: sub.id, partition: 0 };
    this.columns = columnsOf(resultOf(spec.topology));
    const settings = querySettings(spec.properties);
    const env = operatorEnv({
      services,
      properties: spec.properties,
      context: this.reports(),
      cached: settings.cached,
      cacheEntries: Number.POSITIVE_INFINITY,
      given: options.given,
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
    this.chain = buildChain(sub, env, { source: (node) => node.topic, target: noTarget }, take);
    const { reader, starts } = options;
    this.inputs = new PushInputs(reader, this.chain.sources, starts, services.clock, settings.maxTaskIdleMs);
    this.running = this.run().catch((e: unknown) => {
      this.failure = e instanceof Error ? e : new Error(String(e));
      this.wakeConsumer();
    });
  }

  /** Opens a query that reads its topics from the first record to the ends as they are now, and is complete then. */
  static async open(services: RuntimeServices, spec: PushSpec & { readonly bounded: true }): Promise<PushQuery> {
    const at = await startsOf(services.log, topicsOf(spec.topology), 'bounded');
    const reader = services.log.reader({ clientId: spec.queryId });
    return new PushQuery(services, spec, { ...at, reader, bounded: true });
  }

  async next(): Promise<RowBatch | undefined> {
    return (await this.nextPlaced())?.batch;
  }

  async nextPlaced(): Promise<PlacedBatch | undefined> {
    while (this.batches.length === 0) {
      if (this.failure !== null) throw this.failure;
      if (this.finished || this.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.wakeConsumer = resolve;
      });
    }
    const next = this.batches.shift()!;
    this.rowsOut += next.batch.rows.length;
    this.waiting -= next.batch.rows.length;
    this.wakeProducer();
    return next;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.batches.length = 0;
    this.wakeConsumer();
    this.wakeProducer();
    this.options.reader.wakeup();
    await this.running;
  }

  /** Rows that wait for their reader. */
  get waitingRows(): number {
    return this.waiting + this.rows.length;
  }

  /** Bytes of a record of its topics, about. */
  get recordBytes(): number {
    return this.inputs.recordBytes;
  }

  progress(): RowProgress {
    const { operators } = this.chain;
    const { inputs } = this;
    return {
      recordsIn: this.counters.recordsIn,
      rowsOut: this.rowsOut,
      filtered: operators.reduce((n, o) => n + (o.filtered?.() ?? 0), 0),
      undecodable: this.counters.skippedRecords,
      firstError: this.firstError,
      late: this.counters.lateRecords,
      earlier: this.options.earlier,
      atEnd: inputs.atEnd,
      lag: inputs.lag,
      streamTime: inputs.set.streamTime,
      heldBack: operators.reduce((n, o) => n + (o.openGroups?.() ?? 0), 0),
      unmatched: noMatches(this.counters.values().steps),
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
      late: (node, record, why) => counters.late(node, record, why),
      stats: (node, kind) => counters.stats(node, kind),
      streamTime: () => counters.streamTime(),
    };
  }

  private async run(): Promise<void> {
    const { reader } = this.options;
    const worker = this.worker();
    try {
      await drive(
        {
          reader,
          goesOn: async () => {
            await this.room();
            return !this.closed && !this.finished;
          },
          waitMs: () => this.waitMs(),
          distribute: (fetched) => {
            this.inputs.add(fetched);
            return this.closed ? [] : [worker];
          },
        },
        this.services.clock,
      );
    } finally {
      await reader.close();
      this.state.release(this.task);
    }
  }

  private worker(): Worker {
    const { inputs, chain, counters } = this;
    return {
      // Time passes for joins that wait, though no record comes.
      hasWork: true,
      slice: (untilMs) => {
        const before = inputs.set.recordsIn;
        inputs.set.run(untilMs, this.isFull);
        counters.recordsIn += inputs.set.recordsIn - before;
        for (const operator of chain.operators) operator.advance?.(inputs.set.streamTime);
      },
      flush: () => {
        this.flushIfDue();
        this.cut();
        this.finishIfDone();
        if (this.batches.length > 0 || this.finished) this.wakeConsumer();
      },
      ready: () => inputs.set.fetchSchemas(this.services.schemas),
    };
  }

  /** Waits while the consumer has enough to read. */
  private async room(): Promise<void> {
    while (this.hasEnough && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wakeProducer = resolve;
      });
    }
  }

  private get hasEnough(): boolean {
    const n = this.waitingRows;
    return n >= MAX_WAITING_ROWS || (n > BATCH_ROWS && n * this.inputs.recordBytes >= MAX_WAITING_BYTES);
  }

  private readonly isFull = (): boolean => {
    if (this.rows.length >= BATCH_ROWS) this.cut();
    return this.hasEnough || this.chain.results.every((r) => r.done);
  };

  /** Makes batches of the rows so far. Only the last one stands for a place: the others end within a record's rows. */
  private cut(): void {
    if (this.rows.length === 0) return;
    const positions = this.inputs.positions();
    const { continuation } = this.options;
    const { rows, tombstones } = this;
    this.rows = [];
    this.tombstones = [];
    this.waiting += rows.length;
    const size = continuation === undefined && rows.length >= 2 * BATCH_ROWS ? BATCH_ROWS : rows.length;
    for (let from = 0; from < rows.length; from += size) {
      const batch = batchOf(rows.slice(from, from + size), tombstones.slice(from, from + size));
      this.batches.push({
        batch: continuation === undefined ? batch : { ...batch, continuation: continuation(positions) },
        positions,
      });
    }
  }

  /** Shows what aggregates have held back, some time after the first change, or at once at the end. */
  private flushIfDue(): void {
    if (this.options.bounded === true && !this.inputs.isBounded) return; // its reader wants the end alone
    const held = this.chain.operators.some((o) => (o.heldBytes?.() ?? 0) > 0);
    if (!held && this.stores.every((s) => s.dirtyBytes === 0)) return;
    const now = this.services.clock.now();
    if (this.flushAt < 0) this.flushAt = now + FLUSH_MS;
    if (now >= this.flushAt || this.inputs.isBounded) this.flush();
  }

  private flush(): void {
    this.flushAt = -1;
    for (const operator of this.chain.operators) operator.flush?.();
    for (const store of this.stores) store.committed();
  }

  private finishIfDone(): void {
    const { inputs } = this;
    if (this.chain.results.every((r) => r.done)) {
      this.end = 'limit';
      this.finished = true;
    } else if (inputs.isBounded) {
      this.flush();
      this.cut();
      this.end = 'completed';
      this.finished = true;
    } else if (this.options.handOver?.(inputs.positions(), inputs.atEnd) === true) this.finished = true;
    this.counters.recordsOut = this.rowsOut + this.waitingRows;
  }

  private waitMs(): number {
    if (this.inputs.set.hasWork || this.inputs.isBounded) return 0;
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

export const batchOf = (rows: readonly Value[][], tombstones: readonly boolean[]): RowBatch =>
  tombstones.includes(true) ? { rows, tombstones } : { rows };

export const resultOf = (topology: Topology): ResultNode =>
  topology.subtopologies[0]!.nodes.find((n): n is ResultNode => n.kind === 'result')!;

export const topicsOf = (topology: Topology): readonly string[] =>
  topology.subtopologies[0]!.nodes.flatMap((n) => (n.kind === 'source' ? [n.topic] : []));

/** Topics of its tables: what is joined or grouped is their rows, not their changes from now on. */
export const tablesOf = (topology: Topology): ReadonlySet<string> =>
  new Set(topology.subtopologies[0]!.nodes.flatMap((n) => (n.kind === 'source' && n.table ? [n.topic] : [])));

export const columnsOf = (result: ResultNode): readonly ResultColumn[] =>
  result.columns.map((c) => ({ name: c.name, type: c.expr.type, key: c.key }));

export const noTarget = (): never => {
  throw new Error('a push query writes to no topic');
};
