import type { ControlQuery } from '../../parser/ast.js';
import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { type KindsOf, notDeployed, type StatementFacts } from './kind.js';
import { command, commandId } from './logged-command.js';

const MESSAGES = { terminate: 'Query terminated.', pause: 'Query paused.', resume: 'Query resumed.' } as const;

/** TERMINATE, PAUSE, RESUME: a query by its id, or ALL. */
async function controlQuery(
  resolved: Extract<ResolvedStatement, { kind: 'controlQuery' }>,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { action, queryId } = resolved;
  return command(context, change!, { id: commandId(action, queryId ?? 'ALL', 'execute'), message: MESSAGES[action] });
}

/** TERMINATE of a push query of this node; undefined where the statement names none. */
function terminatePush(statement: ControlQuery, { parts, sql }: StatementContext): Prepared | undefined {
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

const prepareControl = resolving('controlQuery', controlQuery);

const control: StatementFacts<ControlQuery> = {
  effect: 'writes',
  subject: (s) => s.kind.toUpperCase(),
  prepare: prepareControl,
  deploy: (s) =>
    notDeployed(
      `${s.kind.toUpperCase()} cannot be deployed: it would be repeated at every start.`,
      'Run it from the shell.',
    )(),
};

export const CONTROL_QUERY: KindsOf<'Terminate' | 'Pause' | 'Resume'> = {
  Terminate: {
    ...control,
    prepare: async (statement, context) => terminatePush(statement, context) ?? prepareControl(statement, context),
  },
  Pause: control,
  Resume: control,
};
