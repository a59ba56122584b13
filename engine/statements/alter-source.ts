import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { type KindsOf, notDeployed } from './kind.js';
import { command, commandId } from './logged-command.js';

/** ALTER STREAM|TABLE name ADD COLUMN …. */
async function alterSource(
  resolved: Extract<ResolvedStatement, { kind: 'alterSource' }>,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { source } = resolved;
  const type = source.kind === 'STREAM' ? 'stream' : 'table';
  return command(context, change!, {
    id: commandId(type, source.name, 'alter'),
    message: `${source.kind === 'STREAM' ? 'Stream' : 'Table'} altered`,
  });
}

export const ALTER_SOURCE: KindsOf<'AlterSource'> = {
  AlterSource: {
    effect: 'writes',
    subject: (s) => `ALTER ${s.sourceKind} ${s.name.name}`,
    prepare: resolving('alterSource', alterSource),
    deploy: (s) =>
      notDeployed(
        `ALTER ${s.sourceKind} cannot be deployed: at the next start the column would be there already.`,
        `Write the new column behind the others of CREATE ${s.sourceKind} ${s.name.name}: that adds it.`,
      )(),
  },
};
