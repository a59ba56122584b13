import type { Properties } from '../base/properties.js';
import type {
  CounterValues,
  Held,
  QueryFailure,
  QueryStatus,
  StandbyStatus,
  TaskStatus,
} from '../observe/query-status.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import type { PullReader, RowBatches } from '../pull/rows.js';
import type { TableKeeper } from '../pull/table-view.js';
import type { ResumeFrom } from './lost-positions.js';

export interface QuerySpec {
  readonly queryId: string;
  readonly topology: Topology;
  /** The statement's properties over the server's. */
  readonly properties: Properties;
}

/** A persistent query on this node, whether it runs in the main thread or in others. */
export interface QueryHandle extends TableKeeper {
  /** Starts, or starts again after ERROR. What fails later is in `status`. */
  start(): void;
  /** Commits what was processed and lets go of everything. */
  stop(): Promise<void>;
  /** Stops, and removes all that the query owns: internal topics, group, state. */
  drop(): Promise<void>;
  /** Commits and processes nothing until `resume`; the partitions stay here. */
  pause(): void;
  /** After a pause, or starts again after ERROR. `from`: see `LostPositions`. */
  resume(from?: ResumeFrom): void;
  /** The copies of other nodes' tasks that are kept here. */
  standbys(): readonly StandbyStatus[];
  counters(): CounterValues;
  /** Records that are committed on the log and not processed yet, as far as is known. */
  lag(): number;
  /** Bytes that its state takes on this node, about. */
  stateBytes(): Promise<number>;
  /** The last failure of the query. */
  lastError(): QueryFailure | undefined;
  /** The latest failures, the oldest first. */
  errors(): readonly QueryFailure[];
  status(): QueryStatus;
  /** Rows of a table of its from these partitions, which `holds` has named. */
  openPartitions(read: TableReadPlan, reader: PullReader, partitions: readonly number[]): RowBatches;
}

/** Failures of a query that are kept. */
export const KEPT_FAILURES = 10;

export const lagOf = ({ lag }: Pick<QueryStatus, 'lag'>): number =>
  lag.reduce((n, p) => n + (p.end < 0 ? 0 : Math.max(0, p.end - p.position)), 0);

/** `QueryHandle.holds`, by the states of tasks and copies. */
export function heldOf(
  tasks: readonly TaskStatus[],
  standbys: readonly StandbyStatus[],
  subtopology: number,
  partition: number,
): Held {
  const is = (t: { readonly subtopology: number; readonly partition: number }): boolean =>
    t.subtopology === subtopology && t.partition === partition;
  if (tasks.some((t) => is(t) && t.state === 'running')) return 'active';
  const copy = standbys.find(is);
  if (copy === undefined || copy.stores.some((s) => s.end < 0 || s.at < 0)) return undefined;
  return { lag: copy.stores.reduce((n, s) => n + Math.max(0, s.end - s.at), 0) };
}
