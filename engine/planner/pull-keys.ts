import type { CompareOp, TypedExpr } from '../plan/expr.js';
import type { ReadKeys, TableReadPlan } from '../plan/pull-plan.js';
import type { Column } from '../values/schema.js';
import { and, conjuncts } from './conjuncts.js';

/** Points that one pull query may look up; beyond, it reads everything and filters. */
const MAX_POINTS = 10_000;

export interface Constraints {
  readonly keys: ReadKeys;
  readonly windowStart: TableReadPlan['windowStart'];
  readonly windowEnd: TableReadPlan['windowEnd'];
  readonly rest: TypedExpr | null;
}

type Bounds = { from?: number; to?: number };

/**
 * Takes from WHERE what says which keys and windows to read. Rows that are found by points and bounds of windows are not
 * tested for these again. Rows that are found by a range of keys are.
 */
export function constraints(where: TypedExpr | null, keyColumns: readonly Column[]): Constraints {
  const start: Bounds = {};
  const end: Bounds = {};
  const points = new Map<number, readonly TypedExpr[]>();
  const pointParts: TypedExpr[] = [];
  const rest: TypedExpr[] = [];
  for (const part of where === null ? [] : conjuncts(where)) {
    const point = pointsOf(part);
    if (point !== undefined && !points.has(point.column)) {
      points.set(point.column, point.values);
      pointParts.push(part);
    } else if (!takeBound(part, start, end)) rest.push(part);
  }
  const count = [...points.values()].reduce((n, values) => n * values.length, 1);
  if (keyColumns.length > 0 && points.size === keyColumns.length && count <= MAX_POINTS) {
    const keys: ReadKeys = { kind: 'points', keys: product(keyColumns.map((_, i) => points.get(i)!)) };
    return { keys, windowStart: start, windowEnd: end, rest: whole(rest) };
  }
  rest.push(...pointParts);
  return { keys: rangeOf(rest, points, keyColumns), windowStart: start, windowEnd: end, rest: whole(rest) };
}

const whole = (parts: readonly TypedExpr[]): TypedExpr | null => (parts.length === 0 ? null : parts.reduce(and));

/** Keys are kept in the order of their columns: equal first columns, and bounds on the next one, are a stretch of them. */
function rangeOf(
  parts: readonly TypedExpr[],
  points: ReadonlyMap<number, readonly TypedExpr[]>,
  keyColumns: readonly Column[],
): ReadKeys {
  const equal: TypedExpr[] = [];
  while (equal.length < keyColumns.length && points.get(equal.length)?.length === 1) {
    equal.push(points.get(equal.length)![0]!);
  }
  let from: TypedExpr | null = null;
  let to: TypedExpr | null = null;
  for (const part of parts) {
    const bound = keyBound(part, equal.length);
    from ??= bound?.from ?? null;
    to ??= bound?.to ?? null;
  }
  return equal.length === 0 && from === null && to === null ? { kind: 'scan' } : { kind: 'range', equal, from, to };
}

/** The bounds that a condition sets to a key column; undefined: none. */
function keyBound(e: TypedExpr, column: number): { readonly from?: TypedExpr; readonly to?: TypedExpr } | undefined {
  const isColumn = (x: TypedExpr): boolean => isKey(x) && x.index === column;
  if (e.kind === 'between' && !e.negated && isColumn(e.operand)) {
    return isConstant(e.low) && isConstant(e.high) ? { from: e.low, to: e.high } : undefined;
  }
  if (e.kind !== 'compare') return undefined;
  const flipped = isColumn(e.right);
  const [side, other] = flipped ? [e.right, e.left] : [e.left, e.right];
  if (!isColumn(side) || !isConstant(other)) return undefined;
  switch (flipped ? (FLIPPED[e.op] ?? e.op) : e.op) {
    case '>':
    case '>=':
      return { from: other };
    case '<':
    case '<=':
      return { to: other };
    default:
      return undefined;
  }
}

