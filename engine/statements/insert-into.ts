import type { ResolvedInsertInto } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';
import { command, commandId } from './logged-command.js';
import { sameStatement } from './same-statement.js';

/** INSERT INTO target SELECT …: a further query that writes an existing stream. */
async function insertInto(
  { queryId }: ResolvedInsertInto,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  return command(context, change!, {
    id: commandId('stream', queryId, 'create'),
    message: `Created query with ID ${queryId}`,
    queryId,
  });
}

export const INSERT_INTO: KindsOf<'InsertInto'> = {
  InsertInto: {
    effect: 'writes',
    subject: (s) => `INSERT INTO ${s.target.name}`,
    prepare: resolving('insertInto', insertInto),
    deploy: (statement, catalog) => {
      const query = [...catalog.queries.values()].find((q) => q.kind === 'INSERT' && sameStatement(statement, q.sql));
      return query === undefined
        ? { action: 'create', statement }
        : { action: 'unchanged', statement, queryId: query.id };
    },
  },
};
