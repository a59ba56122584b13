import type { Clock } from '../base/clock.js';
import type { SchemaRegistry } from '../formats/registry/registry.js';
import type { LogReader } from '../log/log.js';
import { AT_END } from '../records/progress.js';
import type { InputQueue, TaskInput } from './input-queue.js';

/**
 * Records between two looks at the clock, at most. It begins with one, and doubles. One record may become a hundred thousand
 * rows (EXPLODE, a join), and many such records at once would take everybody's memory and time.
 */
const STRIDE = 256;
/** A writer that has more to write and says nothing for so long is no longer waited for: it may be gone. */
const SILENCE_MS = 60_000;
/**
 * A row that is older than this is history, and what comes behind it is on its way: its writer may be a query of ours that
 * reads the same history. So such a row waits a moment for inputs that have nothing at all.
 */
const HISTORY_MS = 60_000;
const MOMENT_MS = 1000;
/** Rows that wait for those of other writers hold at most so many bytes; then they wait no longer. */
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** How often one that waits looks whether it has waited long enough. */
const LOOK_MS = 100;
/**
 * What counts as passed between two looks, at most. A clock that jumps (it was set, or the machine slept) must not end a
 * wait: the one who is waited for has had no more time than we.
 */
const MAX_STEP_MS = 2.5 * LOOK_MS;

export interface InputSetOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether an input that has nothing buffered has more on the log. */
  readonly behind: (queue: InputQueue) => boolean;
  /**
   * `max.task.idle.ms`. 0: others wait for what is on the log, but not for what may yet be written. More: they wait so long
   * for that too. -1: they wait for nothing.
   */
  readonly idleMs: number;
}

/**
 * The inputs of one task: which record comes next, and how far event time has come. With several, the record with the lowest
 * timestamp comes next; while an input has nothing buffered and may give a lower one, the others wait for it. So nothing is
 * late that was not late within its own input, whatever was fetched or written first.
 */
