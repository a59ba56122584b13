import { messageOf } from '../base/errors.js';
import type { FlatMapNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import type { TaskRecord } from './task-record.js';

interface Call {
  readonly args: readonly Evaluator[];
  readonly rows: (...args: Value[]) => readonly Value[] | null;
}

/**
 * Table functions in a SELECT list: a record gives as many rows as the longest of its calls, the others padded with NULL.
 * A call that fails is reported and gives no rows; null rows give none.
 */
class FlatMap implements Operator {
  private readonly calls: readonly Call[];

  constructor(
    private readonly node: FlatMapNode,
    private readonly env: OperatorEnv,
    private readonly out: Operator,
  ) {
    this.calls = node.calls.map((c) => ({
      args: c.args.map((a) => env.compile(a, node.id)),
      rows: env.tableFunction(c),
    }));
  }

  process(record: TaskRecord): void {
    const { value } = record;
    if (value === null) return;
    const results = this.calls.map((c) => this.rowsOf(c, record));
    const count = Math.max(...results.map((r) => r.length));
    for (let i = 0; i < count; i++) {
      record.value = [...value, ...results.map((r) => r[i] ?? null)];
      this.out.process(record);
    }
    record.value = value;
  }

  private rowsOf(call: Call, record: TaskRecord): readonly Value[] {
    try {
      return call.rows(...call.args.map((a) => a(record))) ?? [];
    } catch (e) {
      this.env.evaluationError(this.node.id, messageOf(e), record);
      return [];
    }
  }
}

export const flatMap: Step<FlatMapNode> = (node, out, { env }) => new FlatMap(node, env, out);
