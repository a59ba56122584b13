import type { Literal } from '../../parser/ast.js';
import type { LiteralExpr, TypedExpr } from '../plan/expr.js';
import { BIGINT, BOOLEAN, DATE, DOUBLE, decimal, INTEGER, type SqlType, TIME, TIMESTAMP } from '../values/sql-type.js';
import { problem } from './problem.js';
import { parseDate, parseTime, parseTimestamp } from './temporal.js';
import { unreachable } from './unreachable.js';

/**
 * The type of a NULL that nothing has given a type yet, known by identity. Written to JSON it is a plain STRING, which is
 * what such a NULL counts as where no type is ever found.
 */
export const UNTYPED: SqlType = Object.freeze({ kind: 'STRING' });
export const STRING_TYPE: SqlType = Object.freeze({ kind: 'STRING' });

export const UNTYPED_NULL: LiteralExpr = Object.freeze({ kind: 'literal', value: null, type: UNTYPED });

/** The type of an expression; null for an untyped NULL. */
export const typeOf = (e: TypedExpr): SqlType | null => (e.type === UNTYPED ? null : e.type);

export const literal = (value: LiteralExpr['value'], type: SqlType): LiteralExpr => ({ kind: 'literal', value, type });

/** DECIMAL of a literal: `2.345` is DECIMAL(4, 3), `0.05` is DECIMAL(3, 2): a digit before the point counts, if it is 0. */
export function decimalTypeOf(text: string): SqlType {
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const digits = Math.max(1, whole.replace(/^0+/, '').length);
  const scale = fraction.length;
  return decimal(digits + scale, scale);
}

export function literalExpr(node: Literal): LiteralExpr {
  switch (node.kind) {
    case 'StringLiteral':
      return literal(node.value, STRING_TYPE);
    case 'IntegerLiteral':
      return literal(node.value, INTEGER);
    case 'BigintLiteral':
      return literal(String(node.value), BIGINT);
    case 'DecimalLiteral':
      return literal(plainDecimal(node.text), decimalTypeOf(plainDecimal(node.text)));
    case 'DoubleLiteral':
      return literal(node.value, DOUBLE);
    case 'BooleanLiteral':
      return literal(node.value, BOOLEAN);
    case 'NullLiteral':
      return UNTYPED_NULL;
    case 'TemporalLiteral': {
      const [parse, type] =
        node.type === 'DATE'
          ? ([parseDate, DATE] as const)
          : node.type === 'TIME'
            ? ([parseTime, TIME] as const)
            : ([parseTimestamp, TIMESTAMP] as const);
      const value = parse(node.text);
      if (value === undefined)
        return problem(`Invalid ${node.type} literal: '${node.text}'`, node.span, temporalHint(node.type));
      return literal(value, type);
    }
    default:
      return unreachable(node);
  }
}

const temporalHint = (type: 'DATE' | 'TIME' | 'TIMESTAMP'): string =>
  ({ DATE: "Write '2020-01-31'.", TIME: "Write '10:15:30'.", TIMESTAMP: "Write '2020-01-31T10:15:30.000'." })[type];

/** `.5` as `0.5`, `5.` as `5`, without a plus sign and without leading zeros. */
function plainDecimal(text: string): string {
  const sign = text.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  return `${sign}${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}`;
}
