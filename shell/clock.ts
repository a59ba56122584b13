/** Time, as the shell needs it. */
export interface Clock {
  /** Milliseconds, ever growing. */
  now(): number;
  /** Calls back after so many milliseconds, unless the function that this gives is called before. */
  after(ms: number, call: () => void): () => void;
}

/** Resolves after so many milliseconds, or as soon as `signal` aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
