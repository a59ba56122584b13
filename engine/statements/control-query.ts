import type { ControlQuery } from '../../parser/ast.js';
import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './logged-command.js';

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

/** TERMINATE of a push query of this node; undefined where the statement names none. */
export function terminatePush(statement: ControlQuery, { parts, sql }: StatementContext): Prepared | undefined {
  const name = statement.queryId?.name.toLowerCase();
  const query = name === undefined ? undefined : parts.pushQueries().find((q) => q.id.toLowerCase() === name);
  if (query === undefined) return undefined;
  return {
    run: async () => ({
      '@type': 'terminate_query',
      statementText: sql,
      queryId: query.id,
      wasTerminated: await parts.closeQuery(query.id),
      warnings: [],
    }),
  };
}
