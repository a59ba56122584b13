import type { KeyWindow, MaterializeNode } from '../plan/topology.js';
import { JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { TableRows } from './table-rows.js';
import type { TaskRecord } from './task-record.js';

/** Keeps the latest row of each key of a table for pull queries, and passes every record on with the row that it replaces. */
class Materialize implements Operator {
  private readonly keys: JoinKeys;
  private readonly rows: TableRows;

  constructor(
    node: MaterializeNode,
    env: OperatorEnv,
    private readonly out: Operator,
    window: KeyWindow | null,
  ) {
    this.keys = new JoinKeys(
      node.keyColumns.map((c) => c.type),
      window,
    );
    this.rows = new TableRows(
      env.store(node.store).store,
      node.valueColumns.map((c) => c.type),
    );
  }

  process(record: TaskRecord): void {
    const key = this.keys.encode(record);
    if (key === undefined) return;
    const { previous, previousTimestamp } = record;
    const before = this.rows.get(key);
    record.previous = before?.row ?? null;
    record.previousTimestamp = before?.timestamp ?? 0;
    this.rows.put(key, record.timestamp, record.value);
    this.out.process(record);
    record.previous = previous;
    record.previousTimestamp = previousTimestamp;
  }
}

export const materialize: Step<MaterializeNode> = (node, out, { env, graph }) =>
  new Materialize(node, env, out, graph.window(node.input));
