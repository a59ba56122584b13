import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';

/** Rows of a push or pull query as the runtime gives them. The engine's `QueryStream` (engine/api/engine-api.ts) is the same shape. */

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly key: boolean;
}

export interface RowBatch {
  readonly rows: readonly (readonly Value[])[];
  /** Set where some rows are tombstones: true at their index. */
  readonly tombstones?: readonly boolean[];
  /** Where a query that asked for tokens goes on after these rows. */
  readonly continuation?: string;
  /** The last rows of a snapshot, possibly none. */
  readonly snapshotEnd?: boolean;
}

/** How far a push query is. */
export interface RowProgress {
  readonly recordsIn: number;
  readonly rowsOut: number;
  /** Rows that WHERE or HAVING left out. */
  readonly filtered: number;
  /** Records that could not be decoded, and what was wrong with the first of them. */
  readonly undecodable: number;
  readonly firstError: string | null;
  /** Records that came after their window's grace. */
  readonly late: number;
  /** Records that stood in its topics before the place where it began. */
  readonly earlier: number;
  /** It has read all there is and waits for new records. */
  readonly atEnd: boolean;
  /** Records between it and the end of its topics. */
  readonly lag: number;
  /** Largest event time so far, milliseconds; -1 before the first record. */
  readonly streamTime: number;
  /** EMIT FINAL: rows that wait for stream time to go on. */
  readonly heldBack: number;
  /** Of each join that has matched nothing, why. */
  readonly unmatched: readonly string[];
}

export type RowStreamEnd = 'limit' | 'completed' | 'terminated';

export interface RowStream {
  readonly queryId: string;
  readonly kind: 'push' | 'pull-table' | 'pull-stream';
  readonly columns: readonly ResultColumn[];
  /** The next rows, at least one; undefined at the end. Rejects where the query failed. */
  next(): Promise<RowBatch | undefined>;
  /** Where rows come as they are made: how far it is, and so why it may be silent. */
  progress?(): RowProgress;
  /** Push queries: records of its topics that are written and not given to anyone, as a transaction before them is open. */
  openRecords?(): Promise<number>;
  /** Why there are no more rows; meaningful once `next` has given undefined. */
  readonly end: RowStreamEnd;
  close(): Promise<void>;
}
