import { rowText } from '../dataflow/counters.js';
import type { RefusedRecord } from '../log/log.js';
import type { Lateness, RecordPlace } from '../operators/operator.js';
import { isEventTime } from '../operators/timestamp.js';
import type { BatchCursor } from '../records/batch.js';
import { type AppendBatch, OutputBatches } from '../records/output-batches.js';
import type { Header, StreamRecord } from '../records/record.js';

/** Names of the headers that say where a dead letter comes from; values are text in UTF-8, as Kafka Connect writes its own. */
export const DEAD_LETTER_HEADERS = {
  topic: '__weir.errors.topic',
  partition: '__weir.errors.partition',
  offset: '__weir.errors.offset',
  timestamp: '__weir.errors.timestamp',
  query: '__weir.errors.query.id',
  /** In place of a query. */
  connector: '__weir.errors.connector.name',
  /** In place of topic, partition and offset: where in its origin a source has met it. */
  origin: '__weir.errors.origin',
  node: '__weir.errors.node',
  /**
   * `KEY`, `VALUE`, `RECORD` (it could not be read for another reason), `EVALUATION`, `LATE`, or `WRITE`: a row that came of the record
   * could not be encoded, or, without an offset, Kafka has refused what was to be written.
   */
  stage: '__weir.errors.stage',
  message: '__weir.errors.exception.message',
  service: '__weir.errors.service.id',
  /** Its size, where the value was too large for the dead-letter topic and is left out. */
  omitted: '__weir.errors.value.bytes',
} as const;

/** Further headers of late records; times are milliseconds since the epoch. */
const LATE_HEADERS = {
  windowStart: '__weir.errors.window.start',
  windowEnd: '__weir.errors.window.end',
  streamTime: '__weir.errors.stream.time',
  grace: '__weir.errors.grace.ms',
} as const;

/** A topic that gets records, with its partitions. */
export interface LetterTopic {
  readonly name: string;
  readonly partitions: number;
}

export interface DeadLetterOptions {
  /** Of records that cannot be processed; null: nowhere. */
  readonly errors: LetterTopic | null;
  /** Records on which an expression failed go there too. */
  readonly evaluation: boolean;
  /** Of records that come too late; null: nowhere. */
  readonly late: LetterTopic | null;
  readonly serviceId: string;
  readonly queryId: string;
  /** Wall-clock time: for records without a time of their own. */
  now(): number;
}

/**
 * A record as it is written to the dead-letter topic. One of an internal topic is rewritten, because nobody else can read it
 * as it stands there.
 */
export interface Letter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const MAX_MESSAGE = 4096;
/** A time that is no further from the clock is the clock's. */
const NEAR_MS = 60_000;
const NO_BYTES = Buffer.alloc(0);

interface Box {
  readonly batches: OutputBatches;
  readonly partitions: number;
}

const boxOf = (topic: LetterTopic | null): Box | null =>
  topic && { batches: new OutputBatches(topic.name), partitions: topic.partitions };

/**
 * The dead letters and late records of one task that wait for its next append: a record goes to the partition of its own
 * number as it is (key, value, headers, timestamp), with its origin in further headers. They are written by the task's
 * writer, so they are part of its transaction: there are as many of them as skipped and late records are committed.
 */
export class DeadLetters {
  /** Dead letters since the task began. */
  records = 0;
  private readonly errors: Box | null;
  private readonly lates: Box | null;
  /** How far each partition has come: a topic may be read twice, and several expressions may fail on one record. */
  private readonly undecodableTo = new Map<string, number>();
  private readonly failedTo = new Map<string, number>();
  private readonly lateTo = new Map<string, number>();

  constructor(private readonly options: DeadLetterOptions) {
    this.errors = boxOf(options.errors);
    this.lates = boxOf(options.late);
  }

  /** A record that is skipped. */
  undecodable(node: string, message: string, place: RecordPlace): void {
    if (this.errors === null || place.cursor === undefined || !isNew(this.undecodableTo, place)) return;
    const stage = place.target === undefined ? 'RECORD' : place.target.toUpperCase();
    this.add(this.errors, node, message, stage, place, place.cursor);
    this.records++;
  }

  /** A row that came of the record under `cursor` could not be encoded. */
  unencodable(node: string, message: string, place: RecordPlace, cursor: BatchCursor): void {
    if (this.errors === null) return;
    this.add(this.errors, node, message, 'WRITE', place, cursor);
    this.records++;
  }

  /** A row that came of no one record, as text. */
  unencodableRow(node: string, message: string, topic: string, row: string): void {
    if (this.errors === null) return;
    const now = this.options.now();
    const headers = this.origin(node, message, 'WRITE', { topic, partition: 0 }, now);
    write(this.errors, 0, now, { key: null, value: Buffer.from(row, 'utf8') }, headers);
    this.records++;
  }

