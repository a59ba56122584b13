import type { ResolvedCreateSource } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { deployedSource } from './deployed-source.js';
import type { KindsOf } from './kind.js';
import { command, commandId } from './logged-command.js';
import { retentionWarnings } from './retention.js';
import { sourceTopic, withPartitions } from './sink-topics.js';
import { alreadyExists } from './warning.js';

/** CREATE [SOURCE] STREAM|TABLE name (columns) WITH (…). */
async function createSource(
  resolved: ResolvedCreateSource,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { source, queryId } = resolved;
  if (change?.kind !== 'createSource') return alreadyExists(context, source);
  const topic = await sourceTopic(context, source);
  const created = `${source.kind === 'STREAM' ? 'Stream' : 'Table'} created`;
  return command(
    context,
    withPartitions(change, topic.partitions),
    {
      id: commandId(source.kind.toLowerCase(), source.name, 'create'),
      message: queryId === null ? created : `Created query with ID ${queryId}`,
      queryId,
    },
    { before: topic.make, warnings: () => retentionWarnings(context, [source.topic.name]) },
  );
}

export const CREATE_SOURCE: KindsOf<'CreateSource'> = {
  CreateSource: {
    effect: 'writes',
    subject: (s) => `${s.sourceKind} ${s.name.name}`,
    prepare: resolving('createSource', createSource),
    ...deployedSource,
  },
};
