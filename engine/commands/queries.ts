import type { QueryDef } from '../catalog/index.js';
import type { StatementContext } from './context.js';
import type { RunningQuerySummary } from './entities.js';

/** What a query does just now, in ksqlDB's words: RUNNING, PAUSED, ERROR or UNRESPONSIVE. */
export function stateOf(query: QueryDef, { parts }: StatementContext): string {
  return parts.runtime.query(query.id)?.state ?? (query.state === 'PAUSED' ? 'PAUSED' : 'UNRESPONSIVE');
}

export function querySummary(query: QueryDef, context: StatementContext): RunningQuerySummary {
  const sink = context.catalog.sources.get(query.sink);
  const state = stateOf(query, context);
  return {
    queryString: `${query.sql};`,
    sinks: [query.sink],
    sinkKafkaTopics: sink === undefined ? [] : [sink.topic.name],
    id: query.id,
    statusCount: { [state]: 1 },
    queryType: 'PERSISTENT',
    state,
    ...statisticsOf(query, context),
  };
}

/** The counters of a query that runs on this node. */
export function statisticsOf(
  query: QueryDef,
  { parts }: StatementContext,
): { readonly statistics?: Readonly<Record<string, number>> } {
  const running = parts.runtime.query(query.id);
  if (running === undefined) return {};
  const { lastError: _, ...counters } = running.counters();
  return { statistics: counters };
}

/** SHOW QUERIES: persistent ones, and the push queries of this node. */
export function runningQueries(context: StatementContext): RunningQuerySummary[] {
  const push = context.parts.pushQueries().map(
    (q): RunningQuerySummary => ({
      queryString: q.sql,
      sinks: [],
      sinkKafkaTopics: [],
      id: q.id,
      statusCount: { RUNNING: 1 },
      queryType: 'PUSH',
      state: 'RUNNING',
    }),
  );
  return [...[...context.catalog.queries.values()].map((q) => querySummary(q, context)), ...push];
}
