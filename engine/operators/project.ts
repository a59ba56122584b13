import type { ProjectNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { newRecord, swapPrevious, type TaskRecord } from './task-record.js';

/**
 * SELECT: computes new value columns, and key columns where they are renamed or computed within the same partitioning. A
 * null row stays null. On a table the row that is replaced is computed, too, where someone behind wants it.
 */
export class Project implements Operator {
  private readonly value: readonly Evaluator[];
  private readonly key: readonly Evaluator[] | null;
  private readonly projected = newRecord();
  private readonly valueRow: Value[];
  private readonly keyRow: Value[];

  constructor(
    node: ProjectNode,
    env: OperatorEnv,
    private readonly out: Operator,
    private readonly wantsPrevious: boolean,
  ) {
    this.value = node.value.map((e) => env.compile(e, node.id));
    this.key = node.key === null ? null : node.key.map((e) => env.compile(e, node.id));
    this.valueRow = new Array<Value>(this.value.length).fill(null);
    this.keyRow = new Array<Value>(this.key?.length ?? 0).fill(null);
  }

  process(record: TaskRecord): void {
    const p = this.projected;
    const row = this.valueRow;
    const evaluators = this.value;
    if (record.value === null) p.value = null;
    else {
      for (let i = 0; i < evaluators.length; i++) row[i] = evaluators[i]!(record);
      p.value = row;
    }
    if (this.key === null || record.key === null) p.key = record.key;
    else {
      for (let i = 0; i < this.key.length; i++) this.keyRow[i] = this.key[i]!(record);
      p.key = this.keyRow;
    }
    p.keyBytes = record.keyBytes;
    p.keyStart = record.keyStart;
    p.keyEnd = record.keyEnd;
    p.timestamp = record.timestamp;
    p.windowStart = record.windowStart;
    p.windowEnd = record.windowEnd;
    p.partition = record.partition;
    p.offset = record.offset;
    p.headers = record.headers;
    p.previous = this.wantsPrevious && record.previous !== null ? this.replaced(record) : null;
    p.previousTimestamp = record.previousTimestamp;
    this.out.process(p);
  }

  private replaced(record: TaskRecord): Value[] {
    swapPrevious(record);
    const row = this.value.map((e) => e(record));
    swapPrevious(record);
    return row;
  }
}

export const project: Step<ProjectNode> = (node, out, { env, graph }) =>
  new Project(node, env, out, graph.wantsPrevious(node.id));
