import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/errors.js';
import { Waiter } from '../base/waiter.js';
import { yieldToLoop } from '../base/yield.js';
import type { FetchedPartition, Log, LogReader } from '../log/log.js';
import type { RecordBatch } from '../records/batch.js';

export interface FeedLimits {
  /** Bytes of a topic that stay in memory for those who are a little behind. */
  readonly tailBytes: number;
  /** Topics that are shared at most; queries on others read by themselves. */
  readonly feeds: number;
}

const LIMITS: FeedLimits = { tailBytes: 4 * 1024 * 1024, feeds: 256 };
/** What a feed waits for new records before it asks again. */
const FEED_POLL_MS = 1000;
/** Bytes that one reader gets of one partition in one poll. */
const POLL_BYTES = 1024 * 1024;

/**
 * Readings of topics that any number of push queries share. A feed reads the end of a topic and keeps the last bytes of it.
 * A reader that is within these is served from memory. One that is further behind has a log reader of its own until it has
 * come near. So a slow reader costs the others nothing, and the memory is bounded whatever they do.
 */
export class Feeds {
  private readonly feeds = new Map<string, TopicFeed>();

  constructor(
    private readonly log: Pick<Log, 'reader'>,
    private readonly clock: Clock,
    private readonly limits: FeedLimits = LIMITS,
  ) {}

  reader(clientId: string): FeedReader {
    return new FeedReader(this, () => this.log.reader({ clientId }), this.clock);
  }

  /** Topics that are being read. */
  get size(): number {
    return this.feeds.size;
  }

  /** The feed of a topic; `make`: begins one where there is none, unless there are too many. */
  feed(topic: string, make: boolean): TopicFeed | undefined {
    const feed = this.feeds.get(topic);
    if (feed !== undefined || !make || this.feeds.size >= this.limits.feeds) return feed;
    const { tailBytes } = this.limits;
    // One poll is smaller than a tail, so that fetched data is still there when it is asked for.
    const reader = this.log.reader({
      clientId: `feed-${topic}`,
      bufferBytes: tailBytes / 4,
      partitionBytes: tailBytes / 8,
    });
    const made = new TopicFeed(topic, reader, tailBytes, () => {
      if (this.feeds.get(topic) === made) this.feeds.delete(topic);
    });
    this.feeds.set(topic, made);
    return made;
  }
}

/** A batch of a tail; `next` is the offset behind it, `before` the bytes of all batches that the tail had before. */
interface TailBatch {
  readonly batch: RecordBatch;
  readonly next: number;
  readonly before: number;
}

/** The last batches of one partition. */
class Tail {
  readonly batches: TailBatch[] = [];
  /** Batches that have been dropped: entry i of `batches` is number `dropped + i`. */
  dropped = 0;
  /** Bytes of all that it has had. */
  total = 0;
  /** All from `start` to `end` is here, except offsets that a log leaves out. */
  end: number;

  constructor(public start: number) {
    this.end = start;
  }

  add(part: FetchedPartition): void {
    const last = part.batches.length - 1;
    part.batches.forEach((batch, i) => {
      this.batches.push({ batch, next: i === last ? part.nextOffset : batch.lastOffset + 1, before: this.total });
      this.total += batch.end - batch.start;
    });
    this.end = part.nextOffset;
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.bytesFrom(this.dropped);
  }

  /** Bytes from a batch on, by its number. */
  bytesFrom(at: number): number {
    const batch = this.batches[Math.max(0, at - this.dropped)];
    return batch === undefined ? 0 : this.total - batch.before;
  }

  /** Drops the oldest batches, at least so many bytes if they are there. */
  trim(bytes: number): void {
    let n = 0;
    const until = this.total - this.bytes + bytes;
    while (n < this.batches.length && this.batches[n]!.before < until) this.start = this.batches[n++]!.next;
    this.batches.splice(0, n);
    this.dropped += n;
  }

  /** Number of the first batch that holds an offset or comes behind it. */
  find(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.batches[middle]!.next <= offset) low = middle + 1;
      else high = middle;
    }
    return this.dropped + low;
  }
}

/** Where a reader is in one partition: in a feed, or, where `feed` is null, in its own log reader. */
class Cursor {
  feed: TopicFeed | null = null;
  /** Number of the next batch in the feed's tail. */
  at = 0;
  paused = false;
  /** The feed's round at which it was last asked for. */
  round = -1;

  constructor(
    readonly owner: FeedReader,
    readonly topic: string,
    readonly partition: number,
    public next: number,
  ) {}
}

/** One reading of a topic, as long as somebody follows it. */
class TopicFeed {
  failure: unknown;
  round = 0;
  private readonly tails = new Map<number, Tail>();
  private readonly cursors = new Set<Cursor>();
  private ended = false;
  private running: Promise<void> | null = null;

