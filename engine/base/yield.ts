import type { Clock } from './clock.js';

/** Lets the event loop turn once: timers, sockets and other queries run. Where the clock has turns of its own, one of these. */
export const yieldToLoop = (clock?: Pick<Clock, 'turn'>): Promise<void> =>
  clock?.turn?.() ?? new Promise((resolve) => setImmediate(resolve));
