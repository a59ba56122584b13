import { type StepStats, saw } from '../observe/step-stats.js';
import type { ForeignKeyJoinNode } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import type { Value } from '../values/value.js';
import { type ForeignRow, ForeignRows } from './foreign-key-rows.js';
import { DELETED, HERE } from './foreign-key-send.js';
import { copyOrigin, JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { type TableRow, TableRows } from './table-rows.js';
import { NO_BYTES, newRecord, type TaskRecord } from './task-record.js';
import { Entry, type TwoInputs } from './two-inputs.js';

/**
 * Second step of a foreign-key join, in the partitions of the right table. Left records are those of `ForeignKeySend`. A left
 * row gives one result, a deleted one too, one that has moved away none; a change of the right table one for each left row
 * under its key. Results are under the left key: VERSION, PRESENT, the left row and the right one. PRESENT is false for INNER
 * without a match and null for a left row that was deleted. Time: the larger of the two rows'. A null foreign key matches
 * nothing.
 */
class ForeignKeyJoin implements TwoInputs {
  readonly left = new Entry((record) => this.leftChange(record));
  readonly right = new Entry((record) => this.rightChange(record));
  private readonly keys: JoinKeys;
  private readonly leftKeys: KeyCodec;
  private readonly scratch = new ByteWriter();
  private readonly lefts: ForeignRows;
  private readonly rights: TableRows;
  private readonly result = newRecord();
  private readonly row: Value[];
  private readonly inner: boolean;
  private readonly stats: StepStats;
  private readonly leftKeyWidth: number;
  private readonly leftWidth: number;

  constructor(
    node: ForeignKeyJoinNode,
    env: OperatorEnv,
    private readonly out: Operator,
    foreignKey: JoinKeys,
  ) {
    const leftKeyTypes = node.keyColumns.map((c) => c.type);
    const types = node.valueColumns.slice(2).map((c) => c.type);
    this.keys = foreignKey;
    this.leftKeys = new KeyCodec(leftKeyTypes);
    this.lefts = new ForeignRows(env.store(node.leftStore).store, [...leftKeyTypes, ...types.slice(0, node.leftWidth)]);
    this.rights = new TableRows(env.store(node.rightStore).store, types.slice(node.leftWidth));
    this.row = new Array<Value>(node.valueColumns.length).fill(null);
    this.inner = node.joinType === 'INNER';
    this.stats = env.stats(node.id, 'tables');
    this.leftKeyWidth = node.leftKeyWidth;
    this.leftWidth = node.leftWidth;
  }

  private leftChange(record: TaskRecord): void {
    const value = record.value;
    if (value === null) return;
    const at = this.leftKeyWidth;
    const version = value[at] as number | bigint;
    const action = value[at + 1];
    const left: ForeignRow = {
      version,
      timestamp: record.timestamp,
      columns: [...value.slice(0, at), ...value.slice(at + 2)],
    };
    const foreignKey = this.keys.encode(record);
    if (foreignKey !== undefined) {
      this.scratch.reset();
      this.leftKeys.encode(value, this.scratch);
      const leftKey = this.scratch.toBuffer();
      if (action !== HERE) this.lefts.remove(foreignKey, leftKey, version);
      else if (!this.lefts.put(foreignKey, leftKey, left)) return;
    }
    if (action === HERE) {
      const right = foreignKey === undefined ? null : this.rights.get(foreignKey);
      this.stats.records++;
      saw(this.stats.left, record.timestamp, record.key);
      if (right !== null) this.stats.matched++;
      this.send(record, left, right);
    } else if (action === DELETED) this.emit(record, left, null, null);
  }

  private rightChange(record: TaskRecord): void {
    const { stats } = this;
    stats.records++;
    saw(stats.right, record.timestamp, record.key);
    const foreignKey = this.keys.encode(record);
    if (foreignKey === undefined) return;
    const { timestamp, value } = record;
    this.rights.put(foreignKey, timestamp, value);
    const right = { timestamp, row: value ?? [] };
    this.lefts.forEach(foreignKey, (left) => {
      if (value !== null) stats.matched++;
      if (value === null) this.send(record, left, null, timestamp);
      else this.send(record, left, right);
    });
  }

  /** The result of a left row that is there. */
  private send(record: TaskRecord, left: ForeignRow, right: TableRow | null, time = 0): void {
    this.emit(record, left, right, !(this.inner && right === null), time);
  }

  private emit(record: TaskRecord, left: ForeignRow, right: TableRow | null, present: boolean | null, time = 0): void {
    const { result, row, leftKeyWidth, leftWidth } = this;
    row[0] = left.version;
    row[1] = present;
    for (let i = 0; i < leftWidth; i++) row[2 + i] = left.columns[leftKeyWidth + i]!;
    for (let i = 2 + leftWidth; i < row.length; i++) row[i] = right === null ? null : right.row[i - 2 - leftWidth]!;
    copyOrigin(record, result);
    result.key = left.columns.slice(0, leftKeyWidth);
    result.keyBytes = NO_BYTES;
    result.keyStart = result.keyEnd = -1;
    result.value = row;
    result.timestamp = Math.max(left.timestamp, right?.timestamp ?? time);
    this.out.process(result);
  }
}

export const foreignKeyJoin: Step<ForeignKeyJoinNode> = (node, out, { env, graph }) => {
  const foreignKey = graph.keyColumns(node.right).map((c) => c.type);
  return new ForeignKeyJoin(node, env, out, new JoinKeys(foreignKey, null));
};
