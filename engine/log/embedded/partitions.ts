import type { Clock } from '../../base/clock.js';
import type { NewTopic } from '../log.js';

/** A batch that is still in memory, uncompressed. */
export interface TailBatch {
  readonly base: number;
  readonly last: number;
  readonly buffer: Buffer;
}

/** What a batch costs in memory beside its bytes, measured: its buffer and its place in the tail. */
const BATCH_OVERHEAD = 560;

/** What keeping a batch costs: its buffer whole, of which the batch may be a part. */
const pinnedBytes = ({ buffer }: TailBatch): number => buffer.buffer.byteLength + BATCH_OVERHEAD;

/** Who wants to know that a partition has grown. */
export interface PartitionListener {
  notify(): void;
}

/** One partition as it is known to all: what has been committed, and nothing else. */
export class Partition {
  readonly listeners = new Set<PartitionListener>();
  /** The topic was deleted. */
  gone = false;
  private tail: TailBatch[] = [];
  private head = 0;

  constructor(
    readonly topic: string,
    readonly id: number,
    readonly index: number,
    public earliest = 0,
    public end = 0,
    /** Bytes of the stored batches. */
    public bytes = 0,
  ) {}

  /** The batch in memory that holds `offset`, or undefined. */
  find(offset: number): TailBatch | undefined {
    const { tail } = this;
    if (this.head >= tail.length || offset < tail[this.head]!.base) return undefined;
    let low = this.head;
    let high = tail.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (tail[middle]!.last < offset) low = middle + 1;
      else high = middle;
    }
    return tail[low];
  }

  push(batch: TailBatch): void {
    this.tail.push(batch);
  }

  /** Drops the oldest batch in memory; its bytes. */
  shift(): number {
    const oldest = this.tail[this.head];
    if (oldest === undefined) return 0;
    // The free place must not keep the batch in memory until the list is cut.
    (this.tail as (TailBatch | undefined)[])[this.head++] = undefined;
    if (this.head > 64 && this.head * 2 > this.tail.length) {
      this.tail = this.tail.slice(this.head);
      this.head = 0;
    }
    return pinnedBytes(oldest);
  }

  /** Drops all batches in memory; their bytes. */
  dropTail(): number {
    let bytes = 0;
    for (let i = this.head; i < this.tail.length; i++) bytes += pinnedBytes(this.tail[i]!);
    this.tail = [];
    this.head = 0;
    return bytes;
  }

  notify(): void {
    for (const listener of this.listeners) listener.notify();
  }

  toString(): string {
    return `topic ${this.topic}, partition ${this.index}`;
  }
}

export class Topic {
  readonly partitions: Partition[];

  constructor(
    readonly name: string,
    readonly id: number,
    count: number,
    readonly config: NonNullable<NewTopic['config']>,
    /** No other topic has it, in no data folder; of an early version of Weir: its id in this one. */
    readonly uuid: string = String(id),
  ) {
    this.partitions = Array.from({ length: count }, (_, index) => new Partition(name, id, index));
  }
}

/** A reader that keeps up is behind by less; one that is further behind reads from the database. */
const KEPT_MS = 30_000;

/**
 * The latest batches of all partitions, in memory within one bound and for half a minute: readers that keep up never go to the
 * database. The oldest goes first, whichever partition it is of.
 */
export class Tails {
  /**
   * Partitions in the order in which their batches came. An entry stands for the oldest batch that its partition has left
   * when its turn comes.
   */
  private order: Partition[] = [];
  /** When each of them came. */
  private times: number[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    private readonly limit: number,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Bytes that batches in memory take. */
  get size(): number {
    return this.bytes;
  }

  push(partition: Partition, batch: TailBatch): void {
    partition.push(batch);
    const now = this.clock.now();
    this.order.push(partition);
    this.times.push(now);
    this.bytes += pinnedBytes(batch);
    while (this.head < this.order.length && (this.bytes > this.limit || now - this.times[this.head]! > KEPT_MS)) {
      this.bytes -= this.order[this.head++]!.shift();
    }
    if (this.head > 1024 && this.head * 2 > this.order.length) {
      this.order = this.order.slice(this.head);
      this.times = this.times.slice(this.head);
      this.head = 0;
    }
  }

  drop(partition: Partition): void {
    this.bytes -= partition.dropTail();
  }
}
