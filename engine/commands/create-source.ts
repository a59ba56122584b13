import type { ResolvedCreateSource } from '../analyzer/index.js';
import { planSourceTable } from '../planner/index.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './status.js';
import { sourceTopic } from './topics.js';
import { alreadyExists } from './warning.js';

/** CREATE [SOURCE] STREAM|TABLE name (columns) WITH (…). */
export async function createSource(resolved: ResolvedCreateSource, context: StatementContext): Promise<Prepared> {
  const { source } = resolved;
  if (resolved.exists) return alreadyExists(context, source);
  const makeTopic = await sourceTopic(context, source);
  const query = resolved.queryId === null ? null : planSourceTable(resolved, context);
  const type = source.kind === 'STREAM' ? 'stream' : 'table';
  return command(
    context,
    { kind: 'createSource', source, query, orReplace: resolved.orReplace, ifNotExists: resolved.ifNotExists },
    {
      id: commandId(type, source.name, 'create'),
      message:
        query === null
          ? `${source.kind === 'STREAM' ? 'Stream' : 'Table'} created`
          : `Created query with ID ${query.id}`,
      queryId: query?.id ?? null,
    },
    { before: makeTopic },
  );
}
