import type { Expression } from '../../parser/ast.js';
import type { LiteralExpr, TypedExpr } from '../plan/expr.js';
import { canCoerce, commonType } from '../values/cast-rules.js';
import { Decimal } from '../values/decimal.js';
import { doubleText } from '../values/java-text.js';
import {
  javaTrim,
  parseBase64,
  parseBooleanWord,
  parseDecimal,
  parseFloat64,
  parseInt32,
  parseInt64,
} from '../values/parse-text.js';
import { isNumeric, printType, type SqlType, typeEquals } from '../values/sql-type.js';
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
function literalFromText(text: string, type: SqlType): LiteralExpr | undefined {
  switch (type.kind) {
    case 'STRING':
      return literal(text, type);
    case 'BOOLEAN':
      return valued(parseBooleanWord(text), type);
    case 'INTEGER':
      return valued(parseInt32(javaTrim(text)), type);
    case 'BIGINT':
      return valued(parseInt64(javaTrim(text))?.toString(), type);
    case 'DECIMAL':
      return valued(parseDecimal(javaTrim(text))?.fit(type.precision, type.scale)?.toString(), type);
    case 'DOUBLE':
      return valued(parseFloat64(text), type);
    case 'BYTES':
      return parseBase64(text) === undefined ? undefined : literal(text, type);
    case 'DATE':
      return valued(parseDate(text), type);
    case 'TIME':
      return valued(parseTime(text), type);
    case 'TIMESTAMP':
      return valued(parseTimestamp(text), type);
    default:
      return undefined;
  }
}

const valued = (value: LiteralExpr['value'] | undefined, type: SqlType): LiteralExpr | undefined =>
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
 * Brings the members of an IN list, an array, a map's keys or values to one type. The first that is not NULL says of what
 * kind it is: text, to which any literal can be brought; or numbers, of a type wide enough for all, or another type, as which
 * text literals are read. All NULL: null. Throws with ksqlDB's wording where a member does not fit.
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
    if (type !== null && isStringLiteral(item.expr)) continue;
    if (type?.kind === 'STRING' && isPlainLiteral(item.expr)) continue;
    const next: SqlType | null | undefined = mergeTypes(type, typeOf(item.expr));
    if (next === undefined) return noOperator(type as SqlType, item, textOf);
    type = next;
  }
  if (type === null) return { exprs: items.map((i) => i.expr), type };
  const found = widenForText(type, items);
  return { exprs: items.map((i) => coerceTo(i, found, textOf)), type: found };
}

const isPlainLiteral = (e: TypedExpr): e is LiteralExpr =>
  e.kind === 'literal' && (isNumeric(e.type) || e.type.kind === 'BOOLEAN');

const plainText = (e: LiteralExpr): string =>
  e.type.kind === 'DOUBLE' ? doubleText(Number(e.value)) : String(e.value);

/** A number in a text literal counts with the type that it needs: `'2147483648'` makes INTEGERs BIGINTs. */
function widenForText(type: SqlType, items: readonly Written[]): SqlType {
  let wide = type;
  for (const { expr } of items) {
    if (!isStringLiteral(expr) || !isNumeric(wide) || wide.kind === 'DOUBLE') continue;
    const text = parseDecimal(javaTrim(expr.value));
    if (text === undefined) continue;
    wide = commonType(wide, typeOfNumber(javaTrim(expr.value), text)) ?? wide;
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

/** `item` as `type`: constructors go element by element, text literals are read, what `accepts` lets through is cast. */
export function coerceTo(
  item: Written,
  type: SqlType,
  textOf: TextOf = expressionText,
  accepts: (from: SqlType, to: SqlType) => boolean = canCoerce,
): TypedExpr {
  const { node, expr } = item;
  if (expr.kind === 'literal' && expr.value === null) return literal(null, type);
  if (type.kind === 'STRING' && isPlainLiteral(expr)) return literal(plainText(expr), STRING_TYPE);
  if (expr.kind === 'array' && type.kind === 'ARRAY' && node.kind === 'ArrayConstructor') {
    const elements = expr.elements.map((e, i) =>
      coerceTo({ node: node.elements[i]!, expr: e }, type.element, textOf, accepts),
    );
    return { kind: 'array', elements, type };
  }
  if (expr.kind === 'map' && type.kind === 'MAP' && node.kind === 'MapConstructor') {
    const entries = expr.entries.map((e, i) => ({
      key: coerceTo({ node: node.entries[i]!.key, expr: e.key }, type.key, textOf, accepts),
      value: coerceTo({ node: node.entries[i]!.value, expr: e.value }, type.value, textOf, accepts),
    }));
    return { kind: 'map', entries, type };
  }
  if (expr.kind === 'struct' && type.kind === 'STRUCT' && node.kind === 'StructConstructor') {
    const fields = type.fields.map((f) => {
      const at = node.entries.findIndex((e) => e.name.name === f.name);
      return at < 0
        ? literal(null, f.type)
        : coerceTo({ node: node.entries[at]!.value, expr: expr.fields[at]! }, f.type, textOf, accepts);
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
  if (from !== null && !accepts(from, type)) return noOperator(type, item, textOf);
  return castTo(expr, type);
}

/** `commonType`; inside structures text and others go together, as the first has it, and structs go field by field. */
function mergeTypes(a: SqlType | null, b: SqlType | null): SqlType | null | undefined {
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
  if ((a.kind === 'STRING') !== (b.kind === 'STRING')) return a === UNTYPED ? b : a;
  return mergeTypes(a, b) ?? undefined;
}