  constructor(
    private readonly topic: string,
    private readonly reader: LogReader,
    private readonly tailBytes: number,
    private readonly onEnd: () => void,
  ) {}

  /** Takes a cursor that is within the tail; `atEnd`: where its partition is not read yet, it is from there on. */
  join(cursor: Cursor, atEnd: boolean): boolean {
    if (this.ended || this.failure !== undefined) return false;
    let tail = this.tails.get(cursor.partition);
    if (tail === undefined) {
      if (!atEnd) return false;
      tail = new Tail(cursor.next);
      this.tails.set(cursor.partition, tail);
      this.reader.assign(this.topic, cursor.partition, cursor.next);
      this.reader.wakeup();
    }
    if (cursor.next < tail.start) return false;
    cursor.feed = this;
    cursor.at = tail.find(cursor.next);
    cursor.round = this.round;
    this.cursors.add(cursor);
    this.running ??= this.run().catch((e: unknown) => {
      this.failure ??= e;
    });
    return true;
  }

  leave(cursor: Cursor): void {
    cursor.feed = null;
    this.cursors.delete(cursor);
    if (this.cursors.size === 0) this.finish();
  }

  /** What is there for a cursor; null: nothing yet; undefined: it has fallen behind the tail. */
  take(cursor: Cursor): FetchedPartition | undefined | null {
    if (this.failure !== undefined) throw this.failure;
    cursor.round = this.round;
    const tail = this.tails.get(cursor.partition)!;
    if (cursor.at < tail.dropped && cursor.next < tail.start) return undefined;
    if (cursor.next >= tail.end) return null;
    const batches: RecordBatch[] = [];
    let bytes = 0;
    let i = Math.max(0, cursor.at - tail.dropped);
    for (; i < tail.batches.length && bytes < POLL_BYTES; i++) {
      const { batch, next } = tail.batches[i]!;
      if (next <= cursor.next) continue;
      bytes += batch.end - batch.start;
      const isPartly = batch.baseOffset < cursor.next && batch.firstWanted < cursor.next;
      batches.push(isPartly ? { ...batch, firstWanted: cursor.next } : batch);
      cursor.next = next;
    }
    cursor.at = tail.dropped + i;
    if (i === tail.batches.length) cursor.next = tail.end;
    return { topic: this.topic, partition: cursor.partition, batches, nextOffset: cursor.next };
  }

  /** Where the topic ends, as far as known. */
  end(partition: number): number {
    return Math.max(this.reader.position(this.topic, partition)?.end ?? -1, this.tails.get(partition)?.end ?? -1);
  }

  /** Resolves when a feed that nobody follows has let go of the log. */
  async settled(): Promise<void> {
    if (this.ended) await this.running;
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
    this.reader.wakeup();
  }

  private async run(): Promise<void> {
    try {
      while (!this.ended) {
        if (!this.isHeld()) {
          const fetched = await this.reader.poll(FEED_POLL_MS);
          for (const part of fetched) this.tails.get(part.partition)?.add(part);
          this.trim();
          if (fetched.length > 0) for (const { owner } of this.cursors) owner.notify();
        }
        this.round++;
        await yieldToLoop();
      }
    } catch (e) {
      this.failure = e;
      this.ended = true;
      this.onEnd();
      for (const { owner } of this.cursors) owner.notify();
    } finally {
      this.tails.clear();
      await this.reader.close();
    }
  }

  /**
   * Whether followers are to come nearer first: one of them is at work and far behind. One that does not ask is slow, and is
   * not waited for.
   */
  private isHeld(): boolean {
    const behind = new Map<FeedReader, number>();
    for (const cursor of this.cursors) {
      if (cursor.paused || cursor.round < this.round) continue;
      const tail = this.tails.get(cursor.partition)!;
      if (cursor.next >= tail.end) continue;
      const bytes = (behind.get(cursor.owner) ?? 0) + tail.bytesFrom(cursor.at);
      if (bytes * 2 > this.tailBytes) return true;
      behind.set(cursor.owner, bytes);
    }
    return false;
  }

  /** Keeps the tails within their bound: the longest is cut first. */
  private trim(): void {
    let over = -this.tailBytes;
    for (const tail of this.tails.values()) over += tail.bytes;
    while (over > 0) {
      let longest: Tail | undefined;
      for (const tail of this.tails.values()) if (longest === undefined || tail.bytes > longest.bytes) longest = tail;
      const { bytes } = longest!;
      longest!.trim(1);
      over -= bytes - longest!.bytes;
    }
  }
}

/** A reader over feeds: what is near the end of a topic it has in common with others, the rest it reads by itself. */
export class FeedReader implements LogReader {
  private readonly cursors = new Map<string, Cursor>();
  private own: LogReader | null = null;
  /** Partitions that `own` reads. */
  private ownCount = 0;
  private signalled = false;
  private awake = false;
  private closed = false;
  private closing: Promise<void> = Promise.resolve();
  private readonly waiter: Waiter;

