import type { ForeignKeySendNode } from '../plan/topology.js';
import { ByteWriter, compareBytes } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import type { Value } from '../values/value.js';
import { copyOrigin } from './join-keys.js';
import type { Evaluator, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { NO_BYTES, newRecord, swapPrevious, type TaskRecord } from './task-record.js';

/** The left row is now under this foreign key. */
export const HERE = 0;
/** It has moved to another foreign key: forget it. */
const MOVED = 1;
/** It was deleted: forget it and say so. */
export const DELETED = 2;

/**
 * First step of a foreign-key join, over the left table: tells the partition of the foreign key what it has to know of an
 * update. Value columns are the left key's, VERSION (the record's offset), ACTION and the left row's. A row that has moved
 * gives MOVED under the old foreign key and HERE under the new one, one that was deleted DELETED under the old one.
 */
class ForeignKeySend implements Operator {
  private readonly foreignKey: Evaluator;
  private readonly codec: KeyCodec;
  private readonly oldBytes = new ByteWriter();
  private readonly newBytes = new ByteWriter();
  private readonly sent = newRecord();
  private readonly row: Value[];

  constructor(
    node: ForeignKeySendNode,
    env: OperatorEnv,
    private readonly out: Operator,
  ) {
    this.foreignKey = env.compile(node.foreignKey, node.id);
    this.codec = new KeyCodec([node.foreignKey.type]);
    this.row = new Array<Value>(node.valueColumns.length).fill(null);
  }

  process(record: TaskRecord): void {
    const { key, value, previous } = record;
    if (key === null) return;
    const next = value === null ? null : this.foreignKey(record);
    if (previous !== null) {
      swapPrevious(record);
      const last = this.foreignKey(record);
      swapPrevious(record);
      if (value === null) this.send(record, last, DELETED, previous);
      else if (!this.same(last, next)) this.send(record, last, MOVED, previous);
    }
    if (value !== null) this.send(record, next, HERE, value);
  }

  private send(record: TaskRecord, foreignKey: Value, action: number, row: readonly Value[]): void {
    const { sent, row: values } = this;
    const key = record.key!;
    let at = 0;
    for (const v of key) values[at++] = v;
    values[at++] = record.offset;
    values[at++] = action;
    for (const v of row) values[at++] = v;
    copyOrigin(record, sent);
    sent.key = foreignKey === null ? null : [foreignKey];
    sent.keyBytes = NO_BYTES;
    sent.keyStart = sent.keyEnd = -1;
    sent.value = values;
    sent.timestamp = record.timestamp;
    this.out.process(sent);
  }

  private same(a: Value, b: Value): boolean {
    this.oldBytes.reset();
    this.newBytes.reset();
    this.codec.encode([a], this.oldBytes);
    this.codec.encode([b], this.newBytes);
    return compareBytes(this.oldBytes.bytes(), this.newBytes.bytes()) === 0;
  }
}

export const foreignKeySend: Step<ForeignKeySendNode> = (node, out, { env }) => new ForeignKeySend(node, env, out);
