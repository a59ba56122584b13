import type { ForeignKeyResultNode } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { KeyCodec } from '../records/key-codec.js';
import { RowCodec } from '../records/row-codec.js';
import type { Store } from '../stores/store.js';
import { BIGINT, BOOLEAN } from '../values/sql-type.js';
import { asBuffer } from './group-cache.js';
import { copyOrigin } from './join-keys.js';
import type { Expiry, Operator, OperatorEnv } from './operator.js';
import type { Step } from './step.js';
import { StreamClock } from './stream-clock.js';
import { newRecord, type TaskRecord } from './task-record.js';

/** How long the version of a deleted row is remembered, in event time: no result of the row before it can come later. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/**
 * Last step of a foreign-key join, in the partitions of the left key, which results reach from several partitions: of each
 * key the result of the highest VERSION counts, what is older is dropped. Gives the joined rows as a table with `previous`; a
 * tombstone where the result is no longer PRESENT, and for a deleted left row in any case.
 */
class ForeignKeyResult implements Operator {
  readonly expiry: Expiry;
  private readonly store: Store;
  private readonly keys: KeyCodec;
  private readonly rows: RowCodec;
  private readonly clock: StreamClock;
  private readonly scratch = new ByteWriter();
  private readonly joined = newRecord();

  constructor(
    node: ForeignKeyResultNode,
    env: OperatorEnv,
    private readonly out: Operator,
  ) {
    this.store = env.store(node.store).store;
    this.keys = new KeyCodec(node.keyColumns.map((c) => c.type));
    // Its time, VERSION and PRESENT, then the joined columns.
    this.rows = new RowCodec([BIGINT, BIGINT, BOOLEAN, ...node.valueColumns.map((c) => c.type)]);
    this.clock = new StreamClock(this.store);
    this.expiry = {
      store: node.store.name,
      retentionMs: REMEMBERED_MS,
      streamTime: () => this.clock.time,
      expired: (key, value) => key.length > 0 && this.forgettable(value),
    };
  }

  process(record: TaskRecord): void {
    const { key, value } = record;
    if (key === null || value === null) return;
    this.clock.observe(record.timestamp);
    this.scratch.reset();
    this.keys.encode(key, this.scratch);
    const id = this.scratch.toBuffer();
    const stored = this.store.get(id);
    const before = stored === undefined ? null : this.rows.decode(asBuffer(stored));
    if (before !== null && before[1]! > value[0]!) return;
    const present = value[1] === true;
    this.scratch.reset();
    // Of a row that is not there only its version counts.
    this.rows.encode([record.timestamp, value[0]!, value[1]!, ...(present ? value.slice(2) : [])], this.scratch);
    this.store.put(id, this.scratch.toBuffer());
    const previous = before !== null && before[2] === true ? before.slice(3) : null;
    if (!present && previous === null && value[1] === false) return;
    copyOrigin(record, this.joined);
    this.joined.value = present ? value.slice(2) : null;
    this.joined.previous = previous;
    this.joined.previousTimestamp = Number(before?.[0] ?? 0);
    this.joined.timestamp = record.timestamp;
    this.out.process(this.joined);
  }

  flush(): void {
    this.clock.persist();
  }

  private forgettable(stored: Buffer): boolean {
    const row = this.rows.decode(stored);
    return row[2] === null && Number(row[0]) < this.clock.time - REMEMBERED_MS;
  }
}

export const foreignKeyResult: Step<ForeignKeyResultNode> = (node, out, { env }) =>
  new ForeignKeyResult(node, env, out);
