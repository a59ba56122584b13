import type { ResolvedStatement } from '../analyzer/index.js';
import { messageOf } from '../base/errors.js';
import type { Command } from '../catalog/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { dropsNothing, type KindsOf } from './kind.js';
import { command, commandId } from './logged-command.js';

type ResolvedDrop = Extract<ResolvedStatement, { kind: 'dropSource' }>;

/** DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC]. */
async function dropSource(
  resolved: ResolvedDrop,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { source, name, sourceKind } = resolved;
  const topic = source?.topic.name;
  return command(
    context,
    change!,
    {
      id: commandId(sourceKind.toLowerCase(), name, 'drop'),
      message:
        source === null ? `Source \`${name}\` does not exist.` : `Source \`${name}\` (topic: ${topic}) was dropped.`,
    },
    {
      after: async () => {
        if (!resolved.deleteTopic || topic === undefined) return;
        // The source is gone already: a topic that cannot be deleted is told, not undone.
        try {
          await context.parts.log.deleteTopics([topic]);
        } catch (e) {
          context.parts.logger.error({ err: e, topic }, `the topic of ${name} could not be deleted: ${messageOf(e)}`);
          throw e;
        }
      },
    },
  );
}

export const DROP_SOURCE: KindsOf<'DropSource'> = {
  DropSource: {
    effect: 'writes',
    subject: (s) => `DROP ${s.sourceKind} ${s.name.name}`,
    prepare: resolving('dropSource', dropSource),
    deploy: dropsNothing,
  },
};
