import type { TypedExpr } from '../plan/expr.js';
import { unreachable } from './unreachable.js';

/** `expr` with `f` applied to its direct parts. */
export function mapParts(expr: TypedExpr, f: (part: TypedExpr) => TypedExpr): TypedExpr {
  switch (expr.kind) {
    case 'literal':
    case 'column':
    case 'pseudo':
    case 'param':
      return expr;
    case 'arith':
    case 'compare':
    case 'logic':
      return { ...expr, left: f(expr.left), right: f(expr.right) };
    case 'negate':
    case 'not':
    case 'isNull':
    case 'cast':
    case 'field':
      return { ...expr, operand: f(expr.operand) };
    case 'in':
      return { ...expr, operand: f(expr.operand), list: expr.list.map(f) };
    case 'between':
      return { ...expr, operand: f(expr.operand), low: f(expr.low), high: f(expr.high) };
    case 'like':
      return { ...expr, operand: f(expr.operand), pattern: f(expr.pattern) };
    case 'case':
      return {
        ...expr,
        // biome-ignore lint/suspicious/noThenProperty: the field's name in TypedExpr; never awaited
        branches: expr.branches.map((b) => ({ when: f(b.when), then: f(b.then) })),
        otherwise: expr.otherwise === null ? null : f(expr.otherwise),
      };
    case 'call':
      return { ...expr, args: expr.args.map(f) };
    case 'subscript':
      return { ...expr, operand: f(expr.operand), index: f(expr.index) };
    case 'array':
      return { ...expr, elements: expr.elements.map(f) };
    case 'map':
      return { ...expr, entries: expr.entries.map((e) => ({ key: f(e.key), value: f(e.value) })) };
    case 'struct':
      return { ...expr, fields: expr.fields.map(f) };
    case 'lambda':
      return { ...expr, body: f(expr.body) };
    default:
      return unreachable(expr);
  }
}

/** Calls `visit` on `expr` and all of its parts, outer ones first. */
export function walk(expr: TypedExpr, visit: (part: TypedExpr) => void): void {
  visit(expr);
  mapParts(expr, (part) => {
    walk(part, visit);
    return part;
  });
}

/** Replaces whole parts, outer ones first; undefined leaves a part and looks into it. */
export function replace(expr: TypedExpr, by: (part: TypedExpr) => TypedExpr | undefined): TypedExpr {
  return by(expr) ?? mapParts(expr, (part) => replace(part, by));
}

/** Structural equality: the same expression over the same columns. */
export function sameExpr(a: TypedExpr, b: TypedExpr): boolean {
  return a === b || (a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b));
}
