/** Time, as the shell needs it. */
export interface Clock {
  /** Milliseconds, ever growing. */
  now(): number;
  /** Calls back after so many milliseconds, unless the function that this gives is called before. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
