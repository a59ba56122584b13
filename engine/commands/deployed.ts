import type { Statement } from '../../parser/ast.js';
import { parseScript, printStatement } from '../../parser/index.js';
import type { Catalog } from '../catalog/index.js';
import { WeirError } from '../types/errors.js';

export interface Decision {
  readonly action: 'unchanged' | 'create' | 'replace' | 'run';
  /** What is to be run: a changed CREATE as CREATE OR REPLACE. */
  readonly statement: Statement;
  /** INSERT INTO … SELECT that runs: its query. */
  readonly queryId?: string;
}

/**
 * What is to be done for a statement of the deployed files, given what there is. Throws BAD_STATEMENT for one that would
 * repeat its effect at every start, and for a type that would become another.
 */
export function decide(catalog: Catalog, statement: Statement): Decision {
  switch (statement.kind) {
    case 'CreateSource':
    case 'CreateAs': {
      const source = catalog.sources.get(statement.name.name);
      if (source === undefined) return { action: 'create', statement };
      if (statement.ifNotExists || same(statement, source.sql)) return { action: 'unchanged', statement };
      return { action: 'replace', statement: { ...statement, orReplace: true } };
    }
    case 'InsertInto': {
      const query = [...catalog.queries.values()].find((q) => q.kind === 'INSERT' && same(statement, q.sql));
      return query === undefined
        ? { action: 'create', statement }
        : { action: 'unchanged', statement, queryId: query.id };
    }
    case 'CreateType':
      return { action: catalog.types.has(statement.name.name) ? 'unchanged' : 'create', statement };
    case 'InsertValues':
      throw new WeirError(
        'BAD_STATEMENT',
        'INSERT … VALUES cannot be deployed: it would add its row at every start.',
        'Run it once from the shell, or load a file with weir load.',
      );
    default:
      return { action: 'run', statement };
  }
}

/** The same statement, however it is spaced and commented, and whether or not it says OR REPLACE or IF NOT EXISTS. */
function same(statement: Statement, sql: string): boolean {
  const [other] = parseScript(sql);
  return other !== undefined && printStatement(plain(other)) === printStatement(plain(statement));
}

const plain = (statement: Statement): Statement =>
  statement.kind === 'CreateSource' || statement.kind === 'CreateAs'
    ? { ...statement, orReplace: false, ifNotExists: false }
    : statement;
