import type { Clock } from '../../engine/base/clock.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

/** Where every node's clock begins: milliseconds since the epoch. */
const EPOCH = 1_700_000_000_000;

/** What becomes of a request. */
export interface Fate {
  /** The answer is this error, instead of the effect or after it. */
  readonly error?: { readonly before: boolean; readonly error: Error };
  /** The answer comes so much later, milliseconds. */
  readonly lateMs?: number;
}

/**
 * One life of a node, from its start to its crash or stop. Whatever its code waits for completes through `later`: nothing
 * completes any more once it is dead, which is a crash at that await, and everything waits while it is paused.
 */
export class SimProcess {
  alive = true;
  /** Rejects when it is no longer. */
  readonly ended: Promise<never>;
  private end: () => void = () => {};
  pausedSince: number | undefined;
  /** The wall clock is off by so many milliseconds. */
  skewMs = 0;
  private readonly held: { label: string; run: () => void }[] = [];

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
    readonly random: Random,
  ) {
    this.ended = new Promise((_, reject) => {
      this.end = () => reject(new Error(`${name} is gone`));
    });
    this.ended.catch(() => {}); // most of the time nobody waits for it
  }

  /** Runs in this process after a delay. */
  later(delayMs: number, label: string, run: () => void): void {
    this.scheduler.after(delayMs, `${this.name} ${label}`, () => {
      if (!this.alive) return;
      if (this.pausedSince === undefined) run();
      else this.held.push({ label, run });
    });
  }

  /** What one step over network or disk takes, milliseconds: mostly little, seldom so much that the world has moved on. */
  latency(): number {
    const { random } = this;
    const most = random.chance(0.05) ? (random.chance(0.1) ? 1500 : 60) : 3;
    return random.next() * most;
  }

  /** Completes after one latency. */
  wait(label: string): Promise<void> {
    return new Promise((resolve) => this.later(this.latency(), label, resolve));
  }

  /**
   * Something is asked of the outside: `effect` happens there after one latency, whatever becomes of this process; its answer
   * comes after another one.
   */
  request<T>(label: string, effect: () => T | Promise<T>, fate: Fate = {}): Promise<T> {
    if (!this.alive) return new Promise(() => {});
    const { error, lateMs = 0 } = fate;
    return new Promise<T>((resolve, reject) => {
      const answer = (how: string, run: () => void) => this.later(this.latency() + lateMs, `${how} ${label}`, run);
      this.scheduler.after(this.latency(), `${this.name} asks ${label}`, () => {
        if (error?.before === true) return answer('is refused', () => reject(error.error));
        const failed = (e: unknown) => answer('fails', () => reject(e as Error));
        const done = (value: T) => {
          if (error === undefined) answer('gets', () => resolve(value));
          else answer('is not told of', () => reject(error.error));
        };
        try {
          const result = effect();
          if (result instanceof Promise) result.then(done, failed);
          else done(result);
        } catch (e) {
          failed(e);
        }
      });
    });
  }

  pause(): void {
    this.pausedSince ??= this.scheduler.now;
  }

  /** What came meanwhile happens now, in its order. */
  resume(): void {
    if (this.pausedSince === undefined) return;
    this.pausedSince = undefined;
    let delay = 0;
    for (const { label, run } of this.held.splice(0)) this.later((delay += this.random.next()), `late ${label}`, run);
  }

  kill(): void {
    this.alive = false;
    this.held.length = 0;
    this.end();
  }

  /** The wall clock jumps; timers go by time that passes. */
  get clock(): Clock {
    return {
      now: () => Math.floor(EPOCH + this.scheduler.now + this.skewMs),
      turn: () => new Promise((resolve) => this.later(this.random.next() * 0.2, 'turn', resolve)),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted === true) return reject(signal.reason);
          let over = false;
          const aborted = () => {
            if (over) return;
            over = true;
            reject(signal!.reason);
          };
          signal?.addEventListener('abort', aborted, { once: true });
          this.later(ms, 'timer', () => {
            if (over) return;
            over = true;
            signal?.removeEventListener('abort', aborted);
            resolve();
          });
        }),
    };
  }
}
