import type { StepStats } from './step-stats.js';

/* What a persistent query says of itself. Plain data: it crosses threads. */

/** What a query has done and met since it started on this node. */
export interface CounterValues {
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that could not be read. */
  readonly skipped: number;
  /** Rows that could not be encoded, and records that the log has refused. */
  readonly unwritten: number;
  /** Records behind their window's grace. */
  readonly late: number;
  readonly evaluationErrors: number;
  /** The last thing that went wrong with a record. */
  readonly lastError: string | null;
  readonly commits: number;
  /** Errors that came so fast that neither the server's log nor the processing log has a line of them. */
  readonly unlogged: number;
  /** Records that went to the dead-letter topic, those of aborted attempts included. */
  readonly deadLettered: number;
  /** How often the watchdog has rebuilt the query's clients. */
  readonly watchdogRestarts: number;
  /** Records that were read from changelogs to restore state. */
  readonly restored: number;
  /** What its windows and joins have done. */
  readonly steps: readonly StepStats[];
}

/** DISK_FULL: the state cannot be written; the query goes on by itself when there is room. */
export type QueryState = 'STARTING' | 'REBALANCING' | 'RUNNING' | 'PAUSED' | 'DISK_FULL' | 'ERROR' | 'STOPPED';

export interface TaskStatus {
  readonly subtopology: number;
  readonly partition: number;
  readonly state: 'opening' | 'running' | 'waiting';
  readonly restore: RestoreProgress | null;
  readonly streamTime: number;
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to be processed, and the end that is known; -1 where it is not. */
  readonly position: number;
  readonly end: number;
}

export interface QueryStatus {
  readonly queryId: string;
  readonly state: QueryState;
  /** Why the query is in ERROR, or what the last failure was. */
  readonly error: string | null;
  readonly counters: CounterValues;
  readonly tasks: readonly TaskStatus[];
  readonly lag: readonly PartitionLag[];
  /** Changelog records that are still to be read before all tasks run, as far as known. */
  readonly toRestore: number;
}

/** How far the restoring of a store has come. */
export interface RestoreProgress {
  readonly store: string;
  /** Changelog offsets: where it began, where it is, where it ends. */
  readonly from: number;
  readonly at: number;
  readonly to: number;
  /** Records that were read. */
  readonly records: number;
}

/** A store of a copy, and how far it is behind its changelog. */
export interface StandbyStore {
  readonly store: string;
  /** Next changelog offset to be applied, and the changelog's known end; -1: not known yet. */
  readonly at: number;
  readonly end: number;
}

export interface StandbyStatus {
  readonly subtopology: number;
  readonly partition: number;
  readonly stores: readonly StandbyStore[];
}

/** Why a query has failed, and when; milliseconds. */
export interface QueryFailure {
  readonly at: number;
  readonly message: string;
}

/** What a node has of a task's state. */
export type Held = 'active' | { readonly lag: number } | undefined;
