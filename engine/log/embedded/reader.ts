import type { Clock } from '../../base/clock.js';
import { WeirError } from '../../base/errors.js';
import { Waiter } from '../../base/waiter.js';
import { batchAt, type RecordBatch } from '../../records/batch.js';
import { readInt64 } from '../../records/bytes.js';
import { type FetchedPartition, LOST_HINT, type LogReader } from '../log.js';
import type { OrderedDatabase } from './database.js';
import { batchKey, lastOffsetOf } from './keys.js';
import type { Partition, PartitionListener } from './partitions.js';
import { damaged, unpack } from './stored-batch.js';

export interface ReaderLimits {
  readonly bufferBytes: number;
  readonly partitionBytes: number;
}

/** Where a reader is in one partition. */
class Cursor {
  partition: Partition | undefined;
  paused = false;
  /** Stored batches read from the database, the first of which holds `next` or comes before it. */
  ahead: { readonly last: number; readonly stored: Buffer }[] = [];
  /** The offset behind `ahead`: where the database is read next. */
  aheadEnd: number;
  loading: Promise<void> | undefined;
  failure: unknown;

  constructor(
    readonly topic: string,
    readonly index: number,
    public next: number,
  ) {
    this.aheadEnd = next;
  }
}

/** Reads what is committed: from memory where it is recent, else from the database, one step ahead of `poll`. */
export class EmbeddedReader implements LogReader, PartitionListener {
  private readonly cursors = new Map<string, Cursor>();
  /** Which cursor is asked first: another one each time, so that none starves. */
  private turn = 0;
  private signalled = false;
  private awake = false;
  private readonly waiter: Waiter;
  private closed = false;

  constructor(
    private readonly database: OrderedDatabase,
    private readonly find: (topic: string, partition: number) => Partition | undefined,
    private readonly clock: Clock,
    private readonly limits: ReaderLimits,
    private readonly onClose: (reader: EmbeddedReader) => void,
  ) {
    this.waiter = new Waiter(clock);
  }

  assign(topic: string, partition: number, offset: number): void {
    this.unassign(topic, partition);
    this.cursors.set(nameOf(topic, partition), new Cursor(topic, partition, offset));
    this.notify();
  }

  unassign(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return;
    cursor.partition?.listeners.delete(this);
    this.cursors.delete(nameOf(topic, partition));
  }

