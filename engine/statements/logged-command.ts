import type { CommandStatusEntity, EntityWarning } from '../api/entities.js';
import type { Command } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import { assumed, registerSchemas, schemaNeeds, withSchemas } from './statement-schemas.js';

/** ``stream/`NAME`/create``: what a command is known by on the wire. */
export const commandId = (type: string, name: string, action: string): string => `${type}/\`${name}\`/${action}`;

/** A statement that goes to the command log; `before` and `after` do what lies outside the catalog (topics).
 * The schemas of what is written are registered between `before` and the command. */
export function command(
  context: StatementContext,
  what: Command,
  answer: { readonly id: string; readonly message: string; readonly queryId?: string | null },
  around: {
    before?(): Promise<void>;
    after?(): Promise<void>;
    warnings?(): Promise<readonly EntityWarning[]>;
  } = {},
): Prepared {
  const { registry, commandLog } = context.parts;
  const needs = schemaNeeds(what, context.catalog);
  return {
    // On a snapshot nothing is registered: what comes after sees the schemas all the same.
    command: withSchemas(what, assumed(needs)),
    run: async () => {
      await around.before?.();
      const final = withSchemas(what, await registerSchemas(needs, registry));
      const { sequence } = await commandLog.append(final, context.sql, answer);
      await around.after?.();
      return { ...status(context, answer, sequence), warnings: (await around.warnings?.()) ?? [] };
    },
  };
}

function status(
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
