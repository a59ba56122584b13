import { type ResolvedSelect, relationSources, type SelectColumn, sameExpr } from '../analyzer/index.js';
import { WeirError } from '../types/errors.js';
import type { CompareOp, TypedExpr } from '../types/expr.js';
import type { PullPlan, ReadKeys, TableReadPlan } from '../types/pull-plan.js';
import type { Column } from '../types/schema.js';
import type { Topology, TopologyNode } from '../types/topology.js';
import { and, conjuncts } from './conjuncts.js';

/** Points that one pull query may look up; beyond, it reads everything and filters. */
const MAX_POINTS = 10_000;

/** A pull query on a table: which store, which keys, which windows, and what is left of WHERE. */
export function planTablePull(statement: ResolvedSelect): PullPlan {
  const { query, materialization } = statement;
  if (materialization === null) throw new WeirError('INTERNAL', 'a pull query without a materialized table');
  const { source } = relationSources(query.relation)[0]!;
  const found = materialized(materialization.topology);
  if (found === undefined) {
    throw new WeirError(
      'NOT_SUPPORTED',
      `The \`${source.name}\` table isn't queryable: its query ${materialization.id} keeps no state of its result.`,
      `CREATE TABLE QUERYABLE_${source.name} AS SELECT * FROM ${source.name}`,
    );
  }
  const bounds = constraints(query.where, source.schema.key);
  const read: TableReadPlan = {
    source: source.name,
    queryId: materialization.id,
    subtopology: found.subtopology,
    node: found.node,
    steps: found.steps,
    keyColumns: source.schema.key,
    valueColumns: source.schema.value,
    window: source.window,
    keys: bounds.keys,
    windowStart: bounds.windowStart,
    windowEnd: bounds.windowEnd,
    where: bounds.rest,
    columns: query.select.map((c) => c.expr),
    limit: query.limit,
  };
  return {
    root: { kind: 'table', read },
    columns: query.select.map((c) => ({ name: c.name, type: c.expr.type, key: isKeyColumn(c) })),
  };
}

/** Key columns of the result: those of the key, and its window. */
const isKeyColumn = (c: SelectColumn): boolean =>
  c.key !== null || (c.expr.kind === 'pseudo' && c.expr.name.startsWith('WINDOW'));

interface Materialized {
  readonly subtopology: number;
  readonly node: TopologyNode;
  readonly steps: readonly TopologyNode[];
}

/** The node whose store the table is read from, and the stateless steps behind it, in order. */
function materialized(topology: Topology): Materialized | undefined {
  const last = topology.subtopologies[topology.subtopologies.length - 1];
  let node: TopologyNode | undefined = last?.nodes[last.nodes.length - 1];
  const steps: TopologyNode[] = [];
  while (last !== undefined && node !== undefined) {
    const keeps =
      node.kind === 'aggregate' || node.kind === 'materialize' || (node.kind === 'source' && node.store !== null);
    if (keeps) {
      return { subtopology: last.id, node, steps };
    }
    if (node.kind === 'filter' || node.kind === 'project') steps.unshift(node);
    else if (node.kind !== 'sink') return undefined;
    const input: string = node.input;
    node = last.nodes.find((n) => n.id === input);
  }
  return undefined;
}

interface Constraints {
  readonly keys: ReadKeys;
  readonly windowStart: TableReadPlan['windowStart'];
  readonly windowEnd: TableReadPlan['windowEnd'];
  readonly rest: TypedExpr | null;
}

type Bounds = { from?: number; to?: number };

/** Takes from WHERE what says which keys and windows to read. What is taken is not asked again of the rows. */
function constraints(where: TypedExpr | null, keyColumns: readonly Column[]): Constraints {
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
  let keys: ReadKeys = { kind: 'scan' };
  const count = [...points.values()].reduce((n, values) => n * values.length, 1);
  if (keyColumns.length > 0 && points.size === keyColumns.length && count <= MAX_POINTS) {
    keys = { kind: 'points', keys: product(keyColumns.map((_, i) => points.get(i)!)) };
  } else rest.push(...pointParts);
  return { keys, windowStart: start, windowEnd: end, rest: rest.length === 0 ? null : rest.reduce(and) };
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

const distinct = (list: readonly TypedExpr[]): readonly TypedExpr[] =>
  list.filter((e, i) => list.findIndex((other) => sameExpr(e, other)) === i);

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
