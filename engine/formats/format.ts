import type { FormatRef } from '../plan/topology.js';
import type { ByteWriter } from '../records/bytes.js';
import type { Column } from '../values/schema.js';
import type { TypeKind } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type { KnownSchemas, SchemaText, SchemaType } from './registry/registry.js';

/**
 * A serialisation format: a folder each, listed in `index.ts`. All that the rest of Weir asks about it is declared here; nobody
 * else compares names. Coders are made once a query and work a record at a time on bytes, without a promise: a decoder that
 * meets an unknown schema throws SchemaNeeded and is asked again.
 */
export interface Format {
  readonly name: string;
  /** Weir's own, for internal topics: no statement can name it. */
  readonly internal?: true;
  readonly supportsKeys: boolean;
  /**
   * Whether a single column is a field of a record or the payload itself. `choice`: a value column is a field unless
   * WRAP_SINGLE_VALUE is false, a key column is the key.
   */
  readonly wrapping: 'choice' | 'always' | 'never';
  /**
   * What ksqlDB can keep of a query's state, which it writes in the value format of the source. Weir's own state has no such
   * limit, but a statement must mean the same in both. `flat`: states without ARRAY, MAP or STRUCT; `none`: no state, so
   * neither GROUP BY nor JOIN.
   */
  readonly states: 'any' | 'flat' | 'none';
  /** What payloads are as text; left out: they are no text. */
  readonly text?: 'json' | 'plain';
  /** What a WITH clause can say of it, by the names that it has in a FormatRef. */
  readonly options: Readonly<Record<string, FormatOption>>;
  /** What a FormatRef says where the WITH clause does not. `keyOf`: the source whose key it is; undefined: of a value. */
  implied?(keyOf: string | undefined): Readonly<Record<string, string>>;
  /** Throws WeirError BAD_STATEMENT with ksqlDB's wording where these columns can't be written in this format. */
  validate(columns: readonly Column[], isKey: boolean, ref: FormatRef): void;
  decoder(context: CoderContext): RowDecoder;
  encoder(context: CoderContext): RowEncoder;
  /**
   * What reading gives of a row that was written, which is the reader's to keep; undefined where that is the row itself, or
   * as good as that. Protobuf has no NULL of most types.
   */
  readBack?(columns: readonly Column[], ref: FormatRef): (row: readonly Value[]) => Value[];
  /** Whether equal keys may have different bytes, by what `ref` says: then bytes do not tell which partition a key is in. */
  keysVary?(ref: FormatRef): boolean;
  /** Set for a format whose schemas a registry keeps. Its encoder wants a pinned schema (`registry/pinned.ts`). */
  readonly schemas?: SchemaFormat;
}

/** An option of a format. Formats that have the same one share its declaration. */
export interface FormatOption {
  /** Its name in a WITH clause, behind KEY_ or VALUE_. */
  readonly property: string;
  /** Other names of it there, with KEY_ or VALUE_. */
  readonly aliases?: readonly string[];
  /**
   * Whether a sink that takes the format of its source takes this along; `always`: one of another format that has the option
   * does so too. What belongs to one topic stays.
   */
  readonly inherited: boolean | 'always';
  /** Its value names a column of this kind, as SQL writes names; a sink that has no such column does not inherit it. */
  readonly namesColumn?: TypeKind;
  /** The value as the format has it. Throws WeirError BAD_STATEMENT; `property`: what was written, KEY_ or VALUE_ included. */
  read?(value: string, property: string): string;
}

/** How columns and registered schemas become each other. */
export interface SchemaFormat {
  readonly type: SchemaType;
  /** The schema that these columns are written with. */
  schemaOf(columns: readonly Column[], isKey: boolean, ref: FormatRef): SchemaText;
  /**
   * The columns that a schema's data have. `wrapped`: fields of a record; else one column, ROWKEY or ROWVAL. `exact`: names
   * as they are, else in upper case. Throws WeirError BAD_STATEMENT for a schema that is no schema, or has no columns.
   */
  columnsOf(schema: SchemaText, options: InferOptions): readonly Column[];
}

export interface InferOptions {
  readonly isKey: boolean;
  readonly wrapped: boolean;
  readonly exact: boolean;
  readonly ref: FormatRef;
}

export interface CoderContext {
  readonly columns: readonly Column[];
  /**
   * Positions in `columns` that the plan reads; decoders leave the others null, but check them all the same: whether a record
   * is one must not depend on who reads it. Encoders write all.
   */
  readonly needed: readonly number[];
  readonly ref: FormatRef;
  readonly isKey: boolean;
  /** Schemas by id, for decoders; undefined: there is no registry. */
  readonly schemas?: KnownSchemas | undefined;
}

export interface RowDecoder {
  /**
   * Decodes bytes [start, end) into `row` (length of `columns`; every entry is set). False: the payload stands for a null
   * row. Throws DecodeError for bytes that are no such row; the record is then skipped, counted and logged.
   */
  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean;
}

export interface RowEncoder {
  /** Appends the payload of `row`. False: nothing was written and the payload is null. */
  encode(row: readonly Value[], out: ByteWriter): boolean;
}

/** Bytes that can't be decoded. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}
