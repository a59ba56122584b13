import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { messageOf, WeirError } from '../../base/errors.js';
import { readInt64 } from '../../records/bytes.js';
import { isTopicName, TOPIC_NAME_HINT } from '../../records/topic-name.js';
import type {
  CommittedOffset,
  GroupMember,
  KeyValueOp,
  Log,
  LogReader,
  LogWriter,
  MemberOptions,
  NewTopic,
  PartitionOffsets,
  ReaderOptions,
  TopicInfo,
  TopicPartitionOffset,
  WriterOptions,
} from '../log.js';
import { Committer, partitionOp } from './committer.js';
import type { OrderedDatabase } from './database.js';
import { GroupOffsets } from './group-offsets.js';
import { FencedError, GroupCoordinator } from './groups.js';
import {
  batchesOf,
  idOfRemoval,
  NEXT_ID_KEY,
  PARTITIONS,
  REMOVALS,
  removalKey,
  TOPICS,
  topicKey,
  topicOfKey,
  VERSION_KEY,
} from './keys.js';
import { type Partition, Tails, Topic } from './partitions.js';
import { EmbeddedReader } from './reader.js';
import { enforceRetention, removeBelow } from './retention.js';
import { damaged } from './stored-batch.js';
import { EmbeddedWriter } from './writer.js';

export interface EmbeddedLogOptions {
  readonly clock: Clock;
  /** Bytes of recent batches kept in memory for readers. Default 32 MiB. */
  readonly tailBytes?: number;
  /** Bytes that a writer may have on their way. Default 16 MiB. */
  readonly inFlightBytes?: number;
  /** Bytes of one transaction. Default 256 MiB. */
  readonly transactionBytes?: number;
}

const MIB = 1024 * 1024;
/** Of the layout in `keys.ts` and of a stored batch. */
const VERSION = 1;
const MAX_PARTITIONS = 10_000;

/**
 * The log without Kafka: one process, one LevelDB, which the state shares. A unit of work (outputs, group offsets,
 * state) is one atomic database batch, so after `kill -9` all of it is there or nothing; see `LevelDatabase` on what
 * survives a crash of the machine. Groups and fencing need no storage: no other process can have the database.
 */
export class EmbeddedLog implements Log {
  readonly kind = 'embedded';
  private readonly topics = new Map<string, Topic>();
  private readonly groups = new GroupOffsets();
  private readonly tails: Tails;
  private readonly committer: Committer;
  private readonly coordinator = new GroupCoordinator((topic) => this.topics.get(topic)?.partitions.length ?? 0);
  private readonly readers = new Set<EmbeddedReader>();
  private readonly writers = new Set<EmbeddedWriter>();
  /** The epoch of the last writer of each transactional id: it alone may write. No two writers have the same. */
  private readonly epochs = new Map<string, number>();
  private lastEpoch = 0;
  private nextId = 1;
  private status: 'new' | 'open' | 'closed' = 'new';

  /** `database` is open, and its owner closes it after the log. */
  constructor(
    private readonly database: OrderedDatabase,
    private readonly options: EmbeddedLogOptions,
  ) {
    this.tails = new Tails(options.tailBytes ?? 32 * MIB, options.clock);
    this.committer = new Committer(database, (topic, p) => this.find(topic, p), this.tails, this.groups);
  }

  async open(): Promise<void> {
    if (this.status !== 'new') throw new WeirError('LOG_ERROR', 'An embedded log is opened once');
    await this.load();
    this.status = 'open';
  }

  async close(): Promise<void> {
    if (this.status !== 'open') return;
    await Promise.all([...this.readers].map((reader) => reader.close()));
    await Promise.all([...this.writers].map((writer) => writer.close()));
    // A failed log has nothing more to write; its writers know.
    await this.committer.settled().catch(() => undefined);
    this.status = 'closed';
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    this.check();
    await this.committer.exclusive(async () => {
      const made: Topic[] = [];
      const ops: KeyValueOp[] = [];
      for (const { name, partitions, config = {} } of topics) {
        checkTopic(name, partitions);
        const existing = this.topics.get(name) ?? made.find((t) => t.name === name);
        if (existing !== undefined) {
          if (existing.partitions.length === partitions) continue;
          throw new WeirError(
            'LOG_ERROR',
            `Topic ${name} has ${existing.partitions.length} partitions, not ${partitions}`,
            'Use its partition count, or another topic.',
          );
        }
        const topic = new Topic(name, this.nextId + made.length, partitions, config, randomUUID());
        made.push(topic);
        const stored = Buffer.from(JSON.stringify({ id: topic.id, partitions, config, uuid: topic.uuid }));
        ops.push({ type: 'put', key: topicKey(name), value: stored });
        for (const partition of topic.partitions) ops.push(partitionOp(partition, 0, 0, 0));
      }
      if (made.length === 0) return;
      const nextId = this.nextId + made.length;
      await this.committer.write([...ops, { type: 'put', key: NEXT_ID_KEY, value: uint32(nextId) }]);
      this.nextId = nextId;
      for (const topic of made) this.topics.set(topic.name, topic);
    });
    this.coordinator.topicsChanged();
  }