  pause(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor !== undefined) cursor.paused = true;
  }

  resume(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return;
    cursor.paused = false;
    this.notify();
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    const deadline = this.clock.now() + maxWaitMs;
    for (;;) {
      if (this.closed) throw new WeirError('LOG_ERROR', 'The reader is closed');
      this.signalled = false;
      const fetched = this.collect();
      const left = deadline - this.clock.now();
      if (fetched.length > 0 || this.awake || left <= 0) {
        this.awake = false;
        return fetched;
      }
      if (!this.signalled) await this.waiter.wait(left);
    }
  }

  /** Between two polls it makes the next one return at once: no call is lost. */
  wakeup(): void {
    this.awake = true;
    this.notify();
  }

  /** Something may have come: looked at by the poll that waits, or by the next one. */
  notify(): void {
    this.signalled = true;
    this.waiter.wakeUp();
  }

  position(topic: string, partition: number): { readonly next: number; readonly end: number } | undefined {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return undefined;
    return { next: cursor.next, end: (cursor.partition ?? this.find(topic, partition))?.end ?? -1 };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const cursor of this.cursors.values()) cursor.partition?.listeners.delete(this);
    const loading = [...this.cursors.values()].map((c) => c.loading);
    this.cursors.clear();
    this.wakeup();
    await Promise.all(loading);
    this.onClose(this);
  }

  private collect(): FetchedPartition[] {
    const cursors = [...this.cursors.values()];
    const fetched: FetchedPartition[] = [];
    let bytes = 0;
    // The error is thrown before anything is taken: what was taken would be lost with it.
    for (const cursor of cursors) if (cursor.failure !== undefined && !cursor.paused) throw cursor.failure;
    this.turn++;
    for (let i = 0; i < cursors.length && bytes < this.limits.bufferBytes; i++) {
      const cursor = cursors[(this.turn + i) % cursors.length]!;
      if (cursor.paused) continue;
      const batches: RecordBatch[] = [];
      bytes += this.read(cursor, batches);
      if (batches.length === 0) continue;
      fetched.push({ topic: cursor.topic, partition: cursor.index, batches, nextOffset: cursor.next });
    }
    if (fetched.length === 0)
      for (const { failure, paused } of cursors) if (failure !== undefined && !paused) throw failure;
    return fetched;
  }

  /**
   * Moves a cursor over the batches that are at hand, within the bound of one partition; their bytes. What keeps it from
   * going on is noted in the cursor: what came before is still given.
   */
  private read(cursor: Cursor, out: RecordBatch[]): number {
    let bytes = 0;
    try {
      const partition = this.check(cursor);
      while (cursor.next < partition.end && bytes < this.limits.partitionBytes) {
        const raw = partition.find(cursor.next)?.buffer ?? this.fromAhead(cursor);
        if (raw === undefined) break;
        const batch = batchAt(raw, 0, cursor.next);
        if (batch.baseOffset > cursor.next || batch.lastOffset < cursor.next) throw damaged(placeOf(cursor));
        out.push(batch);
        cursor.next = batch.lastOffset + 1;
        bytes += raw.length;
      }
      if (cursor.next < partition.end && partition.find(cursor.next) === undefined) this.load(cursor, partition);
    } catch (e) {
      cursor.failure = e;
    }
    return bytes;
  }

  /** The partition of a cursor, found when it is first needed. @throws WeirError where the cursor cannot go on */
  private check(cursor: Cursor): Partition {
    if (cursor.partition === undefined) {
      cursor.partition = this.find(cursor.topic, cursor.index);
      if (cursor.partition === undefined) {
        throw new WeirError('LOG_ERROR', `There is no partition ${cursor.index} of a topic ${cursor.topic}`);
      }
      cursor.partition.listeners.add(this);
    }
    const { partition } = cursor;
    if (partition.gone) throw new WeirError('LOG_ERROR', `The topic ${cursor.topic} was deleted while it was read`);
    if (cursor.next < partition.earliest || cursor.next > partition.end) {
      throw new WeirError(
        'LOG_ERROR',
        `Offset ${cursor.next} of ${partition} is out of range: it holds ${partition.earliest} to ${partition.end}`,
        LOST_HINT,
      );
    }
    return partition;
  }

  private fromAhead(cursor: Cursor): Buffer | undefined {
    for (let head = cursor.ahead.shift(); head !== undefined; head = cursor.ahead.shift()) {
      // What was read from memory in the meantime is passed over.
      if (head.last < cursor.next) continue;
      const raw = unpack(head.stored, () => placeOf(cursor));
      // The checksum of a batch does not cover its offset: the key does.
      if (readInt64(raw, 0) + raw.readInt32BE(23) !== head.last) throw damaged(placeOf(cursor));
      return raw;
    }
    return undefined;
  }

  /** Reads on in the background where no more than half of what one poll may give is left. */
  private load(cursor: Cursor, partition: Partition): void {
    if (cursor.loading !== undefined) return;
    let left = 0;
    for (const { stored } of cursor.ahead) left += stored.length;
    if (left * 2 > this.limits.partitionBytes) return;
    if (cursor.ahead.length === 0) cursor.aheadEnd = cursor.next;
    cursor.loading = this.fetch(cursor, partition, cursor.aheadEnd, partition.end)
      .catch((e: unknown) => {
        cursor.failure = e;
      })
      .finally(() => {
        cursor.loading = undefined;
        this.notify();
      });
  }

  private async fetch(cursor: Cursor, partition: Partition, from: number, end: number): Promise<void> {
    if (from >= end) return;
    const { id, index } = partition;
    const { partitionBytes, bufferBytes } = this.limits;
    const readAhead = Math.max(64 * 1024, Math.min(partitionBytes, bufferBytes / this.cursors.size));
    const range = { gte: batchKey(id, index, from), lt: batchKey(id, index, end), readAhead };
    for await (const entries of this.database.scan(range)) {
      for (const [key, stored] of entries) {
        const last = lastOffsetOf(key);
        cursor.ahead.push({ last, stored });
        cursor.aheadEnd = last + 1;
      }
      return;
    }
    // Nothing there, though the partition says so: removed just now, or lost.
    if (!partition.gone && from >= partition.earliest) throw damaged(`${partition}, offset ${from}`);
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

const placeOf = (cursor: Cursor): string => `topic ${cursor.topic}, partition ${cursor.index}, offset ${cursor.next}`;
