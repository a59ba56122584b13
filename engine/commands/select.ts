import type { Query } from '../../parser/ast.js';
import type { QueryStream } from '../api.js';
import { queriesWriting } from '../catalog/index.js';
import { planPull, planPush } from '../planner/index.js';
import { WeirError } from '../types/errors.js';
import { analyzed } from './analysis.js';
import type { StatementContext } from './context.js';
import { settingsIn } from './settings-of.js';

/** A SELECT that stands alone: a push query (EMIT) or a pull query. */
export async function openSelect(context: StatementContext, queryId: string): Promise<QueryStream> {
  const resolved = await analyzed(context, context.statement);
  if (resolved.kind !== 'select') throw new WeirError('INTERNAL', 'A query was not recognised as one.');
  const { runtime } = context.parts;
  const properties = settingsIn(context).overrides();
  if (resolved.mode === 'push') {
    return runtime.openPush({ queryId, topology: planPush(resolved).topology, properties });
  }
  return runtime.openPull({ queryId, plan: planPull(resolved).plan, properties });
}

/**
 * What the ids of a query begin with. Clients tell by it the queries that share a reading with the query that fills their
 * source: from a stream or table made by a query, from now on, with nothing but columns and a WHERE.
 */
export function queryIdPrefix(query: Query, context: StatementContext): 'SCALABLE_PUSH_QUERY_' | 'transient_' {
  const settings = settingsIn(context);
  const plain = [query.groupBy, query.partitionBy, query.having, query.window].every((x) => x === undefined);
  const source = query.from.kind === 'SourceRef' ? context.catalog.sources.get(query.from.name.name) : undefined;
  const isScalable =
    query.emit === 'CHANGES' &&
    plain &&
    source !== undefined &&
    queriesWriting(context.catalog, source.name).length > 0 &&
    settings.get('auto.offset.reset') === 'latest' &&
    settings.get('ksql.query.push.v2.enabled') === 'true';
  return isScalable ? 'SCALABLE_PUSH_QUERY_' : 'transient_';
}
