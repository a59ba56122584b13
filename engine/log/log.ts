import type { WeirError } from '../base/errors.js';
import type { BatchCursor, RecordBatch } from '../records/batch.js';

/**
 * The partitioned log under everything. Two implementations, `embedded` (LevelDB, one process) and `kafka` (kafkajs),
 * judged by one contract suite, `test/contract/log.contract.ts`. It speaks of record batches (Kafka's format v2) in both
 * directions; nothing here makes an object of a single record.
 *
 * Offsets are numbers (safe integers). Reads are read-committed: control records, aborted transactions and what lies
 * behind an open transaction are never seen.
 */
export interface Log {
  readonly kind: 'embedded' | 'kafka';
  open(): Promise<void>;
  close(): Promise<void>;

  /** Creates what is missing; a topic that exists with another partition count is an error of code LOG_ERROR. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  listTopics(): Promise<readonly TopicInfo[]>;
  /** Undefined where the topic does not exist. Never creates it. */
  describeTopic(name: string): Promise<TopicInfo | undefined>;
  /**
   * Tells a topic from one of the same name before or after it. Undefined: the log cannot tell (brokers before Kafka 2.8). Left out: as
   * well. Rejects where the topic does not exist.
   */
  topicId?(name: string): Promise<string | undefined>;
  /** The configs in force for a topic (`retention.ms`, `cleanup.policy`…), the log's defaults included. */
  topicConfig?(name: string): Promise<Readonly<Record<string, string>>>;
  /** Makes a topic take records of so many bytes, where it does not. Left out: every topic takes them. */
  raiseMessageLimit?(topic: string, bytes: number): Promise<void>;
  /**
   * Earliest and next (read-committed end) offset of each partition of a topic; `uncommitted`: the end lies behind all
   * records, those of open transactions too.
   */
  offsets(topic: string, uncommitted?: boolean): Promise<readonly PartitionOffsets[]>;
  /** Next offsets that a group has committed; a partition without one is left out. */
  committed(group: string, topics: readonly string[]): Promise<readonly CommittedOffset[]>;
  deleteGroup(group: string): Promise<void>;
  /**
   * Records below these offsets may go: nobody needs them any more. What is at or above them stays; the earliest offset
   * moves up, at most to the offset given (the embedded log removes whole batches only).
   */
  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void>;

  reader(options: ReaderOptions): LogReader;
  /** Membership in a group: who owns which partitions. It reads nothing. */
  member(options: MemberOptions): GroupMember;
  writer(options: WriterOptions): Promise<LogWriter>;
}

/** What to do where records that were to be read are gone. */
export const LOST_HINT =
  'Nothing was skipped. A persistent query goes on by RESUME id FROM EARLIEST (with what is left) or RESUME id FROM LATEST ' +
  '(with what comes), and keeps its state. To keep records longer, raise retention.ms of the topic.';

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas?: number;
  /** Kafka topic configs: `retention.ms`, `cleanup.policy`… Unset: `retention.ms=-1`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface TopicInfo {
  readonly name: string;
  readonly partitions: number;
  /** Replicas of each partition. */
  readonly replicas: readonly number[];
  readonly internal: boolean;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** What a group has committed, or is to commit, of a partition. */
export interface CommittedOffset extends TopicPartitionOffset {
  /** What a committer stores beside the offset, for whoever goes on from there: at most 4,000 bytes. Default: empty. */
  readonly metadata?: string;
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly earliest: number;
  readonly end: number;
}

export interface ReaderOptions {
  readonly clientId: string;
  /** Bytes fetched ahead of `poll`, over all partitions. Default 16 MiB. */
  readonly bufferBytes?: number;
  /** Bytes of one partition in one poll. Default 1 MiB. */
  readonly partitionBytes?: number;
}

/** Reads assigned partitions in offset order. Not for concurrent use: one poll at a time. */
export interface LogReader {
  /** Starts to read a partition at an offset. Reassigning moves it. */
  assign(topic: string, partition: number, offset: number): void;
  unassign(topic: string, partition: number): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /**
   * What has arrived, at once if there is something, else after at most `maxWaitMs` (then possibly nothing).
   * Throws LOG_ERROR when an assigned offset is out of range (data was deleted): nothing is skipped silently.
   */
  poll(maxWaitMs: number): Promise<readonly FetchedPartition[]>;
  /** Wakes a poll that waits. */
  wakeup(): void;
  /** Next offset to be read and last known end, of assigned partitions; end is -1 while unknown. */
  position(topic: string, partition: number): { readonly next: number; readonly end: number } | undefined;
  close(): Promise<void>;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly RecordBatch[];
  /** Offset after the last batch, control batches included: what to commit once all of them are processed. */
  readonly nextOffset: number;
}

