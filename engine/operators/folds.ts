import type { AggregateImpl } from '../functions/function.js';
import type { AggregateNode } from '../plan/topology.js';
import type { StreamRecord } from '../records/record.js';
import { evaluationMessage } from '../values/evaluation-error.js';
import { BIGINT, type SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { Evaluator, OperatorEnv } from './operator.js';
import type { TaskRecord } from './task-record.js';

/**
 * All aggregates of one aggregate node over one group. The state of a group is `width` consecutive entries of a flat array
 * that the caller owns, at `base`: first the carried columns, as they are, then what each aggregate keeps in memory.
 */
export class Folds {
  readonly width: number;
  /** Columns of a stored state: the group's timestamp, one for each of the `width` entries, then what these had no room for. */
  readonly storedTypes: readonly SqlType[];
  private readonly impls: readonly AggregateImpl<unknown>[];
  private readonly carried: readonly Evaluator[];
  private readonly args: readonly (readonly Evaluator[])[];
  /** One argument array a call, used again and again. */
  private readonly argRows: readonly Value[][];
  /** Where in a stored row a call's state goes on, -1 where it does not. */
  private readonly moreAt: readonly number[];
  /** Calls that may refuse a row, and the states that they have with the one that is being added. */
  private readonly refusing: readonly number[];
  private readonly fresh: unknown[];

  constructor(
    private readonly node: AggregateNode,
    private readonly env: OperatorEnv,
  ) {
    this.carried = node.carried.map((e) => env.compile(e, node.id));
    this.args = node.calls.map((c) => c.args.map((e) => env.compile(e, node.id)));
    this.argRows = this.args.map((a) => new Array<Value>(a.length).fill(null));
    this.impls = node.calls.map((c) => env.aggregate(c, node.inputTable));
    this.width = node.carried.length + node.calls.length;
    const types = [BIGINT, ...node.carried.map((e) => e.type), ...this.impls.map((i) => i.stateType)];
    this.moreAt = this.impls.map((i) => (i.moreType === undefined ? -1 : types.push(i.moreType) - 1));
    this.storedTypes = types;
    this.refusing = this.impls.flatMap((impl, i) => (impl.refuses === true ? [i] : []));
    this.fresh = new Array<unknown>(this.impls.length).fill(undefined);
  }

  init(states: unknown[], base: number): void {
    let at = base;
    for (let i = 0; i < this.carried.length; i++) states[at++] = null;
    for (let i = 0; i < this.impls.length; i++) states[at++] = this.impls[i]!.init();
  }

  /** False where an aggregate refuses the row, which has been reported then: the group is as it was. */
  add(states: unknown[], base: number, record: TaskRecord): boolean {
    const { carried, impls, refusing } = this;
    let at = base + carried.length;
    if (refusing.length > 0 && !this.refusingAccept((i) => states[at + i], record)) return false;
    for (let i = 0; i < carried.length; i++) states[base + i] = carried[i]!(record);
    for (let i = 0; i < impls.length; i++) {
      const impl = impls[i]!;
      states[at] = impl.refuses === true ? this.fresh[i] : impl.add(states[at], this.evaluate(i, record));
      at++;
    }
    return true;
  }

  /**
   * Whether the groups [first, last], the earliest first, can become one and take the row; where there are none, whether a new
   * one takes it. False: an aggregate refuses, which has been reported then. Changes nothing.
   */
  accepts(groups: readonly { readonly states: readonly unknown[] }[], first: number, last: number, record: TaskRecord) {
    if (this.refusing.length === 0) return true;
    const n = this.carried.length;
    return this.refusingAccept((i) => {
      const impl = this.impls[i]!;
      if (first > last) return impl.init();
      let state = groups[first]!.states[n + i];
      for (let g = first + 1; g <= last; g++) state = impl.merge!(state, groups[g]!.states[n + i]);
      return state;
    }, record);
  }

  /** `state` gives a call's state before the row. */
  private refusingAccept(state: (call: number) => unknown, record: TaskRecord): boolean {
    for (const i of this.refusing) {
      try {
        this.fresh[i] = this.impls[i]!.add(state(i), this.evaluate(i, record));
      } catch (e) {
        this.report(i, `${evaluationMessage(e)}; the row is left out`, record);
        return false;
      }
    }
    return true;
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

  /**
   * The node's value columns for the state at `base`, into `row`. A column whose aggregate has no result is NULL; that is
   * reported with `about`, unless it is null.
   */
  result(states: readonly unknown[], base: number, row: Value[], about: StreamRecord | null): void {
    const n = this.carried.length;
    for (let i = 0; i < n; i++) row[i] = states[base + i] as Value;
    for (let i = 0; i < this.impls.length; i++) {
      try {
        row[n + i] = this.impls[i]!.result(states[base + n + i]);
      } catch (e) {
        const message = evaluationMessage(e);
        if (about !== null) this.report(i, message, about);
        row[n + i] = null;
      }
    }
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
      if (impl.toMore !== undefined) row[this.moreAt[i]!] = impl.toMore(state);
    }
  }

  /** The state in memory from its stored form, of which `row[0]` is the timestamp. */
  load(row: readonly Value[], states: unknown[], base: number): void {
    const n = this.carried.length;
    for (let i = 0; i < n; i++) states[base + i] = row[1 + i] as Value;
    for (let i = 0; i < this.impls.length; i++) {
      const impl = this.impls[i]!;
      const stored = row[1 + n + i] as Value;
      const more = this.moreAt[i]! < 0 ? null : row[this.moreAt[i]!]!;
      states[base + n + i] = impl.fromState === undefined ? stored : impl.fromState(stored, more);
    }
  }

  private report(call: number, message: string, about: StreamRecord): void {
    this.env.evaluationError(this.node.id, `${this.node.calls[call]!.name}: ${message}`, about);
  }

  private evaluate(call: number, record: TaskRecord): Value[] {
    const evaluators = this.args[call]!;
    const row = this.argRows[call]!;
    for (let i = 0; i < evaluators.length; i++) row[i] = evaluators[i]!(record);
    return row;
  }
}
