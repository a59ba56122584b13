import type { ResolvedStatement } from '../analyzer/index.js';
import { resolveType } from '../analyzer/written-types.js';
import { WeirError } from '../base/errors.js';
import type { Command } from '../catalog/index.js';
import { printType } from '../values/sql-type.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { dropsNothing, type KindsOf } from './kind.js';
import { command, commandId } from './logged-command.js';

/** CREATE TYPE [IF NOT EXISTS] name AS type. */
async function createType(
  resolved: Extract<ResolvedStatement, { kind: 'createType' }>,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { name, type, exists } = resolved;
  return command(context, change!, {
    id: commandId('type', name, 'create'),
    message: exists
      ? `${name} is already registered.`
      : `Registered custom type with name '${name}' and SQL type ${printType(type)}`,
  });
}

/** DROP TYPE [IF EXISTS] name. */
async function dropType(
  resolved: Extract<ResolvedStatement, { kind: 'dropType' }>,
  change: Command | undefined,
  context: StatementContext,
): Promise<Prepared> {
  const { name, exists } = resolved;
  return command(context, change!, {
    id: commandId('type', name, 'drop'),
    message: exists ? `Dropped type '${name}'` : `Type '${name}' does not exist`,
  });
}

export const CUSTOM_TYPES: KindsOf<'CreateType' | 'DropType'> = {
  CreateType: {
    effect: 'writes',
    subject: (s) => `TYPE ${s.name.name}`,
    prepare: resolving('createType', createType),
    deploy: (statement, catalog) => {
      const { name } = statement.name;
      const was = catalog.types.get(name);
      if (was === undefined) return { action: 'create', statement };
      const type = resolveType(statement.type, catalog);
      if (!statement.ifNotExists && printType(was) !== printType(type)) {
        throw new WeirError(
          'BAD_STATEMENT',
          `Type ${name} is ${printType(was)} and cannot become ${printType(type)}.`,
          `Streams and tables that were made with it keep the old type. Give the new type another name, or DROP TYPE ${name} first.`,
        );
      }
      return { action: 'unchanged', statement };
    },
    defines: ({ name, ifNotExists }) => ({ kind: 'type', name: name.name, mayExist: ifNotExists }),
  },
  DropType: {
    effect: 'writes',
    subject: () => 'DROP TYPE',
    prepare: resolving('dropType', dropType),
    deploy: dropsNothing,
  },
};
