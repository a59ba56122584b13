import type { KeyValueOp } from '../log.js';

/** What the embedded log needs of the ordered database that it lives in (and that also holds the state). */
export interface OrderedDatabase {
  readonly directory: string;
  get(key: Uint8Array): Buffer | undefined;
  /** All of `ops` or none of them, also when the process dies. */
  batch(ops: readonly KeyValueOp[]): Promise<void>;
  /** A snapshot of a range in key order, in slices of about `readAhead` bytes. */
  scan(range: {
    readonly gte: Uint8Array;
    readonly lt: Uint8Array;
    readonly values?: boolean;
    readonly readAhead?: number;
  }): AsyncGenerator<readonly (readonly [Uint8Array, Buffer])[]>;
  clear(gte: Uint8Array, lt: Uint8Array): Promise<void>;
}
