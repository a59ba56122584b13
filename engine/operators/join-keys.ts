import type { KeyWindow } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import { appendWindowStart, KeyCodec, windowStartOf } from '../records/key-codec.js';
import { NO_WINDOW } from '../records/record.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { TaskRecord } from './task-record.js';

/**
 * Keys of records as keys of a store: the columns, then the window. Windows in time are told apart by their start alone, as
 * on a topic: a hopping and a tumbling window that start together are the same key. Sessions have start and end.
 */
export class JoinKeys {
  private readonly codec: KeyCodec;
  private readonly scratch = new ByteWriter();

  constructor(
    types: readonly SqlType[],
    private readonly window: KeyWindow | null,
  ) {
    this.codec = new KeyCodec(types);
  }

  /** The record's key, a copy of its own; undefined for a null key. */
  encode(record: TaskRecord): Buffer | undefined {
    if (record.key === null) return undefined;
    const out = this.scratch;
    out.reset();
    this.codec.encode(record.key, out);
    if (this.window !== null) {
      appendWindowStart(out, record.windowStart);
      if (this.window.kind === 'session') appendWindowStart(out, record.windowEnd);
    }
    return out.toBuffer();
  }

  /** Sets the key of `record` from its stored form; `key` holds the columns. */
  decode(bytes: Buffer, key: Value[], record: TaskRecord): void {
    this.codec.decodeInto(bytes, 0, bytes.length, key);
    record.key = key;
    if (this.window === null) record.windowStart = record.windowEnd = NO_WINDOW;
    else if (this.window.kind === 'time') {
      record.windowStart = windowStartOf(bytes);
      record.windowEnd = record.windowStart + this.window.sizeMs;
    } else {
      record.windowStart = windowStartOf(bytes, bytes.length - 8);
      record.windowEnd = windowStartOf(bytes);
    }
  }
}

/** Where the record that comes out has come from. */
export function copyOrigin(from: TaskRecord, to: TaskRecord): void {
  to.key = from.key;
  to.keyBytes = from.keyBytes;
  to.keyStart = from.keyStart;
  to.keyEnd = from.keyEnd;
  to.windowStart = from.windowStart;
  to.windowEnd = from.windowEnd;
  to.partition = from.partition;
  to.offset = from.offset;
  to.headers = from.headers;
}
