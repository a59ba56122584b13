import type { ResolvedInsertInto } from '../analyzer/index.js';
import { planPersistent } from '../planner/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './status.js';

/** INSERT INTO target SELECT …: a further query that writes an existing stream. */
export async function insertInto(resolved: ResolvedInsertInto, context: StatementContext): Promise<Prepared> {
  const query = planPersistent(resolved, context);
  return command(
    context,
    { kind: 'insertInto', query },
    {
      id: commandId('stream', query.id, 'create'),
      message: `Created query with ID ${query.id}`,
      queryId: query.id,
    },
  );
}
