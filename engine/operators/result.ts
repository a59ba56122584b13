import type { ResultNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { ResultSink, Step } from './step.js';
import type { TaskRecord } from './task-record.js';

const WINDOW_BOUNDS: ReadonlySet<string> = new Set(['WINDOWSTART', 'WINDOWEND']);

/**
 * End of a push query: computes the SELECT list. Null rows of a stream have no columns to show and are left out; of a table
 * they are tombstones, which carry their key's columns and window alone. Where the records say what they remove, these are
 * as they were in the removed row, and what removes nothing is left out. After `limit` rows nothing comes any more.
 */
export class Result implements Operator {
  private readonly columns: readonly { readonly evaluate: Evaluator; readonly key: boolean }[];
  private left: number;

  constructor(
    private readonly node: ResultNode,
    env: OperatorEnv,
    private readonly sink: ResultSink,
    private readonly tellsRemovals: boolean,
  ) {
    this.columns = node.columns.map((c) => ({
      evaluate: env.compile(c.expr, node.id),
      key: c.key || c.identifies === true || (c.expr.kind === 'pseudo' && WINDOW_BOUNDS.has(c.expr.name)),
    }));
    this.left = node.limit ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the limit is reached. */
  get done(): boolean {
    return this.left <= 0;
  }

  process(record: TaskRecord): void {
    if (this.left <= 0) return;
    const tombstone = record.value === null;
    if (tombstone && !this.node.table) return;
    if (tombstone && this.tellsRemovals) {
      if (record.previous === null) return;
      record.value = record.previous;
    }
    const columns = this.columns;
    const row = new Array<Value>(columns.length);
    for (let i = 0; i < columns.length; i++) {
      row[i] = tombstone && !columns[i]!.key ? null : columns[i]!.evaluate(record);
    }
    if (tombstone) record.value = null;
    this.left--;
    this.sink(row, tombstone);
  }
}

export const result: Step<ResultNode> = (node, _out, { env, graph, result: sink }) => {
  if (sink === undefined) throw new Error(`${node.id}: nobody takes the rows of this query`);
  return new Result(node, env, sink, graph.tellsRemovals(node.input));
};
