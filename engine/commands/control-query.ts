import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './status.js';

const MESSAGES = { terminate: 'Query terminated.', pause: 'Query paused.', resume: 'Query resumed.' } as const;

/** TERMINATE, PAUSE, RESUME: a query by its id, or ALL. */
export async function controlQuery(
  resolved: Extract<ResolvedStatement, { kind: 'controlQuery' }>,
  change: Command,
  context: StatementContext,
): Promise<Prepared> {
  const { action, queryId } = resolved;
  return command(context, change, { id: commandId(action, queryId ?? 'ALL', 'execute'), message: MESSAGES[action] });
}
