import type { Arithmetic, Comparison, ComparisonOperator } from '../../parser/ast.js';
import type { CompareOp, TypedExpr } from '../plan/expr.js';
import { asDecimalType, commonType } from '../values/cast-rules.js';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  decimal,
  INTEGER,
  isNumeric,
  printType,
  type SqlType,
  typeEquals,
} from '../values/sql-type.js';
import { castTo, type Written } from './coerce.js';
import { literal, STRING_TYPE, typeOf } from './literals.js';
import { problem } from './problem.js';
import { parseTimestamp } from './temporal.js';
import type { TextOf } from './text.js';

/** `left op right` with both sides brought to operand types; DECIMAL results as docs of ksqlDB say (DESIGN §7.8). */
export function arithmetic(node: Arithmetic, left: TypedExpr, right: TypedExpr, textOf: TextOf): TypedExpr {
  const l = typeOf(left);
  const r = typeOf(right);
  const text = `Error processing expression: ${textOf(node)}.`;
  if (l === null || r === null) {
    const show = (t: SqlType | null): string => (t === null ? 'null' : printType(t));
    return problem(
      `${text} Arithmetic on types ${show(l)} and ${show(r)} are not supported.`,
      node.span,
      'Use IFNULL or COALESCE, or CAST the NULL.',
    );
  }
  const op = node.operator;
  if (l.kind === 'STRING' && r.kind === 'STRING' && op === '+') {
    return { kind: 'arith', op, left, right, type: STRING_TYPE };
  }
  if (!isNumeric(l) || !isNumeric(r)) {
    return problem(
      `${text} Unsupported arithmetic types. ${l.kind} ${r.kind}`,
      node.span,
      'CAST one of the two sides.',
    );
  }
  if (l.kind === 'DOUBLE' || r.kind === 'DOUBLE') return numeric(DOUBLE);
  if (l.kind === 'DECIMAL' || r.kind === 'DECIMAL') {
    const a = asDecimalType(l);
    const b = asDecimalType(r);
    return { kind: 'arith', op, left: castTo(left, a), right: castTo(right, b), type: decimalResult(op, a, b) };
  }
  return numeric(l.kind === 'BIGINT' || r.kind === 'BIGINT' ? BIGINT : INTEGER);

  function numeric(type: SqlType): TypedExpr {
    return { kind: 'arith', op, left: castTo(left, type), right: castTo(right, type), type };
  }
}

interface DecimalShape {
  readonly precision: number;
  readonly scale: number;
}

function decimalResult(op: Arithmetic['operator'], a: DecimalShape, b: DecimalShape): SqlType {
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  switch (op) {
    case '+':
    case '-': {
      const scale = Math.max(a.scale, b.scale);
      return decimal(whole + scale + 1, scale);
    }
    case '*':
      return decimal(a.precision + b.precision + 1, a.scale + b.scale);
    case '/': {
      const scale = Math.max(6, a.scale + b.precision + 1);
      return decimal(a.precision - a.scale + b.scale + scale, scale);
    }
    case '%': {
      const scale = Math.max(a.scale, b.scale);
      return decimal(Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
    }
  }
}

const OPERATOR_NAMES: Readonly<Record<ComparisonOperator, string>> = {
  '=': 'EQUAL',
  '!=': 'NOT_EQUAL',
  '<': 'LESS_THAN',
  '<=': 'LESS_THAN_OR_EQUAL',
  '>': 'GREATER_THAN',
  '>=': 'GREATER_THAN_OR_EQUAL',
  'IS DISTINCT FROM': 'IS_DISTINCT_FROM',
  'IS NOT DISTINCT FROM': 'IS_NOT_DISTINCT_FROM',
};

const compareOp = (op: ComparisonOperator): CompareOp => (op === '!=' ? '<>' : op);
const isOrdering = (op: ComparisonOperator): boolean => op === '<' || op === '<=' || op === '>' || op === '>=';

/** A comparison with both sides of one type. `node` is what messages show. */
export function comparison(
  op: ComparisonOperator,
  left: Written,
  right: Written,
  node: Comparison,
  textOf: TextOf,
): TypedExpr {
  const l = typeOf(left.expr);
  const r = typeOf(right.expr);
  if (l === null || r === null) {
    const symbol = compareOp(op);
    const show = (t: SqlType | null): string => (t === null ? 'NULL' : printType(t));
    return problem(
      `Comparison with NULL not supported: ${show(l)} ${symbol} ${show(r)}\nUse 'IS NULL' or 'IS NOT NULL' instead.`,
      node.span,
    );
  }
  const compare = (a: TypedExpr, b: TypedExpr): TypedExpr => ({
    kind: 'compare',
    op: compareOp(op),
    left: a,
    right: b,
    type: BOOLEAN,
  });
  // A time written as text beside ROWTIME or a window's bounds (BIGINT) is read as milliseconds.
  const magicLeft = timeText(left, right);
  if (magicLeft !== undefined) return compare(magicLeft, right.expr);
  const magicRight = timeText(right, left);
  if (magicRight !== undefined) return compare(left.expr, magicRight);

  const type = operandType(op, l, r);
  if (type === undefined) {
    return problem(
      `Cannot compare ${textOf(left.node)} (${printType(l)}) to ${textOf(right.node)} (${printType(r)}) with ${OPERATOR_NAMES[op]}.`,
      node.span,
      'CAST one of the two sides.',
    );
  }
  return compare(castTo(left.expr, type), castTo(right.expr, type));
}

/** `text` as a BIGINT where it is a string literal that is compared with a time pseudo column. */
function timeText(text: Written, other: Written): TypedExpr | undefined {
  if (text.expr.kind !== 'literal' || text.expr.type.kind !== 'STRING' || other.expr.kind !== 'pseudo')
    return undefined;
  if (other.expr.type.kind !== 'BIGINT' || other.expr.name === 'ROWOFFSET') return undefined;
  const millis = parseTimestamp(String(text.expr.value));
  if (millis === undefined) {
    return problem(
      `Failed to parse timestamp '${text.expr.value}'`,
      text.node.span,
      "Write '2020-01-31T10:15:30.000+0000', or a part of it from the left.",
    );
  }
  return literal(String(millis), BIGINT);
}

function operandType(op: ComparisonOperator, l: SqlType, r: SqlType): SqlType | undefined {
  const ordering = isOrdering(op);
  if (isNumeric(l) && isNumeric(r)) return commonType(l, r) ?? undefined;
  switch (l.kind) {
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      return !ordering && typeEquals(l, r) ? l : undefined;
    case 'BOOLEAN':
      return !ordering && r.kind === 'BOOLEAN' ? l : undefined;
    case 'DATE':
    case 'TIMESTAMP':
      // A DATE beside a TIMESTAMP is midnight of that day.
      if (r.kind === 'DATE' || r.kind === 'TIMESTAMP') return l.kind === r.kind ? l : { kind: 'TIMESTAMP' };
      return r.kind === 'STRING' ? l : undefined;
    case 'TIME':
      return r.kind === 'TIME' || r.kind === 'STRING' ? l : undefined;
    case 'STRING':
      if (r.kind === 'DATE' || r.kind === 'TIMESTAMP' || r.kind === 'TIME') return r;
      return r.kind === 'STRING' ? l : undefined;
    default:
      return typeEquals(l, r) ? l : undefined;
  }
}
