import type { ResolvedInsertInto } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './logged-command.js';

/** INSERT INTO target SELECT …: a further query that writes an existing stream. */
export async function insertInto(
  { queryId }: ResolvedInsertInto,
  change: Command,
  context: StatementContext,
): Promise<Prepared> {
  return command(context, change, {
    id: commandId('stream', queryId, 'create'),
    message: `Created query with ID ${queryId}`,
    queryId,
  });
}
