import type { RecordPlace } from '../operators/operator.js';
import type { BatchCursor } from '../types/batch.js';
import { type AppendBatch, OutputBatches } from '../types/output-batches.js';
import type { Header } from '../types/record.js';

/** Names of the headers that say where a dead letter comes from; values are text in UTF-8, as Kafka Connect writes its own. */
export const DEAD_LETTER_HEADERS = {
  topic: '__weir.errors.topic',
  partition: '__weir.errors.partition',
  offset: '__weir.errors.offset',
  timestamp: '__weir.errors.timestamp',
  query: '__weir.errors.query.id',
  node: '__weir.errors.node',
  /** `KEY`, `VALUE`, `RECORD` (it could not be read for another reason) or `EVALUATION`. */
  stage: '__weir.errors.stage',
  message: '__weir.errors.exception.message',
  service: '__weir.errors.service.id',
} as const;

export interface DeadLetterOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly serviceId: string;
  readonly queryId: string;
  /** Records on which an expression failed go there too. */
  readonly evaluation: boolean;
  /** Wall-clock time: for records without a time of their own. */
  now(): number;
}

const MAX_MESSAGE = 4096;

/**
 * The dead letters of one task that wait for its next append: a record goes to the partition of its own number as it is
 * (key, value, headers, timestamp), with its origin in further headers. They are written by the task's writer, so they are
 * part of its transaction: there are as many of them as skipped records are committed.
 */
export class DeadLetters {
  /** Dead letters since the task began. */
  records = 0;
  private readonly batches: OutputBatches;
  /** How far each partition has come: a topic may be read twice, and several expressions may fail on one record. */
  private readonly undecodableTo = new Map<string, number>();
  private readonly failedTo = new Map<string, number>();

  constructor(private readonly options: DeadLetterOptions) {
    this.batches = new OutputBatches(options.topic);
  }

  /** A record that is skipped. */
  undecodable(node: string, message: string, place: RecordPlace): void {
    if (place.cursor === undefined || !isNew(this.undecodableTo, place)) return;
    const stage = place.target === undefined ? 'RECORD' : place.target.toUpperCase();
    this.add(node, message, stage, place, place.cursor);
  }

  /** An expression failed on the record under `cursor`; once a record. */
  failed(node: string, message: string, place: RecordPlace, cursor: BatchCursor): void {
    if (this.options.evaluation && isNew(this.failedTo, place)) this.add(node, message, 'EVALUATION', place, cursor);
  }

  /** Bytes that wait to be appended. */
  get bytes(): number {
    return this.batches.bytes;
  }

  drain(append: AppendBatch): void {
    this.batches.drain(append);
  }

  private add(node: string, message: string, stage: string, place: RecordPlace, cursor: BatchCursor): void {
    const { partitions, serviceId, queryId } = this.options;
    const names = DEAD_LETTER_HEADERS;
    const headers: readonly Header[] = [
      ...cursor.headers(),
      header(names.topic, place.topic),
      header(names.partition, String(place.partition)),
      header(names.offset, String(place.offset)),
      header(names.timestamp, String(cursor.timestamp)),
      header(names.service, serviceId),
      header(names.query, queryId),
      header(names.node, node),
      header(names.stage, stage),
      header(names.message, message.slice(0, MAX_MESSAGE)),
    ];
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor;
    const time = timestamp < 0 ? this.options.now() : timestamp;
    const partition = place.partition % partitions;
    this.batches.add(partition, time, buffer, keyStart, keyEnd, buffer, valueStart, valueEnd, headers);
    this.records++;
  }
}

const header = (key: string, value: string): Header => ({ key, value: Buffer.from(value, 'utf8') });

/** Whether a partition has not come to this record yet; then it has. */
function isNew(reached: Map<string, number>, { topic, partition, offset }: RecordPlace): boolean {
  const at = `${topic}/${partition}`;
  if (offset <= (reached.get(at) ?? -1)) return false;
  reached.set(at, offset);
  return true;
}
