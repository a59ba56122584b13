import type { Clock } from '../../base/clock.js';
import { isRetriable } from './errors.js';

export interface RetryOptions {
  readonly clock: Clock;
  /** No new attempt after so many milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called before each further attempt. */
  readonly onRetry?: (error: unknown) => void;
  /** Default: `KafkaError.retriable`. */
  readonly retriable?: (error: unknown) => boolean;
}

/** The pause before attempt `n` (from 1), in milliseconds. */
export const backoff = (n: number): number => Math.min(20 * 2 ** (n - 1), 1000);

/** Repeats what fails for a while: leaders move, coordinators load, brokers restart. */
export async function retrying<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { clock, signal, retriable = isRetriable } = options;
  const deadline = clock.now() + options.timeoutMs;
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (e) {
      if (!retriable(e) || signal.aborted || clock.now() + backoff(n) > deadline) throw e;
      options.onRetry?.(e);
      await clock.sleep(backoff(n), signal);
    }
  }
}
