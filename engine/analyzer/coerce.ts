import type { Expression } from '../../parser/ast.js';
import { canImplicitlyCast, commonType } from '../types/cast-rules.js';
import { Decimal } from '../types/decimal.js';
import type { LiteralExpr, TypedExpr } from '../types/expr.js';
import { isNumeric, printType, type SqlType, typeEquals } from '../types/sql-type.js';
import { decimalTypeOf, literal, STRING_TYPE, typeOf, UNTYPED } from './literals.js';
import { problem } from './problem.js';
import { parseDate, parseTime, parseTimestamp } from './temporal.js';
import { expressionText, type TextOf } from './text.js';

/** An expression with the text it was written as. */
export interface Written {
  readonly node: Expression;
  readonly expr: TypedExpr;
}

/** `expr` as `type`: unchanged, a converted literal, or a cast. The caller knows that the cast exists. */
export function castTo(expr: TypedExpr, type: SqlType): TypedExpr {
  if (expr.kind === 'literal') {
    if (expr.value === null) return literal(null, type);
    if (typeEquals(expr.type, type)) return expr;
    const folded = foldLiteral(expr, type);
    if (folded !== undefined) return folded;
  } else if (typeEquals(expr.type, type) && typeOf(expr) !== null) return expr;
  return { kind: 'cast', operand: expr, type };
}

/** A number literal in a wider type; undefined where it is to be cast at run time. */
function foldLiteral(e: LiteralExpr, type: SqlType): LiteralExpr | undefined {
  if (!isNumeric(e.type) || e.type.kind === 'DOUBLE') return undefined;
  const text = String(e.value);
  switch (type.kind) {
    case 'BIGINT':
      return e.type.kind === 'INTEGER' ? literal(text, type) : undefined;
    case 'DOUBLE':
      return literal(Number(text), type);
    case 'DECIMAL': {
      const value = Decimal.parse(text)?.fit(type.precision, type.scale);
      return value === undefined ? undefined : literal(value.toString(), type);
    }
    default:
      return undefined;
  }
}

/** Reads the text of a string literal as a value of `type`, as ksqlDB does where other values set the type. */
export function literalFromText(text: string, type: SqlType): LiteralExpr | undefined {
  const trimmed = text.trim();
  switch (type.kind) {
    case 'STRING':
      return literal(text, type);
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase();
      if (lower !== '' && ('true'.startsWith(lower) || 'yes'.startsWith(lower))) return literal(true, type);
      if (lower !== '' && ('false'.startsWith(lower) || 'no'.startsWith(lower))) return literal(false, type);
      return undefined;
    }
    case 'INTEGER':
    case 'BIGINT': {
      if (!/^[+-]?\d{1,20}$/.test(trimmed)) return undefined;
      const value = BigInt(trimmed.replace(/^\+/, ''));
      const bits = type.kind === 'INTEGER' ? 32 : 64;
      if (BigInt.asIntN(bits, value) !== value) return undefined;
      return literal(type.kind === 'INTEGER' ? Number(value) : String(value), type);
    }
    case 'DECIMAL': {
      const value = Decimal.parse(trimmed)?.fit(type.precision, type.scale);
      return value === undefined ? undefined : literal(value.toString(), type);
    }
    case 'DOUBLE': {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
      return Number.isFinite(value) ? literal(value, type) : undefined;
    }
    case 'DATE':
      return number(parseDate(text), type);
    case 'TIME':
      return number(parseTime(text), type);
    case 'TIMESTAMP':
      return number(parseTimestamp(text), type);
    default:
      return undefined;
  }
}

const number = (value: number | undefined, type: SqlType): LiteralExpr | undefined =>
  value === undefined ? undefined : literal(value, type);

const isStringLiteral = (e: TypedExpr): e is LiteralExpr & { value: string } =>
  e.kind === 'literal' && e.type.kind === 'STRING' && typeof e.value === 'string';

