import { type StepStats, saw } from '../observe/step-stats.js';
import type { KeyWindow, StreamTableJoinNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import { copyOrigin, JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { TableRows } from './table-rows.js';
import { newRecord, type TaskRecord } from './task-record.js';
import { Entry, type TwoInputs } from './two-inputs.js';

/** Keys without a match that are remembered. */
const MISSED = 256;

/**
 * Looks each row of a stream (left) up in a table (right) as the table is then. INNER drops a row without a match, LEFT gives
 * it with nulls; a null key has no match. Rows of the stream whose value is null give nothing; neither does a change of the
 * table. The output keeps the time of the stream's row.
 */
class StreamTableJoin implements TwoInputs {
  readonly left = new Entry((record) => this.look(record));
  readonly right = new Entry((record) => this.change(record));
  private readonly keys: JoinKeys;
  private readonly rows: TableRows;
  private readonly joined = newRecord();
  private readonly row: Value[];
  private readonly leftWidth: number;
  private readonly inner: boolean;
  private readonly stats: StepStats;
  /** While nothing has matched: keys that were looked up. */
  private readonly missed = new Set<string>();

  constructor(
    node: StreamTableJoinNode,
    env: OperatorEnv,
    private readonly out: Operator,
    window: KeyWindow | null,
  ) {
    this.leftWidth = node.leftWidth;
    this.inner = node.joinType === 'INNER';
    this.stats = env.stats(node.id, 'streamTable');
    this.keys = new JoinKeys(
      node.keyColumns.map((c) => c.type),
      window,
    );
    const right = node.valueColumns.slice(node.leftWidth);
    this.rows = new TableRows(
      env.store(node.store).store,
      right.map((c) => c.type),
    );
    this.row = new Array<Value>(node.valueColumns.length).fill(null);
  }

  private look(record: TaskRecord): void {
    if (record.value === null) return;
    const key = this.keys.encode(record);
    const match = key === undefined ? null : this.rows.get(key);
    const { stats } = this;
    stats.records++;
    saw(stats.left, record.timestamp, record.key);
    if (match !== null) stats.matched++;
    else if (key !== undefined && stats.matched === 0 && this.missed.size < MISSED)
      this.missed.add(key.toString('latin1'));
    if (match === null && this.inner) return;
    const { row, leftWidth, joined } = this;
    for (let i = 0; i < leftWidth; i++) row[i] = record.value[i]!;
    for (let i = leftWidth; i < row.length; i++) row[i] = match === null ? null : match.row[i - leftWidth]!;
    copyOrigin(record, joined);
    joined.value = row;
    joined.timestamp = record.timestamp;
    this.out.process(joined);
  }

  private change(record: TaskRecord): void {
    const key = this.keys.encode(record);
    const { stats, missed } = this;
    saw(stats.right, record.timestamp, record.key);
    if (key === undefined) return;
    if (stats.matched > 0) missed.clear();
    if (missed.size > 0 && missed.delete(key.toString('latin1'))) stats.keyCameLater++;
    this.rows.put(key, record.timestamp, record.value);
  }
}

export const streamTableJoin: Step<StreamTableJoinNode> = (node, out, { env, graph }) =>
  new StreamTableJoin(node, env, out, graph.window(node.left));
