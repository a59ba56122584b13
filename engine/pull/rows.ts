import type { Properties } from '../base/properties.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { Value } from '../values/value.js';

/** One row of a pull query: its columns' values, the receiver's to keep. */
export type Row = readonly Value[];

/**
 * Rows on their way through a pull query, a batch at a time (of any size, none empty but for good reason). Nothing is read
 * before the first `next`; `return` gives free what is held. What cannot be read rejects with a WeirError.
 */
export type RowBatches = AsyncGenerator<readonly Row[], void, undefined>;

/** Rows of one batch, about, and their bytes: a batch is worked on at a stretch. */
export const BATCH_ROWS = 1000;
export const BATCH_BYTES = 1024 * 1024;

/** For whom a table is read. */
export interface PullReader {
  /** Of the pull query. */
  readonly queryId: string;
  /** Settings of its session: what functions may look at. */
  readonly properties: Properties;
  /** The rows must include all that readers of topics had seen before the rows were asked for. Those of copies do not. */
  readonly upToDate?: boolean;
}

/**
 * Rows of one table, from committed state, by keys, ranges or whole: the level at which rows of several nodes come together.
 * Joins, aggregates and orderings stand above it, on the node that was asked.
 */
export interface TableRows {
  /**
   * The rows that `read` asks for, as arrays of its `columns`; in no order across keys.
   * @throws NOT_READY where the state is nowhere to be read
   */
  open(read: TableReadPlan, reader: PullReader): Promise<RowBatches>;
}
