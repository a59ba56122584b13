import type { Clock } from '../base/clock.js';
import type { SourceEntry } from '../dataflow/chain.js';
import { InputQueue } from '../dataflow/input-queue.js';
import { InputSet, isBehind } from '../dataflow/input-set.js';
import type { FetchedPartition, Log, LogReader } from '../log/log.js';

/** Where the reading of a partition begins, and, of a bounded query, where it ends. */
export interface InputStart {
  readonly partition: number;
  readonly offset: number;
  /** The offset is the end of the partition as it was just now. */
  readonly atEnd: boolean;
  readonly bound?: number;
}

/** Starts by topic. */
export type Starts = ReadonlyMap<string, readonly InputStart[]>;

/**
 * Where a query begins to read its topics, and how many records stand before that. `whole`: topics that are read from the first
 * record on in any case. `bounded`: from the first record to the
 * ends as they are now; `uncommitted`: behind the records of open transactions too, whose ends are then waited for.
 */
export async function startsOf(
  log: Pick<Log, 'offsets'>,
  topics: Iterable<string>,
  from: 'earliest' | 'latest' | 'bounded',
  uncommitted = false,
  whole: ReadonlySet<string> = new Set(),
): Promise<{ readonly starts: Starts; readonly earlier: number }> {
  const starts = new Map<string, readonly InputStart[]>();
  let earlier = 0;
  for (const topic of new Set(topics)) {
    const ranges = [...(await log.offsets(topic, uncommitted))].sort((a, b) => a.partition - b.partition);
    starts.set(
      topic,
      ranges.map(({ partition, earliest, end }) => {
        const offset = from === 'latest' && !whole.has(topic) ? end : earliest;
        earlier += offset - earliest;
        return { partition, offset, atEnd: offset === end, ...(from === 'bounded' ? { bound: end } : {}) };
      }),
    );
  }
  return { starts, earlier };
}

export interface PushReader extends LogReader {
  assign(topic: string, partition: number, offset: number, atEnd?: boolean): void;
}

/** Fetched bytes at which a partition is paused until they are used up. */
const PAUSE_BYTES = 4 * 1024 * 1024;

/** What a query without a group reads: its partitions, where it is in each, and how far that is from the end. */
export class PushInputs {
  readonly set: InputSet;
  private readonly bounds = new Map<InputQueue, number>();
  private fetchedBytes = 0;
  private fetchedRecords = 0;

  constructor(
    private readonly reader: PushReader,
    sources: readonly SourceEntry[],
    starts: Starts,
    clock: Pick<Clock, 'now'>,
    idleMs: number,
  ) {
    const queues: InputQueue[] = [];
    for (const source of sources) {
      for (const { partition, offset, atEnd, bound } of starts.get(source.topic)!) {
        const queue = new InputQueue(source, partition, offset);
        queues.push(queue);
        if (bound !== undefined) {
          this.bounds.set(queue, bound);
          if (offset >= bound) continue;
        }
        reader.assign(source.topic, partition, offset, atEnd);
      }
    }
    const behind = (q: InputQueue) => !this.isComplete(q) && isBehind(reader.position(q.source.topic, q.partition));
    this.set = new InputSet(queues, { clock, behind, idleMs });
  }

  add(fetched: readonly FetchedPartition[]): void {
    const { queues } = this.set;
    for (const all of fetched) {
      const part = this.withinBounds(all);
      for (const batch of part.batches) {
        this.fetchedBytes += batch.end - batch.start;
        this.fetchedRecords += batch.count;
      }
      for (const queue of queues) {
        if (queue.source.topic === part.topic && queue.partition === part.partition) queue.add(part);
      }
    }
    if (fetched.length > 0) this.set.fetched();
    for (const { source, partition, bufferedBytes } of queues) {
      if (bufferedBytes >= PAUSE_BYTES) this.reader.pause(source.topic, partition);
      else this.reader.resume(source.topic, partition);
    }
  }

  /** Next offset of each partition, in the order of the starts. Meaningful between two records. */
  positions(): readonly number[] {
    return this.set.queues.map((q) => q.next);
  }

  /** Bytes of a record, about: what a row of it is counted as. */
  get recordBytes(): number {
    return this.fetchedRecords === 0 ? 0 : this.fetchedBytes / this.fetchedRecords;
  }

  /** A bounded query has read all that it was to read. */
  get isBounded(): boolean {
    return this.bounds.size > 0 && this.set.queues.every((q) => this.isComplete(q));
  }

  /** It has read all that is there. */
  get atEnd(): boolean {
    return this.set.queues.every((q) => {
      const end = this.endOf(q);
      return end >= 0 && q.next >= end;
    });
  }

  get lag(): number {
    return this.set.queues.reduce((n, q) => n + Math.max(0, this.endOf(q) - q.next), 0);
  }

  /** A bound is an end, and an end lies between two batches. */
  private withinBounds(part: FetchedPartition): FetchedPartition {
    for (const [{ source, partition }, bound] of this.bounds) {
      if (source.topic !== part.topic || partition !== part.partition || part.nextOffset <= bound) continue;
      return { ...part, batches: part.batches.filter((b) => b.baseOffset < bound) };
    }
    return part;
  }

  private endOf(queue: InputQueue): number {
    return this.reader.position(queue.source.topic, queue.partition)?.end ?? -1;
  }

  private isComplete(queue: InputQueue): boolean {
    const bound = this.bounds.get(queue);
    return bound !== undefined && queue.next >= bound;
  }
}
