import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { SettingGroup, SettingValues } from '../base/setting.js';
import type { SourceKind } from '../catalog/index.js';
import type { TopicPartition } from '../log/log.js';
import type { RawRecord } from '../records/raw-record.js';
import type { Header } from '../records/record.js';
import type { Schema } from '../values/schema.js';
import type { Value } from '../values/value.js';

/**
 * What a kind of connector is: a folder each under `engine/connectors/`, listed in `registry.ts`. Options, their checks, docs,
 * SHOW CONNECTOR PLUGINS and DESCRIBE CONNECTOR follow from its spec. The runner (`runner.ts`) does the rest for all kinds: who
 * of the nodes runs it, where it goes on, retries, dead letters, counters. `test/contract/connector.contract.ts` judges them.
 *
 * A **task** is what runs: of a sink one for each partition that it reads, of a source one in all. After a failure a task
 * is dead: it is closed, and after a pause another is opened, which goes on from what is known to be done.
 */
export type ConnectorSpec = SourceConnectorSpec | SinkConnectorSpec;

interface SpecBase<G extends SettingGroup> {
  /** What `connector.class` names: `postgres-sink`. */
  readonly name: string;
  /** Other names of it, such as the class of the Kafka Connect plugin that it takes the place of. */
  readonly aliases?: readonly string[];
  /** Whether a configuration that names it by an alias is its; left out: it is. */
  takes?(config: Readonly<Record<string, string>>): boolean;
  /** One sentence for SHOW CONNECTOR PLUGINS and the docs. */
  readonly description: string;
  /** Its own options; those of all connectors are in `common-options.ts`. Secret ones are marked so. */
  readonly options: G;
  /** Options without which it cannot be. */
  readonly required: readonly (keyof G)[];
  /** What is wrong with options that fit together badly; undefined: nothing. It touches nothing outside. */
  check?(options: SettingValues<G>): string | undefined;
  /**
   * The connector has been dropped, and its tasks are closed: takes away what it keeps on the other side for itself (a slot). Called
   * on one node. A rejection is told to whoever dropped it; the connector is gone all the same.
   */
  dropped?(context: TaskContext<SettingValues<G>>): Promise<void>;
}

export interface SourceConnectorSpec<G extends SettingGroup = SettingGroup> extends SpecBase<G> {
  readonly kind: 'SOURCE';
  /** An option that says which topics its records go to, in place of `into` and `topic`. */
  readonly topicsOption?: keyof G;
  /** `exactly once`: each record of the origin is written once, whatever fails. */
  readonly guarantee: 'exactly once' | 'at least once';
  /** By the options where it depends on them; left out: `guarantee`. */
  guaranteeOf?(options: SettingValues<G>): SourceConnectorSpec['guarantee'];
  /**
   * Opens the task. `position` is what the last committed batch gave; undefined: it begins.
   * @throws ConnectorFailed where trying again cannot help
   */
  start(context: SourceContext<SettingValues<G>>, position: JsonValue | undefined): Promise<SourceTask>;
}

export interface SinkConnectorSpec<G extends SettingGroup = SettingGroup> extends SpecBase<G> {
  readonly kind: 'SINK';
  /** `idempotent`: rows may be written again, and that changes nothing in the target. */
  readonly guarantee: 'exactly once' | 'idempotent' | 'at least once';
  /** By the options where it depends on them; left out: `guarantee`. */
  guaranteeOf?(options: SettingValues<G>): SinkConnectorSpec['guarantee'];
  /**
   * Opens the task of one partition. @throws ConnectorFailed where trying again cannot help
   */
  start(context: SinkContext<SettingValues<G>>): Promise<SinkTask>;
}

/** What a task is given. */
export interface TaskContext<O> {
  /** Of the connector, as written in the statement. */
  readonly connector: string;
  readonly serviceId: string;
  /** Checked, secrets filled in: never log them. */
  readonly options: O;
  readonly clock: Clock;
  /** Says which connector it is of. */
  readonly logger: Logger;
  /** Below these folders alone it touches files (`allowedFolders`); empty: it touches none. */
  readonly allowedFolders: readonly string[];
  /** Aborted when the task is to end: waiting and calls to the outside end with it. */
  readonly signal: AbortSignal;
}

export interface SourceContext<O> extends TaskContext<O> {
  /** Where rows go without a topic of their own: the columns of the stream or table that `into` names; undefined: a topic. */
  readonly into: { readonly name: string; readonly kind: SourceKind; readonly schema: Schema } | undefined;
}

/** What JSON has, with numbers in full: bigint, and text of DECIMAL digits as `LosslessNumber` of lossless-json. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | { readonly isLosslessNumber: true; toString(): string }
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export type JsonRow = Readonly<Record<string, JsonValue>>;

/** A record on its way into Weir. */
export type SourceRecord = RowRecord | BytesRecord;

/**
 * A row by the names of its columns, in any case where it goes into a stream. The runner encodes it: by the stream's formats, or as
 * JSON on a topic. What does not fit is a bad record: counted, told, and a dead letter.
 */
