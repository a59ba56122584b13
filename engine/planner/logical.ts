import {
  type ResolvedJoin,
  type ResolvedQuery,
  type ResolvedRelation,
  replace,
  sameExpr,
  sideColumns,
  sinkSchema,
} from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import type { DataSource } from '../catalog/index.js';
import type { AggregateCall, CallExpr, TypedExpr } from '../plan/expr.js';
import type { KeyWindow, WindowSpec } from '../plan/topology.js';
import type { Column, Schema } from '../values/schema.js';

/**
 * A query as a small tree of relational steps. Every node says what its rows look like (`schema`), whether they are
 * updates of a table, and how their key is windowed; expressions of a node are over the rows of its input. Rules turn
 * one tree into a better one with the same meaning.
 */
export type LogicalPlan =
  | ScanPlan
  | FilterPlan
  | ProjectPlan
  | FlatMapPlan
  | RekeyPlan
  | AggregatePlan
  | JoinPlan
  | MaterializePlan;

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

/** Rows of both sides, which are under the join key already: the value is the left's columns and then the right's. */
export interface JoinPlan extends PlanBase {
  readonly kind: 'join';
  readonly flavour: Exclude<ResolvedJoin['flavour'], 'pull'>;
  readonly joinType: ResolvedJoin['joinType'];
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly within: ResolvedJoin['within'];
  /** Foreign-key joins: what of the left side's row is the right side's key. */
  readonly foreignKey: TypedExpr | null;
}

/** Keeps the latest rows of a table that has no store otherwise. */
export interface MaterializePlan extends PlanBase {
  readonly kind: 'materialize';
  readonly input: LogicalPlan;
}

/** A plan over other inputs: `f` of each. */
export function mapInputs(plan: LogicalPlan, f: (input: LogicalPlan) => LogicalPlan): LogicalPlan {
  switch (plan.kind) {
    case 'scan':
      return plan;
    case 'join':
      return { ...plan, left: f(plan.left), right: f(plan.right) };
    default:
      return { ...plan, input: f(plan.input) };
  }
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
  if (relation.kind === 'join') return planJoin(relation);
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

function planJoin(join: ResolvedJoin): LogicalPlan {
  const { flavour } = join;
  if (flavour === 'pull') throw new WeirError('INTERNAL', 'A join of a pull query runs once');
  const foreign = flavour === 'foreignKey';
  return {
    kind: 'join',
    flavour,
    joinType: join.joinType,
    left: planSide(join.left, foreign ? null : join.leftKey, join),
    right: planSide(join.right, foreign ? null : join.rightKey, join),
    within: join.within,
    foreignKey: foreign ? overSide(join.leftKey, join.left) : null,
    schema: join.schema,
    table: join.output === 'TABLE',
    window: join.window,
  };
}

/** A side's rows as they stand in the joined row, under the join key; `key` null: under the key they have. */
function planSide(relation: ResolvedRelation, key: TypedExpr | null, join: ResolvedJoin): LogicalPlan {
  const input = planRelation(relation);
  const columns = sideColumns(relation);
  const value = relation.kind === 'join' ? columnsOf('value', relation.schema.value) : columns.map((b) => b.expr);
  const shape = {
    schema: {
      key: input.schema.key,
      value: columns.map((b): Column => ({ name: `${b.source}_${b.name}`, type: b.expr.type })),
    },
    table: input.table,
    window: input.window,
  };
  if (key === null || isOwnKey(key, relation)) return { kind: 'project', input, key: null, value, ...shape };
  return {
    kind: 'rekey',
    input,
    key: [key],
    value,
    dropNullKey: join.joinType === 'INNER',
    moves: true,
    ...shape,
    schema: { key: [{ name: join.schema.key[0]!.name, type: key.type }], value: shape.schema.value },
  };
}

/** Whether rows of the relation are under `key` as they come. */
function isOwnKey(key: TypedExpr, relation: ResolvedRelation): boolean {
  if (relation.schema.key.length !== 1) return false;
  if (relation.kind === 'source') return key.kind === 'column' && key.from === 'key';
  if (relation.equalToKey.some((e) => e.certain && sameExpr(e.expr, key))) return true;
  return key.kind === 'column' && (key.from === 'key' || relation.certainKeys[0]!.includes(key.index));
}

/** `expr` over the rows of a source as an expression over the columns that the side has in the joined row. */
function overSide(expr: TypedExpr, relation: ResolvedRelation): TypedExpr {
  const columns = sideColumns(relation);
  return replace(expr, (part) => {
    const index = columns.findIndex((b) => sameExpr(b.expr, part));
    return index < 0
      ? undefined
      : { kind: 'column', from: 'value', index, name: columns[index]!.name, type: part.type };
  });
}

function filter(input: LogicalPlan, predicate: TypedExpr, having: boolean): LogicalPlan {
  return { kind: 'filter', input, predicate, having, schema: input.schema, table: input.table, window: input.window };
}

type Grouped = Extract<ResolvedQuery['shape'], { kind: 'grouped' }>;

/** The value under the new key: what the aggregates take, each value once. A repartition carries no more. */
function planAggregate(input: LogicalPlan, query: ResolvedQuery, shape: Grouped): LogicalPlan {
  const key = shape.keys.map((k): Column => ({ name: k.name, type: k.expr.type }));
  const keyExprs = shape.keys.map((k) => asKeyColumn(k.expr, query.relation));
  const carried: TypedExpr[] = [];
  const places = new Map<string, number>();
  const carry = (expr: TypedExpr): TypedExpr => {
    if (expr.kind === 'literal') return expr;
    const text = JSON.stringify(expr);
    let index = places.get(text);
    if (index === undefined) places.set(text, (index = carried.push(expr) - 1));
    return { kind: 'column', from: 'value', index, name: argumentName(expr, index), type: expr.type };
  };
  const calls = shape.calls.map((c) => ({ ...c, args: c.args.map(carry) }));
  const rekeyed: RekeyPlan = {
    kind: 'rekey',
    input,
    key: keyExprs,
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

/** A column of a join that is never anything but the join's key, as that key: grouping by it moves no row. */
function asKeyColumn(expr: TypedExpr, relation: ResolvedRelation): TypedExpr {
  if (relation.kind !== 'join' || expr.kind !== 'column' || expr.from !== 'value') return expr;
  const index = relation.certainKeys.findIndex((equal) => equal.includes(expr.index));
  return index < 0 ? expr : columnsOf('key', relation.schema.key)[index]!;
}

const argumentName = (expr: TypedExpr, index: number): string =>
  expr.kind === 'column' && expr.from === 'value' ? expr.name : `KSQL_ARG_${index}`;
