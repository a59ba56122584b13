import type { Explain } from '../../parser/ast.js';
import type { ResolvedSelect, ResolvedStatement } from '../analyzer/index.js';
import type { QueryDescription } from '../api/entities.js';
import { WeirError } from '../base/errors.js';
import type { QueryDef } from '../catalog/index.js';
import type { PullPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import {
  explainPlan,
  explainTopology,
  type LogicalPlan,
  planPersistent,
  planPull,
  planPush,
  sourcesOf,
} from '../planner/index.js';
import { analyzed } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';
import { type StatesElsewhere, stateOf, statesElsewhere } from './queries.js';
import { analysisOf, remarksOn, statisticsOf } from './query-statistics.js';
import { fieldInfo } from './schema-info.js';
import { trialQuery, trialRun } from './trial-run.js';

async function describeQuery(
  query: QueryDef,
  context: StatementContext,
  elsewhere: StatesElsewhere,
  analyze = false,
): Promise<QueryDescription> {
  const { parts, catalog } = context;
  const sink = catalog.sources.get(query.sink);
  const running = parts.runtime.query(query.id);
  const state = stateOf(query, context);
  return {
    id: query.id,
    statementText: query.sql,
    windowType: sink?.windowType ?? null,
    fields: [
      ...(sink?.schema.key ?? []).map((c) => fieldInfo(c, true)),
      ...(sink?.schema.value ?? []).map((c) => fieldInfo(c, false)),
    ],
    sources: query.sources,
    sinks: [query.sink],
    topology: explainTopology(query.topology),
    executionPlan: explainTopology(query.topology),
    overriddenProperties: query.properties,
    ksqlHostQueryStatus: {
      [parts.peers?.self ?? parts.serviceId]: state,
      ...Object.fromEntries(elsewhere.get(query.id) ?? []),
    },
    queryType: 'PERSISTENT',
    queryErrors: (running?.errors() ?? []).map((e) => ({ timestamp: e.at, errorMessage: e.message, type: 'SYSTEM' })),
    tasksMetadata: [],
    state,
    ...(await statisticsOf(query, context)),
    ...(analyze ? { analysis: await analysisOf(query, context) } : {}),
  };
}

export async function describeQueries(context: StatementContext): Promise<QueryDescription[]> {
  const elsewhere = await statesElsewhere(context);
  return Promise.all([...context.catalog.queries.values()].map((q) => describeQuery(q, context, elsewhere)));
}

/**
 * EXPLAIN [ANALYZE] id: the running query, and what it has done. EXPLAIN statement: every stage that it would go through; with
 * ANALYZE its rows are computed for a moment, and counted.
 */
async function explain(statement: Explain, context: StatementContext): Promise<Prepared> {
  if (statement.queryId !== undefined) {
    const id = statement.queryId.name;
    const query = context.catalog.queries.get(id);
    if (query === undefined) {
      throw new WeirError(
        'BAD_STATEMENT',
        `Query with id:${id} does not exist, use SHOW QUERIES to view the full set of queries.`,
      );
    }
    return {
      run: async () => ({
        '@type': 'queryDescription',
        statementText: context.sql,
        queryDescription: await describeQuery(query, context, await statesElsewhere(context), statement.analyze),
        // ANALYZE has them among its lines.
        warnings: statement.analyze ? [] : remarksOn([query], context),
      }),
    };
  }
  const inner = statement.statement!;
  const trial = statement.analyze ? trialQuery(inner) : undefined;
  const resolved = await analyzed(context, inner);
  const properties = Object.fromEntries(context.session.properties);
  const { logical, topology, pull } = stagesOf(resolved, properties);
  const query = 'query' in resolved ? resolved.query : null;
  return {
    run: async () => ({
      '@type': 'queryDescription',
      statementText: context.sql,
      queryDescription: {
        id: '',
        statementText: context.source.slice(inner.span),
        windowType: null,
        fields: (query?.select ?? []).map((c) => fieldInfo({ name: c.name, type: c.expr.type }, c.key !== null)),
        sources: query === null ? [] : sourcesOf(query.relation),
        sinks: [],
        topology: topology === null ? '' : explainTopology(topology),
        executionPlan: explainPlan({
          sql: context.source.slice(inner.span),
          resolved,
          logical,
          topology,
          pull: pull ?? null,
        }),
        overriddenProperties: properties,
        ksqlHostQueryStatus: {},
        queryType: resolved.kind === 'select' ? resolved.mode.toUpperCase() : 'PERSISTENT',
        queryErrors: [],
        tasksMetadata: [],
        state: '',
        ...(trial === undefined ? {} : { analysis: await trialRun(trial, context) }),
      },
      warnings: [],
    }),
  };
}

/** The plan of a statement that is a query or starts one. */
function stagesOf(
  resolved: ResolvedStatement,
  properties: Readonly<Record<string, string>>,
): { readonly logical: LogicalPlan | null; readonly topology: Topology | null; readonly pull?: PullPlan } {
  switch (resolved.kind) {
    case 'createAs':
    case 'insertInto':
      return planPersistent(resolved, properties);
    case 'select':
      if (resolved.mode === 'push') return planPush(resolved);
      return pullStages(resolved);
    default:
      return { logical: null, topology: null };
  }
}

function pullStages(resolved: ResolvedSelect): ReturnType<typeof stagesOf> {
  const { kind, plan } = planPull(resolved);
  return kind === 'table' ? { logical: null, topology: null, pull: plan } : { logical: null, topology: plan.topology };
}

export const EXPLAIN: KindsOf<'Explain'> = {
  Explain: { effect: 'reads', subject: () => 'EXPLAIN', prepare: explain },
};
