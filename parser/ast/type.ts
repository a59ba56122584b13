/** Names and types. */
import type { Span } from '../source.js';

export interface NodeBase {
  readonly span: Span;
}

export interface Identifier extends NodeBase {
  readonly kind: 'Identifier';
  /** Upper-cased unless `quoted`. */
  readonly name: string;
  /** Written in back quotes or double quotes. */
  readonly quoted: boolean;
}

export type PrimitiveTypeName =
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
  | 'DOUBLE'
  | 'STRING'
  | 'BYTES'
  | 'TIME'
  | 'DATE'
  | 'TIMESTAMP';

/** Aliases are resolved: INT is INTEGER, VARCHAR and VARCHAR(n) are STRING. */
export interface PrimitiveType extends NodeBase {
  readonly kind: 'PrimitiveType';
  readonly name: PrimitiveTypeName;
}
/** DECIMAL, DEC and NUMERIC; parameters as written, not checked against limits. */
export interface DecimalType extends NodeBase {
  readonly kind: 'DecimalType';
  readonly precision: number;
  readonly scale: number;
}
export interface ArrayType extends NodeBase {
  readonly kind: 'ArrayType';
  readonly element: TypeNode;
}
export interface MapType extends NodeBase {
  readonly kind: 'MapType';
  readonly key: TypeNode;
  readonly value: TypeNode;
}
export interface StructField extends NodeBase {
  readonly kind: 'StructField';
  readonly name: Identifier;
  readonly type: TypeNode;
}
export interface StructType extends NodeBase {
  readonly kind: 'StructType';
  readonly fields: readonly StructField[];
}
/** A name made by CREATE TYPE (or an unknown one: only the catalog knows). */
export interface CustomType extends NodeBase {
  readonly kind: 'CustomType';
  readonly name: Identifier;
}
export type TypeNode = PrimitiveType | DecimalType | ArrayType | MapType | StructType | CustomType;
