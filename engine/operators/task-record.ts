import { NO_WINDOW, type StreamRecord } from '../records/record.js';

/**
 * A record inside a task: beside the row, the bytes of its key as the source's topic has them (without a window), so that
 * what works on bytes (an aggregate, a sink of the same format) need not encode them again. Whether a node may use them is
 * known when the chain is built (`plan/graph.ts`). `keyStart` is -1 for a null key and where there are none.
 */
export interface TaskRecord extends StreamRecord {
  keyBytes: Buffer;
  keyStart: number;
  keyEnd: number;
  /** The version of the query that has stored `previous`; read only by what stands right behind the store. */
  previousVersion: number;
  /** The time of the row that this one replaces; means nothing without one. */
  previousTimestamp: number;
}

export const NO_BYTES: Buffer = Buffer.alloc(0);

/** All task records are made here: one shape for the optimiser. */
export function newRecord(): TaskRecord {
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
    keyBytes: NO_BYTES,
    keyStart: -1,
    keyEnd: -1,
    previousVersion: 0,
    previousTimestamp: 0,
  };
}

/**
 * Puts the row that the record replaces, and its time, in the place of its own: what is computed then is what was computed
 * when that row came. A second call puts all back.
 */
export function swapPrevious(record: TaskRecord): void {
  const { value, timestamp } = record;
  record.value = record.previous;
  record.timestamp = record.previousTimestamp;
  record.previous = value;
  record.previousTimestamp = timestamp;
}
