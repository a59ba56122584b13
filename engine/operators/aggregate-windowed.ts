import type { StepStats } from '../observe/step-stats.js';
import { type AggregateNode, isExpired, keptMs } from '../plan/topology.js';
import { appendWindowStart, WINDOW_BYTES, windowStartOf } from '../records/key-codec.js';
import type { Store } from '../stores/store.js';
import { type AggregateOptions, GroupAggregate } from './group-aggregate.js';
import type { Expiry, Operator, OperatorEnv } from './operator.js';
import { PendingWindows } from './pending-windows.js';
import { StreamClock } from './stream-clock.js';
import type { TaskRecord } from './task-record.js';

/**
 * GROUP BY with a tumbling or hopping window. A record falls into each window that holds its timestamp, the earliest first;
 * a window whose end lies grace or more behind stream time takes nothing any more, and a record that finds all of its
 * windows closed is late. Windows are aligned to the epoch, none starts before it. A stored group's key is the key and the
 * window's start, so that the windows of a key lie together in the order of time.
 *
 * EMIT FINAL gives one row a window, at the record that closes it. As in Kafka Streams, a window with a grace that stream time
 * jumps past by more than its retention is gone and gives none. One without grace always gives its row.
 */
export class AggregateWindowed extends GroupAggregate {
  private readonly clock: StreamClock;
  private readonly size: number;
  private readonly step: number;
  private readonly grace: number;
  private readonly retention: number;
  private readonly store: Store;
  private readonly pending = new PendingWindows();
  readonly expiry: Expiry;
  private readonly stats: StepStats;

  constructor(node: AggregateNode, env: OperatorEnv, out: Operator, options: AggregateOptions) {
    super(node, env, out, options);
    const window = node.window;
    if (window === null || window.kind === 'SESSION') throw new Error('not a time window');
    this.size = window.sizeMs;
    this.step = window.kind === 'HOPPING' ? window.advanceMs : window.sizeMs;
    this.grace = window.graceMs;
    this.retention = window.retentionMs;
    this.store = env.store(node.store).store;
    this.clock = new StreamClock(this.store);
    this.stats = env.stats(node.id, 'window');
    this.expiry = {
      store: node.store.name,
      retentionMs: keptMs(window),
      streamTime: () => this.clock.time,
      expired: (key) => key.length > 0 && isExpired(window, windowStartOf(key), Number.NaN, this.clock.time),
    };
  }

  process(record: TaskRecord): void {
    if (record.value === null) return;
    const key = this.encodedKey(record);
    if (key === undefined) return;
    const n = key.length;
    const t = record.timestamp;
    const closed = this.clock.observe(t) - this.grace;
    const { size, step } = this;
    const last = t - (t % step);
    let start = step === size ? last : Math.max(0, Math.floor((t - size + step) / step) * step);
    let taken = false;
    for (; start <= last; start += step) {
      if (start + size <= closed) continue;
      taken = true;
      key.length = n;
      appendWindowStart(key, start);
      this.update(this.cache.slot(key.buffer, 0, key.length), record);
    }
    this.stats.records++;
    if (!taken) this.late(record, last);
    if (this.final) this.emitClosed(closed);
  }

  async prepare(): Promise<void> {
    if (!this.final) return;
    const closed = this.clock.time - this.grace;
    for await (const [stored] of this.store.range(undefined, undefined)) {
      if (stored.length === 0) continue;
      const key = Buffer.from(stored);
      const start = windowStartOf(key);
      if (start + this.size > closed) this.pending.add(start, key);
    }
  }

  override flush(): void {
    this.clock.persist();
    super.flush();
  }

  openGroups(): number {
    return this.pending.size;
  }

  protected override created(slot: number): void {
    if (!this.final) return;
    const key = this.cache.table.key(slot);
    this.pending.add(windowStartOf(key), key);
  }

  private emitClosed(closed: number): void {
    const { time } = this.clock;
    const gone = this.grace === 0 ? 0 : time - (time % this.step) - this.retention;
    this.pending.take(closed - this.size, (start, key) => {
      if (start >= gone) this.emitFinal(this.cache.slot(key, 0, key.length));
      else this.stats.lost++;
    });
  }

  private late(record: TaskRecord, windowStart: number): void {
    this.stats.late++;
    this.env.late(this.node.id, record, {
      windowStart,
      windowEnd: windowStart + this.size,
      streamTime: this.clock.time,
      graceMs: this.grace,
    });
  }

  protected describe(bytes: Buffer, _start: number, end: number): number {
    const start = windowStartOf(bytes, end);
    this.emitted.windowStart = start;
    this.emitted.windowEnd = start + this.size;
    return end - WINDOW_BYTES;
  }
}