  /** Also removes what groups have committed for them. Those that do not exist are passed over. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    this.check();
    const removed: Topic[] = [];
    await this.committer.exclusive(async () => {
      const ops: KeyValueOp[] = [];
      for (const name of new Set(names)) {
        const topic = this.topics.get(name);
        if (topic === undefined) continue;
        removed.push(topic);
        ops.push({ type: 'del', key: topicKey(name) }, { type: 'put', key: removalKey(topic.id), value: uint32(0) });
        for (const partition of topic.partitions) ops.push({ type: 'del', key: partitionOp(partition, 0, 0, 0).key });
        ops.push(...this.groups.removal({ topic: name }));
      }
      await this.committer.write(ops);
      for (const topic of removed) {
        this.topics.delete(topic.name);
        this.groups.forget({ topic: topic.name });
        for (const partition of topic.partitions) {
          partition.gone = true;
          this.tails.drop(partition);
          partition.notify();
        }
      }
    });
    for (const topic of removed) {
      this.coordinator.topicDeleted(topic.name);
      await this.finishRemoval(topic.id);
    }
  }

  async listTopics(): Promise<readonly TopicInfo[]> {
    this.check();
    return [...this.topics.values()].map(infoOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async describeTopic(name: string): Promise<TopicInfo | undefined> {
    this.check();
    const topic = this.topics.get(name);
    return topic === undefined ? undefined : infoOf(topic);
  }

  async topicConfig(name: string): Promise<Readonly<Record<string, string>>> {
    this.check();
    return { 'cleanup.policy': 'delete', 'retention.ms': '-1', ...this.topics.get(name)?.config };
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    this.check();
    const found = this.topics.get(topic);
    if (found === undefined) throw new WeirError('LOG_ERROR', `There is no topic ${topic}`);
    return found.partitions.map(({ index, earliest, end }) => ({ partition: index, earliest, end }));
  }

  async committed(group: string, topics: readonly string[]): Promise<readonly CommittedOffset[]> {
    this.check();
    return this.groups.committed(group, topics);
  }

  async deleteGroup(group: string): Promise<void> {
    this.check();
    await this.committer.exclusive(async () => {
      await this.committer.write(this.groups.removal({ group }));
      this.groups.forget({ group });
    });
  }

  reader(options: ReaderOptions): LogReader {
    this.check();
    const { bufferBytes = 16 * MIB, partitionBytes = MIB } = options;
    const reader = new EmbeddedReader(
      this.database,
      (topic, p) => this.find(topic, p),
      this.options.clock,
      { bufferBytes, partitionBytes },
      (closed) => this.readers.delete(closed),
    );
    this.readers.add(reader);
    return reader;
  }

  member(options: MemberOptions): GroupMember {
    this.check();
    return this.coordinator.member(options);
  }

  async writer(options: WriterOptions): Promise<LogWriter> {
    this.check();
    const { transactionalId: id } = options;
    const { inFlightBytes = 16 * MIB, transactionBytes = 256 * MIB } = this.options;
    const epoch = ++this.lastEpoch;
    if (id !== undefined) this.epochs.set(id, epoch);
    const fenced = (): WeirError | undefined =>
      this.epochs.get(id!) === epoch
        ? undefined
        : new FencedError(`A later writer has taken over the transactional id ${id}: this one is fenced`);
    const writer = new EmbeddedWriter(
      this.committer,
      id === undefined ? undefined : fenced,
      (member, partitions) => this.coordinator.refuses(member, partitions),
      { inFlightBytes, transactionBytes },
      () => {
        this.writers.delete(writer);
        if (id !== undefined && this.epochs.get(id) === epoch) this.epochs.delete(id);
      },
    );
    this.writers.add(writer);
    // Commits of an earlier writer with this id have happened or are refused before the new one reads anything.
    if (id !== undefined) await this.committer.settled();
    return writer;
  }

  async topicId(name: string): Promise<string> {
    this.check();
    const topic = this.topics.get(name);
    if (topic === undefined) throw new WeirError('LOG_ERROR', `There is no topic ${name}`);
    return topic.uuid;
  }

  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    this.check();
    for (const { topic, partition, offset } of before) {
      const found = this.find(topic, partition);
      if (found !== undefined) await removeBelow(found, offset, this.database, this.committer);
    }
  }

  /** Removes what the topics' retention no longer keeps. Its owner calls it from time to time. */
  async enforceRetention(now: number): Promise<void> {
    this.check();
    for (const topic of [...this.topics.values()]) {
      await enforceRetention(topic, now, this.database, this.committer);
    }
  }

