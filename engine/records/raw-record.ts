import type { Header } from './record.js';

/** A record that a client writes as it is. */
export interface RawRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds since the epoch; undefined: now. */
  readonly timestamp?: number | undefined;
  readonly partition?: number | undefined;
  readonly headers?: readonly Header[];
}

/** What became of records that were to be written. */
export interface Produced {
  readonly count: number;
  /** Of the topic. */
  readonly partitions: number;
}

/** How far a file has been loaded into a topic. */
export interface LoadMarks {
  readonly partitions: number;
  /** The latest run that has written anything; null: none has. */
  readonly run: number | null;
  /** The column that is the key of that run's records, null: none; left out: it is not known. */
  readonly key?: string | null | undefined;
  /** By partition: the last row of that run that it has; 0: none. */
  readonly rows: readonly number[];
}
