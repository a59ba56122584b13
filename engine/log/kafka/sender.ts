import { BatchCursor, type BatchProducer, batchAt, sealBatch } from '../../records/batch.js';
import type { TopicPartition, TopicPartitionOffset, WriterOptions } from '../log.js';
import type { Cluster } from './cluster.js';
import { compressBatch } from './compression.js';
import type { Compression } from './config.js';
import { CODE, connectionError, errorOfCode, isRetriable, KafkaError, noTopic } from './errors.js';
import { halvesOf, mergeable, mergeBatches } from './merge.js';
import { decodeProduce, encodeProduce } from './produce-requests.js';
import { PRODUCE } from './protocol.js';
import { backoff } from './retry.js';

const KEY = '\u0000';
/** Requests in flight to one broker, and bytes of one request (a single larger batch goes alone). */
const REQUESTS = 5;
const REQUEST_BYTES = 4 * 1024 * 1024;
const SEQUENCES = 2 ** 31;

/** A record, or the batch that it is in, is larger than its topic takes. */
const TOO_LARGE = new Set<number>([CODE.MESSAGE_TOO_LARGE, CODE.RECORD_LIST_TOO_LARGE]);
/** What a broker refuses for the sake of one record, and of nothing else. */
const OF_A_RECORD = new Set<number>([...TOO_LARGE, CODE.INVALID_TIMESTAMP, CODE.INVALID_RECORD]);

/** For errors: sizes and times say which of a topic's bounds is meant. */
function whatOf(p: Partition, { raw, batch, records }: Entry): string {
  const { baseTimestamp, maxTimestamp } = batchAt(raw, 0);
  const what = records === 1 ? 'a record' : `${records} records`;
  const times = records === 1 ? `time ${baseTimestamp}` : `times up to ${maxTimestamp}`;
  return `write ${what} of ${batch.length} bytes and ${times} to ${p.name}`;
}

/** What is in flight to a partition, or about to be. */
interface Entry {
  batch: Buffer;
  /** Uncompressed: to be taken apart where one of its records is refused. */
  readonly raw: Buffer;
  /** As appended: what counts for `ready`. */
  readonly bytes: number;
  readonly records: number;
  /** Compressed, where it is to be. */
  ready: boolean;
  /** -1 until it is sealed, just before it is first sent. */
  sequence: number;
  sentAt: number;
}

interface Sent {
  readonly partition: Partition;
  readonly entry: Entry;
}

/**
 * One partition: what waits, in order, and one batch in flight. Only one, because a broker that restarts remembers just the last
 * batch of a producer: of two whose fate is unknown it would refuse the first.
 */
class Partition implements TopicPartition {
  readonly queue: Buffer[] = [];
  /** Parts of a batch that was refused: each goes by itself, before the queue. */
  readonly parts: Buffer[] = [];
  head: Entry | undefined;
  inFlight = false;
  /** Transactional: whether the transaction knows of the partition. */
  registered = false;
  failures = 0;
  retryAt = 0;
  /** Since when it has had no leader. */
  missingSince: number | undefined;
  /** Behind the last acknowledged batch of this unit of work; -1: none. */
  end = -1;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Of the next batch. */
    public sequence: number,
  ) {}

  get name(): string {
    return `${this.topic}/${this.partition}`;
  }
}

export interface ProducerId {
  readonly id: number;
  readonly epoch: number;
}

export interface SenderOptions {
  readonly producer: ProducerId;
  readonly transactionalId: string | null;
  readonly compression: Compression;
  /** Transactional: makes partitions known to the transaction before anything is sent to them. */
  readonly register?: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** What is appended and not acknowledged, in bytes, until `ready` waits. */
  readonly maxBytes: number;
  /** Of each partition's first batch; for tests of the wrap at 2^31. */
  readonly firstSequence?: number;
  readonly refused?: WriterOptions['refused'];
}

/**
 * Sends batches as an idempotent producer. A batch keeps its sequence number for life: repeated with the same number, it is stored
 * once. So a batch whose fate is unknown is sent again until it is acknowledged or its time is over; the broker finds out whether
 * it had it. Any other failure ends the sender for good.
 *
 * Kafka's limit: a broker that restarts forgets producers whose newest record is older than `producer.id.expiration.ms` (a day), by
 * the record's own time, unless they are in a transaction. So outside of a transaction, a batch of old event times that is
 * repeated over a restart may be stored twice.
 */
