import { ByteWriter } from '../records/bytes.js';
import { RowCodec, ValueReader, writeInt64, writeVarint } from '../records/row-codec.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';

/**
 * The sessions of one key as one stored value: a hot key costs one read and one write, however many of its sessions merge.
 * A varint count; for each session, in order of time, its start, its length in milliseconds and its row with the row's size.
 */
export class SessionCodec {
  private readonly rows: RowCodec;
  private readonly reader = new ValueReader();
  private readonly scratch = new ByteWriter();
  private readonly row: Value[];

  /** `types`: columns of a session's row. */
  constructor(types: readonly SqlType[]) {
    this.rows = new RowCodec(types);
    this.row = new Array<Value>(types.length).fill(null);
  }

  writeCount(count: number, out: ByteWriter): void {
    writeVarint(count, out);
  }

  write(start: number, end: number, row: readonly Value[], out: ByteWriter): void {
    writeInt64(start, out);
    writeInt64(end - start, out);
    this.scratch.reset();
    this.rows.encode(row, this.scratch);
    writeVarint(this.scratch.length, out);
    out.copy(this.scratch.buffer, 0, this.scratch.length);
  }

  /** Visits the sessions in order; `row` is the codec's again after each visit. */
  read(bytes: Buffer, visit: (start: number, end: number, row: readonly Value[]) => void): void {
    const reader = this.reader.reset(bytes);
    for (let left = reader.varint(); left > 0; left--) {
      const start = Number(reader.int64());
      const end = start + Number(reader.int64());
      const size = reader.varint();
      this.rows.decodeInto(bytes, reader.position, reader.position + size, this.row);
      reader.position += size;
      visit(start, end, this.row);
    }
    reader.finish();
  }
}
