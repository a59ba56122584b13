import type { ServerLimits } from '../server-settings.js';

/** What is written to: a socket, or the response of HTTP/1.1 or HTTP/2. */
export interface Outlet {
  readonly writableLength: number;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  removeListener(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Writers wait when so many bytes are unsent, and the client must take them within this time. */
export type BackPressureLimits = Pick<ServerLimits, 'maxUnsentBytes' | 'stallTimeoutMs'>;

/**
 * Holds back those who write to a slow client: from `maxUnsentBytes` on they wait until it has taken all of it. Many may
 * wait at once.
 */
export class BackPressure {
  private waiting: Promise<boolean> | undefined;

  constructor(
    private readonly outlet: Outlet,
    private readonly limits: BackPressureLimits,
  ) {}

  get full(): boolean {
    return this.outlet.writableLength >= this.limits.maxUnsentBytes;
  }

  /** True as soon as there is room, or the outlet is closed; false where the client has not read in time. */
  room(): Promise<boolean> {
    if (this.waiting !== undefined) return this.waiting;
    if (!this.full) return Promise.resolve(true);
    this.waiting = new Promise((resolve) => {
      const finish = (taken: boolean) => {
        clearTimeout(timer);
        this.outlet.removeListener('drain', drained);
        this.outlet.removeListener('close', drained);
        this.waiting = undefined;
        resolve(taken);
      };
      const drained = () => finish(true);
      const timer = setTimeout(() => finish(false), this.limits.stallTimeoutMs);
      this.outlet.once('drain', drained);
      this.outlet.once('close', drained);
    });
    return this.waiting;
  }
}
