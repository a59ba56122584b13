/** The SQL types of Weir: plain, serialisable data, compared by structure. Names follow ksqlDB's reference. */
export type SqlType =
  | { readonly kind: 'BOOLEAN' }
  | { readonly kind: 'INTEGER' }
  | { readonly kind: 'BIGINT' }
  | { readonly kind: 'DOUBLE' }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'STRING' }
  | { readonly kind: 'BYTES' }
  | { readonly kind: 'TIME' }
  | { readonly kind: 'DATE' }
  | { readonly kind: 'TIMESTAMP' }
  | { readonly kind: 'ARRAY'; readonly element: SqlType }
  | { readonly kind: 'MAP'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'STRUCT'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: SqlType;
  /** As for a column (`schema.ts`): no part of the type. */
  readonly written?: string;
}

export type TypeKind = SqlType['kind'];

export const BOOLEAN: SqlType = { kind: 'BOOLEAN' };
export const INTEGER: SqlType = { kind: 'INTEGER' };
export const BIGINT: SqlType = { kind: 'BIGINT' };
export const DOUBLE: SqlType = { kind: 'DOUBLE' };
export const STRING: SqlType = { kind: 'STRING' };
export const BYTES: SqlType = { kind: 'BYTES' };
export const TIME: SqlType = { kind: 'TIME' };
export const DATE: SqlType = { kind: 'DATE' };
export const TIMESTAMP: SqlType = { kind: 'TIMESTAMP' };
/** ksqlDB's bounds: precision 1 to 38 is not enforced there beyond precision >= 1 and 0 <= scale <= precision. */
export const decimal = (precision: number, scale: number): SqlType => ({ kind: 'DECIMAL', precision, scale });
export const array = (element: SqlType): SqlType => ({ kind: 'ARRAY', element });
export const map = (key: SqlType, value: SqlType): SqlType => ({ kind: 'MAP', key, value });
export const struct = (fields: readonly StructField[]): SqlType => ({ kind: 'STRUCT', fields });

export function typeEquals(a: SqlType, b: SqlType): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'DECIMAL':
      return b.kind === 'DECIMAL' && a.precision === b.precision && a.scale === b.scale;
    case 'ARRAY':
      return b.kind === 'ARRAY' && typeEquals(a.element, b.element);
    case 'MAP':
      return b.kind === 'MAP' && typeEquals(a.key, b.key) && typeEquals(a.value, b.value);
    case 'STRUCT':
      return (
        b.kind === 'STRUCT' &&
        a.fields.length === b.fields.length &&
        a.fields.every((f, i) => f.name === b.fields[i]!.name && typeEquals(f.type, b.fields[i]!.type))
      );
    default:
      return a.kind === b.kind;
  }
}

/** `INTEGER`, `DECIMAL(4, 2)`, ``STRUCT<`A` INTEGER>``: the text that ksqlDB prints in schemas and messages. */
export function printType(t: SqlType): string {
  switch (t.kind) {
    case 'DECIMAL':
      return `DECIMAL(${t.precision}, ${t.scale})`;
    case 'ARRAY':
      return `ARRAY<${printType(t.element)}>`;
    case 'MAP':
      return `MAP<${printType(t.key)}, ${printType(t.value)}>`;
    case 'STRUCT':
      return `STRUCT<${t.fields.map((f) => `\`${f.name}\` ${printType(f.type)}`).join(', ')}>`;
    default:
      return t.kind;
  }
}

export const isNumeric = (t: SqlType): boolean =>
  t.kind === 'INTEGER' || t.kind === 'BIGINT' || t.kind === 'DOUBLE' || t.kind === 'DECIMAL';

/** Whether a type of one of `kinds` is in `t`, or is it. */
export function holds(t: SqlType, kinds: readonly TypeKind[]): boolean {
  if (kinds.includes(t.kind)) return true;
  switch (t.kind) {
    case 'ARRAY':
      return holds(t.element, kinds);
    case 'MAP':
      return holds(t.key, kinds) || holds(t.value, kinds);
    case 'STRUCT':
      return t.fields.some((f) => holds(f.type, kinds));
    default:
      return false;
  }
}
