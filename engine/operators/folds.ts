import type { AggregateImpl } from '../functions/function.js';
import { BIGINT, type SqlType } from '../types/sql-type.js';
import type { AggregateNode } from '../types/topology.js';
import type { Value } from '../types/value.js';
import type { Evaluator, OperatorEnv, TaskRecord } from './operator.js';

/**
 * All aggregates of one aggregate node over one group. The state of a group is `width` consecutive entries of a flat array
 * that the caller owns, at `base`: first the carried columns, as they are, then what each aggregate keeps in memory.
 */
export class Folds {
  readonly width: number;
  /** Columns of a stored state: the group's timestamp, then one for each of the `width` entries. */
  readonly storedTypes: readonly SqlType[];
  private readonly impls: readonly AggregateImpl<unknown>[];
  private readonly carried: readonly Evaluator[];
  private readonly args: readonly (readonly Evaluator[])[];
  /** One argument array a call, used again and again. */
  private readonly argRows: readonly Value[][];

  constructor(node: AggregateNode, env: OperatorEnv) {
    this.carried = node.carried.map((e) => env.compile(e, node.id));
    this.args = node.calls.map((c) => c.args.map((e) => env.compile(e, node.id)));
    this.argRows = this.args.map((a) => new Array<Value>(a.length).fill(null));
    this.impls = node.calls.map((c) => env.aggregate(c));
    this.width = node.carried.length + node.calls.length;
    this.storedTypes = [BIGINT, ...node.carried.map((e) => e.type), ...this.impls.map((i) => i.stateType)];
  }

  init(states: unknown[], base: number): void {
    let at = base;
    for (let i = 0; i < this.carried.length; i++) states[at++] = null;
    for (let i = 0; i < this.impls.length; i++) states[at++] = this.impls[i]!.init();
  }

  add(states: unknown[], base: number, record: TaskRecord): void {
    let at = base;
    const carried = this.carried;
    for (let i = 0; i < carried.length; i++) states[at++] = carried[i]!(record);
    const impls = this.impls;
    for (let i = 0; i < impls.length; i++) {
      states[at] = impls[i]!.add(states[at], this.evaluate(i, record));
      at++;
    }
  }

  /** Takes back a row that was added; `record` holds it as its value. */
  undo(states: unknown[], base: number, record: TaskRecord): void {
    let at = base + this.carried.length;
    const impls = this.impls;
    for (let i = 0; i < impls.length; i++) {
      states[at] = impls[i]!.undo!(states[at], this.evaluate(i, record));
      at++;
    }
  }

  /** The node's value columns for the state at `base`, into `row`. */
  result(states: readonly unknown[], base: number, row: Value[]): void {
    const n = this.carried.length;
    for (let i = 0; i < n; i++) row[i] = states[base + i] as Value;
    for (let i = 0; i < this.impls.length; i++) row[n + i] = this.impls[i]!.result(states[base + n + i]);
  }

  /** Joins the group `b` into the group `a`, the earlier one, and leaves the outcome in `a`. */
  merge(a: unknown[], b: readonly unknown[]): void {
    const n = this.carried.length;
    for (let i = 0; i < n; i++) a[i] = b[i];
    for (let i = 0; i < this.impls.length; i++) a[n + i] = this.impls[i]!.merge!(a[n + i], b[n + i]);
  }

  /** The stored form of a group, into `row`. */
  store(timestamp: number, states: readonly unknown[], base: number, row: Value[]): void {
    row[0] = timestamp;
    const n = this.carried.length;
    for (let i = 0; i < n; i++) row[1 + i] = states[base + i] as Value;
    for (let i = 0; i < this.impls.length; i++) {
      const impl = this.impls[i]!;
      const state = states[base + n + i];
      row[1 + n + i] = impl.toState === undefined ? (state as Value) : impl.toState(state);
    }
  }

  /** The state in memory from its stored form, of which `row[0]` is the timestamp. */
  load(row: readonly Value[], states: unknown[], base: number): void {
    const n = this.carried.length;
    for (let i = 0; i < n; i++) states[base + i] = row[1 + i] as Value;
    for (let i = 0; i < this.impls.length; i++) {
      const impl = this.impls[i]!;
      const stored = row[1 + n + i] as Value;
      states[base + n + i] = impl.fromState === undefined ? stored : impl.fromState(stored);
    }
  }

  private evaluate(call: number, record: TaskRecord): Value[] {
    const evaluators = this.args[call]!;
    const row = this.argRows[call]!;
    for (let i = 0; i < evaluators.length; i++) row[i] = evaluators[i]!(record);
    return row;
  }
}
