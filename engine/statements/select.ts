import type { Query } from '../../parser/ast.js';
import { SqlError } from '../../parser/index.js';
import type { ResolvedSelect } from '../analyzer/index.js';
import type { QueryStream } from '../api/engine-api.js';
import { WeirError } from '../base/errors.js';
import { queriesWriting } from '../catalog/index.js';
import type { PullPlan } from '../plan/pull-plan.js';
import { planPull, planPush, planTableState, sourcesOf } from '../planner/index.js';
import { PUSH, QUERY } from '../settings.js';
import { analyzed } from './analysis.js';
import type { StatementContext } from './context.js';
import { remarksOn } from './query-statistics.js';
import { settingsIn } from './settings-in-force.js';

/** A SELECT that stands alone: a push query (EMIT) or a pull query. */
export async function openSelect(context: StatementContext, queryId: string): Promise<QueryStream> {
  const resolved = await analyzed(context, context.statement);
  if (resolved.kind !== 'select') throw new WeirError('INTERNAL', 'A query was not recognised as one.');
  const { runtime } = context.parts;
  const properties = settingsIn(context).overrides();
  const remarks = () => remarksOnSources(context, resolved);
  if (resolved.mode === 'push') {
    const { topology } = planPush(resolved);
    const push = await runtime.openPush({ queryId, topology, properties, table: () => stateOf(context, resolved) });
    return Object.assign(push, { remarks });
  }
  return Object.assign(await runtime.openPull({ queryId, plan: planPull(resolved).plan, properties }), { remarks });
}

/** What is remarkable about the queries that write what a query reads. */
function remarksOnSources(context: StatementContext, { query }: ResolvedSelect): readonly string[] {
  const { catalog } = context;
  const writing = sourcesOf(query.relation).flatMap((name) => queriesWriting(catalog, name));
  const queries = [...new Set(writing)].map((id) => catalog.queries.get(id)!);
  return remarksOn(queries, context).map((r) => r.message);
}

/** The pull query with the same rows, where a persistent query keeps the table and writes its topic. */
async function stateOf(context: StatementContext, { query }: ResolvedSelect): Promise<PullPlan | undefined> {
  const { statement, catalog } = context;
  if (statement.kind !== 'Query' || query.relation.kind !== 'source') return undefined;
  if (queriesWriting(catalog, query.relation.source.name).length === 0) return undefined;
  try {
    const pull = await analyzed(context, { ...statement, emit: undefined });
    return pull.kind === 'select' ? planTableState(pull) : undefined;
  } catch (e) {
    // What pull queries cannot do (ROWOFFSET, scans where these are forbidden) is read from the topic.
    if (e instanceof SqlError || (e instanceof WeirError && e.code === 'NOT_SUPPORTED')) return undefined;
    throw e;
  }
}

/**
 * What the ids of a query begin with. Clients tell by it the queries that share a reading with the query that fills their
 * source: from a stream or table made by a query, from now on, with nothing but columns and a WHERE.
 */
export function queryIdPrefix(query: Query, context: StatementContext): 'SCALABLE_PUSH_QUERY_' | 'transient_' {
  const properties = settingsIn(context).overrides();
  const plain = [query.groupBy, query.partitionBy, query.having, query.window].every((x) => x === undefined);
  const source = query.from.kind === 'SourceRef' ? context.catalog.sources.get(query.from.name.name) : undefined;
  const isScalable =
    query.emit === 'CHANGES' &&
    plain &&
    source !== undefined &&
    queriesWriting(context.catalog, source.name).length > 0 &&
    QUERY.offsetReset.of(properties) === 'latest' &&
    PUSH.scalableIds.of(properties);
  return isScalable ? 'SCALABLE_PUSH_QUERY_' : 'transient_';
}