function product(columns: readonly (readonly TypedExpr[])[]): readonly (readonly TypedExpr[])[] {
  return columns.reduce<readonly (readonly TypedExpr[])[]>(
    (rows, values) => rows.flatMap((row) => values.map((v) => [...row, v])),
    [[]],
  );
}

interface Points {
  readonly column: number;
  /** Constants, no two the same. */
  readonly values: readonly TypedExpr[];
}

/** `key = constant`, `key IN (constants)`, or several of these on one column joined by OR. */
function pointsOf(e: TypedExpr): Points | undefined {
  if (e.kind === 'compare' && e.op === '=') {
    if (isKey(e.left) && isConstant(e.right)) return { column: e.left.index, values: [e.right] };
    if (isKey(e.right) && isConstant(e.left)) return { column: e.right.index, values: [e.left] };
  }
  if (e.kind === 'in' && !e.negated && isKey(e.operand) && e.list.every(isConstant)) {
    return { column: e.operand.index, values: distinct(e.list) };
  }
  if (e.kind === 'logic' && e.op === 'OR') {
    const left = pointsOf(e.left);
    const right = pointsOf(e.right);
    if (left !== undefined && right !== undefined && left.column === right.column) {
      return { column: left.column, values: distinct([...left.values, ...right.values]) };
    }
  }
  return undefined;
}

const isKey = (e: TypedExpr): e is Extract<TypedExpr, { kind: 'column' }> => e.kind === 'column' && e.from === 'key';

/** A literal that is no NULL, bare or cast. Calls may differ from time to time and are left to the rows. */
const isConstant = (e: TypedExpr): boolean =>
  e.kind === 'literal' ? e.value !== null : e.kind === 'cast' && isConstant(e.operand);

const distinct = (list: readonly TypedExpr[]): readonly TypedExpr[] => [
  ...new Map(list.map((e) => [JSON.stringify(e), e])).values(),
];

/** A comparison of WINDOWSTART or WINDOWEND with a number narrows the windows that are read. */
function takeBound(e: TypedExpr, start: Bounds, end: Bounds): boolean {
  if (e.kind === 'between' && !e.negated && e.operand.kind === 'pseudo') {
    const low = millis(e.low);
    const high = millis(e.high);
    const bounds = boundsOf(e.operand.name, start, end);
    if (bounds === undefined || low === undefined || high === undefined) return false;
    narrow(bounds, '>=', low);
    narrow(bounds, '<=', high);
    return true;
  }
  if (e.kind !== 'compare') return false;
  const flipped = e.right.kind === 'pseudo';
  const [side, other] = flipped ? [e.right, e.left] : [e.left, e.right];
  const bounds = side.kind === 'pseudo' ? boundsOf(side.name, start, end) : undefined;
  const value = millis(other);
  if (bounds === undefined || value === undefined) return false;
  return narrow(bounds, flipped ? (FLIPPED[e.op] ?? e.op) : e.op, value);
}

const FLIPPED: Partial<Record<CompareOp, CompareOp>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

const boundsOf = (name: string, start: Bounds, end: Bounds): Bounds | undefined =>
  name === 'WINDOWSTART' ? start : name === 'WINDOWEND' ? end : undefined;

function narrow(bounds: Bounds, op: CompareOp, value: number): boolean {
  const from = (v: number): void => {
    bounds.from = Math.max(bounds.from ?? v, v);
  };
  const to = (v: number): void => {
    bounds.to = Math.min(bounds.to ?? v, v);
  };
  switch (op) {
    case '=':
      from(value);
      to(value);
      return true;
    case '>':
      from(value + 1);
      return true;
    case '>=':
      from(value);
      return true;
    case '<':
      to(value - 1);
      return true;
    case '<=':
      to(value);
      return true;
    default:
      return false;
  }
}

/** A BIGINT literal that a number holds exactly. */
function millis(e: TypedExpr): number | undefined {
  if (e.kind !== 'literal' || e.value === null || (e.type.kind !== 'BIGINT' && e.type.kind !== 'INTEGER'))
    return undefined;
  const value = Number(e.value);
  return Number.isSafeInteger(value) ? value : undefined;
}