  private find(topic: string, partition: number): Partition | undefined {
    return this.topics.get(topic)?.partitions[partition];
  }

  private check(): void {
    if (this.status !== 'open') throw new WeirError('LOG_ERROR', 'The embedded log is not open');
  }

  private async load(): Promise<void> {
    const { database } = this;
    const version = database.get(VERSION_KEY);
    if (version === undefined) await database.batch([{ type: 'put', key: VERSION_KEY, value: uint32(VERSION) }]);
    else if (version.readUInt32BE(0) !== VERSION) {
      throw new WeirError(
        'LOG_ERROR',
        `The data directory ${database.directory} has format ${version.readUInt32BE(0)}; this Weir knows ${VERSION}`,
        'Use the version of Weir that wrote it, or another data directory.',
      );
    }
    this.nextId = database.get(NEXT_ID_KEY)?.readUInt32BE(0) ?? 1;
    const byId = new Map<number, Topic>();
    for await (const entries of database.scan(TOPICS)) {
      for (const [key, value] of entries) {
        const topic = topicFrom(topicOfKey(key), value);
        this.topics.set(topic.name, topic);
        byId.set(topic.id, topic);
      }
    }
    for await (const entries of database.scan(PARTITIONS)) {
      for (const [key, value] of entries) {
        const at = Buffer.from(key);
        const partition = byId.get(at.readUInt32BE(2))?.partitions[at.readUInt32BE(6)];
        if (partition === undefined || value.length !== 24) throw damaged('the list of partitions');
        partition.earliest = readInt64(value, 0);
        partition.end = readInt64(value, 8);
        partition.bytes = readInt64(value, 16);
      }
    }
    await this.groups.load(database);
    for await (const entries of database.scan(REMOVALS)) {
      for (const [key] of entries) await this.finishRemoval(idOfRemoval(key));
    }
  }

  /** The batches go after the topic: a crash in between leaves a note of it. */
  private async finishRemoval(id: number): Promise<void> {
    const { gte, lt } = batchesOf(id);
    await this.database.clear(gte, lt);
    await this.database.batch([{ type: 'del', key: removalKey(id) }]);
  }
}

function topicFrom(name: string, stored: Buffer): Topic {
  try {
    const { id, partitions, config, uuid } = JSON.parse(stored.toString()) as {
      id: number;
      partitions: number;
      config: Record<string, string>;
      uuid?: string;
    };
    return new Topic(name, id, partitions, config, uuid);
  } catch (e) {
    throw new WeirError('LOG_ERROR', `The embedded log is damaged at topic ${name}: ${messageOf(e)}`);
  }
}

function checkTopic(name: string, partitions: number): void {
  if (!isTopicName(name)) throw new WeirError('LOG_ERROR', `${JSON.stringify(name)} is no topic name`, TOPIC_NAME_HINT);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    throw new WeirError('LOG_ERROR', `Topic ${name}: ${partitions} partitions; 1 to ${MAX_PARTITIONS} are possible`);
  }
}

/** One process has no replicas: each partition is there once. */
function infoOf({ name, partitions }: Topic): TopicInfo {
  return { name, partitions: partitions.length, replicas: partitions.map(() => 1), internal: name.startsWith('__') };
}

function uint32(n: number): Buffer {
  const b = Buffer.allocUnsafe(4);
  b.writeUInt32BE(n);
  return b;
}
