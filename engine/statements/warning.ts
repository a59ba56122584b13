import type { DataSource } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';

/** A statement that does nothing but say why. */
export const warning = ({ sql }: StatementContext, message: string): Prepared => ({
  run: async () => ({ '@type': 'warning_entity', statementText: sql, message, warnings: [] }),
});

/** IF NOT EXISTS on what exists: nothing happens, and the answer says so. */
export function alreadyExists(context: StatementContext, source: DataSource): Prepared {
  const kind = context.catalog.sources.get(source.name)?.kind ?? source.kind;
  return warning(
    context,
    `Cannot add ${source.kind.toLowerCase()} \`${source.name}\`: A ${kind.toLowerCase()} with the same name already exists.`,
  );
}
