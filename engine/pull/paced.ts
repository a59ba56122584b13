import type { RowBatches } from './rows.js';

/** Used where a query's rows come from or grow in number: it lets others run, and ends where the query is closed. */
export interface Pace {
  /** Lets the event loop turn. */
  turn(): Promise<void>;
  /** Nobody waits for its rows any more. */
  readonly isClosed: boolean;
}

/**
 * The same batches, between which the rest of the process has its turn: what reads them, an aggregate or an ordering, may
 * take all there are before it gives one. They end where the query is closed. The first batch, often the only one, is given
 * at once.
 */
export async function* paced(rows: RowBatches, pace: Pace): RowBatches {
  let isFirst = true;
  for await (const batch of rows) {
    if (!isFirst) await pace.turn();
    if (pace.isClosed) return;
    isFirst = false;
    yield batch;
  }
}
