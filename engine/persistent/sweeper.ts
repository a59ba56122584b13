import type { Clock } from '../base/clock.js';
import { yieldToLoop } from '../base/yield.js';
import type { Expiry } from '../operators/operator.js';
import type { Store, StoreReader } from '../stores/store.js';

/** Between two sweeps of a store at least, in wall-clock time: a replay runs through months of event time in a minute. */
const PAUSE_MS = 30_000;
/** Entries that one sweep removes; the next one takes the rest. */
const MAX_REMOVED = 50_000;
/** Entries between two turns of the event loop. */
const STRIDE = 500;

export interface SweptStore {
  readonly store: Store;
  readonly reader: StoreReader;
  readonly expiry: Expiry;
}

/**
 * Removes what has outlived its retention from a task's stores. The committed state is walked beside the processing; what is
 * found goes with the next commit, so that changelog and store agree.
 */
export class Sweeper {
  private readonly found: { readonly swept: SweptStore; readonly key: Buffer }[] = [];
  private readonly sweptAt = new Map<SweptStore, number>();
  private nextAt = 0;
  private running: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly stores: readonly SweptStore[],
    private readonly clock: Pick<Clock, 'now' | 'turn'>,
    /** A sweep failed; the next one tries again. */
    private readonly failed: (e: unknown) => void,
  ) {}

  /** Before a commit: deletes what the last sweep has found and is still expired. */
  apply(): void {
    for (const { swept, key } of this.found.splice(0)) {
      const value = swept.store.get(key);
      if (value !== undefined && swept.expiry.expired(key, Buffer.from(value))) swept.store.delete(key);
    }
  }

  /** After a commit: begins a sweep where stream time has moved far enough. */
  begin(): void {
    if (this.running !== null || this.stores.length === 0 || this.clock.now() < this.nextAt) return;
    const due = this.stores.filter((s) => {
      const last = this.sweptAt.get(s);
      if (last === undefined) this.sweptAt.set(s, s.expiry.streamTime());
      return last !== undefined && s.expiry.streamTime() - last >= s.expiry.retentionMs / 4;
    });
    if (due.length === 0) return;
    this.running = this.sweep(due)
      .catch((e: unknown) => this.failed(e))
      .finally(() => {
        this.running = null;
        this.nextAt = this.clock.now() + PAUSE_MS;
      });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async sweep(due: readonly SweptStore[]): Promise<void> {
    for (const swept of due) {
      this.sweptAt.set(swept, swept.expiry.streamTime());
      let seen = 0;
      for await (const [key, value] of swept.reader.range(undefined, undefined)) {
        if (this.closed || this.found.length >= MAX_REMOVED) return;
        const stored = Buffer.from(key);
        if (swept.expiry.expired(stored, Buffer.from(value))) this.found.push({ swept, key: stored });
        if (++seen % STRIDE === 0) await yieldToLoop(this.clock);
      }
    }
  }
}
