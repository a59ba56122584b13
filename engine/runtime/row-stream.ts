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
}

export type RowStreamEnd = 'limit' | 'completed' | 'terminated';

export interface RowStream {
  readonly queryId: string;
  readonly kind: 'push' | 'pull-table' | 'pull-stream';
  readonly columns: readonly ResultColumn[];
  /** The next rows, at least one; undefined at the end. Rejects where the query failed. */
  next(): Promise<RowBatch | undefined>;
  /** Why there are no more rows; meaningful once `next` has given undefined. */
  readonly end: RowStreamEnd;
  close(): Promise<void>;
}
