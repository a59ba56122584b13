import type { ResolvedCreateAs } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { windowsOf } from '../plan/topology.js';
import { sourcesOf } from '../planner/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { deployedSource } from './deployed-source.js';
import type { KindsOf } from './kind.js';
import { command, commandId } from './logged-command.js';
import { retentionWarnings, windowRetentionWarnings } from './retention.js';
import { sinkTopic, withPartitions } from './sink-topics.js';
import { alreadyExists } from './warning.js';

/** CREATE STREAM|TABLE name WITH (…) AS SELECT …: a sink and the query that fills it. */
async function createAs(
  resolved: ResolvedCreateAs,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { sink, queryId } = resolved;
  if (change?.kind !== 'createAs') return alreadyExists(context, sink);
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
      warnings: async () => [
        ...windowRetentionWarnings(sink.topic, windowsOf(change.query.topology)[0]),
        ...(await retentionWarnings(
          context,
          sources.map((s) => s.topic.name),
        )),
      ],
    },
  );
}

export const CREATE_AS: KindsOf<'CreateAs'> = {
  CreateAs: {
    effect: 'writes',
    subject: (s) => `${s.sourceKind} ${s.name.name}`,
    prepare: resolving('createAs', createAs),
    ...deployedSource,
  },
};
