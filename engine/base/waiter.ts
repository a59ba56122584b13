import type { Clock } from './clock.js';

/** Waits for a time, or until it is woken: what a poll does while there is nothing. One waits at a time. */
export class Waiter {
  private wake: (() => void) | undefined;

  constructor(private readonly clock: Pick<Clock, 'sleep'>) {}

  /** Ends the wait that is under way; without one it does nothing. */
  wakeUp(): void {
    this.wake?.();
  }

  async wait(ms: number): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    // Rejected only by the abort below, when the wait is over.
    const timeout = this.clock.sleep(ms, timer.signal).catch(() => undefined);
    await Promise.race([woken, timeout]);
    this.wake = undefined;
    timer.abort();
  }
}
