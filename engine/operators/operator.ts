import type { StreamRecord } from '../types/record.js';

/**
 * A step of a running query. Synchronous: `process` takes a record, calls `process` of what comes after for each record
 * that it gives, and keeps nothing of what it was handed without copying it. One file an operator.
 */
export interface Operator {
  process(record: StreamRecord): void;
  /**
   * Stream time of the task has reached `streamTime` (after each slice of work): emit what was waiting for it.
   * Present only where there is something to do.
   */
  advance?(streamTime: number): void;
  /**
   * Before a commit: write changed state to the store and emit what the operator held back (its cache). Called in
   * topological order, so what it emits reaches the operators behind it before they are flushed.
   */
  flush?(): void;
  /** The task was aborted: forget everything that is not in the store. */
  reset?(): void;
  /** Bytes held back, counted against the commit bound. */
  heldBytes?(): number;
}

/** What an operator reports besides rows. Counters are the task's; `error` goes to the processing log. */
export interface OperatorContext {
  /** An expression failed: its column became null, or the row was dropped. Counted and logged with the node. */
  evaluationError(node: string, message: string, record: StreamRecord): void;
  /** A record arrived after its window's grace; counted. */
  late(node: string, record: StreamRecord): void;
  /** Largest record timestamp that this task has seen. */
  streamTime(): number;
}
