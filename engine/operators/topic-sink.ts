import { messageOf } from '../base/errors.js';
import type { RowEncoder } from '../formats/format.js';
import { writesRawKey } from '../plan/nodes/ends.js';
import type { FormatRef, KeyWindow, NodeId, RepartitionNode, SinkNode } from '../plan/topology.js';
import { partitionOf } from '../records/batch.js';
import { ByteWriter } from '../records/bytes.js';
import { type AppendBatch, OutputBatches } from '../records/output-batches.js';
import { AT_END, progressHeader, UNTOLD } from '../records/progress.js';
import type { Header } from '../records/record.js';
import { evaluationMessage } from '../values/evaluation-error.js';
import { fitCheck } from '../values/fit.js';
import type { Value } from '../values/value.js';
import type { Operator, OperatorEnv } from './operator.js';
import { changeColumns } from './source.js';
import type { Step, TargetTopic } from './step.js';
import type { TaskRecord } from './task-record.js';
import { TimestampReader } from './timestamp.js';

export interface SinkOptions {
  /** The key's bytes are in the sink's own format already. */
  readonly rawKey: boolean;
  readonly target: TargetTopic;
}

type Fit = (row: readonly Value[], record: TaskRecord) => readonly Value[];

const NO_HEADERS: readonly Header[] = [];

/**
 * End of a sub-topology: encodes key and value and adds the record to the batch of its partition, that of Kafka's default
 * partitioner (murmur2 of the key's bytes); null keys go round. Serves sinks and repartition topics.
 */
export class TopicSink implements Operator {
  /** Records since the task began, those that the log has refused left out. */
  records = 0;
  /** It writes to a topic of the query's own. */
  readonly isInternal: boolean;
  private readonly partitions: number;
  private readonly batches: OutputBatches;
  private readonly keyEncoder: RowEncoder;
  private readonly valueEncoder: RowEncoder;
  private readonly fitKey: Fit;
  private readonly fitValue: Fit;
  private readonly key = new ByteWriter();
  private readonly value = new ByteWriter();
  /** A table on its way to an aggregate: the payload is the row and the one that it replaces. */
  private readonly changeRow: Value[] | null;
  private readonly window: KeyWindow | null;
  private readonly timestamp: SinkNode['timestamp'];
  private readonly timestamps: TimestampReader | null;
  private readonly rawKey: boolean;
  /** What follows the key's own bytes and has no say in the partition: all windows of a key are in one. */
  private readonly windowBytes: number;
  private nextPartition = 0;
  /** What each partition has been told of how far the task has come. */
  private readonly told: number[];
  /** Partitions that have got rows since they were told. */
  private readonly unmarked: boolean[];

  constructor(
    private readonly node: SinkNode | RepartitionNode,
    private readonly env: OperatorEnv,
    options: SinkOptions,
  ) {
    const { name, partitions, origin } = options.target;
    this.batches = new OutputBatches(name, origin === undefined ? null : progressHeader(origin));
    this.isInternal = node.kind === 'repartition';
    this.partitions = partitions;
    this.told = origin === undefined ? [] : new Array<number>(partitions).fill(UNTOLD);
    this.unmarked = this.told.map(() => false);
    this.rawKey = options.rawKey;
    const encoder = (ref: FormatRef, columns: SinkNode['keyColumns'], isKey: boolean) =>
      env.encoder(ref, columns, isKey);
    this.keyEncoder = encoder(node.keyFormat, node.keyColumns, true);
    const changed = node.kind === 'repartition' && node.table === true ? changeColumns(node.valueColumns) : null;
    this.changeRow = changed === null ? null : new Array<Value>(changed.length).fill(null);
    this.valueEncoder = encoder(node.valueFormat, changed ?? node.valueColumns, false);
    this.fitKey = this.fitting(node.keyColumns);
    this.fitValue = this.fitting(changed ?? node.valueColumns);
    this.window = node.window ?? null;
    this.windowBytes = this.window === null ? 0 : this.window.kind === 'session' ? 16 : 8;
    this.timestamp = node.kind === 'sink' ? node.timestamp : null;
    this.timestamps = this.timestamp === null ? null : new TimestampReader(this.timestamp.format);
  }

