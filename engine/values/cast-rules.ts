import { BIGINT, decimal, isNumeric, type SqlType, typeEquals } from './sql-type.js';

const RANK = { INTEGER: 0, BIGINT: 1, DECIMAL: 2, DOUBLE: 3 } as const;
const rank = (t: SqlType): number => RANK[t.kind as keyof typeof RANK];

/** The DECIMAL that holds every value of an exact numeric type. */
export function asDecimalType(t: SqlType): SqlType & { readonly kind: 'DECIMAL' } {
  switch (t.kind) {
    case 'DECIMAL':
      return t;
    case 'INTEGER':
      return decimal(10, 0) as SqlType & { kind: 'DECIMAL' };
    case 'BIGINT':
      return decimal(19, 0) as SqlType & { kind: 'DECIMAL' };
    default:
      throw new Error(`${t.kind} is not an exact numeric type`);
  }
}

/** The DECIMAL that holds the values of both without loss. */
export function widerDecimal(a: SqlType, b: SqlType): SqlType {
  const x = asDecimalType(a);
  const y = asDecimalType(b);
  const scale = Math.max(x.scale, y.scale);
  return decimal(scale + Math.max(x.precision - x.scale, y.precision - y.scale), scale);
}

/**
 * Whether a value of `from` may stand where `to` is wanted without a CAST: INTEGER to BIGINT to DECIMAL to DOUBLE, a
 * DECIMAL to one that holds it, and text to a date or time type (https://docs.confluent.io: implicit type coercion).
 */
export function canImplicitlyCast(from: SqlType, to: SqlType): boolean {
  if (typeEquals(from, to)) return true;
  if (isNumeric(from) && isNumeric(to)) {
    if (to.kind === 'DECIMAL' && from.kind !== 'DOUBLE') return typeEquals(widerDecimal(from, to), to);
    return rank(from) <= rank(to) && to.kind !== 'DECIMAL';
  }
  if (from.kind === 'STRING') return to.kind === 'DATE' || to.kind === 'TIME' || to.kind === 'TIMESTAMP';
  return false;
}

type Allowed = (from: SqlType, to: SqlType) => boolean;

/** `allowed` for types that hold no others; arrays by their elements, maps by keys and values, structs by the fields of both. */
function throughout(allowed: Allowed): Allowed {
  const all: Allowed = (from, to) => {
    if (from.kind === 'ARRAY') return to.kind === 'ARRAY' && all(from.element, to.element);
    if (from.kind === 'MAP') return to.kind === 'MAP' && all(from.key, to.key) && all(from.value, to.value);
    if (from.kind !== 'STRUCT') return typeEquals(from, to) || allowed(from, to);
    if (to.kind !== 'STRUCT') return false;
    return to.fields.every((f) => {
      const mine = from.fields.find((g) => g.name === f.name);
      return mine === undefined || all(mine.type, f.type);
    });
  };
  return all;
}

/** Whether a value that is no literal may stand among others of type `to`: `canImplicitlyCast`, inside structures too. */
export const canCoerce: Allowed = throughout(canImplicitlyCast);

/**
 * What a column takes, said once for INSERT … VALUES, INSERT INTO … SELECT and rows of clients: `from` is the type of the
 * expression, or the kind of the JSON value.
 *
 * | column                | takes                                                                          |
 * |-----------------------|--------------------------------------------------------------------------------|
 * | INTEGER               | INTEGER                                                                        |
 * | BIGINT                | INTEGER, BIGINT                                                                |
 * | DECIMAL               | INTEGER, BIGINT, DECIMAL: rounded to its scale; what does not fit is an error  |
 * | DOUBLE                | INTEGER, BIGINT, DECIMAL, DOUBLE                                               |
 * | BYTES                 | BYTES, STRING as base64                                                        |
 * | DATE, TIME, TIMESTAMP | the same, STRING in ISO-8601                                                   |
 * | BOOLEAN, STRING       | the same                                                                       |
 * | ARRAY, MAP            | the same, of what their elements, keys and values take                         |
 * | STRUCT                | a STRUCT whose fields of these names they take; a field that is missing is NULL |
 *
 * `untyped`: what stands for the type of a NULL without a type, which every column takes.
 */
export const canAssign = (from: SqlType, to: SqlType, untyped?: SqlType): boolean =>
  throughout((f, t) => {
    if (f === untyped || canImplicitlyCast(f, t)) return true;
    if (t.kind === 'BYTES') return f.kind === 'STRING';
    return t.kind === 'DECIMAL' && (f.kind === 'DECIMAL' || f.kind === 'INTEGER' || f.kind === 'BIGINT');
  })(from, to);

/**
 * The type that values of both are cast to where an operator or a constructor brings them together, or undefined where
 * there is none. A null type stands for an untyped NULL.
 */
export function commonType(a: SqlType | null, b: SqlType | null): SqlType | null | undefined {
  if (a === null) return b;
  if (b === null || typeEquals(a, b)) return a;
  if (isNumeric(a) && isNumeric(b)) {
    if (a.kind === 'DOUBLE' || b.kind === 'DOUBLE') return a.kind === 'DOUBLE' ? a : b;
    if (a.kind === 'DECIMAL' || b.kind === 'DECIMAL') return widerDecimal(a, b);
    return BIGINT;
  }
  if (a.kind === 'STRING' || b.kind === 'STRING') {
    const other = a.kind === 'STRING' ? b : a;
    return other.kind === 'DATE' || other.kind === 'TIME' || other.kind === 'TIMESTAMP' ? other : undefined;
  }
  if (a.kind === 'ARRAY' && b.kind === 'ARRAY') {
    const element = commonType(a.element, b.element);
    return element ? { kind: 'ARRAY', element } : undefined;
  }
  if (a.kind === 'MAP' && b.kind === 'MAP') {
    const key = commonType(a.key, b.key);
    const value = commonType(a.value, b.value);
    return key && value ? { kind: 'MAP', key, value } : undefined;
  }
  return undefined;
}
