import type { RunningQuerySummary } from '../api/entities.js';
import type { QueryDef } from '../catalog/index.js';
import type { StatementContext } from './context.js';
import { statisticsOf } from './query-statistics.js';

/** The states of queries on the other nodes, by query and node; UNRESPONSIVE of a node that does not answer. */
export type StatesElsewhere = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Asks the other nodes of the service. */
export async function statesElsewhere({ parts, catalog }: StatementContext): Promise<StatesElsewhere> {
  const out = new Map([...catalog.queries.keys()].map((id) => [id, new Map<string, string>()]));
  for (const [node, queries] of (await parts.peers?.queries()) ?? []) {
    for (const [id, states] of out) {
      const state = queries === null ? 'UNRESPONSIVE' : queries.find((q) => q.queryId === id)?.state;
      if (state !== undefined) states.set(node, state);
    }
  }
  return out;
}

/** How many nodes have the query in which state. */
function statusCount(
  own: string,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { [own]: 1 };
  for (const state of elsewhere.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** What a query does just now, in ksqlDB's words: RUNNING, PAUSED, ERROR or UNRESPONSIVE. */
export function stateOf(query: QueryDef, { parts }: StatementContext): string {
  return parts.runtime.query(query.id)?.state ?? (query.state === 'PAUSED' ? 'PAUSED' : 'UNRESPONSIVE');
}

export async function querySummary(
  query: QueryDef,
  context: StatementContext,
  elsewhere?: StatesElsewhere,
): Promise<RunningQuerySummary> {
  const sink = context.catalog.sources.get(query.sink);
  const state = stateOf(query, context);
  return {
    queryString: `${query.sql};`,
    sinks: [query.sink],
    sinkKafkaTopics: sink === undefined ? [] : [sink.topic.name],
    id: query.id,
    statusCount: statusCount(state, elsewhere?.get(query.id)),
    queryType: 'PERSISTENT',
    state,
    ...(await statisticsOf(query, context)),
  };
}

/** SHOW QUERIES: persistent ones with their states on all nodes, and the push queries of this node. */
export async function runningQueries(context: StatementContext): Promise<RunningQuerySummary[]> {
  const elsewhere = await statesElsewhere(context);
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
  const persistent = [...context.catalog.queries.values()].map((q) => querySummary(q, context, elsewhere));
  return [...(await Promise.all(persistent)), ...push];
}