export class Sender {
  private readonly partitions = new Map<string, Partition>();
  private readonly requests = new Map<number, number>();
  private readonly producer: Omit<BatchProducer, 'sequence'>;
  private outstanding = 0;
  private pumping = false;
  private registering: Promise<void> | undefined;
  private refreshing = false;
  private scheduledAt = Number.POSITIVE_INFINITY;
  private dead: KafkaError | undefined;
  private waiters: {
    readonly met: () => boolean;
    readonly resolve: () => void;
    readonly reject: (e: Error) => void;
  }[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly options: SenderOptions,
  ) {
    this.producer = { ...options.producer, transactional: options.transactionalId !== null };
  }

  append(topic: string, partition: number, batch: Buffer): void {
    if (this.dead !== undefined) return; // told by the next ready, flush or commit
    const key = topic + KEY + partition;
    let p = this.partitions.get(key);
    if (p === undefined) {
      p = new Partition(topic, partition, this.options.firstSequence ?? 0);
      this.partitions.set(key, p);
    }
    // A view would hold all of the buffer that it is of.
    p.queue.push(batch.buffer.byteLength > 2 * batch.length ? Buffer.from(batch) : batch);
    this.outstanding += batch.length;
    this.schedulePump();
  }

  ready(): Promise<void> {
    return this.until(() => this.outstanding < this.options.maxBytes);
  }

  flush(): Promise<void> {
    return this.until(() => this.outstanding === 0);
  }

  /** Drops what has not been sent, and waits for the rest: nothing of this sender arrives later. */
  async settle(): Promise<void> {
    for (const p of this.partitions.values()) {
      for (const batch of [...p.parts.splice(0), ...p.queue.splice(0)]) this.outstanding -= batch.length;
      // Once sent, a batch has its sequence number, and the next one must not be sent before it.
      if (p.head === undefined || p.head.sequence >= 0) continue;
      this.outstanding -= p.head.bytes;
      p.head = undefined;
    }
    this.notify();
    await this.registering;
    await this.flush();
  }

  /** Ends of the partitions written since the last call, and the start of a new unit of work. */
  takeEnds(): TopicPartitionOffset[] {
    const ends: TopicPartitionOffset[] = [];
    for (const p of this.partitions.values()) {
      if (p.end >= 0) ends.push({ topic: p.topic, partition: p.partition, offset: p.end });
      p.end = -1;
      p.registered = false;
    }
    return ends;
  }

  /** Nothing is sent any more; all waits reject. */
  die(error: KafkaError): void {
    if (this.dead !== undefined) return;
    this.dead = error;
    this.partitions.clear();
    this.outstanding = 0;
    const waiters = this.waiters;
    this.waiters = [];
    for (const w of waiters) w.reject(error);
  }

