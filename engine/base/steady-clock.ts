import type { Clock } from './clock.js';
import { yieldToLoop } from './yield.js';

/**
 * A clock for pauses and intervals: as the one that it is made of, but where that is set back, it goes on from where it was.
 * With a wall clock that was set back by an hour, a query would wait an hour for its next commit.
 */
export class SteadyClock implements Clock {
  private offset = 0;
  private last: number;

  constructor(private readonly clock: Clock) {
    this.last = clock.now();
  }

  now(): number {
    const now = this.clock.now();
    if (now < this.last) this.offset += this.last - now;
    this.last = now;
    return now + this.offset;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.clock.sleep(ms, signal);
  }

  turn(): Promise<void> {
    return yieldToLoop(this.clock);
  }
}
