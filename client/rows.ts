import { parseType } from './sql-type.js';
import { type Decode, decoderOf, type Value } from './values.js';

export interface Column {
  readonly name: string;
  /** SQL text: `BIGINT`, ``STRUCT<`A` INTEGER>``. */
  readonly type: string;
  /** Part of the key: rows with the same key are versions of one. */
  readonly key: boolean;
}

/** A row by the names of its columns, as they are in the catalog (upper case where they were not quoted). */
export type Row = { readonly [column: string]: Value };

/** Makes objects of the rows of one query. */
export class RowReader {
  private readonly decoders: readonly Decode[];

  constructor(readonly columns: readonly Column[]) {
    this.decoders = columns.map((c) => decoderOf(parseType(c.type)));
  }

  read<R>(values: readonly unknown[]): R {
    const row: Record<string, Value> = {};
    this.columns.forEach(({ name }, i) => {
      row[name] = this.decoders[i]!(values[i]);
    });
    return row as R;
  }
}
