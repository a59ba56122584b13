import { type ErrorCode, messageOf, WeirError } from '../base/errors.js';
import type { Placement } from '../log/log.js';
import type { ProcessingError } from '../observe/processing-error.js';
import type { QueryFailure, QueryStatus, StandbyStatus } from '../observe/query-status.js';
import type { ResumeFrom } from '../persistent/lost-positions.js';
import type { QuerySpec } from '../persistent/query-handle.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { PullReader } from '../pull/rows.js';

/** What the main thread and a thread that runs tasks say to each other. Plain data, by structured clone. */

/** A call of the main thread; each is answered once. */
export type Call =
  | { readonly kind: 'start'; readonly spec: QuerySpec; readonly paused: boolean }
  | { readonly kind: 'pause' | 'stop'; readonly queryId: string }
  | { readonly kind: 'resume'; readonly queryId: string; readonly from?: ResumeFrom }
  /** Answered with the bytes of the thread's state of the query. */
  | { readonly kind: 'stateBytes'; readonly queryId: string }
  /** Stops, and removes the thread's state of the query. */
  | { readonly kind: 'drop'; readonly queryId: string }
  | {
      readonly kind: 'open';
      readonly cursor: number;
      readonly read: TableReadPlan;
      readonly reader: PullReader;
      readonly partitions: readonly number[];
    }
  /** Answered with a batch of rows, or null at the end. */
  | { readonly kind: 'next'; readonly cursor: number }
  | { readonly kind: 'close'; readonly cursor: number }
  /** Commits and ends all queries, and lets go of log and state: the thread may end. */
  | { readonly kind: 'end' };

export type ToThread = { readonly id: number } & Call;

export type FromThread =
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'report'; readonly queries: readonly QueryReport[] }
  /** A line for the processing log, with the record that it is about. */
  | {
      readonly kind: 'bad-record';
      readonly error: ProcessingError;
      readonly bytes: Uint8Array | null;
      readonly text: string | null;
    };

/** How a query is on one thread. */
export interface QueryReport {
  readonly status: QueryStatus;
  readonly placement: Placement | undefined;
  readonly standbys: readonly StandbyStatus[];
  /** Partitions of the query's topics. */
  readonly partitions: ReadonlyMap<string, number>;
  readonly lastError: QueryFailure | undefined;
  readonly errors: readonly QueryFailure[];
}

/** Rows one behind the other, and where each ends. */
export interface SentRows {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** The thread's end of the connection, and the main thread's. */
export interface Port<In, Out> {
  post(message: Out): void;
  onMessage(take: (message: In) => void): void;
}

export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export const sendable = (e: unknown): SentError =>
  e instanceof WeirError
    ? { code: e.code, message: e.message, hint: e.hint }
    : { code: 'INTERNAL', message: messageOf(e), hint: undefined };

export const received = ({ code, message, hint }: SentError): WeirError => new WeirError(code, message, hint);
