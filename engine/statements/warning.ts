import type { DataSource } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';

/** IF NOT EXISTS on what exists: nothing happens, and the answer says so. */
export function alreadyExists(context: StatementContext, source: DataSource): Prepared {
  const kind = context.catalog.sources.get(source.name)?.kind ?? source.kind;
  return {
    run: async () => ({
      '@type': 'warning_entity',
      statementText: context.sql,
      message: `Cannot add ${source.kind.toLowerCase()} \`${source.name}\`: A ${kind.toLowerCase()} with the same name already exists.`,
      warnings: [],
    }),
  };
}