const noOperator = (wanted: SqlType, item: Written, textOf: TextOf): never =>
  problem(
    `operator does not exist: ${printType(wanted)} = ${describe(item.expr)} (${textOf(item.node)})\n` +
      'Hint: You might need to add explicit type casts.',
    item.node.span,
  );

const describe = (e: TypedExpr): string => {
  const type = typeOf(e);
  return type === null ? 'null' : printType(type);
};

/**
 * Brings the members of an IN list, an array, a map's keys or values to one type. Text literals give way to the type of
 * the others and are read as it; numbers give way to text where an expression that is no literal is text. All NULL: null.
 * Throws with ksqlDB's wording where there is no such type.
 */
export function coerceAll(
  items: readonly Written[],
  textOf: TextOf = expressionText,
): {
  readonly exprs: readonly TypedExpr[];
  readonly type: SqlType | null;
} {
  let type: SqlType | null = null;
  for (const item of items) {
    if (isStringLiteral(item.expr)) continue;
    const mine = typeOf(item.expr);
    if (type?.kind === 'STRING' && isPlainLiteral(item.expr)) continue;
    const next: SqlType | null | undefined = mergeTypes(type, mine);
    if (next === undefined) return noOperator(type as SqlType, item, textOf);
    type = next;
  }
  if (type === null) type = items.some((i) => isStringLiteral(i.expr)) ? STRING_TYPE : null;
  if (type === null) return { exprs: items.map((i) => i.expr), type };
  const found = widenForText(type, items);
  return { exprs: items.map((i) => coerceTo(i, found, textOf)), type: found };
}

const isPlainLiteral = (e: TypedExpr): boolean =>
  e.kind === 'literal' && (isNumeric(e.type) || e.type.kind === 'BOOLEAN');

/** A number in a text literal counts with the type that it needs: `'2147483648'` makes INTEGERs BIGINTs. */
function widenForText(type: SqlType, items: readonly Written[]): SqlType {
  let wide = type;
  for (const { expr } of items) {
    if (!isStringLiteral(expr) || !isNumeric(wide) || wide.kind === 'DOUBLE') continue;
    const text = Decimal.parse(expr.value.trim());
    if (text === undefined) continue;
    wide = commonType(wide, typeOfNumber(expr.value.trim(), text)) ?? wide;
  }
  return wide;
}

function typeOfNumber(text: string, value: Decimal): SqlType {
  if (/^[+-]?\d+$/.test(text)) {
    if (BigInt.asIntN(32, value.unscaled) === value.unscaled) return { kind: 'INTEGER' };
    if (BigInt.asIntN(64, value.unscaled) === value.unscaled) return { kind: 'BIGINT' };
  }
  return decimalTypeOf(value.toString());
}

/** `item` as `type`: constructors go element by element, text literals are read, everything else is cast. */
export function coerceTo(item: Written, type: SqlType, textOf: TextOf = expressionText): TypedExpr {
  const { node, expr } = item;
  if (expr.kind === 'literal' && expr.value === null) return literal(null, type);
  if (type.kind === 'STRING' && isPlainLiteral(expr)) return literal(String((expr as LiteralExpr).value), STRING_TYPE);
  if (expr.kind === 'array' && type.kind === 'ARRAY' && node.kind === 'ArrayConstructor') {
    const elements = expr.elements.map((e, i) => coerceTo({ node: node.elements[i]!, expr: e }, type.element, textOf));
    return { kind: 'array', elements, type };
  }
  if (expr.kind === 'map' && type.kind === 'MAP' && node.kind === 'MapConstructor') {
    const entries = expr.entries.map((e, i) => ({
      key: coerceTo({ node: node.entries[i]!.key, expr: e.key }, type.key, textOf),
      value: coerceTo({ node: node.entries[i]!.value, expr: e.value }, type.value, textOf),
    }));
    return { kind: 'map', entries, type };
  }
  if (expr.kind === 'struct' && type.kind === 'STRUCT' && node.kind === 'StructConstructor') {
    const fields = type.fields.map((f) => {
      const at = node.entries.findIndex((e) => e.name.name === f.name);
      return at < 0
        ? literal(null, f.type)
        : coerceTo({ node: node.entries[at]!.value, expr: expr.fields[at]! }, f.type, textOf);
    });
    return { kind: 'struct', fields, type };
  }
  if (isStringLiteral(expr) && type.kind !== 'STRING') {
    const value = literalFromText(expr.value, type);
    if (value === undefined) {
      problem(
        `invalid input syntax for type ${type.kind}: "${expr.value}".`,
        node.span,
        'Write a value of that type, or CAST one of the two sides.',
      );
    }
    return value;
  }
  const from = typeOf(expr);
  if (from !== null && !typeEquals(from, type) && mergeTypes(from, type) === undefined)
    return noOperator(type, item, textOf);
  return castTo(expr, type);
}