  process(record: TaskRecord): void {
    const timestamp = this.timestamps === null ? record.timestamp : this.eventTime(record);
    if (timestamp < 0) return;
    const { key, value } = this;
    value.reset();
    key.reset();
    let valueStart = -1;
    let keyStart = -1;
    let target: 'key' | 'value' = 'value';
    try {
      const row = this.changeRow === null ? record.value : this.change(record, this.changeRow);
      if (row !== null && this.valueEncoder.encode(this.fitValue(row, record), value)) valueStart = 0;
      target = 'key';
      if (!this.rawKey && record.key !== null && this.encodeKey(record, record.key, key)) keyStart = 0;
    } catch (e) {
      // A row that does not fit its schema concerns that row, not the query.
      this.env.unwritten?.(this.node.id, messageOf(e), record, { topic: this.topic, target });
      return;
    }
    const headers = record.headers ?? NO_HEADERS;
    if (this.rawKey) this.add(timestamp, record.keyBytes, record.keyStart, record.keyEnd, valueStart, headers);
    else this.add(timestamp, key.buffer, keyStart, key.length, valueStart, headers);
  }

  get topic(): string {
    return this.batches.topic;
  }

  get nodeId(): NodeId {
    return this.node.id;
  }

  /** Bytes that wait to be appended. */
  get bytes(): number {
    return this.batches.bytes;
  }

  /** Those who read hear how far the task has come. */
  get tells(): boolean {
    return this.told.length > 0;
  }

  /** Whether someone who reads has yet to hear that the task is at the end of its inputs. */
  get owesEnd(): boolean {
    for (const told of this.told) if (told !== AT_END) return true;
    return false;
  }

  /**
   * Along with what waits, every partition is told up to which event time the task has written. One that knows already is told again behind
   * rows: whoever begins to read at these rows does not know what was said before them.
   */
  tell(time: number, timestamp: number): void {
    for (let p = 0; p < this.told.length; p++) {
      if (this.told[p] === time && this.unmarked[p] === false) continue;
      this.batches.tell(p, time, timestamp);
      this.told[p] = time;
      this.unmarked[p] = false;
    }
  }

  drain(append: AppendBatch): void {
    this.batches.drain(append);
  }

  reset(): void {
    this.batches.discard();
  }

  private add(
    ts: number,
    key: Buffer,
    start: number,
    end: number,
    valueStart: number,
    headers: readonly Header[],
  ): void {
    let p = 0;
    if (this.partitions > 1) {
      if (start >= 0) p = partitionOf(key, start, end - this.windowBytes, this.partitions);
      else if ((p = this.nextPartition++) === this.partitions - 1) this.nextPartition = 0;
    }
    this.batches.add(p, ts, key, start, end, this.value.buffer, valueStart, this.value.length, headers);
    if (this.unmarked.length > 0) this.unmarked[p] = true;
    this.records++;
  }

  /** What a column's type cannot hold is NULL and an entry in the log: once it is written, nobody could read its record. */
  private fitting(columns: SinkNode['keyColumns']): Fit {
    const checks = columns.flatMap(({ name, type }, at) => {
      const check = fitCheck(type);
      return check === null ? [] : [{ name, at, check }];
    });
    if (checks.length === 0) return (row) => row;
    return (row, record) => {
      let fitted = row;
      for (const { name, at, check } of checks) {
        try {
          check(row[at] ?? null);
        } catch (e) {
          this.env.evaluationError(this.node.id, `${name}: ${evaluationMessage(e)}`, record);
          fitted = fitted.with(at, null);
        }
      }
      return fitted;
    };
  }

  /** The window follows the key: a start, or for sessions the end and the start. */
  private encodeKey(record: TaskRecord, key: readonly Value[], out: ByteWriter): boolean {
    const written = this.keyEncoder.encode(this.fitKey(key, record), out);
    if (this.window === null) return written;
    if (this.window.kind === 'session') out.int64(record.windowEnd);
    out.int64(record.windowStart);
    return true;
  }

  private change(record: TaskRecord, row: Value[]): Value[] {
    const n = (row.length - 3) / 2;
    row[0] = record.previous !== null;
    row[n + 1] = record.value !== null;
    for (let i = 0; i < n; i++) {
      row[1 + i] = record.previous?.[i] ?? null;
      row[n + 2 + i] = record.value?.[i] ?? null;
    }
    row[2 * n + 2] = record.previous === null ? null : record.previousTimestamp;
    return row;
  }

  /** TIMESTAMP='column' of the sink; a record without that time is skipped, and -1. */
  private eventTime(record: TaskRecord): number {
    const at = this.timestamp!;
    const row = at.from === 'key' ? record.key : record.value;
    if (row === null) return record.timestamp;
    const time = this.timestamps!.read(row[at.index] ?? null);
    if (time < 0) this.env.unwritten?.(this.node.id, this.timestamps!.reason, record, { topic: this.topic });
    return time;
  }
}

export const topicSink: Step<SinkNode | RepartitionNode> = (node, _out, { env, graph, target }) => {
  const window = node.kind === 'sink' ? node.window : null;
  return new TopicSink(node, env, { rawKey: writesRawKey(node, window, graph), target: target(node) });
};