  /**
   * The log does not take a record. If the record was a dead letter already, it loses its own time, or its value where that
   * is too large. False where that has been tried: it is let go.
   */
  refused(node: string, { topic, partition, error, cursor, tooLarge }: RefusedRecord): boolean {
    const { key, value } = letterOf(cursor);
    const headers = cursor.headers();
    const now = this.options.now();
    const own = [this.errors, this.lates].find((box) => box?.batches.topic === topic);
    if (own == null) {
      if (this.errors === null) return true;
      headers.push(...this.origin(node, error.message, 'WRITE', { topic, partition }, cursor.timestamp));
      write(this.errors, partition, now, { key, value }, headers);
      this.records++;
    } else if (tooLarge && value !== null) {
      const omitted = header(DEAD_LETTER_HEADERS.omitted, String(value.length));
      write(own, partition, now, { key, value: null }, [...headers, omitted]);
    } else if (!tooLarge && Math.abs(cursor.timestamp - now) > NEAR_MS)
      write(own, partition, now, { key, value }, headers);
    else {
      if (own === this.errors) this.records--;
      return false;
    }
    return true;
  }

  /** An expression failed on the record under `cursor`; once a record. */
  failed(node: string, message: string, place: RecordPlace, cursor: BatchCursor): void {
    if (this.errors === null || !this.options.evaluation || !isNew(this.failedTo, place)) return;
    this.add(this.errors, node, message, 'EVALUATION', place, cursor);
    this.records++;
  }

  /** The record under `cursor` came too late; once a record. `readable` gives it where its own bytes are no one else's. */
  late(
    node: string,
    message: string,
    why: Lateness,
    place: RecordPlace,
    cursor: BatchCursor,
    readable: (() => Letter) | null,
  ): void {
    if (this.lates === null || !isNew(this.lateTo, place)) return;
    this.add(this.lates, node, message, 'LATE', place, cursor, readable?.(), lateHeaders(why));
  }

  /** A row that a step had held back came too late for one behind it: it is no record of a topic, and sent as text. */
  lateRow(node: string, message: string, why: Lateness, partition: number, row: StreamRecord): void {
    if (this.lates === null) return;
    const headers = this.origin(node, message, 'LATE', { partition }, row.timestamp);
    const value = Buffer.from(rowText(row), 'utf8');
    write(this.lates, partition, this.timeOf(row.timestamp), { key: null, value }, [...headers, ...lateHeaders(why)]);
  }

  /** Bytes that wait to be appended. */
  get bytes(): number {
    return (this.errors?.batches.bytes ?? 0) + (this.lates?.batches.bytes ?? 0);
  }

  /** Whether it is one of the topics that letters go to. */
  writesTo(topic: string): boolean {
    return this.errors?.batches.topic === topic || this.lates?.batches.topic === topic;
  }

  drain(append: AppendBatch): void {
    this.errors?.batches.drain(append);
    this.lates?.batches.drain(append);
  }

  private add(
    box: Box,
    node: string,
    message: string,
    stage: string,
    place: RecordPlace,
    cursor: BatchCursor,
    letter: Letter = letterOf(cursor),
    more: readonly Header[] = [],
  ): void {
    const { timestamp } = cursor;
    const headers = [...cursor.headers(), ...this.origin(node, message, stage, place, timestamp), ...more];
    write(box, place.partition, this.timeOf(timestamp), letter, headers);
  }

  private timeOf(timestamp: number): number {
    return isEventTime(timestamp) ? timestamp : this.options.now();
  }

  private origin(
    node: string,
    message: string,
    stage: string,
    place: Pick<RecordPlace, 'partition'> & { readonly topic?: string; readonly offset?: number },
    timestamp: number,
  ): Header[] {
    const { serviceId, queryId } = this.options;
    const names = DEAD_LETTER_HEADERS;
    return [
      ...(place.topic === undefined ? [] : [header(names.topic, place.topic)]),
      header(names.partition, String(place.partition)),
      ...(place.offset === undefined ? [] : [header(names.offset, String(place.offset))]),
      header(names.timestamp, String(timestamp)),
      header(names.service, serviceId),
      header(names.query, queryId),
      header(names.node, node),
      header(names.stage, stage),
      header(names.message, message.slice(0, MAX_MESSAGE)),
    ];
  }
}

/** As it stands on its topic; only until the cursor moves. */
function letterOf({ buffer, keyStart, keyEnd, valueStart, valueEnd }: BatchCursor): Letter {
  return {
    key: keyStart < 0 ? null : buffer.subarray(keyStart, keyEnd),
    value: valueStart < 0 ? null : buffer.subarray(valueStart, valueEnd),
  };
}

function write(
  { batches, partitions }: Box,
  partition: number,
  time: number,
  { key, value }: Letter,
  headers: readonly Header[],
): void {
  const startOf = (bytes: Buffer | null) => (bytes === null ? -1 : 0);
  batches.add(
    partition % partitions,
    time,
    key ?? NO_BYTES,
    startOf(key),
    key?.length ?? 0,
    value ?? NO_BYTES,
    startOf(value),
    value?.length ?? 0,
    headers,
  );
}

const header = (key: string, value: string): Header => ({ key, value: Buffer.from(value, 'utf8') });

const lateHeaders = (why: Lateness): readonly Header[] => [
  header(LATE_HEADERS.windowStart, String(why.windowStart)),
  header(LATE_HEADERS.windowEnd, String(why.windowEnd)),
  header(LATE_HEADERS.streamTime, String(why.streamTime)),
  header(LATE_HEADERS.grace, String(why.graceMs)),
];

/** Whether a partition has not come to this record yet; then it has. */
function isNew(reached: Map<string, number>, { topic, partition, offset }: RecordPlace): boolean {
  const at = `${topic}/${partition}`;
  if (offset <= (reached.get(at) ?? -1)) return false;
  reached.set(at, offset);
  return true;
}
