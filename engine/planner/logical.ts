import { type ResolvedQuery, type ResolvedRelation, sameExpr, sinkSchema } from '../analyzer/index.js';
import type { DataSource } from '../catalog/index.js';
import type { AggregateCall, CallExpr, TypedExpr } from '../types/expr.js';
import type { Column, Schema } from '../types/schema.js';
import type { KeyWindow, WindowSpec } from '../types/topology.js';

/**
 * A query as a small tree of relational steps. Every node says what its rows look like (`schema`), whether they are
 * updates of a table, and how their key is windowed; expressions of a node are over the rows of its input. Rules turn
 * one tree into a better one with the same meaning.
 */
export type LogicalPlan = ScanPlan | FilterPlan | ProjectPlan | FlatMapPlan | RekeyPlan | AggregatePlan;

interface PlanBase {
  readonly schema: Schema;
  readonly table: boolean;
  readonly window: KeyWindow | null;
}

/** Reads a source. `schema` is the source's; `needed` are the positions that anything above looks at. */
export interface ScanPlan extends PlanBase {
  readonly kind: 'scan';
  readonly source: DataSource;
  readonly needed: { readonly key: readonly number[]; readonly value: readonly number[] };
  /** Keep the latest row of each key: a table that is queried, or whose previous rows a step above needs. */
  readonly stored: boolean;
}

export interface FilterPlan extends PlanBase {
  readonly kind: 'filter';
  readonly input: LogicalPlan;
  readonly predicate: TypedExpr;
  /** HAVING: what it has let through is remembered. */
  readonly having: boolean;
}

/** New value columns; the key stays, perhaps under other names (`schema.key`). */
export interface ProjectPlan extends PlanBase {
  readonly kind: 'project';
  readonly input: LogicalPlan;
  /** Null: the input's key columns as they are. */
  readonly key: readonly TypedExpr[] | null;
  readonly value: readonly TypedExpr[];
}

/** One row for each row that the table functions give; their results follow the input's value columns. */
export interface FlatMapPlan extends PlanBase {
  readonly kind: 'flatMap';
  readonly input: LogicalPlan;
  readonly calls: readonly CallExpr[];
}

/** A new key and new values. `moves`: equal keys may now be in different partitions. */
export interface RekeyPlan extends PlanBase {
  readonly kind: 'rekey';
  readonly input: LogicalPlan;
  readonly key: readonly TypedExpr[];
  readonly value: readonly TypedExpr[];
  readonly dropNullKey: boolean;
  readonly moves: boolean;
}

/** Folds the rows of each key; its value columns are the results of `calls`. */
export interface AggregatePlan extends PlanBase {
  readonly kind: 'aggregate';
  readonly input: LogicalPlan;
  readonly windowSpec: WindowSpec | null;
  readonly calls: readonly AggregateCall[];
  readonly emit: 'changes' | 'final';
}

const column = (from: 'key' | 'value', index: number, c: Column): TypedExpr => ({
  kind: 'column',
  from,
  index,
  name: c.name,
  type: c.type,
});

/** The columns of a row as expressions, in order. */
export const columnsOf = (from: 'key' | 'value', columns: readonly Column[]): readonly TypedExpr[] =>
  columns.map((c, i) => column(from, i, c));

/** The plan of a query up to its select list: what a push query evaluates its columns over. */
export function planRows(query: ResolvedQuery): LogicalPlan {
  let plan = planRelation(query.relation);
  if (query.where !== null) plan = filter(plan, query.where, false);
  if (query.tableFunctions.length > 0) {
    plan = {
      kind: 'flatMap',
      input: plan,
      calls: query.tableFunctions.map((t) => t.call),
      schema: { key: plan.schema.key, value: [...plan.schema.value, ...query.tableFunctions.map((t) => t.column)] },
      table: plan.table,
      window: plan.window,
    };
  }
  if (query.shape.kind === 'grouped') plan = planAggregate(plan, query, query.shape);
  return query.having === null ? plan : filter(plan, query.having, true);
}

/** The plan of a query with its select list as the rows' columns: what a persistent query writes. */
export function planColumns(query: ResolvedQuery): LogicalPlan {
  const input = planRows(query);
  const schema = sinkSchema(query);
  const value = query.select.filter((c) => c.key === null).map((c) => c.expr);
  const selected = query.select.filter((c) => c.key !== null).sort((a, b) => a.key! - b.key!);
  const key = selected.map((c) => c.expr);
  if (query.shape.kind === 'partitioned') {
    return {
      kind: 'rekey',
      input,
      key,
      value,
      dropNullKey: false,
      moves: true,
      schema,
      table: input.table,
      window: input.window,
    };
  }
  const own = key.every((e, i) => e.kind === 'column' && e.from === 'key' && e.index === i);
  return { kind: 'project', input, key: own ? null : key, value, schema, table: input.table, window: input.window };
}

function planRelation(relation: ResolvedRelation): LogicalPlan {
  const { schema } = relation;
  return {
    kind: 'scan',
    source: relation.source,
    needed: { key: schema.key.map((_, i) => i), value: schema.value.map((_, i) => i) },
    stored: false,
    schema,
    table: relation.output === 'TABLE',
    window: relation.window,
  };
}

function filter(input: LogicalPlan, predicate: TypedExpr, having: boolean): LogicalPlan {
  return { kind: 'filter', input, predicate, having, schema: input.schema, table: input.table, window: input.window };
}

type Grouped = Extract<ResolvedQuery['shape'], { kind: 'grouped' }>;

/** Under the new key there is what the aggregates take, each value once: that is all that a repartition carries. */
function planAggregate(input: LogicalPlan, query: ResolvedQuery, shape: Grouped): LogicalPlan {
  const key = shape.keys.map((k): Column => ({ name: k.name, type: k.expr.type }));
  const carried: TypedExpr[] = [];
  const carry = (expr: TypedExpr): TypedExpr => {
    if (expr.kind === 'literal') return expr;
    let index = carried.findIndex((c) => sameExpr(c, expr));
    if (index < 0) index = carried.push(expr) - 1;
    return { kind: 'column', from: 'value', index, name: argumentName(expr, index), type: expr.type };
  };
  const calls = shape.calls.map((c) => ({ ...c, args: c.args.map(carry) }));
  const rekeyed: RekeyPlan = {
    kind: 'rekey',
    input,
    key: shape.keys.map((k) => k.expr),
    value: carried,
    dropNullKey: true,
    moves: true,
    schema: { key, value: carried.map((expr, i) => ({ name: argumentName(expr, i), type: expr.type })) },
    table: input.table,
    window: input.window,
  };
  return {
    kind: 'aggregate',
    input: rekeyed,
    windowSpec: shape.window,
    calls,
    emit: query.emit === 'final' ? 'final' : 'changes',
    schema: { key, value: shape.calls.map((c, i) => ({ name: `KSQL_AGG_VARIABLE_${i}`, type: c.type })) },
    table: true,
    window: query.window,
  };
}

const argumentName = (expr: TypedExpr, index: number): string =>
  expr.kind === 'column' && expr.from === 'value' ? expr.name : `KSQL_ARG_${index}`;
