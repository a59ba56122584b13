import { messageOf, WeirError } from '../base/errors.js';
import type { RestoreProgress } from '../observe/query-status.js';
import type { SubTopology } from '../plan/topology.js';
import type { Task } from './task.js';

/** Failures of one task in a row, without a commit between them, after which the query gives up. */
export const MAX_FAILURES = 5;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15_000;
/** How often is looked whether a full disk has room again. */
export const DISK_FULL_PAUSE_MS = 5000;

/** The pause before the next attempt after so many failures in a row. */
export const backoff = (failures: number): number => Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);

/** A task's place: opened, failed and opened again, until its partition goes. */
export interface Slot {
  readonly key: string;
  readonly sub: SubTopology;
  readonly partition: number;
  readonly topics: readonly string[];
  /** Repartition topics that it writes to. */
  readonly feeds: readonly string[];
  readonly aborter: AbortController;
  task: Task | null;
  opening: Promise<void> | null;
  restore: RestoreProgress | null;
  /** When its progress was last logged. */
  restoreSaid: number;
  /** Failures without a commit between them. */
  failures: number;
  /** When to try again; meaningful without a task. */
  retryAt: number;
  lastCommit: number;
  /** A commit that is to begin, which shows that the task is still this member's. */
  confirming: Promise<void> | null;
  /** Its state could not be written because the disk is full, and has not been written since. */
  diskFull: boolean;
}

/** By sub-topology and partition. */
export const slotKey = (subtopology: number, partition: number): string => `${subtopology}-${partition}`;

export const newSlot = (
  sub: SubTopology,
  partition: number,
  topics: readonly string[],
  feeds: readonly string[],
): Slot => ({
  key: slotKey(sub.id, partition),
  sub,
  partition,
  topics,
  feeds,
  aborter: new AbortController(),
  task: null,
  opening: null,
  restore: null,
  restoreSaid: 0,
  failures: 0,
  retryAt: 0,
  lastCommit: 0,
  confirming: null,
  diskFull: false,
});

/** A task has failed so often that the query as a whole gives up. */
export class TaskFailure extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** What is in the state of a task cannot be told. */
export const notConfirmed = (queryId: string, partition: number): WeirError =>
  new WeirError(
    'NOT_READY',
    `The state of query ${queryId} cannot be read: its partition ${partition} is being moved.`,
  );

/** Another member works on the task. */
export const isFenced = (e: unknown): boolean => e instanceof Error && (e as { fenced?: unknown }).fenced === true;

/** The same record fails each time. */
export const isHopeless = (e: unknown): boolean => e instanceof WeirError && e.code === 'DECODE_ERROR';

/** One of its settings has a value that cannot be. */
export const isWrong = (e: unknown): boolean => e instanceof WeirError && e.code === 'BAD_REQUEST';

/** The log or the schema registry cannot be asked now. What the query does is right: it waits, for however long that takes. */
export const isAway = (e: unknown): boolean =>
  e instanceof WeirError && (e.code === 'REGISTRY_ERROR' || (e as { away?: unknown }).away === true);
