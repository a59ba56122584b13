import type { SourceNode } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { VersionedRowCodec } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import { BIGINT, type SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { asBuffer } from './group-cache.js';
import { JoinKeys } from './join-keys.js';
import type { Operator, OperatorEnv } from './operator.js';
import type { TaskRecord } from './task-record.js';

/** Columns of a stored row of a table: its timestamp, then all value columns. */
export const storedTableTypes = (node: SourceNode): readonly SqlType[] => [BIGINT, ...node.value.map((c) => c.type)];

/**
 * Keeps a table's latest row of each key, and tells the steps behind it which row a new one replaces. A tombstone whose row
 * was never there goes on all the same: steps behind may know the row.
 */
export class TableSource implements Operator {
  private readonly store: Store;
  private readonly keys: JoinKeys;
  private readonly rows: VersionedRowCodec;
  private readonly scratch = new ByteWriter();
  private readonly stored: Value[];
  private readonly before: Value[];

  constructor(
    node: SourceNode,
    env: OperatorEnv,
    private readonly out: Operator,
    /** Records carry their key's bytes in `KeyCodec`'s form. */
    private readonly keyed: boolean,
  ) {
    this.store = env.store(node.store!).store;
    this.keys = new JoinKeys(
      node.key.map((c) => c.type),
      node.window,
    );
    this.rows = new VersionedRowCodec(storedTableTypes(node), node.former?.length ?? 0);
    this.stored = new Array<Value>(node.value.length + 1).fill(null);
    this.before = this.stored.slice();
  }

  process(record: TaskRecord): void {
    const key = this.keyed
      ? Buffer.from(record.keyBytes.subarray(record.keyStart, record.keyEnd))
      : this.keys.encode(record)!;
    const before = this.store.get(key);
    record.previous = null;
    if (before !== undefined) {
      record.previousVersion = this.rows.decodeInto(asBuffer(before), this.before);
      record.previous = this.before.slice(1);
      record.previousTimestamp = Number(this.before[0]);
    }
    if (record.value === null) this.store.delete(key);
    else {
      this.stored[0] = record.timestamp;
      for (let i = 0; i < record.value.length; i++) this.stored[i + 1] = record.value[i]!;
      this.scratch.reset();
      this.rows.encode(this.stored, this.scratch);
      this.store.put(key, this.scratch.toBuffer());
    }
    this.out.process(record);
  }
}
