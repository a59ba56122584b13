import { messageOf, WeirError } from '../base/errors.js';
import { DecodeError, type RowDecoder } from '../formats/format.js';
import { SchemaNeeded } from '../formats/registry/registry.js';
import type { SourceNode } from '../plan/topology.js';
import type { BatchCursor } from '../records/batch.js';
import { readInt64 } from '../records/bytes.js';
import { type Header, NO_WINDOW } from '../records/record.js';
import type { Column } from '../values/schema.js';
import { BIGINT, BOOLEAN } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { OperatorEnv } from './operator.js';
import { NO_BYTES, type TaskRecord } from './task-record.js';
import { isEventTime, TimestampReader, whyNoEventTime } from './timestamp.js';

/**
 * Payload columns on a repartition topic of a table: whether there is a replaced row, it, whether there is a new one, it, and
 * the time of the replaced row, which records of earlier versions lack.
 */
export const changeColumns = (value: readonly Column[]): readonly Column[] => [
  { name: 'HAS_PREVIOUS', type: BOOLEAN },
  ...value,
  { name: 'HAS_VALUE', type: BOOLEAN },
  ...value,
  { name: 'PREVIOUS_TIME', type: BIGINT },
];

/** A recursive schema takes data of any depth, the stack does not. */
const undecodable = (e: unknown): string =>
  e instanceof RangeError && /call stack/.test(e.message) ? 'It is nested too deep' : messageOf(e);

const WINDOW_SIZES = { time: 8, session: 16 } as const;

/**
 * Reads a topic's records from their bytes into rows. Only the columns that the plan reads are decoded; the others are
 * checked. Not an `Operator`: its input is a cursor. One reader serves all partitions; the record that it fills is the
 * caller's.
 *
 * Skipped, counted and logged: bytes that are no such row, a record without an event time. On an internal topic such bytes
 * are damage: an error of code DECODE_ERROR. Rows of a table that have a null key are dropped, as ksqlDB does.
 */
export class SourceReader {
  private readonly keyDecoder: RowDecoder | null;
  private readonly valueDecoder: RowDecoder | null;
  /** Reads a row and the one that it replaces, on the way to a table's aggregate. */
  private readonly changes: RowDecoder | null;
  private readonly changeRow: Value[];
  /** Positions in `node.value` of the payload's columns, where header columns stand between them; else null. */
  private readonly payload: readonly number[] | null;
  private readonly payloadRow: Value[];
  private readonly timestamps: TimestampReader | null;

  constructor(
    private readonly node: SourceNode,
    /** The topic's full name. */
    private readonly topic: string,
    private readonly env: Pick<OperatorEnv, 'decoder' | 'skipped' | 'failOnInvalidTimestamp'>,
    /** False: nobody reads the key's columns, its bytes do. */
    decodeKey = true,
  ) {
    const positions = node.value.flatMap((c, i) => (c.headers === undefined ? [i] : []));
    const columns = positions.map((i) => node.value[i]!);
    const needed = positions.flatMap((i, at) => (node.neededValue.includes(i) ? [at] : []));
    this.payload = columns.length === node.value.length ? null : positions;
    this.payloadRow = new Array<Value>(columns.length).fill(null);
    const neededKey = decodeKey ? node.neededKey : [];
    this.keyDecoder =
      node.key.length > 0 && (neededKey.length > 0 || !node.internal)
        ? env.decoder(node.keyFormat, node.key, neededKey, true)
        : null;
    // Where no column is read, the bytes of our own topics are not looked at. Those of others are checked all the same.
    this.valueDecoder =
      node.internal && needed.length === 0 ? null : env.decoder(node.valueFormat, columns, needed, false);
    const changed = node.internal && node.table ? changeColumns(node.value) : [];
    this.changes = changed.length > 0 ? env.decoder(node.valueFormat, changed, [...changed.keys()], false) : null;
    this.changeRow = new Array<Value>(changed.length).fill(null);
    this.timestamps = node.timestamp === null ? null : new TimestampReader(node.timestamp.format);
  }

  /** Reads the record under the cursor; false where it is skipped. `key` and `value` are arrays of the right length. */
  read(cursor: BatchCursor, partition: number, key: Value[], value: Value[], record: TaskRecord): boolean {
    const b = cursor.buffer;
    record.partition = partition;
    record.offset = cursor.offset;
    record.timestamp = cursor.timestamp;
    record.previous = null;
    record.headers = cursor.headerCount === 0 ? null : cursor.headers();
    let target: 'key' | 'value' = 'key';
    try {
      record.key = this.readKey(cursor, b, key, record);
      target = 'value';
      if (this.changes !== null) this.readChange(cursor, b, value, record);
      else record.value = this.readValue(cursor, b, value);
      if (this.payload !== null && record.value !== null) this.fillBound(value, record.headers ?? [], cursor);
    } catch (e) {
      if (e instanceof SchemaNeeded) throw e;
      // Whatever a decoder meets in one record's bytes concerns that record, not the query.
      return this.skip(cursor, partition, undecodable(e), target, e as Error);
    }
    if (this.node.table && record.key === null) return this.skip(cursor, partition, 'a table has no row without a key');
    if (this.timestamps !== null) {
      const from = this.node.timestamp!;
      const row = from.from === 'key' ? record.key : record.value;
      // A tombstone has no columns: it keeps the time of its record.
      if (row !== null) {
        record.timestamp = this.timestamps.read(row[from.index] ?? null);
        if (record.timestamp < 0) return this.untimed(cursor, partition, this.timestamps.reason);
      }
    }
    if (!isEventTime(record.timestamp)) return this.skip(cursor, partition, whyNoEventTime(record.timestamp));
    return true;
  }

