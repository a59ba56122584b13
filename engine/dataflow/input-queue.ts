import { SchemaNeeded } from '../formats/registry/registry.js';
import type { FetchedPartition } from '../log/log.js';
import { newRecord, type TaskRecord } from '../operators/task-record.js';
import { BatchCursor, ownBatches, type RecordBatch } from '../records/batch.js';
import { AT_END, mayBeMarker, readMarker } from '../records/progress.js';
import type { Value } from '../values/value.js';
import type { SourceEntry } from './chain.js';

/** One partition of one topic, as a source of a task reads it. */
export interface TaskInput {
  readonly source: SourceEntry;
  readonly partition: number;
  /** Queues that are each in order: one of the whole partition, or one for the rows of each task that writes to it. */
  readonly lanes: readonly InputQueue[];
  /** Its owner has stopped fetching it for the time being. */
  paused: boolean;
  readonly bufferedBytes: number;
  readonly empty: boolean;
  /** Offset of the next record that has not been processed: what a commit says. */
  readonly next: number;
  /** What a commit says beside the offset. */
  readonly metadata: string;
  /** What comes behind the buffered records may be needed before them. */
  readonly waits: boolean;
  add(fetched: FetchedPartition): void;
}

/** Nobody has said how far the writer of a lane has come. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/** Records in order: fetched batches, and the record that comes next. */
export class InputQueue implements TaskInput {
  /** The record that was read last; the queue's own, used again and again. */
  readonly record: TaskRecord = newRecord();
  bufferedBytes = 0;
  /** Its owner has stopped fetching it for the time being. */
  paused = false;
  /** The next record has been read into `record` and waits. */
  ready = false;
  /** The schema that the next record was written with, where it has to be fetched before that can be read. */
  needed: number | null = null;
  /** At the record that was read last, as its bytes stand on the log. */
  readonly cursor = new BatchCursor();
  readonly lanes: readonly InputQueue[] = [this];
  readonly metadata = '';
  readonly waits = false;
  /**
   * Of a lane, the event time up to which its writer has written behind what is buffered; AT_END: it has nothing more for now.
   * Null for a partition as a whole.
   */
  progress: number | null = null;
  /** Since when others wait for it, while it is empty; -1: nobody does. */
  waitingSince = -1;
  /** Others no longer wait for it: it was silent for too long. */
  silent = false;
  private mixed = false;
  private readonly batches: RecordBatch[] = [];
  /** So many of the first batches have a buffer of their own. */
  private owned = 0;
  private current = 0;
  private readonly key: Value[];
  private readonly value: Value[];
  /** Offset behind the last record that was taken. */
  private position: number;
  private fetchedTo: number;

  constructor(
    readonly source: SourceEntry,
    readonly partition: number,
    start: number,
  ) {
    this.position = this.fetchedTo = start;
    this.key = new Array<Value>(source.node.key.length).fill(null);
    this.value = new Array<Value>(source.node.value.length).fill(null);
  }

  add(fetched: FetchedPartition): void {
    // Everything before is done with, entries that are no records (ends of transactions) included. So `next` never goes
    // back.
    if (this.empty) this.position = this.fetchedTo;
    for (const batch of fetched.batches) {
      this.batches.push(batch);
      this.bufferedBytes += batch.end - batch.start;
    }
    this.fetchedTo = fetched.nextOffset;
    this.heard();
  }

  /** A lane: the records of one writer, which say how far that writer has come. */
  static lane(source: SourceEntry, partition: number, start: number, progress = UNKNOWN): InputQueue {
    const lane = new InputQueue(source, partition, start);
    lane.progress = progress;
    return lane;
  }

  /** An input without a writer that could be waited for, whatever its markers say. */
  static mixedLane(source: SourceEntry, partition: number, start: number): InputQueue {
    const lane = InputQueue.lane(source, partition, start, AT_END);
    lane.mixed = true;
    return lane;
  }

  /** One more batch of the lane's writer. */
  push(batch: RecordBatch): void {
    const { taken } = this;
    this.batches.push(taken > batch.firstWanted ? { ...batch, firstWanted: taken } : batch);
    this.bufferedBytes += batch.end - batch.start;
    this.heard();
  }

  /**
   * Takes what markers say in the part of a batch that was taken before. If rows are left in the batch, they are pushed
   * then.
   */
  retell(batch: RecordBatch, cursor: BatchCursor): void {
    cursor.reset({ ...batch, firstWanted: 0 });
    while (cursor.next() && cursor.offset < this.taken) this.told(cursor);
  }

  /** Batches that have to wait keep their own bytes alone, not all that was fetched with them. */
  own(): void {
    for (; this.owned < this.batches.length; this.owned++) {
      this.batches[this.owned] = ownBatches([this.batches[this.owned]!])[0]!;
    }
  }

  /** It is not known as silent any more. */
  heard(): void {
    this.waitingSince = -1;
    this.silent = false;
  }

  get empty(): boolean {
    return !this.ready && this.needed === null && this.cursor.remaining === 0 && this.batches.length === 0;
  }

  /** Offset behind the last record that was processed, or left out. */
  get taken(): number {
    return this.ready ? this.record.offset : this.position;
  }

  /** No record that is buffered and has not been processed lies before it; infinite where none is buffered. */
  get firstHeld(): number {
    if (this.ready) return this.record.offset;
    if (this.needed !== null || this.cursor.remaining > 0) return this.position;
    const first = this.batches[0];
    return first === undefined ? Number.POSITIVE_INFINITY : Math.max(first.baseOffset, this.position);
  }

  get next(): number {
    if (this.ready) return this.record.offset;
    return this.empty ? this.fetchedTo : this.position;
  }

  /** Reads the next record that can be read into `record`. False: nothing is buffered any more, or a schema is `needed`. */
  advance(): boolean {
    const { cursor } = this;
    for (;;) {
      // The record that a schema was needed for is under the cursor still.
      if (this.needed !== null) this.needed = null;
      else if (!cursor.next()) {
        if (!this.nextBatch()) return false;
        continue;
      }
      this.position = cursor.offset + 1;
      if (this.progress !== null && mayBeMarker(cursor) && this.told(cursor)) continue;
      try {
        if (this.source.reader.read(cursor, this.partition, this.key, this.value, this.record)) return true;
      } catch (e) {
        if (!(e instanceof SchemaNeeded)) throw e;
        this.position = cursor.offset;
        this.needed = e.id;
        return false;
      }
    }
  }

  /** As `advance`, but the record waits until it is taken. */
  peek(): boolean {
    if (!this.ready) this.ready = this.advance();
    return this.ready;
  }

  /** Takes what a marker says; false where the record is none. */
  private told(cursor: BatchCursor): boolean {
    const marker = readMarker(cursor);
    if (marker === undefined) return false;
    if (this.mixed) return true;
    const { time } = marker;
    // One that begins anew does not know how far it was.
    if (this.progress === AT_END || time === AT_END) this.progress = Number.isNaN(time) ? this.progress : time;
    else if (time > this.progress!) this.progress = time;
    return true;
  }

  private nextBatch(): boolean {
    this.bufferedBytes -= this.current;
    const batch = this.batches.shift();
    if (this.owned > 0) this.owned--;
    if (batch === undefined) {
      this.current = 0;
      return false;
    }
    this.current = batch.end - batch.start;
    this.cursor.reset(batch);
    return true;
  }
}
