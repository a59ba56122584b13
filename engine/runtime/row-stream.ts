import type { SqlType } from '../types/sql-type.js';
import type { Value } from '../types/value.js';

/** Rows of a push or pull query as the runtime gives them. The engine's `QueryStream` (engine/api.ts) is the same shape. */

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

/** How far a push query is; `QueryProgress` in engine/api.ts says what each number means. */
export interface RowProgress {
  readonly recordsIn: number;
  readonly rowsOut: number;
  readonly filtered: number;
  readonly undecodable: number;
  readonly firstError: string | null;
  readonly late: number;
  readonly earlier: number;
  readonly atEnd: boolean;
  readonly lag: number;
  readonly streamTime: number;
  readonly heldBack: number;
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
  /** Why there are no more rows; meaningful once `next` has given undefined. */
  readonly end: RowStreamEnd;
  close(): Promise<void>;
}
