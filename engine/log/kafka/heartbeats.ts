import type { Clock } from '../../base/clock.js';
import { CODE, hasCode, isRetriable } from './errors.js';

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly sessionTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  /** One heartbeat. */
  readonly beat: () => Promise<void>;
  /** Whether topics have changed so that the group must share them out anew; asked now and then. */
  readonly changed: () => Promise<boolean>;
  /** Called once when the group has dropped the member. */
  readonly lost: (error: unknown) => void;
}

/**
 * Heartbeats of one generation of a group, from the assignment on. They go on when a rebalance begins, while the member lets go of
 * what it has to, until it joins the next generation.
 */
export class Heartbeats {
  /** Resolves when the member has to join again. */
  readonly over: Promise<void>;
  /** The group comes together for its next generation. */
  rebalancing = false;
  private readonly stopped = new AbortController();
  private resolveOver: () => void = () => {};

  constructor(private readonly options: HeartbeatOptions) {
    this.over = new Promise((resolve) => {
      this.resolveOver = resolve;
    });
    this.run().catch((e: unknown) => {
      if (!this.stopped.signal.aborted) this.lose(e);
    });
  }

  stop(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const { clock, intervalMs, sessionTimeoutMs, metadataMaxAgeMs } = this.options;
    const { signal } = this.stopped;
    let lastBeat = clock.now();
    let lastCheck = lastBeat;
    let failed = false;
    while (!signal.aborted) {
      await clock.sleep(failed ? Math.min(intervalMs, 500) : intervalMs, signal);
      try {
        await this.options.beat();
        failed = false;
        lastBeat = clock.now();
        if (!this.rebalancing && lastBeat - lastCheck >= metadataMaxAgeMs) {
          lastCheck = lastBeat;
          if (await this.options.changed()) this.end();
        }
      } catch (e) {
        if (signal.aborted) return;
        if (hasCode(e, CODE.REBALANCE_IN_PROGRESS)) {
          lastBeat = clock.now();
          this.end();
        } else if (!isRetriable(e) || clock.now() - lastBeat > sessionTimeoutMs) {
          return this.lose(e);
        } else failed = true;
      }
    }
  }

  private end(): void {
    this.rebalancing = true;
    this.resolveOver();
  }

  private lose(e: unknown): void {
    this.stop();
    this.options.lost(e);
    this.resolveOver();
  }
}
