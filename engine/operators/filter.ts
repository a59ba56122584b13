import type { TypedExpr } from '../plan/expr.js';
import { formerOf, type SubTopologyGraph } from '../plan/graph.js';
import { isOfKey } from '../plan/nodes/rows.js';
import type { FilterNode } from '../plan/topology.js';
import { type GivenKeys, givenKey } from './given-keys.js';
import { copyOrigin, JoinKeys } from './join-keys.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { newRecord, swapPrevious, type TaskRecord } from './task-record.js';

/** WHERE on a stream: rows for which the predicate is true go on as they are. Null rows fail it. */
export class StreamFilter implements Operator {
  private readonly predicate: Evaluator;
  private leftOut = 0;

  constructor(
    node: FilterNode,
    env: OperatorEnv,
    private readonly out: Operator,
  ) {
    this.predicate = env.compile(node.predicate, node.id);
  }

  process(record: TaskRecord): void {
    if (record.value !== null && this.predicate(record) === true) this.out.process(record);
    else this.leftOut++;
  }

  filtered(): number {
    return this.leftOut;
  }
}

/** How a table's filter learns whether the row before went on. */
export type Before =
  /** The records say what they replace. */
  | { readonly kind: 'previous'; readonly former: FormerFilters | null }
  /** The predicate looks at the key alone: what it says of a row it says of all rows of that key. */
  | { readonly kind: 'key' }
  /** A push query knows what it has given. */
  | { readonly kind: 'given'; readonly given: GivenKeys; readonly keys: JoinKeys }
  /** It can't know: each row that does not match is a tombstone. */
  | { readonly kind: 'unknown' };

/** What versions of the query before this one have let through: `predicates[record.previousVersion]`, null for everything. */
export interface FormerFilters {
  readonly predicates: readonly (TypedExpr | null)[];
  readonly keys: JoinKeys;
}

/**
 * WHERE and HAVING on a table: a row that stops matching becomes one tombstone, a row that never matched nothing.
 *
 * A row that a version of the query before this one has let through, and this one does not, becomes a tombstone when it
 * changes. That one is held back until the next record or the commit: where the same key comes next with a row that matches,
 * the row takes its place.
 */
class TableFilter implements Operator {
  private readonly predicate: Evaluator;
  private readonly former: readonly Evaluator[] = [];
  private readonly held = newRecord();
  /** The key of `held`; null: nothing is held back. */
  private heldKey: Buffer | null = null;
  private leftOut = 0;

  constructor(
    node: FilterNode,
    env: OperatorEnv,
    private readonly out: Operator,
    private readonly before: Before,
  ) {
    this.predicate = env.compile(node.predicate, node.id);
    if (before.kind === 'previous' && before.former !== null) {
      const all: Evaluator = () => true;
      this.former = before.former.predicates.map((p) => (p === null ? all : env.compile(p, node.id)));
    }
  }

  process(record: TaskRecord): void {
    const { value, previous } = record;
    const { before } = this;
    const matches = (value !== null || before.kind === 'key') && this.predicate(record) === true;
    if (!matches && value !== null) this.leftOut++;
    if (this.heldKey !== null && this.settlesHeld(record, matches)) return;
    switch (before.kind) {
      case 'previous': {
        const former = previous === null ? undefined : this.former[record.previousVersion];
        const matched = previous !== null && this.matched(record, former ?? this.predicate);
        if (!matches && !matched) return;
        if (!matches && former !== undefined && !this.matched(record, this.predicate)) {
          this.hold(record);
          return;
        }
        record.previous = matched ? previous : null;
        break;
      }
      case 'key':
        if (!matches) return;
        break;
      case 'given': {
        const key = givenKey(before.keys, record);
        if (matches) before.given.add(key);
        else if (!before.given.delete(key)) return;
        break;
      }
      case 'unknown':
        break;
    }
    if (!matches) record.value = null;
    this.out.process(record);
    record.value = value;
    record.previous = previous;
  }

  flush(): void {
    this.release();
  }

  filtered(): number {
    return this.leftOut;
  }

  private matched(record: TaskRecord, predicate: Evaluator): boolean {
    swapPrevious(record);
    const matched = predicate(record) === true;
    swapPrevious(record);
    return matched;
  }

  /** Decides about the tombstone that is held back, now that `record` comes. True: nothing is left to do for the record. */
  private settlesHeld(record: TaskRecord, matches: boolean): boolean {
    if (!this.heldKey!.equals(this.keyOf(record))) {
      this.release();
      return false;
    }
    if (matches) this.heldKey = null;
    return !matches;
  }

  private hold(record: TaskRecord): void {
    const { held } = this;
    this.heldKey = this.keyOf(record);
    copyOrigin(record, held);
    held.key = record.key!.slice();
    held.keyBytes = Buffer.from(record.keyBytes);
    held.timestamp = record.timestamp;
  }

  private release(): void {
    if (this.heldKey === null) return;
    this.heldKey = null;
    this.out.process(this.held);
  }

  private keyOf(record: TaskRecord): Buffer {
    return (this.before as Extract<Before, { kind: 'previous' }>).former!.keys.encode(record)!;
  }
}

export const filter: Step<FilterNode> = (node, out, { env, graph }) =>
  node.table ? new TableFilter(node, env, out, beforeOf(node, graph, env.given)) : new StreamFilter(node, env, out);

function beforeOf(node: FilterNode, graph: SubTopologyGraph, given: GivenKeys | undefined): Before {
  const keys = (): JoinKeys =>
    new JoinKeys(
      graph.keyColumns(node.input).map((c) => c.type),
      graph.window(node.input),
    );
  if (graph.tellsPrevious(node.input)) {
    // Only where the rows come right from the store are there some that versions before have let through.
    const former = formerOf(graph.node(node.input));
    if (former === undefined) return { kind: 'previous', former: null };
    const predicates = former.map((steps) => steps.find((s) => s.kind === 'filter')?.predicate ?? null);
    return { kind: 'previous', former: { predicates, keys: keys() } };
  }
  if (isOfKey(node)) return { kind: 'key' };
  return given === undefined ? { kind: 'unknown' } : { kind: 'given', given, keys: keys() };
}
