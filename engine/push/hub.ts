import { yieldToLoop } from '../base/yield.js';
import { buildChain, type Chain, decodesKey } from '../dataflow/chain.js';
import { Counters } from '../dataflow/counters.js';
import { drive, type Worker } from '../dataflow/driver.js';
import { operatorEnv, type RuntimeServices } from '../dataflow/runtime-services.js';
import { GivenKeys } from '../operators/given-keys.js';
import type { OperatorEnv } from '../operators/operator.js';
import { SourceReader } from '../operators/source.js';
import type { TaskRecord } from '../operators/task-record.js';
import type { Value } from '../values/value.js';
import type { FeedReader, Feeds } from './feed.js';
import { PushInputs } from './inputs.js';
import type { StatelessPlan } from './plan.js';
import { BATCH_ROWS, batchOf, noTarget, type PlacedBatch } from './push-query.js';

/** Rows of one batch for all that read a query. */
export interface SharedBatch extends PlacedBatch {
  /** About. */
  readonly bytes: number;
  /** Partition and offset of the record behind each row. */
  readonly origins: { readonly partitions: readonly number[]; readonly offsets: readonly number[] };
}

/** Somebody who reads the rows of a shared query. */
export interface Subscriber {
  /** Neither keeps the hub waiting nor throws. */
  offer(batch: SharedBatch): void;
  fail(error: Error): void;
  /** More waits for it than is good. */
  readonly isCrowded: boolean;
  /** It has taken something since this was asked last. */
  hasTaken(): boolean;
}

/** What the subscribers of a hub have in common, as far as it has come; all numbers grow. */
export interface HubCounts {
  readonly recordsIn: number;
  readonly filtered: number;
  readonly undecodable: number;
  readonly late: number;
}

/** One subscriber's place in a hub. */
export interface Attachment {
  /** Offsets below these it has had already; null: the hub is past them. */
  readonly from: readonly number[] | null;
  /** Since it joined. */
  counts(): HubCounts;
  /** What was wrong with the last record that could not be read since then. */
  lastError(): string | null;
  readonly atEnd: boolean;
  readonly lag: number;
  readonly streamTime: number;
  /** Resolves when what nobody else needs has been let go. */
  leave(): Promise<void>;
}

export interface HubLimits {
  readonly hubs: number;
}

/** Readings that are shared on this node at most; queries beyond evaluate by themselves. */
const LIMITS: HubLimits = { hubs: 256 };
const IDLE_MS = 1000;
/** Many subscribers get fewer and larger batches: a batch costs each of them something. */
const GATHER_MS_PER_SUBSCRIBER = 0.05;
const MAX_GATHER_MS = 100;

/** The queries without state that this node evaluates once for all that ask the same. */
export class Hubs {
  private readonly hubs = new Map<string, Hub>();

  constructor(
    private readonly services: RuntimeServices,
    private readonly feeds: Feeds,
    private readonly limits: HubLimits = LIMITS,
  ) {}

  get size(): number {
    return this.hubs.size;
  }

  /**
   * Attaches a subscriber that has had all before `positions`, and is to get all from there on. Undefined where the hub is
   * further already, or where there is no hub and these positions are not the ends: then the subscriber has to come nearer
   * by itself. `given`: what it has been given of a table; null: nobody knows.
   */
  attach(
    plan: StatelessPlan,
    queryId: string,
    subscriber: Subscriber,
    positions: readonly number[],
    atEnd: boolean,
    given: GivenKeys | null,
  ): Attachment | undefined {
    const hub = this.hubs.get(plan.sourceKey);
    if (hub !== undefined) return hub.join(plan, queryId, subscriber, positions, given);
    if (!atEnd || this.hubs.size >= this.limits.hubs) return undefined;
    const made: Hub = new Hub(this.services, this.feeds.reader(queryId), plan, queryId, positions, () => {
      if (this.hubs.get(plan.sourceKey) === made) this.hubs.delete(plan.sourceKey);
    });
    this.hubs.set(plan.sourceKey, made);
    return made.join(plan, queryId, subscriber, positions, given);
  }
}

/** One reading and decoding of a topic, and the queries on it. */
class Hub {
  private readonly evaluations = new Map<string, Evaluation>();
  private readonly inputs: PushInputs;
  private readonly counters: Counters;
  private lastError: string | null = null;
  private closed = false;
  private running: Promise<void> | null = null;

  constructor(
    private readonly services: RuntimeServices,
    private readonly reader: FeedReader,
    plan: StatelessPlan,
    queryId: string,
    positions: readonly number[],
    private readonly onEnd: () => void,
  ) {
    this.counters = new Counters(queryId, services, () => this.inputs.set.streamTime);
    const env: OperatorEnv = environment(services, plan, {
      evaluationError: () => {},
      skipped: (node, message, place) => {
        this.lastError = `${place.topic}-${place.partition}@${place.offset}: ${message}`;
        this.counters.skipped(node, message, place);
      },
      late: () => {},
      stats: (node, kind) => this.counters.stats(node, kind),
      streamTime: () => this.inputs.set.streamTime,
    });
    const { topic, source: node } = plan;
    const source = {
      topic,
      node,
      reader: new SourceReader(node, topic, env, decodesKey(plan.sub, node)),
      entry: { process: (record: TaskRecord) => this.process(record) },
    };
    const starts = positions.map((offset, partition) => ({ partition, offset, atEnd: true }));
    this.inputs = new PushInputs(reader, [source], new Map([[topic, starts]]), services.clock, 0);
  }

