/** Lets the event loop turn once: timers, sockets and other queries run. */
export const yieldToLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
