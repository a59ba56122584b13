import {
  type ResolvedCreateAs,
  type ResolvedCreateSource,
  type ResolvedInsertInto,
  type ResolvedQuery,
  type ResolvedRelation,
  type ResolvedSelect,
  relationSources,
  sameExpr,
} from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import type { DataSource, QueryDef, QueryKind } from '../catalog/index.js';
import type { TypedExpr } from '../plan/expr.js';
import type { PullPlan, StreamPullPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import { type LogicalPlan, planColumns, planRows, type ScanPlan } from './logical.js';
import { everything, moveColumns, pruneColumns, usedBy } from './prune.js';
import { planPullQuery } from './pull.js';
import { optimize, storeTables } from './rules.js';
import { TopologyBuilder } from './topology.js';
import { upgrade } from './upgrade.js';

export {
  explainLogical,
  explainPlan,
  explainPull,
  explainQuery,
  explainStatement,
  explainTopology,
} from './explain.js';
export type { LogicalPlan } from './logical.js';

/** What a statement that starts a query becomes. `query` goes into the command as it is. */
export interface PersistentPlan {
  readonly logical: LogicalPlan;
  readonly topology: Topology;
  readonly query: QueryDef;
}

export interface PushPlan {
  readonly logical: LogicalPlan;
  /** One sub-topology that ends in a result node. */
  readonly topology: Topology;
}

/** Either form of a pull query. */
export type AnyPullPlan =
  | { readonly kind: 'table'; readonly plan: PullPlan }
  /** Nothing but a bounded read of a stream. */
  | { readonly kind: 'stream'; readonly plan: StreamPullPlan };

/** The optimised logical plan of a persistent query. A table keeps enough state to be pulled from. */
function logicalPlan(query: ResolvedQuery, target: 'STREAM' | 'TABLE'): LogicalPlan {
  const plan = optimize(planColumns(query));
  const bare = target === 'TABLE' && query.shape.kind !== 'grouped';
  const { schema, table, window } = plan;
  const kept: LogicalPlan =
    bare && query.relation.kind === 'join' ? { kind: 'materialize', input: plan, schema, table, window } : plan;
  const stored = storeTables(kept, bare);
  return pruneColumns(stored, everything(stored)).plan;
}

type QueryStatement = ResolvedCreateAs | ResolvedInsertInto | (ResolvedCreateSource & { readonly queryId: string });

/**
 * Plans CREATE … AS, INSERT INTO … SELECT and CREATE SOURCE TABLE. `properties`: the session's settings, which go with
 * the query for good. Pure.
 */
export function planPersistent(
  statement: QueryStatement,
  properties: Readonly<Record<string, string>> = {},
): PersistentPlan {
  const builder = new TopologyBuilder(false);
  const done = (
    kind: QueryKind,
    sink: string,
    sources: readonly string[],
    logical: LogicalPlan,
    topology: Topology,
  ): PersistentPlan => ({
    logical,
    topology,
    query: { id: statement.queryId, kind, sql: statement.sql, sink, sources, topology, state: 'RUNNING', properties },
  });
  if (statement.kind === 'createSource') {
    const { source } = statement;
    const scan = keptTable(source);
    return done('CST', source.name, [source.name], scan, builder.table(scan));
  }
  const sink = statement.kind === 'createAs' ? statement.sink : statement.target;
  const logical = logicalPlan(statement.query, sink.kind);
  const kind: QueryKind = statement.kind === 'insertInto' ? 'INSERT' : sink.kind === 'STREAM' ? 'CSAS' : 'CTAS';
  return done(kind, sink.name, sourcesOf(statement.query.relation), logical, builder.persistent(logical, sink));
}

/**
 * The new query of a CREATE OR REPLACE, which goes on where the old one stands. Throws BAD_STATEMENT where it could not. Pure.
 */
export function planReplacement(was: QueryDef, next: QueryDef): QueryDef {
  const { topology, obstacle } = upgrade(was.topology, next.topology);
  if (obstacle === undefined) return { ...next, topology };
  throw new WeirError(
    'BAD_STATEMENT',
    `Cannot upgrade query ${next.id}, which would go on from its offsets and its state: ${obstacle}.`,
    `TERMINATE ${next.id}, DROP what it writes and create that anew, from the earliest or the latest records.`,
  );
}

/** All columns of a table, kept. */
const keptTable = (source: DataSource): ScanPlan => ({
  kind: 'scan',
  source,
  needed: { key: [...source.schema.key.keys()], value: [...source.schema.value.keys()] },
  stored: true,
  schema: source.schema,
  table: true,
  window: source.window,
});

/** Names of the sources that a relation reads, each once. */
export const sourcesOf = (relation: ResolvedRelation): readonly string[] => [
  ...new Set(relationSources(relation).map((s) => s.source.name)),
];

/** Plans a push query: it runs where it was asked, in memory, without internal topics. Pure. */
export function planPush(statement: ResolvedSelect): PushPlan {
  const { query } = statement;
  const rows = storeTables(optimize(planRows(query)), false);
  const { plan: logical, at } = pruneColumns(rows, usedBy(query.select.map((c) => c.expr)));
  const topology = new TopologyBuilder(true).push(logical, {
    columns: query.select.map((c) => ({
      name: c.name,
      expr: moveColumns(c.expr, at),
      key: c.key !== null,
      ...(identifies(c.expr, query) ? { identifies: true } : {}),
    })),
    limit: query.limit,
    table: logical.table,
  });
  return { logical, topology };
}

/** A FULL JOIN has a key of its own; where it is not selected, the columns that it joins on say which row is gone. */
const identifies = (expr: TypedExpr, { relation, shape }: ResolvedQuery): boolean =>
  shape.kind === 'plain' &&
  relation.kind === 'join' &&
  relation.joinType === 'FULL' &&
  relation.equalToKey.some((e) => sameExpr(e.expr, expr));

/** Plans a pull query. Throws WeirError NOT_SUPPORTED where the table's query keeps no state that could answer. Pure. */
export function planPull(statement: ResolvedSelect): AnyPullPlan {
  const { query } = statement;
  const { relation } = query;
  const plain = query.shape.kind === 'plain' && query.orderBy.length === 0 && !query.distinct && query.offset === 0;
  if (plain && relation.kind === 'source' && relation.source.kind === 'STREAM') {
    return { kind: 'stream', plan: { source: relation.source.name, topology: planPush(statement).topology } };
  }
  // Of a stream the plan takes rows without an aggregate: what is grouped is grouped above.
  const rows = (columns: readonly TypedExpr[], where: TypedExpr | null): Topology =>
    planPush({
      ...statement,
      query: {
        ...query,
        shape: { kind: 'plain' },
        where,
        having: null,
        select: columns.map((expr, i) => ({ name: `C${i}`, expr, key: null })),
        limit: null,
      },
    }).topology;
  return { kind: 'table', plan: planPullQuery(statement, rows) };
}

/**
 * The plan of a pull query whose answer is, at each commit, what its table's topic says; undefined where it may differ. It
 * is the same for rows of one table that are kept by the query which writes the topic. With EMIT FINAL it differs: the state
 * has rows that are held back. The caller makes sure that the table is no SOURCE, whose state follows its topic.
 */
export function planTableState(statement: ResolvedSelect): PullPlan | undefined {
  const planned = planPull(statement);
  if (planned.kind !== 'table' || planned.plan.root.kind !== 'table') return undefined;
  const { node } = planned.plan.root.read;
  return node.kind === 'aggregate' && node.emit === 'final' ? undefined : planned.plan;
}
