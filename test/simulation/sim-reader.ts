import type { FetchedPartition, LogReader } from '../../engine/log/log.js';
import { type Broker, Refused } from './broker.js';
import type { Faults } from './faults.js';
import type { SimProcess } from './process.js';

/** One assignment; assigning the partition anew makes another one, and answers to the old one are dropped. */
interface Assigned {
  readonly topic: string;
  readonly partition: number;
  next: number;
  end: number;
  paused: boolean;
}

interface Found {
  readonly assigned: Assigned;
  readonly fetched: FetchedPartition | undefined;
  readonly stable: number;
  readonly outOfRange: boolean;
}

/** Fetches from the broker: some of what is there, of some of the partitions, or nothing after a while. */
export class SimReader implements LogReader {
  private readonly assigned = new Map<string, Assigned>();
  private woken = false;
  private wake: () => void = () => {};
  private closed = false;

  constructor(
    private readonly broker: Broker,
    private readonly process: SimProcess,
    private readonly faults: Faults,
  ) {}

  assign(topic: string, partition: number, offset: number): void {
    this.assigned.set(`${topic}/${partition}`, { topic, partition, next: offset, end: -1, paused: false });
    this.wake();
  }

  unassign(topic: string, partition: number): void {
    this.assigned.delete(`${topic}/${partition}`);
  }

  pause(topic: string, partition: number): void {
    const a = this.assigned.get(`${topic}/${partition}`);
    if (a !== undefined) a.paused = true;
  }

  resume(topic: string, partition: number): void {
    const a = this.assigned.get(`${topic}/${partition}`);
    if (a !== undefined) a.paused = false;
    this.wake();
  }

  wakeup(): void {
    this.woken = true;
    this.wake();
  }

  position(topic: string, partition: number): { readonly next: number; readonly end: number } | undefined {
    const a = this.assigned.get(`${topic}/${partition}`);
    return a && { next: a.next, end: a.end };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wake();
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    let over = false;
    // A reader that fetches in the background has its answer at once, and there may be nothing in it.
    if (maxWaitMs === 0 && this.process.random.chance(0.3)) return [];
    if (maxWaitMs > 0) {
      this.process.later(maxWaitMs, 'has polled', () => {
        over = true;
        this.wake();
      });
    } else over = true;
    for (;;) {
      const found = await this.process.request('fetch', () => this.fetch());
      if (this.faults.ofRequest('read failed', 0.01)) throw new Refused('A fetch failed');
      const out = this.accept(found);
      if (out.length > 0 || over || this.woken || this.closed) {
        this.woken = false;
        return out;
      }
      await this.somethingNew();
    }
  }

  private fetch(): Found[] {
    const { random } = this.process;
    return [...this.assigned.values()].flatMap((assigned): Found[] => {
      const { topic, partition, next, paused } = assigned;
      const target = this.broker.topics.get(topic)?.[partition];
      if (paused || target === undefined) return [];
      const { stable } = target;
      if (next < target.earliest || next > target.end)
        return [{ assigned, fetched: undefined, stable, outOfRange: true }];
      // Answers are cut short anywhere, and leave partitions out.
      const count = random.chance(0.15) ? 0 : random.int(1, 5);
      const read = target.read(next, count);
      const fetched = read.next > next ? { topic, partition, batches: read.batches, nextOffset: read.next } : undefined;
      return [{ assigned, fetched, stable, outOfRange: false }];
    });
  }

  private accept(found: readonly Found[]): FetchedPartition[] {
    const out: FetchedPartition[] = [];
    for (const { assigned, fetched, stable, outOfRange } of found) {
      const { topic, partition } = assigned;
      if (this.assigned.get(`${topic}/${partition}`) !== assigned || assigned.paused) continue;
      if (outOfRange) throw new Refused(`Offset ${assigned.next} of ${topic}/${partition} is out of range`);
      assigned.end = stable;
      if (fetched === undefined) continue;
      assigned.next = fetched.nextOffset;
      out.push(fetched);
    }
    return out;
  }

  /** Something was appended to an assigned partition, or somebody calls. */
  private async somethingNew(): Promise<void> {
    const stops: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      const call = () => this.process.later(this.process.latency(), 'has news', resolve);
      for (const a of this.assigned.values()) {
        const target = this.broker.topics.get(a.topic)?.[a.partition];
        if (a.paused || target === undefined) continue;
        // What an answer left out is there already.
        if (a.next < target.stable) {
          call();
          return;
        }
        stops.push(target.onChange(call));
      }
    });
    this.wake = () => {};
    for (const stop of stops) stop();
  }
}
