import type { RowDecoder, RowEncoder } from '../formats/format.js';
import type { AggregateImpl } from '../functions/function.js';
import type { StepStats } from '../observe/step-stats.js';
import type { AggregateCall, CallExpr, TypedExpr } from '../plan/expr.js';
import type { FormatRef, StoreRef } from '../plan/topology.js';
import type { BatchCursor } from '../records/batch.js';
import type { StreamRecord } from '../records/record.js';
import type { Store } from '../stores/store.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';
import type { GivenKeys } from './given-keys.js';
import type { TaskRecord } from './task-record.js';

/**
 * A step of a running query. Synchronous: `process` takes a record, calls `process` of what comes after for each record
 * that it gives, and keeps nothing of what it was handed without copying it. One file an operator.
 */
export interface Operator {
  process(record: TaskRecord): void;
  /** Before the first record of a task whose stores are not empty: read from them what has to be in memory. */
  prepare?(): Promise<void>;
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
  /** Bytes held back, counted against the commit bound. */
  heldBytes?(): number;
  /** Rows that WHERE or HAVING have left out. */
  filtered?(): number;
  /** EMIT FINAL: groups that wait for their windows to close. */
  openGroups?(): number;
  /** Set where stored entries outlive their use: the task removes them. */
  readonly expiry?: Expiry;
}

/** When entries of a store may go. */
export interface Expiry {
  readonly store: string;
  readonly retentionMs: number;
  /** The step's stream time, by which entries expire. */
  streamTime(): number;
  expired(key: Buffer, value: Buffer): boolean;
}

/** What an operator reports besides rows. Counters are the task's; `error` goes to the processing log. */
export interface OperatorContext {
  /** An expression failed: its column became null, or the row was dropped. Counted and logged with the node. */
  evaluationError(node: string, message: string, record: StreamRecord): void;
  /** A record could not be read (bytes, timestamp): it is skipped. Counted and logged with its place. */
  skipped(node: string, message: string, place: RecordPlace): void;
  /** A record arrived after its window's grace and changes nothing: counted and logged with the node. */
  late(node: string, record: StreamRecord, why: Lateness): void;
  /** What a step does, to be counted by itself: one object for all tasks of a query in a thread. */
  stats(node: string, kind: StepStats['kind']): StepStats;
  /** A row could not be written: it is left out. Counted and logged with its topic. Left out where nothing is written. */
  unwritten?(node: string, message: string, record: StreamRecord, place: WritePlace): void;
  /** Largest record timestamp that this task has seen. */
  streamTime(): number;
}

/** Why a record is late: stream time had gone past its window's end by more than the grace. */
export interface Lateness {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly streamTime: number;
  readonly graceMs: number;
}

/** Where a row was to be written. */
export interface WritePlace {
  readonly topic: string;
  /** What of the record could not be written; left out where it is neither. */
  readonly target?: 'key' | 'value';
}

export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** What of the record could not be read; left out where it is neither. */
  readonly target?: 'key' | 'value';
  /** The record as it stands on the log; only while the call lasts. */
  readonly cursor?: BatchCursor;
}

/** A compiled expression. Null for an expression that failed, which has been reported then. */
export type Evaluator = (record: StreamRecord) => Value;

/** What operators are built with: the runtime wires it to the evaluator, the functions, the formats and the stores. */
export interface OperatorEnv extends OperatorContext {
  /** `node` names the expression's place in errors. */
  compile(expr: TypedExpr, node: string): Evaluator;
  /** `undone`: rows are taken back, as those of a table are. */
  aggregate(call: AggregateCall, undone: boolean): AggregateImpl<unknown>;
  /** The function behind a call of a table function; null: no rows. It throws on an evaluation error. */
  tableFunction(call: CallExpr): (...args: Value[]) => readonly Value[] | null;
  decoder(ref: FormatRef, columns: readonly Column[], needed: readonly number[], isKey: boolean): RowDecoder;
  encoder(ref: FormatRef, columns: readonly Column[], isKey: boolean): RowEncoder;
  /** A push query's: what it has given of a table. Absent: nobody knows. */
  readonly given?: GivenKeys | undefined;
  /** The task's store, and whether it is known to hold nothing yet. */
  store(ref: StoreRef): { readonly store: Store; readonly empty: boolean };
  /** True: emit one row a changed key at each commit. False: emit each update. */
  readonly cached: boolean;
  /** Setting ksql.timestamp.throw.on.invalid: a record without an event time fails the query and is not skipped. */
  readonly failOnInvalidTimestamp: boolean;
  /** Padded results of stream-stream joins are looked for at most once in so many milliseconds of wall-clock time. */
  readonly outerJoinEmitMs: number;
  /** Wall-clock time, milliseconds. */
  now(): number;
  /** Clean entries that a state cache keeps in memory after a commit. */
  readonly cacheEntries: number;
}

/** Hands each record to several operators, in order. */
class FanOut implements Operator {
  constructor(private readonly targets: readonly Operator[]) {}

  process(record: TaskRecord): void {
    for (const t of this.targets) t.process(record);
  }
}

/** One operator for any number of consumers. */
export function fanOut(targets: readonly Operator[]): Operator {
  return targets.length === 1 ? targets[0]! : new FanOut(targets);
}
