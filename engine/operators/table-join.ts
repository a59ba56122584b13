import { type StepStats, saw } from '../observe/step-stats.js';
import type { JoinType, KeyWindow, TableJoinNode } from '../plan/topology.js';
import type { Value } from '../values/value.js';
import { copyOrigin, JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { type TableRow, TableRows } from './table-rows.js';
import { newRecord, type TaskRecord } from './task-record.js';
import { Entry, type TwoInputs } from './two-inputs.js';

/**
 * Joins two tables on their key. A change of either gives the joined row of its key with `previous`, the joined row as it
 * was; where there is none any more, a tombstone, and nothing where there was none before either. The output's time is the
 * larger of the change's and of the other side's row.
 */
class TableJoin implements TwoInputs {
  readonly left = new Entry((record) => this.change(record, true));
  readonly right = new Entry((record) => this.change(record, false));
  private readonly keys: JoinKeys;
  private readonly leftRows: TableRows;
  private readonly rightRows: TableRows;
  private readonly joined = newRecord();
  private readonly row: Value[];
  private readonly before: Value[];
  private readonly leftWidth: number;
  private readonly joinType: JoinType;
  private readonly stats: StepStats;

  constructor(
    node: TableJoinNode,
    env: OperatorEnv,
    private readonly out: Operator,
    window: KeyWindow | null,
  ) {
    this.leftWidth = node.leftWidth;
    this.joinType = node.joinType;
    this.stats = env.stats(node.id, 'tables');
    this.keys = new JoinKeys(
      node.keyColumns.map((c) => c.type),
      window,
    );
    const types = node.valueColumns.map((c) => c.type);
    this.leftRows = new TableRows(env.store(node.leftStore).store, types.slice(0, node.leftWidth));
    this.rightRows = new TableRows(env.store(node.rightStore).store, types.slice(node.leftWidth));
    this.row = new Array<Value>(types.length).fill(null);
    this.before = new Array<Value>(types.length).fill(null);
  }

  private change(record: TaskRecord, left: boolean): void {
    const { stats } = this;
    stats.records++;
    saw(left ? stats.left : stats.right, record.timestamp, record.key);
    const key = this.keys.encode(record);
    if (key === undefined) return;
    const own = left ? this.leftRows : this.rightRows;
    const replaced = own.get(key);
    const other = (left ? this.rightRows : this.leftRows).get(key);
    own.put(key, record.timestamp, record.value);
    if (other !== null && record.value !== null) stats.matched++;
    const { joined } = this;
    joined.value = this.join(record.value, other, left, this.row);
    joined.previous = this.join(replaced?.row ?? null, other, left, this.before);
    if (joined.value === null && joined.previous === null) return;
    copyOrigin(record, joined);
    joined.timestamp = Math.max(record.timestamp, other?.timestamp ?? 0);
    joined.previousTimestamp = Math.max(replaced?.timestamp ?? 0, other?.timestamp ?? 0);
    this.out.process(joined);
  }

  /** The joined row, written into `row`; null where this kind of join has none. */
  private join(own: readonly Value[] | null, other: TableRow | null, ownIsLeft: boolean, row: Value[]): Value[] | null {
    const left = ownIsLeft ? own : (other?.row ?? null);
    const right = ownIsLeft ? (other?.row ?? null) : own;
    if (left === null && right === null) return null;
    if (left === null && (this.joinType === 'INNER' || this.joinType === 'LEFT')) return null;
    if (right === null && (this.joinType === 'INNER' || this.joinType === 'RIGHT')) return null;
    const { leftWidth } = this;
    for (let i = 0; i < leftWidth; i++) row[i] = left === null ? null : left[i]!;
    for (let i = leftWidth; i < row.length; i++) row[i] = right === null ? null : right[i - leftWidth]!;
    return row;
  }
}

export const tableJoin: Step<TableJoinNode> = (node, out, { env, graph }) =>
  new TableJoin(node, env, out, graph.window(node.left));
