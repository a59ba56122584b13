import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import type { CommandStatusEntity } from './entities.js';

/** ``stream/`NAME`/create``: what a command is known by on the wire. */
export const commandId = (type: string, name: string, action: string): string => `${type}/\`${name}\`/${action}`;

/** A statement that goes to the command log; `before` and `after` do what lies outside the catalog (topics). */
export function command(
  context: StatementContext,
  what: Command,
  answer: { readonly id: string; readonly message: string; readonly queryId?: string | null },
  around: { before?(): Promise<void>; after?(): Promise<void> } = {},
): Prepared {
  return {
    command: what,
    run: async () => {
      await around.before?.();
      const { sequence } = await context.parts.commandLog.append(what, context.sql);
      await around.after?.();
      return status(context, answer, sequence);
    },
  };
}

export function status(
  context: StatementContext,
  answer: { readonly id: string; readonly message: string; readonly queryId?: string | null },
  sequence: number,
): CommandStatusEntity {
  return {
    '@type': 'currentStatus',
    statementText: context.sql,
    commandId: answer.id,
    commandStatus: { status: 'SUCCESS', message: answer.message, queryId: answer.queryId ?? null },
    commandSequenceNumber: sequence,
    warnings: [],
  };
}