  private readKey(cursor: BatchCursor, b: Buffer, row: Value[], record: TaskRecord): Value[] | null {
    const start = cursor.keyStart;
    let end = cursor.keyEnd;
    record.keyStart = start;
    record.keyEnd = end;
    if (start < 0) {
      record.keyBytes = NO_BYTES;
      return null;
    }
    record.keyBytes = b;
    const window = this.node.window;
    if (window !== null) {
      end -= WINDOW_SIZES[window.kind];
      if (end < start) throw new DecodeError('the key is too short to hold a window');
      record.keyEnd = end;
      record.windowStart = readInt64(b, window.kind === 'time' ? end : end + 8);
      record.windowEnd = window.kind === 'time' ? record.windowStart + window.sizeMs : readInt64(b, end);
    } else record.windowStart = record.windowEnd = NO_WINDOW;
    if (this.keyDecoder === null) return this.node.key.length === 0 ? null : row;
    return this.keyDecoder.decode(b, start, end, row) ? row : null;
  }

  private readValue(cursor: BatchCursor, b: Buffer, row: Value[]): Value[] | null {
    const start = cursor.valueStart;
    if (start < 0) return null;
    if (this.valueDecoder === null) return row;
    if (this.payload === null) return this.valueDecoder.decode(b, start, cursor.valueEnd, row) ? row : null;
    if (!this.valueDecoder.decode(b, start, cursor.valueEnd, this.payloadRow)) return null;
    for (let i = 0; i < this.payload.length; i++) row[this.payload[i]!] = this.payloadRow[i]!;
    return row;
  }

  private readChange(cursor: BatchCursor, b: Buffer, row: Value[], record: TaskRecord): void {
    const changed = this.changeRow;
    const n = row.length;
    this.changes!.decode(b, cursor.valueStart, cursor.valueEnd, changed);
    record.previous = changed[0] === true ? changed.slice(1, n + 1) : null;
    record.previousTimestamp = Number(changed[2 * n + 2] ?? record.timestamp);
    record.value = changed[n + 1] === true ? row : null;
    for (let i = 0; i < n; i++) row[i] = changed[n + 2 + i]!;
  }

  private fillBound(row: Value[], headers: readonly Header[], cursor: BatchCursor): void {
    this.node.value.forEach((column, i) => {
      const binding = column.headers;
      if (binding === undefined) return;
      if (binding.kind === 'payload') row[i] = this.payloadOf(column, i, cursor);
      else if (binding.kind === 'all') row[i] = headers.map((h) => [h.key, h.value]);
      else row[i] = headers.findLast((h) => h.key === binding.header)?.value ?? null;
    });
  }

  private payloadOf(column: Column, at: number, { buffer, valueStart, valueEnd }: BatchCursor): Value {
    if (!this.node.neededValue.includes(at)) return null;
    if (column.type.kind === 'STRING') return buffer.toString('utf8', valueStart, valueEnd);
    return new Uint8Array(buffer.subarray(valueStart, valueEnd));
  }

  private untimed(cursor: BatchCursor, partition: number, reason: string): false {
    if (!this.env.failOnInvalidTimestamp) return this.skip(cursor, partition, reason);
    throw new WeirError(
      'DECODE_ERROR',
      `Fatal user code error in TimestampExtractor callback for record at offset ${cursor.offset} of partition ` +
        `${partition} of ${this.topic}: ${reason}`,
      'ksql.timestamp.throw.on.invalid=false skips such records.',
    );
  }

  private skip(cursor: BatchCursor, partition: number, reason: string, target?: 'key' | 'value', cause?: Error): false {
    if (this.node.internal && cause !== undefined) {
      throw new WeirError(
        'DECODE_ERROR',
        `Internal topic ${this.topic}, partition ${partition}, offset ${cursor.offset}: ${messageOf(cause)}`,
        'The topic holds what this query did not write. Drop and create the query again.',
        { cause },
      );
    }
    this.env.skipped(this.node.id, reason, {
      topic: this.topic,
      partition,
      offset: cursor.offset,
      ...(target === undefined ? {} : { target }),
      cursor,
    });
    return false;
  }
}
