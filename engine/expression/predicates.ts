import type { TypedExpr } from '../plan/expr.js';
import { compareValues, hashKey, valuesEqual } from '../values/compare.js';
import type { Value } from '../values/value.js';
import { isNatural } from './comparison.js';
import { type Compiled, type Compiler, constantValue } from './compiler.js';
import { likeMatcher } from './like.js';

/** AND, OR: left to right, and no further than needed. A NULL operand that is reached makes the whole NULL. */
export function compileLogic(expr: TypedExpr & { kind: 'logic' }, c: Compiler): Compiled {
  // A long chain leans to the left: taken flat, it costs no stack.
  const operands: TypedExpr[] = [];
  let e: TypedExpr = expr;
  for (; e.kind === 'logic' && e.op === expr.op; e = e.left) operands.push(e.right);
  operands.push(e);
  const parts = operands.reverse().map((o) => c.compile(o));
  const stop = expr.op === 'OR';
  if (parts.length === 2) {
    const [left, right] = parts as [Compiled, Compiled];
    return (r) => {
      const a = left(r);
      return a === null || a === stop ? a : right(r);
    };
  }
  return (r) => {
    for (const part of parts) {
      const v = part(r);
      if (v === null || v === stop) return v;
    }
    return !stop;
  };
}

/** NULL is in no list, and a NULL in the list matches nothing. */
export function compileIn(expr: TypedExpr & { kind: 'in' }, c: Compiler): Compiled {
  const operand = c.compile(expr.operand);
  const type = expr.operand.type;
  const { negated } = expr;
  const key = hashKey(type);
  const known = new Set<Value>();
  const others: Compiled[] = [];
  for (const item of expr.list) {
    const constant = constantValue(item, c);
    if (constant === undefined) others.push(c.compile(item));
    else if (constant.value !== null) known.add(key(constant.value));
  }
  if (others.length === 0) {
    if (isNatural(type)) return (r) => known.has(operand(r)) !== negated;
    return (r) => {
      const v = operand(r);
      return (v !== null && known.has(key(v))) !== negated;
    };
  }
  const equal = valuesEqual(type) as (a: Value, b: Value) => boolean;
  const isIn: (v: Value, test: (item: Compiled) => boolean) => boolean = (v, test) =>
    v !== null && (known.has(key(v)) || others.some(test));
  return (r) => {
    const v = operand(r);
    const found = isIn(v, (item) => {
      const x = item(r);
      return x !== null && equal(v, x);
    });
    return found !== negated;
  };
}

/** Bounds included, as `v >= low AND v <= high`: false where one of the three is NULL, and computed no further than needed. */
export function compileBetween(expr: TypedExpr & { kind: 'between' }, c: Compiler): Compiled {
  const operand = c.compile(expr.operand);
  const low = c.compile(expr.low);
  const high = c.compile(expr.high);
  const compare = compareValues(expr.operand.type) as (a: Value, b: Value) => number;
  const { negated } = expr;
  return (r) => {
    const v = operand(r);
    if (v === null) return negated;
    const l = low(r);
    if (l === null || compare(v, l) < 0) return negated;
    const h = high(r);
    return (h !== null && compare(v, h) <= 0) !== negated;
  };
}

/** A pattern from a column is compiled anew only when it changes. */
export function compileLike(expr: TypedExpr & { kind: 'like' }, c: Compiler): Compiled {
  const operand = c.compile(expr.operand);
  const { escape: escapeChar, negated } = expr;
  const constant = constantValue(expr.pattern, c);
  if (typeof constant?.value === 'string') {
    const matches = likeMatcher(constant.value, escapeChar);
    return (r) => {
      const v = operand(r);
      return (v !== null && matches(v as string)) !== negated;
    };
  }
  const pattern = c.compile(expr.pattern);
  let last: string | undefined;
  let matches: (text: string) => boolean = () => false;
  return (r) => {
    const v = operand(r);
    const p = pattern(r);
    if (v === null || p === null) return negated;
    if (p !== last) {
      last = p as string;
      matches = likeMatcher(last, escapeChar);
    }
    return matches(v as string) !== negated;
  };
}
