import type { Properties } from '../base/properties.js';
import type { CounterValues } from '../observe/query-status.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { RowBatches } from './rows.js';

/** What one node asks another for: rows of a table from some of its partitions. Plain data. */
export interface PeerRead {
  /** Of the pull query. */
  readonly queryId: string;
  readonly read: TableReadPlan;
  readonly properties: Properties;
  readonly partitions: readonly number[];
  /** Also from copies that are at most so many changelog entries behind; null: only from who owns the partition. */
  readonly maxLag: number | null;
  /** See `PullReader`. */
  readonly upToDate?: boolean;
}

export interface PeerRows {
  /** Those of the partitions asked for that the node has: of no others are there rows. */
  readonly partitions: readonly number[];
  readonly rows: RowBatches;
}

/** What a node says of a persistent query. */
export interface PeerQuery {
  readonly queryId: string;
  readonly state: string;
  /** Since it started there; a node of an earlier version does not tell. */
  readonly counters?: PeerCounters;
}

export type PeerCounters = Pick<CounterValues, 'recordsIn' | 'recordsOut' | 'skipped' | 'late' | 'evaluationErrors'>;

/** The other nodes of a service, by their addresses (`host:port`). */
export interface Peers {
  /** Where the others reach this node. */
  readonly self: string;
  /** Whether a node has been heard of lately; true where nothing is known. */
  isAlive(address: string): boolean;
  /** Rejects where the node cannot be reached or refuses; after that rows may still be cut short by an error. */
  readTable(address: string, request: PeerRead): Promise<PeerRows>;
  /** The states of the persistent queries on every other node that is known; null: it does not answer. */
  queries(): Promise<ReadonlyMap<string, readonly PeerQuery[] | null>>;
}