export interface MemberOptions {
  readonly group: string;
  readonly clientId: string;
  readonly topics: readonly string[];
  /** Partitions with the same number of topics in one set go to the same member. */
  readonly copartitioned: readonly (readonly string[])[];
  /** What the others of the group are told of this member: where its node answers, `host:port`. */
  readonly address?: string;
  /**
   * How many copies of the state behind these topics' partitions are kept by members other than the owner. All members say
   * the same.
   */
  readonly standbys?: { readonly copies: number; readonly topics: readonly string[] };
}

/** A member of a group, as the group's leader has told all of them. */
export interface PlacedMember {
  /** `MemberOptions.address`; empty where it gave none. */
  readonly address: string;
  /** A partition that is on its way from one member to another is nobody's. */
  readonly owned: readonly TopicPartition[];
  /** Partitions of whose state it keeps a copy. */
  readonly standby: readonly TopicPartition[];
}

/** Who has what, from one rebalance to the next. */
export interface Placement {
  readonly members: readonly PlacedMember[];
  /** Which of them this member is. */
  readonly self: number;
}

export interface MemberHandler {
  /**
   * Partitions that are now this member's, after `revoked` of those that no longer are. Only what is new: a partition
   * that stays is neither revoked nor assigned again.
   */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** When it resolves, the member must have committed and let go. No other member starts on the partitions before. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Already taken by others: drop all work on them, commit nothing. */
  lost(partitions: readonly TopicPartition[]): void;
  failed(error: Error): void;
  /** After each rebalance, behind `assigned`. */
  placed?(placement: Placement): void;
}

export interface GroupMember {
  join(handler: MemberHandler): Promise<void>;
  /** Gives up all partitions (`revoked` first) and resolves when the group knows. */
  leave(): Promise<void>;
}

export interface WriterOptions {
  readonly clientId: string;
  /** Set: exactly once. The next writer with the same id fences this one and aborts what it left open. */
  readonly transactionalId?: string;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /**
   * Is told of a record that the log refuses for what it is: too large for its topic, a time out of its bounds, no key on a
   * compacted topic. True: it is left out, and all others are written. False, or no such option: the writer fails.
   */
  readonly refused?: (record: RefusedRecord) => boolean;
}

export interface RefusedRecord extends TopicPartition {
  readonly error: WeirError;
  /** The record; only while the call lasts. */
  readonly cursor: BatchCursor;
  /** What it takes as a batch of its own. */
  readonly bytes: number;
  /** It would be taken with fewer bytes. */
  readonly tooLarge: boolean;
}

/**
 * Writes whole batches. A transactional writer has an open transaction from its first append to `commit` or `abort`.
 * After any rejection the writer is dead: close it and open another. Where another writer or member has taken over, the error
 * has the property `fenced: true`.
 */
export interface LogWriter {
  /**
   * Takes over `batch`, an unsealed batch of `BatchBuilder.finish()`. Sent in the background, in order within a partition; a failure
   * surfaces at the next `ready`, `flush` or `commit`.
   */
  append(topic: string, partition: number, batch: Uint8Array): void;
  /** Resolves when the bytes in flight are below the writer's bound: await it between slices of work. */
  ready(): Promise<void>;
  /** Everything appended is acknowledged (and readable, where the writer is not transactional). */
  flush(): Promise<void>;
  /**
   * Ends a unit of work: flushes, commits `offsets` for `group` and, where the log can, `state` in the same atomic step.
   * Resolves once all of it is durable. The next writer, or a restart, sees all of it or nothing
   * (without a transactional id on Kafka: outputs may be repeated, offsets never run ahead of outputs).
   */
  commit(work: CommitWork): Promise<CommitResult>;
  /** Nothing appended since the last commit will be seen. */
  abort(): Promise<void>;
  close(): Promise<void>;
}

export interface CommitWork {
  readonly group?: string;
  readonly offsets: readonly CommittedOffset[];
  /** The member whose partitions `offsets` are of. One that the group has dropped is refused, with a `fenced` error. */
  readonly member?: GroupMember;
  /** Changes of the state database; keys are whole database keys. */
  readonly state: readonly KeyValueOp[];
}

export interface CommitResult {
  /** True: `state` is durable already. False: the caller writes it now, with `ends`, in one batch. */
  readonly stateWritten: boolean;
  /** Next offset of each partition that this unit of work has written to. */
  readonly ends: readonly TopicPartitionOffset[];
}

export type KeyValueOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };
