import { messageOf, WeirError } from '../types/errors.js';
import type { SubTopology } from '../types/topology.js';
import type { RestoreProgress } from './restore.js';
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
  /** Its state could not be written for want of room, and has not been since. */
  diskFull: boolean;
}

/** A task has failed so often that the query as a whole gives up. */
export class TaskFailure extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** Another member works on the task. */
export const isFenced = (e: unknown): boolean => e instanceof Error && (e as { fenced?: unknown }).fenced === true;

/** The same record fails each time. */
export const isHopeless = (e: unknown): boolean => e instanceof WeirError && e.code === 'DECODE_ERROR';

/** The log or the schema registry cannot be asked now. What the query does is right: it waits, for however long that takes. */
export const isAway = (e: unknown): boolean =>
  e instanceof WeirError && (e.code === 'REGISTRY_ERROR' || (e as { away?: unknown }).away === true);
