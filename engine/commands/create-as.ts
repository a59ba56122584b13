import type { ResolvedCreateAs } from '../analyzer/index.js';
import type { Command, QueryDef } from '../catalog/index.js';
import { sourcesOf, upgradeObstacle } from '../planner/index.js';
import { WeirError } from '../types/errors.js';
import type { Prepared, StatementContext } from './context.js';
import { retentionWarnings } from './retention.js';
import { command, commandId } from './status.js';
import { sinkTopic, withPartitions } from './topics.js';
import { alreadyExists } from './warning.js';

/** CREATE STREAM|TABLE name WITH (…) AS SELECT …: a sink and the query that fills it. */
export async function createAs(
  resolved: ResolvedCreateAs,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { sink, queryId } = resolved;
  if (change?.kind !== 'createAs') return alreadyExists(context, sink);
  checkUpgrade(context.catalog.queries.get(queryId), change.query);
  const sources = sourcesOf(resolved.query.relation).map((name) => context.catalog.sources.get(name)!);
  const topic = await sinkTopic(context, sink, sources);
  return command(
    context,
    withPartitions(change, topic.partitions),
    {
      id: commandId(sink.kind.toLowerCase(), sink.name, 'create'),
      message: `Created query with ID ${queryId}`,
      queryId,
    },
    {
      before: topic.make,
      warnings: () =>
        retentionWarnings(
          context,
          sources.map((s) => s.topic.name),
        ),
    },
  );
}

/** The new query of a CREATE OR REPLACE goes on where the old one stands. Throws BAD_STATEMENT where it could not. */
function checkUpgrade(was: QueryDef | undefined, next: QueryDef): void {
  const obstacle = was === undefined ? undefined : upgradeObstacle(was.topology, next.topology);
  if (obstacle === undefined) return;
  throw new WeirError(
    'BAD_STATEMENT',
    `Cannot upgrade query ${next.id}, which would go on from its offsets and its state: ${obstacle}.`,
    `TERMINATE ${next.id}, DROP what it writes and create that anew, from the earliest or the latest records.`,
  );
}
