import type { OperatorEnv } from '../operators/operator.js';
import type { Budget } from './budget.js';
import type { Pace } from './paced.js';
import type { PullReader, TableRows } from './rows.js';
import type { OpenStream } from './stream-rows.js';

/** What the operators of one pull query are built with. */
export interface PullParts {
  readonly tables: TableRows;
  readonly openStream: OpenStream;
  readonly reader: PullReader;
  /** Compiles expressions and aggregates for this query. */
  readonly env: OperatorEnv;
  /** What joins, aggregates and orderings hold, all together. */
  readonly budget: Budget;
  readonly pace: Pace;
}