  join(
    plan: StatelessPlan,
    queryId: string,
    subscriber: Subscriber,
    positions: readonly number[],
    given: GivenKeys | null,
  ): Attachment | undefined {
    const here = this.inputs.positions();
    if (this.closed || positions.length !== here.length) return undefined;
    if (positions.some((p, i) => p < here[i]!)) return undefined;
    const key = `${given === null ? '' : 'given '}${plan.evaluationKey}`;
    let evaluation = this.evaluations.get(key);
    if (evaluation === undefined) {
      evaluation = new Evaluation(this.services, plan, key, queryId, given === null ? undefined : new GivenKeys());
      this.evaluations.set(key, evaluation);
    }
    // A key that one subscriber was given has passed the filter: it does no harm that the others know it.
    if (given !== null) evaluation.given?.addAll(given);
    // What has been evaluated lies before the newcomer.
    evaluation.cut(this.inputs);
    const attachment = this.attachment(
      evaluation,
      subscriber,
      positions.some((p, i) => p > here[i]!) ? positions : null,
    );
    evaluation.subscribers.set(subscriber, attachment);
    this.running ??= this.run().catch((e: unknown) => {
      this.services.logger.warn({ err: e }, 'a reader of push queries did not close');
    });
    return attachment;
  }

  private attachment(evaluation: Evaluation, subscriber: Subscriber, from: readonly number[] | null): Attachment {
    const { counters, inputs } = this;
    const now = (): HubCounts => ({
      recordsIn: counters.recordsIn,
      filtered: evaluation.filtered,
      undecodable: counters.skippedRecords,
      late: evaluation.late,
    });
    const base = now();
    return {
      from,
      counts: () => {
        const { recordsIn, filtered, undecodable, late } = now();
        return {
          recordsIn: recordsIn - base.recordsIn,
          filtered: filtered - base.filtered,
          undecodable: undecodable - base.undecodable,
          late: late - base.late,
        };
      },
      lastError: () => (counters.skippedRecords > base.undecodable ? this.lastError : null),
      get atEnd() {
        return inputs.atEnd;
      },
      get lag() {
        return inputs.lag;
      },
      get streamTime() {
        return inputs.set.streamTime;
      },
      leave: async () => {
        if (!evaluation.subscribers.delete(subscriber)) return;
        if (evaluation.subscribers.size === 0) this.drop(evaluation);
        if (this.closed) await this.running;
      },
    };
  }

  private drop(evaluation: Evaluation): void {
    this.evaluations.delete(evaluation.key);
    if (this.evaluations.size > 0) return;
    this.closed = true;
    this.onEnd();
    this.reader.wakeup();
  }

  private process(record: TaskRecord): void {
    for (const evaluation of this.evaluations.values()) evaluation.process(record);
  }

  private async run(): Promise<void> {
    const worker = this.worker();
    try {
      await drive(
        {
          reader: this.reader,
          goesOn: async () => !this.closed,
          waitMs: () => this.waitMs(),
          distribute: (fetched) => {
            this.inputs.add(fetched);
            return this.closed ? [] : [worker];
          },
        },
        this.services.clock,
      );
    } catch (e) {
      const error = e instanceof Error ? e : new Error(String(e));
      for (const evaluation of [...this.evaluations.values()]) this.dropFailed(evaluation, error);
    } finally {
      await this.reader.close();
    }
  }

  private worker(): Worker {
    const { inputs, counters } = this;
    const { clock, schemas } = this.services;
    return {
      hasWork: true,
      slice: (untilMs) => {
        const before = inputs.set.recordsIn;
        inputs.set.run(untilMs, this.cutLarge);
        counters.recordsIn += inputs.set.recordsIn - before;
      },
      flush: () => {
        const now = clock.now();
        for (const evaluation of this.evaluations.values()) {
          if (evaluation.isDue(now)) evaluation.cut(inputs, now);
          if (evaluation.failure !== null) this.dropFailed(evaluation, evaluation.failure);
        }
      },
      ready: async () => {
        await inputs.set.fetchSchemas(schemas);
        await this.pace();
      },
    };
  }

  private dropFailed(evaluation: Evaluation, error: Error): void {
    const subscribers = [...evaluation.subscribers.keys()];
    evaluation.subscribers.clear();
    this.drop(evaluation);
    for (const subscriber of subscribers) subscriber.fail(error);
  }