export class InputSet {
  recordsIn = 0;
  /** Largest timestamp that was processed; -1 at first. */
  streamTime = -1;
  /** The input whose record is being processed; null between records. */
  current: InputQueue | null = null;
  /** All lanes of all inputs. */
  readonly queues: readonly InputQueue[];
  /** Lanes with the same records, where a partition is read more than once: by each of them the others. */
  private readonly twins: ReadonlyMap<InputQueue, readonly InputQueue[]>;
  /** What is buffered waits for another input, and is looked at again then, or when something was fetched; -1: it does not. */
  private lookAt = -1;
  /** Milliseconds that have passed since it was first asked, jumps of the clock left out; and when that was. */
  private passedMs = 0;
  private passedAt = -1;
  /** When something was fetched last, as `passed` counts: rows of a history wait for inputs that have nothing no longer than a moment from then. */
  private fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly inputs: readonly TaskInput[],
    private readonly options: InputSetOptions,
  ) {
    this.queues = inputs.flatMap((input) => input.lanes);
    this.twins = twinsOf(inputs);
  }

  get empty(): boolean {
    for (const q of this.queues) if (!q.empty) return false;
    return true;
  }

  get bufferedBytes(): number {
    return this.queues.reduce((n, q) => n + q.bufferedBytes, 0);
  }

  /** Something was fetched: what waited may go on. */
  fetched(): void {
    this.lookAt = -1;
    this.fetchedAt = this.passed();
  }

  /** Time has passed in which nobody could have said anything: waiting begins anew. */
  restarted(): void {
    this.lookAt = -1;
    for (const q of this.queues) q.heard();
  }

  /** Rows are buffered that wait for those of another input. */
  get waiting(): boolean {
    return this.lookAt >= 0;
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
    } while (this.options.clock.now() < untilMs && !full());
  }

  /** Fetches the schemas that records wait for; then `run` goes on with these. Rejects as the registry does. */
  async fetchSchemas(schemas: SchemaRegistry | undefined): Promise<void> {
    for (const { needed } of this.queues) if (needed !== null) await schemas?.fetch(needed);
  }

  /** There is something that can be processed now. */
  get hasWork(): boolean {
    if (this.queues.length === 1) return !this.queues[0]!.empty;
    if (this.empty || (this.lookAt >= 0 && this.options.clock.now() < this.lookAt)) return false;
    return (
      this.options.idleMs < 0 || !this.queues.some((q) => q.progress === null && q.empty && this.options.behind(q))
    );
  }

  /** The event time up to which all has been processed that its inputs give, as far as is known; AT_END: they have no more. */
  get progress(): number {
    let least = AT_END;
    for (const q of this.queues) {
      if (!q.empty || this.options.behind(q)) return this.streamTime;
      if (q.progress !== null && !q.silent) least = Math.min(least, q.progress);
    }
    return Math.max(least, this.streamTime);
  }

  /**
   * Of equal timestamps that of a table comes first, so that a stream's row finds it. Where a partition is read more than
   * once, a record goes to all its readers before anything else: it has one offset, which is committed or is not.
   */
  private runMany(untilMs: number, full: () => boolean): void {
    this.lookAt = -1;
    let stride = 1;
    do {
      for (let n = 0; n < stride; n++) {
        let next: InputQueue | undefined;
        for (const queue of this.queues) {
          if (queue.peek()) {
            if (next === undefined || comesBefore(queue, next)) next = queue;
          } else if (queue.needed !== null) return;
        }
        if (next === undefined || this.mustWait(next)) return;
        const twins = this.twins.get(next);
        this.take(next);
        if (twins === undefined) {
          // Rows of one input often follow each other.
          const before = this.nextOf(next);
          while (n < stride - 1 && next.peek() && next.record.timestamp < before) {
            this.take(next);
            n++;
          }
        } else {
          const { offset } = next.record;
          for (const twin of twins) if (twin.ready && twin.record.offset <= offset) this.take(twin);
        }
      }
      stride = Math.min(STRIDE, stride * 2);
    } while (this.options.clock.now() < untilMs && !full());
  }

  /** Whether an input that has nothing buffered may yet give a record that comes before this one. */
  private mustWait(next: InputQueue): boolean {
    if (this.options.idleMs < 0) return false;
    const { timestamp } = next.record;
    const { idleMs, clock } = this.options;
    const now = this.passed();
    let wait = false;
    for (const queue of this.queues) {
      if (queue.ready) continue;
      const { progress } = queue;
      if (progress === null && this.options.behind(queue)) return true;
      if (queue.silent) continue;
      if (progress !== null && progress < AT_END) {
        const sameTime = timestamp === progress && queue.source.node.table && !next.source.node.table;
        if (timestamp <= progress && !sameTime) continue;
        if (hasPatience(queue, now, Math.max(SILENCE_MS, idleMs))) wait = true;
      } else {
        const history = progress !== null && idleMs === 0 && timestamp < clock.now() - HISTORY_MS;
        const patience = history ? MOMENT_MS : idleMs;
        if (history && now - this.fetchedAt >= MOMENT_MS) continue;
        if (patience > 0 && hasPatience(queue, now, patience)) wait = true;
      }
    }
    if (!wait || this.bufferedBytes >= MAX_WAITING_BYTES) return false;
    this.lookAt = clock.now() + LOOK_MS;
    return true;
  }

  /** The time before which no other input has a record, nor may one be waited for. */
  private nextOf(queue: InputQueue): number {
    let least = Number.POSITIVE_INFINITY;
    for (const other of this.queues) {
      if (other === queue) continue;
      if (other.ready) least = Math.min(least, other.record.timestamp);
      else if (other.progress !== AT_END) least = Math.min(least, other.progress ?? -1);
    }
    return this.options.idleMs > 0 ? -1 : least;
  }

  private passed(): number {
    const now = this.options.clock.now();
    if (this.passedAt >= 0) this.passedMs += Math.max(0, Math.min(now - this.passedAt, MAX_STEP_MS));
    this.passedAt = now;
    return this.passedMs;
  }

  private take(queue: InputQueue): void {
    queue.ready = false;
    this.current = queue;
    if (queue.record.timestamp > this.streamTime) this.streamTime = queue.record.timestamp;
    queue.source.entry.process(queue.record);
    this.recordsIn++;
  }
}

/** Waits for an input, from the first time on that it is asked: until something is heard of it, or so long. */
function hasPatience(queue: InputQueue, now: number, ms: number): boolean {
  if (queue.waitingSince < 0) queue.waitingSince = now;
  if (now - queue.waitingSince < ms) return true;
  queue.silent = true;
  return false;
}

function twinsOf(inputs: readonly TaskInput[]): ReadonlyMap<InputQueue, readonly InputQueue[]> {
  const twins = new Map<InputQueue, readonly InputQueue[]>();
  for (const input of inputs) {
    const others = inputs.filter(
      (o) => o !== input && o.source.topic === input.source.topic && o.partition === input.partition,
    );
    if (others.length === 0) continue;
    for (const [i, lane] of input.lanes.entries()) {
      twins.set(
        lane,
        others.map((o) => o.lanes[i]!),
      );
    }
  }
  return twins;
}

function comesBefore(a: InputQueue, b: InputQueue): boolean {
  const difference = a.record.timestamp - b.record.timestamp;
  return difference < 0 || (difference === 0 && a.source.node.table && !b.source.node.table);
}

/** Whether a reader has not given all of a partition yet, as far as it knows; of one that it does not read it knows nothing. */
export const isBehind = (position: ReturnType<LogReader['position']>): boolean =>
  position === undefined || position.end < 0 || position.next < position.end;
