import { SchemaNeeded, type SchemaRegistry } from '../formats/registry/registry.js';
import type { FetchedPartition, LogReader } from '../log/log.js';
import { newRecord, type TaskRecord } from '../operators/operator.js';
import { BatchCursor, type RecordBatch } from '../types/batch.js';
import type { Clock } from '../types/clock.js';
import type { Value } from '../types/value.js';
import type { SourceEntry } from './chain.js';

/** One input partition of a task: fetched batches in order, and the record that comes next. */
export class InputQueue {
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
  private readonly batches: RecordBatch[] = [];
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
    // All before is done with, what is no record (the end of a transaction) too: `next` never goes back.
    if (this.empty) this.position = this.fetchedTo;
    for (const batch of fetched.batches) {
      this.batches.push(batch);
      this.bufferedBytes += batch.end - batch.start;
    }
    this.fetchedTo = fetched.nextOffset;
  }

  get empty(): boolean {
    return !this.ready && this.needed === null && this.cursor.remaining === 0 && this.batches.length === 0;
  }

  /** Offset of the next record that has not been processed: what a commit says. */
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

  private nextBatch(): boolean {
    this.bufferedBytes -= this.current;
    const batch = this.batches.shift();
    if (batch === undefined) {
      this.current = 0;
      return false;
    }
    this.current = batch.end - batch.start;
    this.cursor.reset(batch);
    return true;
  }
}

/**
 * Records between two looks at the clock, at most: it begins with one, and doubles. A record may become a hundred thousand
 * rows (EXPLODE, a join), of which many at once would take the memory and the time of everybody.
 */
const STRIDE = 256;

/** The inputs of one task: which record comes next, and how far event time has come. */
export class InputSet {
  recordsIn = 0;
  /** Largest timestamp that was processed; -1 at first. */
  streamTime = -1;
  /** The input whose record is being processed; null between records. */
  current: InputQueue | null = null;
  /** Queues of one partition of one topic, where it is read more than once: by each of them the others. */
  private readonly twins: ReadonlyMap<InputQueue, readonly InputQueue[]>;

  /**
   * `behind`: whether an input that has nothing buffered has more on the log. With several inputs the others then wait for
   * it, or their order would depend on which was fetched first.
   */
  constructor(
    readonly queues: readonly InputQueue[],
    private readonly clock: Pick<Clock, 'now'>,
    private readonly behind: (queue: InputQueue) => boolean,
  ) {
    const twinsOf = (q: InputQueue) =>
      queues.filter((o) => o !== q && o.source.topic === q.source.topic && o.partition === q.partition);
    this.twins = new Map(queues.flatMap((q) => (twinsOf(q).length > 0 ? [[q, twinsOf(q)] as const] : [])));
  }

  get empty(): boolean {
    for (const q of this.queues) if (!q.empty) return false;
    return true;
  }

  get bufferedBytes(): number {
    return this.queues.reduce((n, q) => n + q.bufferedBytes, 0);
  }

  /** Processes what is buffered until it is used up, the time is, or `full` says so. */
  run(untilMs: number, full: () => boolean): void {
    if (this.queues.length === 1) {
      this.current = this.queues[0]!;
      this.runOne(this.current, untilMs, full);
    } else this.runMany(untilMs, full);
    this.current = null;
  }

  private runOne(queue: InputQueue, untilMs: number, full: () => boolean): void {
    const { entry } = queue.source;
    const { record } = queue;
    let stride = 1;
    do {
      let n = 0;
      for (; n < stride && queue.advance(); n++) {
        if (record.timestamp > this.streamTime) this.streamTime = record.timestamp;
        entry.process(record);
      }
      this.recordsIn += n;
      if (n < stride) return;
      stride = Math.min(STRIDE, stride * 2);
    } while (this.clock.now() < untilMs && !full());
  }

  /** Fetches the schemas that records wait for; then `run` goes on with these. Rejects as the registry does. */
  async fetchSchemas(schemas: SchemaRegistry | undefined): Promise<void> {
    for (const { needed } of this.queues) if (needed !== null) await schemas?.fetch(needed);
  }

  /** There is something that can be processed now. */
  get hasWork(): boolean {
    if (this.queues.length === 1) return !this.queues[0]!.empty;
    return !this.empty && !this.queues.some((q) => q.empty && this.behind(q));
  }

  /**
   * Of the inputs that have something buffered, the record with the lowest timestamp comes next; of equal ones that of a
   * table, so that a stream's row finds it. Where a partition is read
   * more than once, a record goes to all its readers before anything else: it has one offset, which is committed or is not.
   */
  private runMany(untilMs: number, full: () => boolean): void {
    let stride = 1;
    do {
      for (let n = 0; n < stride; n++) {
        let next: InputQueue | undefined;
        for (const queue of this.queues) {
          if (!queue.peek()) {
            if (queue.needed !== null || this.behind(queue)) return;
          } else if (next === undefined || comesBefore(queue, next)) next = queue;
        }
        if (next === undefined) return;
        const twins = this.twins.get(next);
        this.take(next);
        if (twins !== undefined) {
          const { offset } = next.record;
          for (const twin of twins) if (twin.ready && twin.record.offset <= offset) this.take(twin);
        }
      }
      stride = Math.min(STRIDE, stride * 2);
    } while (this.clock.now() < untilMs && !full());
  }

  private take(queue: InputQueue): void {
    queue.ready = false;
    this.current = queue;
    if (queue.record.timestamp > this.streamTime) this.streamTime = queue.record.timestamp;
    queue.source.entry.process(queue.record);
    this.recordsIn++;
  }
}

function comesBefore(a: InputQueue, b: InputQueue): boolean {
  const difference = a.record.timestamp - b.record.timestamp;
  return difference < 0 || (difference === 0 && a.source.node.table && !b.source.node.table);
}

/** Whether a reader has not given all of a partition yet, as far as it knows. */
export const isBehind = (position: ReturnType<LogReader['position']>): boolean =>
  position !== undefined && (position.end < 0 || position.next < position.end);