/** `commonType`, with text inside constructors giving way to the other type, and structs field by field. */
export function mergeTypes(a: SqlType | null, b: SqlType | null): SqlType | null | undefined {
  if (a === null || a === UNTYPED) return b;
  if (b === null || b === UNTYPED) return a;
  if (a.kind === 'ARRAY' && b.kind === 'ARRAY') {
    const element = mergeInner(a.element, b.element);
    return element === undefined ? undefined : { kind: 'ARRAY', element };
  }
  if (a.kind === 'MAP' && b.kind === 'MAP') {
    const key = mergeInner(a.key, b.key);
    const value = mergeInner(a.value, b.value);
    return key === undefined || value === undefined ? undefined : { kind: 'MAP', key, value };
  }
  if (a.kind === 'STRUCT' && b.kind === 'STRUCT') {
    const names = [...new Set([...a.fields.map((f) => f.name), ...b.fields.map((f) => f.name)])];
    const fields: { name: string; type: SqlType }[] = [];
    for (const name of names) {
      const x = a.fields.find((f) => f.name === name)?.type;
      const y = b.fields.find((f) => f.name === name)?.type;
      const type = x === undefined ? y : y === undefined ? x : mergeInner(x, y);
      if (type === undefined) return undefined;
      fields.push({ name, type });
    }
    return { kind: 'STRUCT', fields };
  }
  return commonType(a, b);
}

function mergeInner(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'STRING' && b.kind !== 'STRING') return b;
  if (b.kind === 'STRING' && a.kind !== 'STRING') return a;
  return mergeTypes(a, b) ?? undefined;
}

/** Whether CAST(from AS to) exists. */
export function canCast(from: SqlType, to: SqlType): boolean {
  if (typeEquals(from, to)) return true;
  switch (to.kind) {
    case 'STRING':
      return from.kind !== 'BYTES';
    case 'INTEGER':
    case 'BIGINT':
    case 'DOUBLE':
    case 'DECIMAL':
      return isNumeric(from) || from.kind === 'STRING';
    case 'BOOLEAN':
      return from.kind === 'STRING';
    case 'TIME':
      return from.kind === 'STRING' || from.kind === 'TIMESTAMP';
    case 'DATE':
      return from.kind === 'STRING' || from.kind === 'TIMESTAMP';
    case 'TIMESTAMP':
      return from.kind === 'STRING' || from.kind === 'DATE';
    case 'BYTES':
      return false;
    case 'ARRAY':
      return from.kind === 'ARRAY' && canCast(from.element, to.element);
    case 'MAP':
      return from.kind === 'MAP' && canCast(from.key, to.key) && canCast(from.value, to.value);
    case 'STRUCT':
      return (
        from.kind === 'STRUCT' &&
        to.fields.every((f) => {
          const source = from.fields.find((g) => g.name === f.name);
          return source === undefined || canCast(source.type, f.type);
        })
      );
  }
}

/** Whether values of `from` may be written to a column of `to`: numbers to wider kinds, whatever their digits. */
export function canAssign(from: SqlType, to: SqlType): boolean {
  if (typeEquals(from, to) || canImplicitlyCast(from, to)) return true;
  return to.kind === 'DECIMAL' && (from.kind === 'DECIMAL' || from.kind === 'INTEGER' || from.kind === 'BIGINT');
}