  constructor(
    private readonly feeds: Feeds,
    private readonly open: () => LogReader,
    private readonly clock: Clock,
  ) {
    this.waiter = new Waiter(clock);
  }

  /** `atEnd`: the offset is known to be the end of the partition, so that a feed can begin there. */
  assign(topic: string, partition: number, offset: number, atEnd = false): void {
    this.unassign(topic, partition);
    const cursor = new Cursor(this, topic, partition, offset);
    this.cursors.set(nameOf(topic, partition), cursor);
    if (this.feeds.feed(topic, atEnd)?.join(cursor, atEnd) !== true) this.readAlone(cursor);
    this.notify();
  }

  unassign(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return;
    this.cursors.delete(nameOf(topic, partition));
    if (cursor.feed !== null) cursor.feed.leave(cursor);
    else this.letGo(cursor);
  }

  pause(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return;
    cursor.paused = true;
    if (cursor.feed === null) this.own?.pause(topic, partition);
  }

  resume(topic: string, partition: number): void {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined || !cursor.paused) return;
    cursor.paused = false;
    if (cursor.feed === null) this.own?.resume(topic, partition);
    this.notify();
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    const deadline = this.clock.now() + maxWaitMs;
    for (;;) {
      if (this.closed) throw new WeirError('LOG_ERROR', 'The reader is closed');
      this.signalled = false;
      const fetched = this.collect();
      const left = deadline - this.clock.now();
      const isOver = fetched.length > 0 || this.awake || left <= 0;
      if (this.ownCount > 0) fetched.push(...(await this.pollOwn(isOver ? 0 : left)));
      if (isOver || fetched.length > 0) {
        this.awake = false;
        return fetched;
      }
      if (this.ownCount === 0 && !this.signalled) await this.waiter.wait(left);
    }
  }

  wakeup(): void {
    this.awake = true;
    this.notify();
  }

  /** A feed has something, or has failed. */
  notify(): void {
    this.signalled = true;
    if (this.ownCount > 0) this.own?.wakeup();
    this.waiter.wakeUp();
  }

  position(topic: string, partition: number): { readonly next: number; readonly end: number } | undefined {
    const cursor = this.cursors.get(nameOf(topic, partition));
    if (cursor === undefined) return undefined;
    if (cursor.feed !== null) return { next: cursor.next, end: cursor.feed.end(partition) };
    return this.own?.position(topic, partition);
  }

  /** All that it reads comes from feeds. */
  get isShared(): boolean {
    return this.ownCount === 0;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const feeds = new Set<TopicFeed>();
    for (const cursor of this.cursors.values()) {
      if (cursor.feed === null) continue;
      feeds.add(cursor.feed);
      cursor.feed.leave(cursor);
    }
    this.cursors.clear();
    this.wakeup();
    await this.own?.close();
    await this.closing;
    for (const feed of feeds) await feed.settled();
  }

  private collect(): FetchedPartition[] {
    const fetched: FetchedPartition[] = [];
    for (const cursor of this.cursors.values()) {
      if (cursor.paused || cursor.feed === null) continue;
      const part = cursor.feed.take(cursor);
      if (part === undefined) {
        cursor.feed.leave(cursor);
        this.readAlone(cursor);
      } else if (part !== null) fetched.push(part);
    }
    return fetched;
  }

  private async pollOwn(waitMs: number): Promise<readonly FetchedPartition[]> {
    const own = this.own!;
    const fetched = await own.poll(waitMs);
    for (const part of fetched) {
      const cursor = this.cursors.get(nameOf(part.topic, part.partition));
      if (cursor !== undefined) cursor.next = part.nextOffset;
    }
    for (const cursor of this.cursors.values()) if (cursor.feed === null) this.joinFeed(cursor, own);
    return fetched;
  }

  /** Goes on in the feed of the topic, if it has come so far. */
  private joinFeed(cursor: Cursor, own: LogReader): void {
    const { topic, partition, next } = cursor;
    const atEnd = own.position(topic, partition)?.end === next;
    if (this.feeds.feed(topic, atEnd)?.join(cursor, atEnd) === true) this.letGo(cursor);
  }

  private readAlone(cursor: Cursor): void {
    this.own ??= this.open();
    this.own.assign(cursor.topic, cursor.partition, cursor.next);
    if (cursor.paused) this.own.pause(cursor.topic, cursor.partition);
    this.ownCount++;
  }

  private letGo(cursor: Cursor): void {
    this.own?.unassign(cursor.topic, cursor.partition);
    this.ownCount--;
    if (this.ownCount > 0 || this.own === null) return;
    // A reader that reads nothing holds its buffers and, on Kafka, its connections.
    const idle = this.own;
    this.own = null;
    this.closing = Promise.all([this.closing, idle.close()]).then(() => undefined);
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