export interface RowRecord {
  /** Key columns; left out: they are among `value`, or there is no key. */
  readonly key?: JsonRow;
  /** Null: the row with this key is deleted. */
  readonly value: JsonRow | null;
  /** Event time, milliseconds; left out: now. */
  readonly timestamp?: number;
  readonly headers?: readonly Header[];
  /** Left out: the topic of `into`, or of the option `topic`. */
  readonly topic?: string;
  /** Where in the origin it stands ("line 12 of rides.csv"), for whoever looks into a dead letter. */
  readonly origin?: string;
}

/** A payload as it came. It is written as it is; into a stream whose columns it does not fit it is a bad record. */
export interface BytesRecord extends RawRecord {
  readonly topic?: string;
  readonly origin?: string;
}

/** What the origin has sent that is no record at all. */
export interface BadRecord {
  readonly bad: { readonly payload: Uint8Array; readonly reason: string };
  readonly origin?: string;
}

export interface SourceBatch {
  readonly records: readonly (SourceRecord | BadRecord)[];
  /**
   * Where the origin goes on behind these records: kept in the same transaction as they are, so that each record counts once. Any
   * JSON of at most 1 MiB.
   */
  readonly position: JsonValue;
}

export interface SourceTask {
  /**
   * The next records; undefined: nothing has come for now (a task waits for at most a second, and ends its wait when the signal
   * says so). Called again once the batch before is on its way, one call at a time; batches stay below some MiB.
   * A rejection makes the task dead.
   */
  poll(): Promise<SourceBatch | undefined>;
  /** A batch's records and position are durable: the origin may forget them (slot, acknowledgement, file). In order, one at a time. */
  committed?(position: JsonValue): Promise<void>;
  /** How far the origin is ahead, for SHOW: records, bytes or whatever is known. */
  lag?(): { readonly amount: number; readonly unit: 'records' | 'bytes' | 'ms' } | undefined;
  /** True: all there is has been given, and nothing will come. */
  readonly ended?: boolean;
  /** Lets go of everything; never rejects for what is lost anyway. */
  close(): Promise<void>;
}

/** What a sink reads, as far as is known. */
export interface SinkSource {
  /** Stream or table; of a topic that none stands over, the topic's name. */
  readonly name: string;
  readonly topic: string;
  /** Tells this topic from one of the same name before or after it, where the log can. */
  readonly topicId: string | undefined;
  /** Undefined: the topic is read as bytes, `key` and `value` of its rows are null. */
  readonly schema: Schema | undefined;
  readonly kind: SourceKind;
  /** Rows carry the bounds of their window. */
  readonly windowed: boolean;
}

export interface SinkContext<O> extends TaskContext<O> {
  readonly source: SinkSource;
  readonly partition: number;
  /** What the group has committed: the next offset; undefined: nothing yet. */
  readonly committed: number | undefined;
  /** Where the records begin that are there, and where they end. */
  readonly earliest: number;
  readonly end: number;
}

export interface SinkRow {
  readonly offset: number;
  /** Event time, milliseconds. */
  readonly timestamp: number;
  /** In the order of the schema's key columns; null: the record has no key. */
  readonly key: readonly Value[] | null;
  /** In the order of the schema's value columns; null: a tombstone. */
  readonly value: readonly Value[] | null;
  /** The record as it is. The bytes are the row's own. */
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Milliseconds; undefined: the source is not windowed. */
  readonly windowStart: number | undefined;
  readonly windowEnd: number | undefined;
}

/** Rows of one partition, in the order of their offsets. */
export interface SinkBatch {
  readonly rows: readonly SinkRow[];
  /** The offset at which the batch begins: all that is below has been in batches before, or is skipped. */
  readonly from: number;
  /** The offset at which the next begins. It may lie beyond the last row: records that are no rows are left out. */
  readonly next: number;
  readonly partition: TopicPartition;
  /**
   * The target does not take this row, whatever is tried: it becomes a dead letter, durable when this resolves. The sink then goes
   * on without it. Where there is no dead-letter topic, the connector fails (`errors.tolerance=none`) or the row is left out.
   */
  reject(row: SinkRow, reason: string): Promise<void>;
}

export interface SinkTask {
  /**
   * Where to go on, asked once, before the first batch. Undefined: where the group has committed. A sink that keeps offsets in
   * its target says what stands there, and has fenced off whoever wrote before.
   */
  position?(): Promise<number | undefined>;
  /**
   * Writes a batch, one call at a time.
   * @returns the offset below which everything is in the target for good; it may lag behind `next` (a file that is not full)
   */
  write(batch: SinkBatch): Promise<number>;
  /**
   * Called about once a second, and before the task is closed in order (`last`), where `write` has not returned all.
   * @returns as `write`
   */
  flush?(last: boolean): Promise<number>;
  /** Lets go of everything; what was not durable is written again by the next task. */
  close(): Promise<void>;
}

/** The connector cannot go on however often it is tried: it is FAILED until somebody resumes it. All other errors are tried again. */
export class ConnectorFailed extends Error {
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectorFailed';
    this.hint = hint;
  }
}