  private until(met: () => boolean): Promise<void> {
    if (this.dead !== undefined) return Promise.reject(this.dead);
    if (met()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ met, resolve, reject });
    });
  }

  private notify(): void {
    if (this.waiters.length === 0) return;
    const waiting = this.waiters.filter((w) => !w.met());
    const done = this.waiters.filter((w) => !waiting.includes(w));
    this.waiters = waiting;
    for (const w of done) w.resolve();
  }

  private fail(e: unknown): void {
    this.die(e instanceof KafkaError ? e : connectionError(e, 'write'));
  }

  /** Takes what is to be sent next from the front of the queue: small batches are merged. */
  private prepare(p: Partition): void {
    const batches = p.parts.length > 0 ? p.parts.splice(0, 1) : p.queue.splice(0, mergeable(p.queue));
    const batch = mergeBatches(batches);
    const { compression } = this.options;
    const entry: Entry = {
      batch,
      raw: batch,
      bytes: batches.reduce((sum, b) => sum + b.length, 0),
      records: batch.readInt32BE(57),
      ready: compression === 'none',
      sequence: -1,
      sentAt: 0,
    };
    p.head = entry;
    if (entry.ready) return;
    compressBatch(batch, compression)
      .then((compressed) => {
        entry.batch = compressed;
        entry.ready = true;
        this.schedulePump();
      })
      .catch((e: unknown) => this.fail(e));
  }

  /** After the caller's slice of work: what it appends to several partitions goes in one request. */
  private schedulePump(): void {
    if (this.pumping || this.dead !== undefined) return;
    this.pumping = true;
    queueMicrotask(() => {
      this.pumping = false;
      try {
        this.pump();
      } catch (e) {
        this.fail(e);
      }
    });
  }

  private pump(): void {
    if (this.dead !== undefined) return;
    const now = this.cluster.clock.now();
    const byNode = new Map<number, Partition[]>();
    const unregistered: Partition[] = [];
    let unknown = false;
    let due = Number.POSITIVE_INFINITY;
    for (const p of this.partitions.values()) {
      if (p.inFlight) continue;
      if (p.head === undefined && p.parts.length + p.queue.length > 0) this.prepare(p);
      if (!p.head?.ready) continue;
      if (p.retryAt > now) {
        due = Math.min(due, p.retryAt);
        continue;
      }
      if (this.options.register !== undefined && !p.registered) {
        unregistered.push(p);
        continue;
      }
      const leader = this.cluster.leader(p.topic, p.partition);
      if (leader === undefined) {
        unknown = true;
        continue;
      }
      const of = byNode.get(leader);
      if (of === undefined) byNode.set(leader, [p]);
      else of.push(p);
    }
    if (unregistered.length > 0) this.register(unregistered);
    if (unknown) this.refresh();
    if (due < Number.POSITIVE_INFINITY) this.schedule(due);
    for (const [node, list] of byNode) this.sendTo(node, list);
  }

  private sendTo(node: number, list: readonly Partition[]): void {
    let requests = this.requests.get(node) ?? 0;
    for (let next = 0; next < list.length && requests < REQUESTS; ) {
      const slice: Sent[] = [];
      for (let bytes = 0; next < list.length; next++) {
        const partition = list[next]!;
        const entry = partition.head!;
        bytes += entry.batch.length;
        if (slice.length > 0 && bytes > REQUEST_BYTES) break;
        this.seal(partition, entry);
        partition.inFlight = true;
        slice.push({ partition, entry });
      }
      this.requests.set(node, ++requests);
      this.send(node, slice)
        .catch((e: unknown) => this.fail(e))
        .finally(() => {
          this.requests.set(node, this.requests.get(node)! - 1);
          this.schedulePump();
        });
    }
  }

  private seal(p: Partition, entry: Entry): void {
    if (entry.sequence >= 0) return;
    entry.sequence = p.sequence;
    entry.sentAt = this.cluster.clock.now();
    p.sequence = (p.sequence + entry.records) % SEQUENCES;
    sealBatch(entry.batch, 0, { ...this.producer, sequence: entry.sequence });
  }

  private async send(node: number, slice: readonly Sent[]): Promise<void> {
    const { cluster, options } = this;
    try {
      const connection = await cluster.connection(node, 'produce');
      const { requestTimeoutMs } = cluster.config;
      const entries = slice.map(({ partition: p, entry }) => ({
        topic: p.topic,
        partition: p.partition,
        batch: entry.batch,
      }));
      const parts = encodeProduce(options.transactionalId, requestTimeoutMs, entries);
      const answer = decodeProduce(await connection.request(PRODUCE, parts, requestTimeoutMs + 1000));
      if (this.dead !== undefined) return;
      connection.throttle(answer.throttleMs);
      const results = new Map(answer.results.map((r) => [r.topic + KEY + r.partition, r]));
      for (const { partition: p, entry } of slice) {
        const result = results.get(p.topic + KEY + p.partition);
        if (result === undefined) throw new KafkaError(`Kafka did not answer for ${p.name}`, -1, false, false);
        if (result.code === 0) this.acknowledge(p, entry, result.baseOffset);
        else this.refused(p, entry, errorOfCode(result.code, whatOf(p, entry)));
      }
    } catch (e) {
      if (this.dead !== undefined) return;
      if (!isRetriable(e)) throw e;
      for (const { partition: p, entry } of slice) this.refused(p, entry, e as KafkaError);
    }
    this.notify();
  }

  private acknowledge(p: Partition, entry: Entry, baseOffset: number): void {
    p.inFlight = false;
    p.failures = 0;
    p.end = Math.max(p.end, baseOffset + entry.records);
    p.head = undefined;
    this.outstanding -= entry.bytes;
  }

  private refused(p: Partition, entry: Entry, error: KafkaError): void {
    p.inFlight = false;
    if (!error.retriable) {
      if (this.options.refused === undefined || !OF_A_RECORD.has(error.kafkaCode)) this.fail(error);
      else this.takeApart(p, entry, error, this.options.refused);
      return;
    }
    const { clock, config } = this.cluster;
    if (clock.now() - entry.sentAt > config.deliveryTimeoutMs) {
      const text = `Not acknowledged within ${config.deliveryTimeoutMs} ms: ${error.message}`;
      this.fail(new KafkaError(text, error.kafkaCode, false, false, { cause: error }));
      return;
    }
    config.logger.debug({ err: error, partition: p.name }, 'Write failed: will be repeated');
    p.retryAt = clock.now() + backoff(++p.failures);
    this.refresh();
  }

  /** One of the records is refused, which the broker does not name: halves are sent until it stands alone, and is left out. */
  private takeApart(
    p: Partition,
    entry: Entry,
    error: KafkaError,
    refused: NonNullable<WriterOptions['refused']>,
  ): void {
    // Nothing of it was stored, and nothing was sent behind it: its numbers are free.
    p.sequence = entry.sequence;
    p.head = undefined;
    this.outstanding -= entry.bytes;
    const halves = halvesOf(entry.raw);
    if (halves !== undefined) {
      p.parts.unshift(...halves);
      for (const half of halves) this.outstanding += half.length;
      return;
    }
    const cursor = new BatchCursor();
    cursor.reset(batchAt(entry.raw, 0));
    cursor.next();
    const tooLarge = TOO_LARGE.has(error.kafkaCode);
    const { topic, partition } = p;
    if (!refused({ topic, partition, error, cursor, bytes: entry.raw.length, tooLarge })) this.fail(error);
  }

  private register(partitions: readonly Partition[]): void {
    if (this.registering !== undefined) return;
    this.registering = this.options.register!(partitions)
      .then(() => {
        for (const p of partitions) p.registered = true;
      })
      .catch((e: unknown) => this.fail(e))
      .finally(() => {
        this.registering = undefined;
        this.schedulePump();
      });
  }

  /** Asks anew who leads the topics that are written; one question at a time. */
  private refresh(): void {
    if (this.refreshing || this.dead !== undefined) return;
    this.refreshing = true;
    this.doRefresh()
      .catch((e: unknown) => this.fail(e))
      .finally(() => {
        this.refreshing = false;
        this.schedulePump();
      });
  }

  private async doRefresh(): Promise<void> {
    const { cluster } = this;
    const waiting = [...this.partitions.values()].filter((p) => p.head !== undefined);
    await cluster.topics([...new Set(waiting.map((p) => p.topic))]);
    const now = cluster.clock.now();
    const { topicTimeoutMs, deliveryTimeoutMs } = cluster.config;
    for (const p of waiting) {
      if (cluster.leader(p.topic, p.partition) !== undefined) {
        p.missingSince = undefined;
        continue;
      }
      p.retryAt = Math.max(p.retryAt, now + backoff(++p.failures));
      p.missingSince ??= now;
      const missing = now - p.missingSince;
      if (!cluster.knows(p.topic, p.partition) && missing > topicTimeoutMs)
        throw noTopic(p.topic, `write to ${p.name}`);
      if (missing > deliveryTimeoutMs) throw errorOfCode(5, `write to ${p.name}`);
    }
  }

  /** Pumps again at a time; a later one that is scheduled already is superseded. */
  private schedule(at: number): void {
    const { clock, signal } = this.cluster;
    if (at >= this.scheduledAt) return;
    this.scheduledAt = at;
    clock
      .sleep(Math.max(1, at - clock.now()), signal)
      .then(() => {
        if (this.scheduledAt === at) this.scheduledAt = Number.POSITIVE_INFINITY;
        this.schedulePump();
      })
      .catch((e: unknown) => {
        if (!signal.aborted) this.fail(e);
      });
  }
}
