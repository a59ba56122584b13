import type { Store } from '../stores/store.js';
import { asBuffer } from './group-cache.js';

/** No group has this key: every encoded key has a byte at least. */
export const CLOCK_KEY: Buffer = Buffer.alloc(0);

/**
 * Stream time of a windowed step: the largest timestamp of the records that have reached it. It decides which records are
 * late, so it is state like any other and lies in the step's store: a restart must not let in what was late before it.
 */
export class StreamClock {
  time: number;
  private stored: number;

  constructor(private readonly store: Store) {
    this.time = this.stored = this.read();
  }

  observe(timestamp: number): number {
    if (timestamp > this.time) this.time = timestamp;
    return this.time;
  }

  persist(): void {
    if (this.time === this.stored) return;
    const value = Buffer.alloc(8);
    value.writeDoubleBE(this.time);
    this.store.put(CLOCK_KEY, value);
    this.stored = this.time;
  }

  private read(): number {
    return timeOf(this.store.get(CLOCK_KEY));
  }
}

/** What is stored under the key; -1 where nothing is. */
export const timeOf = (stored: Uint8Array | undefined): number =>
  stored === undefined ? -1 : asBuffer(stored).readDoubleBE(0);
