import type { CompareOp, TypedExpr } from '../plan/expr.js';
import { compareValues, nullSafeEqual, valuesEqual } from '../values/compare.js';
import type { SqlType, TypeKind } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import { type Compiled, type Compiler, constantValue } from './compiler.js';

/** Kinds whose values JavaScript's own operators compare as SQL does. */
const NATURAL: ReadonlySet<TypeKind> = new Set(['BOOLEAN', 'INTEGER', 'BIGINT', 'STRING', 'DATE', 'TIME', 'TIMESTAMP']);
export const isNatural = (t: SqlType): boolean => NATURAL.has(t.kind);

type Ordered = number | bigint | string | boolean;

/** Two-valued: a comparison with NULL is false; only IS [NOT] DISTINCT FROM knows NULL. */
export function compileComparison(expr: TypedExpr & { kind: 'compare' }, c: Compiler): Compiled {
  const left = c.compile(expr.left);
  const right = c.compile(expr.right);
  const type = expr.left.type;
  if (expr.op === 'IS DISTINCT FROM' || expr.op === 'IS NOT DISTINCT FROM') {
    const same = nullSafeEqual(type);
    return expr.op === 'IS DISTINCT FROM' ? (r) => !same(left(r), right(r)) : (r) => same(left(r), right(r));
  }
  const constant = constantValue(expr.right, c);
  if (type.kind === 'DOUBLE' && isOrdinary(constant?.value)) return doubleWithConstant(expr.op, left, constant.value);
  if (!isNatural(type)) return general(expr.op, type, left, right);
  if (constant === undefined) return natural(expr.op, left, right);
  return constant.value === null ? () => false : withConstant(expr.op, left, constant.value as Ordered);
}

/**
 * A constant that is neither NaN nor a zero. JavaScript's operators are then wrong only for a NaN on the other side, which
 * is above all numbers.
 */
const isOrdinary = (v: Value | undefined): v is number => typeof v === 'number' && v !== 0 && !Number.isNaN(v);

function doubleWithConstant(op: CompareOp, left: Compiled, c: number): Compiled {
  switch (op) {
    case '>':
      return (r) => {
        const a = left(r);
        return a !== null && !((a as number) <= c);
      };
    case '>=':
      return (r) => {
        const a = left(r);
        return a !== null && !((a as number) < c);
      };
    default:
      return withConstant(op, left, c);
  }
}

function withConstant(op: CompareOp, left: Compiled, c: Ordered): Compiled {
  switch (op) {
    case '=':
      return (r) => left(r) === c;
    case '<>':
      return (r) => {
        const a = left(r);
        return a !== null && a !== c;
      };
    case '<':
      return (r) => {
        const a = left(r);
        return a !== null && (a as Ordered) < c;
      };
    case '<=':
      return (r) => {
        const a = left(r);
        return a !== null && (a as Ordered) <= c;
      };
    case '>':
      return (r) => {
        const a = left(r);
        return a !== null && (a as Ordered) > c;
      };
    default:
      return (r) => {
        const a = left(r);
        return a !== null && (a as Ordered) >= c;
      };
  }
}

function natural(op: CompareOp, left: Compiled, right: Compiled): Compiled {
  const both = (test: (a: Ordered, b: Ordered) => boolean): Compiled => {
    return (r) => {
      const a = left(r);
      if (a === null) return false;
      const b = right(r);
      return b !== null && test(a as Ordered, b as Ordered);
    };
  };
  switch (op) {
    case '=':
      return both((a, b) => a === b);
    case '<>':
      return both((a, b) => a !== b);
    case '<':
      return both((a, b) => a < b);
    case '<=':
      return both((a, b) => a <= b);
    case '>':
      return both((a, b) => a > b);
    default:
      return both((a, b) => a >= b);
  }
}

function general(op: CompareOp, type: SqlType, left: Compiled, right: Compiled): Compiled {
  const test = tester(op, type);
  return (r) => {
    const a = left(r);
    if (a === null) return false;
    const b = right(r);
    return b !== null && test(a, b);
  };
}

function tester(op: CompareOp, type: SqlType): (a: Value, b: Value) => boolean {
  if (op === '=' || op === '<>') {
    const equal = valuesEqual(type) as (a: Value, b: Value) => boolean;
    return op === '=' ? equal : (a, b) => !equal(a, b);
  }
  const compare = compareValues(type) as (a: Value, b: Value) => number;
  switch (op) {
    case '<':
      return (a, b) => compare(a, b) < 0;
    case '<=':
      return (a, b) => compare(a, b) <= 0;
    case '>':
      return (a, b) => compare(a, b) > 0;
    default:
      return (a, b) => compare(a, b) >= 0;
  }
}
