import type { Statement } from '../../parser/ast.js';
import { parseScript, printStatement } from '../../parser/index.js';
import type { Catalog } from '../catalog/index.js';
import { WeirError } from '../types/errors.js';

/** The same statement, however it is spaced and commented. */
function same(statement: Statement, sql: string): boolean {
  const [other] = parseScript(sql);
  return other !== undefined && printStatement(other) === printStatement(statement);
}

/**
 * Whether a deployed statement has been applied at an earlier start. Throws BAD_STATEMENT where its name is taken by a
 * source that another statement made, or where applying it at every start would repeat its effect.
 */
export function isApplied(catalog: Catalog, statement: Statement): boolean {
  switch (statement.kind) {
    case 'CreateSource':
    case 'CreateAs': {
      const source = catalog.sources.get(statement.name.name);
      if (source === undefined) return false;
      if (same(statement, source.sql)) return true;
      if (statement.orReplace || statement.ifNotExists) return false;
      throw new WeirError(
        'BAD_STATEMENT',
        `${source.kind === 'STREAM' ? 'Stream' : 'Table'} ${source.name} exists, made by another statement than the one deployed now.`,
        `Drop it first (DROP ${source.kind} ${source.name};), or deploy CREATE OR REPLACE. It was made by: ${source.sql}`,
      );
    }
    case 'InsertInto':
      return [...catalog.queries.values()].some((q) => q.kind === 'INSERT' && same(statement, q.sql));
    case 'CreateType':
      return catalog.types.has(statement.name.name);
    case 'InsertValues':
      throw new WeirError(
        'BAD_STATEMENT',
        'INSERT … VALUES cannot be deployed: it would add its row at every start.',
        'Run it once from the shell, or load a file with weir load.',
      );
    default:
      return false;
  }
}
