import type { ResolvedStatement } from '../analyzer/index.js';
import type { Command } from '../catalog/index.js';
import { printType } from '../values/sql-type.js';
import type { Prepared, StatementContext } from './context.js';
import { command, commandId } from './logged-command.js';

/** CREATE TYPE [IF NOT EXISTS] name AS type. */
export async function createType(
  resolved: Extract<ResolvedStatement, { kind: 'createType' }>,
  change: Command,
  context: StatementContext,
): Promise<Prepared> {
  const { name, type, exists } = resolved;
  return command(context, change, {
    id: commandId('type', name, 'create'),
    message: exists
      ? `${name} is already registered.`
      : `Registered custom type with name '${name}' and SQL type ${printType(type)}`,
  });
}

/** DROP TYPE [IF EXISTS] name. */
export async function dropType(
  resolved: Extract<ResolvedStatement, { kind: 'dropType' }>,
  change: Command,
  context: StatementContext,
): Promise<Prepared> {
  const { name, exists } = resolved;
  return command(context, change, {
    id: commandId('type', name, 'drop'),
    message: exists ? `Dropped type '${name}'` : `Type '${name}' does not exist`,
  });
}
