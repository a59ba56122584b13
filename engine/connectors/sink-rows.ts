import { type DataSource, timestampOf } from '../catalog/index.js';
import type { Format } from '../formats/format.js';
import { SchemaNeeded, type SchemaRegistry } from '../formats/registry/registry.js';
import type { FetchedPartition } from '../log/log.js';
import { SourceReader } from '../operators/source.js';
import { newRecord } from '../operators/task-record.js';
import { BatchCursor, type RecordBatch } from '../records/batch.js';
import { type Header, NO_WINDOW } from '../records/record.js';
import type { Value } from '../values/value.js';
import type { SinkRow } from './connector.js';

/** What was taken of a partition: rows, and what stands between them and is no row. */
export interface TakenRows {
  readonly rows: readonly SinkRow[];
  readonly bad: readonly BadRow[];
  readonly from: number;
  readonly next: number;
}

/** A record that the format of its source cannot read. */
export interface BadRow {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly target: 'key' | 'value' | undefined;
  readonly reason: string;
}

interface Reading {
  readonly format: (name: string) => Format;
  readonly schemas?: SchemaRegistry | undefined;
}

/** Makes rows of what is fetched of one partition, in order. Undefined `source`: of the bytes alone. */
export class SinkRows {
  private readonly cursor = new BatchCursor();
  private readonly batches: RecordBatch[] = [];
  private readonly record = newRecord();
  private readonly reader: SourceReader | undefined;
  private readonly columns: { readonly key: number; readonly value: number };
  private skipped: { readonly reason: string; readonly target: 'key' | 'value' | undefined } | undefined;
  /** The record under the cursor is still to be read: a schema was needed first. */
  private again = false;
  private position: number;
  private fetchedTo: number;

  constructor(
    private readonly partition: number,
    source: DataSource | undefined,
    topic: string,
    private readonly reading: Reading,
    start: number,
  ) {
    this.position = this.fetchedTo = start;
    this.columns = { key: source?.schema.key.length ?? 0, value: source?.schema.value.length ?? 0 };
    this.reader = source && this.readerOf(source, topic);
  }

  get empty(): boolean {
    return !this.again && this.cursor.remaining === 0 && this.batches.length === 0 && this.position === this.fetchedTo;
  }

  add(fetched: FetchedPartition): void {
    this.batches.push(...fetched.batches);
    this.fetchedTo = fetched.nextOffset;
  }

  /**
   * The next rows, at most so many rows and about so many bytes. `atBad`: it ends before a bad record, unless that comes first.
   * Fetches the schemas that it needs.
   */
  async take(most: number, mostBytes: number, atBad: boolean): Promise<TakenRows> {
    const rows: SinkRow[] = [];
    const bad: BadRow[] = [];
    const from = this.position;
    for (let bytes = 0; rows.length + bad.length < most && bytes < mostBytes; ) {
      if (!this.again && !this.nextRecord()) {
        this.position = this.fetchedTo;
        break;
      }
      this.again = false;
      const read = await this.read();
      if ('reason' in read) {
        if (atBad && rows.length > 0) {
          this.again = true;
          this.position = read.offset;
          break;
        }
        bad.push(read);
      } else rows.push(read);
      this.position = this.cursor.offset + 1;
      bytes += Math.max(0, this.cursor.valueEnd - this.cursor.valueStart) + 64;
      if (atBad && bad.length > 0) break;
    }
    return { rows, bad, from, next: this.position };
  }

  private nextRecord(): boolean {
    while (!this.cursor.next()) {
      const batch = this.batches.shift();
      if (batch === undefined) return false;
      this.cursor.reset(batch);
    }
    return true;
  }

  private async read(): Promise<SinkRow | BadRow> {
    for (;;) {
      try {
        return this.readNow();
      } catch (e) {
        if (!(e instanceof SchemaNeeded) || this.reading.schemas === undefined) throw e;
        await this.reading.schemas.fetch(e.id);
      }
    }
  }

  private readNow(): SinkRow | BadRow {
    const { cursor, record, reader } = this;
    if (reader === undefined) return new Row(cursor, cursor.timestamp, null, null, undefined, undefined);
    const key = new Array<Value>(this.columns.key).fill(null);
    const value = new Array<Value>(this.columns.value).fill(null);
    this.skipped = undefined;
    if (!reader.read(cursor, this.partition, key, value, record)) {
      const { reason, target } = this.skipped ?? { reason: 'It cannot be read', target: undefined };
      const { offset, timestamp } = cursor;
      const { keyBytes, valueBytes, headers } = new Row(cursor, timestamp, null, null, undefined, undefined);
      return { offset, timestamp, key: keyBytes, value: valueBytes, headers, target, reason };
    }
    const windowed = record.windowStart !== NO_WINDOW;
    return new Row(
      cursor,
      record.timestamp,
      record.key === null ? null : key,
      record.value === null ? null : value,
      windowed ? record.windowStart : undefined,
      windowed ? record.windowEnd : undefined,
    );
  }

  private readerOf(source: DataSource, topic: string): SourceReader {
    const { format, schemas } = this.reading;
    return new SourceReader(
      {
        kind: 'source',
        id: 'connector',
        topic,
        internal: false,
        source: source.name,
        keyFormat: source.keyFormat,
        valueFormat: source.valueFormat,
        key: source.schema.key,
        value: source.schema.value,
        neededKey: [...source.schema.key.keys()],
        neededValue: [...source.schema.value.keys()],
        window: source.window,
        timestamp: timestampOf(source),
        table: source.kind === 'TABLE',
        store: null,
      },
      topic,
      {
        decoder: (ref, columns, needed, isKey) => format(ref.name).decoder({ columns, needed, ref, isKey, schemas }),
        skipped: (_node, reason, { target }) => {
          this.skipped = { reason, target };
        },
        failOnInvalidTimestamp: false,
      },
    );
  }
}

/** A row; its bytes are copied when they are asked for, as most sinks do not ask. */
class Row implements SinkRow {
  readonly offset: number;
  readonly headers: readonly Header[];
  private readonly buffer: Buffer;
  private readonly keyStart: number;
  private readonly keyEnd: number;
  private readonly valueStart: number;
  private readonly valueEnd: number;

  constructor(
    cursor: BatchCursor,
    readonly timestamp: number,
    readonly key: readonly Value[] | null,
    readonly value: readonly Value[] | null,
    readonly windowStart: number | undefined,
    readonly windowEnd: number | undefined,
  ) {
    this.offset = cursor.offset;
    this.headers = cursor.headerCount === 0 ? [] : cursor.headers();
    this.buffer = cursor.buffer;
    this.keyStart = cursor.keyStart;
    this.keyEnd = cursor.keyEnd;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
  }

  get keyBytes(): Uint8Array | null {
    return this.keyStart < 0 ? null : Buffer.from(this.buffer.subarray(this.keyStart, this.keyEnd));
  }

  get valueBytes(): Uint8Array | null {
    return this.valueStart < 0 ? null : Buffer.from(this.buffer.subarray(this.valueStart, this.valueEnd));
  }
}
