import { WeirError } from '../../engine/base/errors.js';
import type { CommittedOffset } from '../../engine/log/log.js';
import type { Faults } from './faults.js';
import { type ProducerState, SimPartition, type Transaction } from './partition.js';
import type { Scheduler } from './scheduler.js';

/** An open transaction is aborted by the broker after so long. */
const TRANSACTION_TIMEOUT_MS = 10_000;

export class Refused extends WeirError {
  constructor(
    message: string,
    readonly fenced = false,
  ) {
    super('LOG_ERROR', message);
  }

  /** As a broker's that cannot be reached: another try later may go well. */
  get away(): boolean {
    return !this.fenced;
  }
}

export interface Producer {
  readonly id: string;
  readonly epoch: number;
  /** Null: idempotent only. */
  readonly state: ProducerState | null;
}

/** Ways to break the broker on purpose: the simulation must notice each. */
export type Sabotage =
  /** Forgets one committed batch in some. */
  | 'loses batches'
  /** Commits a transaction without its offsets now and then. */
  | 'forgets offsets'
  /** Fences nobody. */
  | 'fences nobody'
  /** Shows what was aborted. */
  | 'shows aborted'
  /** The state is written before the transaction is committed. */
  | 'state first';

/**
 * What the nodes share, as Kafka keeps it: partitions, transactional producers with epochs, offsets of groups. A commit is
 * decided in one step, and becomes visible partition by partition, each when its marker is written.
 */
export class Broker {
  readonly topics = new Map<string, readonly SimPartition[]>();
  /** What tells a topic from another one of the same name, created later. */
  readonly topicIds = new Map<string, string>();
  readonly offsets = new Map<string, Map<string, CommittedOffset>>();
  transactions = 0;
  /** Counts what may have moved the end of the run nearer. */
  changes = 0;
  private readonly producers = new Map<string, ProducerState>();
  private readonly open = new Set<Transaction>();
  private serial = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    readonly sabotage: Sabotage | null,
  ) {}

  createTopic(name: string, partitions: number): void {
    const known = this.topics.get(name);
    if (known !== undefined && known.length !== partitions)
      throw new Refused(`Topic ${name} has ${known.length} partitions`);
    if (known !== undefined) return;
    this.topicIds.set(name, `topic-${++this.serial}`);
    this.topics.set(
      name,
      Array.from({ length: partitions }, (_, p) => new SimPartition(name, p)),
    );
  }

  topic(name: string): readonly SimPartition[] {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new Refused(`Topic ${name} does not exist`);
    return topic;
  }

  get idle(): boolean {
    return this.open.size === 0;
  }

  /** InitProducerId: fences the producers before it, aborts what they left open, waits for what they have decided. */
  async start(transactionalId: string | undefined): Promise<Producer> {
    if (transactionalId === undefined) return { id: `p${++this.serial}`, epoch: 0, state: null };
    let state = this.producers.get(transactionalId);
    if (state === undefined) {
      state = { id: transactionalId, epoch: 0, current: null, waiting: [] };
      this.producers.set(transactionalId, state);
    }
    const epoch = ++state.epoch;
    if (state.current?.outcome === 'open') this.decide(state.current, 'abort');
    await this.settled(state);
    return { id: `p${++this.serial}`, epoch, state };
  }

  /** Appends, in a transaction where the producer has one. Resolves to the end behind the batch. */
  async append(producer: Producer, topic: string, partition: number, batch: Buffer, sequence: number): Promise<number> {
    if (producer.state !== null) await this.settled(producer.state);
    const target = this.topic(topic)[partition]!;
    const transaction = this.transactionOf(producer);
    transaction?.partitions.add(target);
    this.changes++;
    return target.append(batch, producer.id, sequence, transaction);
  }

  async addOffsets(producer: Producer, group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.settled(producer.state!);
    const transaction = this.transactionOf(producer)!;
    const all = transaction.offsets.get(group) ?? [];
    all.push(...offsets);
    transaction.offsets.set(group, all);
  }

  /** EndTxn: from here on the outcome is certain. */
  end(producer: Producer, outcome: 'commit' | 'abort'): void {
    const { state } = producer;
    this.checkEpoch(producer);
    if (state?.current?.outcome === 'open') this.decide(state.current, outcome);
  }

  commitOffsets(group: string, offsets: readonly CommittedOffset[]): void {
    let known = this.offsets.get(group);
    if (known === undefined) this.offsets.set(group, (known = new Map()));
    for (const o of offsets) known.set(`${o.topic}/${o.partition}`, o);
    this.changes++;
  }

  /** Offsets of a group that wait for the end of a transaction. */
  unstable(group: string, topics: readonly string[]): boolean {
    for (const t of this.open) if (t.offsets.get(group)?.some((o) => topics.includes(o.topic)) === true) return true;
    return false;
  }

  private transactionOf(producer: Producer): Transaction | null {
    const { state } = producer;
    if (state === null) return null;
    this.checkEpoch(producer);
    if (state.current === null) {
      const transaction: Transaction = {
        producer: state,
        outcome: 'open',
        partitions: new Set(),
        offsets: new Map(),
        remaining: 0,
      };
      state.current = transaction;
      this.open.add(transaction);
      this.scheduler.after(TRANSACTION_TIMEOUT_MS, 'broker transaction timeout', () => {
        if (transaction.outcome !== 'open') return;
        state.epoch++;
        this.decide(transaction, 'abort');
      });
    }
    return state.current;
  }

  private checkEpoch({ state, epoch, id }: Producer): void {
    if (state === null || state.epoch === epoch || this.sabotage === 'fences nobody') return;
    this.faults.count('fenced producer');
    throw new Refused(`Producer ${id} of ${state.id} was fenced`, true);
  }

  /** Resolves when no decided transaction of these producers waits for its markers. */
  private settled(state: ProducerState): Promise<void> | void {
    const { current } = state;
    if (current === null || current.outcome === 'open') return;
    return new Promise((resolve) => state.waiting.push(resolve));
  }

  private decide(transaction: Transaction, outcome: 'commit' | 'abort'): void {
    transaction.outcome = outcome;
    this.transactions++;
    if (outcome === 'commit' && this.sabotage === 'loses batches' && this.transactions % 7 === 0)
      this.lose(transaction);
    const steps: (() => void)[] = [...transaction.partitions].map((p) => () => p.mark(transaction));
    if (outcome === 'commit' && !(this.sabotage === 'forgets offsets' && this.transactions % 7 === 0)) {
      for (const [group, offsets] of transaction.offsets) steps.push(() => this.commitOffsets(group, offsets));
    }
    if (this.sabotage === 'shows aborted') transaction.outcome = 'commit';
    transaction.remaining = steps.length;
    const delay = this.faults.markerDelayMs();
    for (const step of steps) {
      this.scheduler.after(delay * this.faults.random.next(), `broker ${outcome} marker`, () => {
        step();
        this.changes++;
        if (--transaction.remaining === 0) this.ended(transaction);
      });
    }
    if (steps.length === 0) this.ended(transaction);
  }

  private ended(transaction: Transaction): void {
    const state = transaction.producer;
    this.open.delete(transaction);
    state.current = null;
    for (const resolve of state.waiting.splice(0)) resolve();
  }

  private lose(transaction: Transaction): void {
    for (const p of transaction.partitions) {
      for (const e of p.entries) {
        if (e.transaction !== transaction || e.batch === null) continue;
        e.lost = true;
        return;
      }
    }
  }
}
