import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './logged-command.js';

/** ALTER STREAM|TABLE name ADD COLUMN …. */
export async function alterSource(
  resolved: Extract<ResolvedStatement, { kind: 'alterSource' }>,
  change: Command,
  context: StatementContext,
): Promise<Prepared> {
  const { source } = resolved;
  const type = source.kind === 'STREAM' ? 'stream' : 'table';
  return command(context, change, {
    id: commandId(type, source.name, 'alter'),
    message: `${source.kind === 'STREAM' ? 'Stream' : 'Table'} altered`,
  });
}
