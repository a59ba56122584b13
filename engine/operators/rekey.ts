import { keepsWindow } from '../plan/nodes/rows.js';
import type { RekeyNode } from '../plan/topology.js';
import { ByteWriter, compareBytes } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import { NO_WINDOW } from '../records/record.js';
import type { Value } from '../values/value.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { NO_BYTES, newRecord, swapPrevious, type TaskRecord } from './task-record.js';

/**
 * GROUP BY and PARTITION BY: gives records a new key. With `dropNullKey` (GROUP BY), rows without a value and rows any of
 * whose key columns is null are dropped. Else a single key column that is null makes a null key; of a null row, only what
 * depends on nothing but the old key is computed, and the rest of the new key is null.
 */
class Rekey implements Operator {
  private readonly key: readonly Evaluator[];
  private readonly value: readonly Evaluator[];
  private readonly rekeyed = newRecord();
  private readonly keyRow: Value[];
  private readonly valueRow: Value[];
  private readonly dropNullKey: boolean;
  /** Whether a key column can be computed without a value. */
  private readonly fromKeyAlone: readonly boolean[];

  constructor(
    node: RekeyNode,
    env: OperatorEnv,
    private readonly out: Operator,
    /** The key is the old one, and so is its window. */
    private readonly keepsWindow: boolean,
  ) {
    this.key = node.key.map((e) => env.compile(e, node.id));
    this.value = node.value.map((e) => env.compile(e, node.id));
    this.keyRow = new Array<Value>(this.key.length).fill(null);
    this.valueRow = new Array<Value>(this.value.length).fill(null);
    this.dropNullKey = node.dropNullKey;
    this.fromKeyAlone = node.key.map((e) => !needsRow(e));
  }

  process(record: TaskRecord): void {
    const r = this.rekeyed;
    if (record.value === null && this.dropNullKey) return;
    for (let i = 0; i < this.key.length; i++) {
      const v = record.value !== null || this.fromKeyAlone[i] === true ? this.key[i]!(record) : null;
      if (v === null && this.dropNullKey) return;
      this.keyRow[i] = v;
    }
    r.key = this.keyRow.length === 1 && this.keyRow[0] === null ? null : this.keyRow;
    if (record.value === null) r.value = null;
    else {
      for (let i = 0; i < this.value.length; i++) this.valueRow[i] = this.value[i]!(record);
      r.value = this.valueRow;
    }
    copyPlace(record, r, this.keepsWindow);
    this.out.process(r);
  }
}

/**
 * GROUP BY over a table: a change takes the previous row out of its group and puts the new one into its own. Where both are
 * the same group it is one record with `value` and `previous`, else two, the removal first. A key that depends on nothing but
 * the old key never changes: such a record stays one, a tombstone included whose row is not known here.
 */
class TableRekey implements Operator {
  private readonly key: readonly Evaluator[];
  private readonly value: readonly Evaluator[];
  private readonly codec: KeyCodec;
  private readonly oldBytes = new ByteWriter();
  private readonly newBytes = new ByteWriter();
  private readonly rekeyed = newRecord();
  private readonly fixed: boolean;

  constructor(
    node: RekeyNode,
    env: OperatorEnv,
    private readonly out: Operator,
    /** The key is the old one, and so is its window. */
    private readonly keepsWindow: boolean,
  ) {
    this.key = node.key.map((e) => env.compile(e, node.id));
    this.value = node.value.map((e) => env.compile(e, node.id));
    this.fixed = node.key.length > 0 && !node.key.some(needsRow);
    this.codec = new KeyCodec(node.keyColumns.map((c) => c.type));
  }

  process(record: TaskRecord): void {
    const { value, previous } = record;
    if (this.fixed) {
      this.move(record);
      return;
    }
    const after = value === null ? null : this.row(record, this.key);
    const newRow = after === null || after.includes(null) ? null : this.row(record, this.value);
    swapPrevious(record);
    const before = previous === null ? null : this.row(record, this.key);
    const oldRow = before === null || before.includes(null) ? null : this.row(record, this.value);
    swapPrevious(record);
    if (newRow !== null && oldRow !== null && this.same(before!, after!)) {
      this.send(record, after!, newRow, oldRow);
      return;
    }
    if (oldRow !== null) this.send(record, before!, null, oldRow);
    if (newRow !== null) this.send(record, after!, newRow, null);
  }

  private move(record: TaskRecord): void {
    const { value, previous } = record;
    const key = this.row(record, this.key);
    if (key.includes(null)) return;
    const newRow = value === null ? null : this.row(record, this.value);
    swapPrevious(record);
    const oldRow = previous === null ? null : this.row(record, this.value);
    swapPrevious(record);
    this.send(record, key, newRow, oldRow);
  }

  private row(record: TaskRecord, evaluators: readonly Evaluator[]): Value[] {
    return evaluators.map((e) => e(record));
  }

  private same(before: Value[], after: Value[]): boolean {
    this.oldBytes.reset();
    this.newBytes.reset();
    this.codec.encode(before, this.oldBytes);
    this.codec.encode(after, this.newBytes);
    return compareBytes(this.oldBytes.bytes(), this.newBytes.bytes()) === 0;
  }

  private send(record: TaskRecord, key: Value[], value: Value[] | null, previous: Value[] | null): void {
    const r = this.rekeyed;
    r.key = key;
    r.value = value;
    r.previous = previous;
    copyPlace(record, r, this.keepsWindow);
    this.out.process(r);
  }
}

function copyPlace(from: TaskRecord, to: TaskRecord, window: boolean): void {
  to.keyBytes = NO_BYTES;
  to.keyStart = to.keyEnd = -1;
  to.timestamp = from.timestamp;
  to.previousTimestamp = from.previousTimestamp;
  to.windowStart = window ? from.windowStart : NO_WINDOW;
  to.windowEnd = window ? from.windowEnd : NO_WINDOW;
  to.partition = from.partition;
  to.offset = from.offset;
  to.headers = from.headers;
}

/** Whether an expression, at any depth, reads anything of a record but its key. */
function needsRow(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return false;
  const { kind, from } = part as { readonly kind?: unknown; readonly from?: unknown };
  if (kind === 'pseudo' || (kind === 'column' && from === 'value')) return true;
  return Object.values(part).some(needsRow);
}

export const rekey: Step<RekeyNode> = (node, out, { env, graph }) =>
  graph.isTable(node.input)
    ? new TableRekey(node, env, out, keepsWindow(node, graph))
    : new Rekey(node, env, out, keepsWindow(node, graph));