  private readonly cutLarge = (): boolean => {
    for (const evaluation of this.evaluations.values()) if (evaluation.size >= BATCH_ROWS) evaluation.cut(this.inputs);
    return this.closed;
  };

  /**
   * Lets subscribers come nearer where most of them are behind and at work, and the hub is not behind itself: then the
   * machine is slow, not they. A few slow ones are not waited for: they leave at their bound.
   */
  private async pace(): Promise<void> {
    while (!this.closed && this.reader.isShared) {
      let all = 0;
      let crowded = 0;
      for (const evaluation of this.evaluations.values()) {
        all += evaluation.subscribers.size;
        if (evaluation.isDelivering) crowded += evaluation.crowded();
      }
      if (crowded * 2 <= all) return;
      await yieldToLoop();
    }
  }

  private waitMs(): number {
    if (this.inputs.set.hasWork) return 0;
    const now = this.services.clock.now();
    let ms = IDLE_MS;
    for (const evaluation of this.evaluations.values()) ms = Math.min(ms, evaluation.dueIn(now));
    return ms;
  }
}

/** One query, evaluated once for all its subscribers. */
class Evaluation {
  readonly subscribers = new Map<Subscriber, Attachment>();
  failure: Error | null = null;
  late = 0;
  /** It has given something since its subscribers were last looked at. */
  isDelivering = false;
  private readonly chain: Chain;
  private readonly plan: StatelessPlan;
  private rows: Value[][] = [];
  private tombstones: boolean[] = [];
  private partitions: number[] = [];
  private offsets: number[] = [];
  private cutAt = Number.NEGATIVE_INFINITY;
  private current: TaskRecord | null = null;

  constructor(
    services: RuntimeServices,
    plan: StatelessPlan,
    readonly key: string,
    queryId: string,
    readonly given: GivenKeys | undefined,
  ) {
    this.plan = plan;
    const counters = new Counters(queryId, services);
    const env = environment(
      services,
      plan,
      {
        evaluationError: (node, message, record) => counters.evaluationError(node, message, record),
        skipped: () => {},
        late: () => {
          this.late++;
        },
        stats: (node, kind) => counters.stats(node, kind),
        streamTime: () => -1,
      },
      given,
    );
    this.chain = buildChain(plan.sub, env, { source: (node) => node.topic, target: noTarget }, (row, tombstone) => {
      this.rows.push(row);
      this.tombstones.push(tombstone);
      this.partitions.push(this.current!.partition);
      this.offsets.push(this.current!.offset);
    });
  }

  get size(): number {
    return this.rows.length;
  }

  get filtered(): number {
    return this.chain.operators.reduce((n, o) => n + (o.filtered?.() ?? 0), 0);
  }

  process(record: TaskRecord): void {
    if (this.failure !== null) return;
    this.current = record;
    try {
      this.chain.sources[0]!.entry.process(record);
    } catch (e) {
      this.failure = e instanceof Error ? e : new Error(String(e));
    }
  }

  /** Subscribers that have much to read and are reading. */
  crowded(): number {
    let crowded = 0;
    let reading = 0;
    for (const subscriber of this.subscribers.keys()) {
      if (!subscriber.isCrowded) continue;
      crowded++;
      if (subscriber.hasTaken()) reading++;
    }
    this.isDelivering = crowded > 0;
    return reading;
  }

  isDue(now: number): boolean {
    return this.rows.length >= BATCH_ROWS || (this.rows.length > 0 && this.dueIn(now) <= 0);
  }

  /** Milliseconds until the rows that wait are to be given. */
  dueIn(now: number): number {
    if (this.rows.length === 0) return Number.POSITIVE_INFINITY;
    const gather = Math.min(MAX_GATHER_MS, this.subscribers.size * GATHER_MS_PER_SUBSCRIBER);
    return Math.max(0, this.cutAt + gather - now);
  }

  /** Hands the rows so far to all subscribers: the same batch to each. */
  cut(inputs: PushInputs, now = this.cutAt): void {
    if (this.rows.length === 0) return;
    this.cutAt = now;
    this.isDelivering = true;
    const positions = inputs.positions();
    const { rows, tombstones, partitions, offsets, plan } = this;
    this.rows = [];
    this.tombstones = [];
    this.partitions = [];
    this.offsets = [];
    const batch = batchOf(rows, tombstones);
    const shared: SharedBatch = {
      batch: plan.continuation === undefined ? batch : { ...batch, continuation: plan.continuation(positions) },
      positions,
      bytes: rows.length * inputs.recordBytes,
      origins: { partitions, offsets },
    };
    for (const subscriber of [...this.subscribers.keys()]) subscriber.offer(shared);
  }
}

function environment(
  services: RuntimeServices,
  { properties }: StatelessPlan,
  context: Parameters<typeof operatorEnv>[0]['context'],
  given?: GivenKeys,
): OperatorEnv {
  return operatorEnv({
    services,
    properties,
    context,
    given,
    cached: false,
    cacheEntries: 0,
    openStore: () => {
      throw new Error('a query without state opens no store');
    },
  });
}
