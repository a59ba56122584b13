import type { Value } from '../values/value.js';

export interface Header {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** `windowStart`/`windowEnd` of a record whose key is not windowed. */
export const NO_WINDOW = -1;

/**
 * One record on its way through the operators. The object and its two arrays are the sender's again after `process`
 * returns: an operator that keeps a row copies the array (values themselves are immutable).
 *
 * `value` null is a null payload: a row without values in a stream, a tombstone in a table.
 * On table steps `previous` is the row that this one replaces (null: there was none, or it is unknown upstream).
 */
export interface StreamRecord {
  key: Value[] | null;
  value: Value[] | null;
  previous: Value[] | null;
  /** Event time, milliseconds since the epoch. */
  timestamp: number;
  /** Start of the key's window (inclusive), or NO_WINDOW. */
  windowStart: number;
  /** End of the key's window: exclusive for tumbling and hopping, inclusive for sessions; or NO_WINDOW. */
  windowEnd: number;
  partition: number;
  /** Offset in the source topic. */
  offset: number;
  headers: readonly Header[] | null;
}

export function emptyRecord(): StreamRecord {
  return {
    key: null,
    value: null,
    previous: null,
    timestamp: 0,
    windowStart: NO_WINDOW,
    windowEnd: NO_WINDOW,
    partition: 0,
    offset: 0,
    headers: null,
  };
}
