import type { ResolvedCreateAs } from '../analyzer/index.js';
import { planPersistent } from '../planner/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './status.js';
import { sinkTopic } from './topics.js';
import { alreadyExists } from './warning.js';

/** CREATE STREAM|TABLE name WITH (…) AS SELECT …: a sink and the query that fills it. */
export async function createAs(resolved: ResolvedCreateAs, context: StatementContext): Promise<Prepared> {
  if (resolved.exists) return alreadyExists(context, resolved.sink);
  const query = planPersistent(resolved, context);
  const sources = query.sources.map((name) => context.catalog.sources.get(name)!);
  const makeTopic = await sinkTopic(context, resolved.sink, sources);
  return command(
    context,
    {
      kind: 'createAs',
      source: resolved.sink,
      query,
      orReplace: resolved.orReplace,
      ifNotExists: resolved.ifNotExists,
    },
    {
      id: commandId(resolved.sink.kind === 'STREAM' ? 'stream' : 'table', resolved.sink.name, 'create'),
      message: `Created query with ID ${query.id}`,
      queryId: query.id,
    },
    { before: makeTopic },
  );
}
