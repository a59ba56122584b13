import { printType, type SqlType } from './sql-type.js';

/** A column as the catalog and the plan know it. Names are exact (already upper-cased where unquoted). */
export interface Column {
  readonly name: string;
  readonly type: SqlType;
  /** The name in the case that a statement has it in; a format that preserves case calls the field that. */
  readonly written?: string;
}

/**
 * Where a column of a source comes from, besides the fields of key and value: the record's headers, all or the last of a
 * name; or the bytes of the value as they are, for a STRING decoded as UTF-8.
 */
export type HeaderBinding =
  | { readonly kind: 'all' }
  | { readonly kind: 'one'; readonly header: string }
  | { readonly kind: 'payload' };

/** A value column; `headers` set means that it is filled from the record as it came and never written. */
export interface ValueColumn extends Column {
  readonly headers?: HeaderBinding;
}

/**
 * The logical schema of a source or of a step of a plan: key columns live in the record's key, value columns in its
 * value. Rows travel as two arrays in this order; a column reference is (`key` | `value`, index).
 */
export interface Schema {
  readonly key: readonly Column[];
  readonly value: readonly ValueColumn[];
}

/** ``"`ID` INTEGER KEY, `NAME` STRING"``: ksqlDB's text of a schema, as its headers and errors show it. */
export function printSchema(s: Schema, keyMark = ' KEY'): string {
  const col = (c: Column, mark: string) => `\`${c.name}\` ${printType(c.type)}${mark}`;
  const mark = (c: ValueColumn) => (c.headers === undefined ? '' : ` ${printBinding(c.headers)}`);
  return [...s.key.map((c) => col(c, keyMark)), ...s.value.map((c) => col(c, mark(c)))].join(', ');
}

/** As the definition of a column has it. */
export function printBinding(binding: HeaderBinding): string {
  switch (binding.kind) {
    case 'all':
      return 'HEADERS';
    case 'one':
      return `HEADER('${binding.header}')`;
    case 'payload':
      return 'PAYLOAD';
  }
}
