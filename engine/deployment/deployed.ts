import type { Statement } from '../../parser/ast.js';
import { parseScript, printStatement } from '../../parser/index.js';
import { resolveType } from '../analyzer/written-types.js';
import { WeirError } from '../base/errors.js';
import type { Catalog } from '../catalog/index.js';
import { printType } from '../values/sql-type.js';

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
    case 'CreateType': {
      const { name } = statement.name;
      const was = catalog.types.get(name);
      if (was === undefined) return { action: 'create', statement };
      const type = resolveType(statement.type, catalog);
      if (!statement.ifNotExists && printType(was) !== printType(type)) {
        throw new WeirError(
          'BAD_STATEMENT',
          `Type ${name} is ${printType(was)} and cannot become ${printType(type)}.`,
          `What was made with it keeps it. Give the new type another name, or DROP TYPE ${name} first.`,
        );
      }
      return { action: 'unchanged', statement };
    }
    case 'InsertValues':
      throw notDeployed(
        'INSERT … VALUES cannot be deployed: it would add its row at every start.',
        'Run it once from the shell, or load a file with weir load.',
      );
    case 'AlterSource':
      throw notDeployed(
        `ALTER ${statement.sourceKind} cannot be deployed: at the next start the column would be there already.`,
        `Write the new column behind the others of CREATE ${statement.sourceKind} ${statement.name.name}: that adds it.`,
      );
    case 'DropSource':
    case 'DropType':
    case 'DropConnector':
      throw notDeployed(
        'DROP cannot be deployed: it would be repeated at every start.',
        'Take away the statement that makes it; weir apply --prune drops streams and tables that are in no file.',
      );
    case 'Terminate':
    case 'Pause':
    case 'Resume':
      throw notDeployed(
        `${statement.kind.toUpperCase()} cannot be deployed: it would be repeated at every start.`,
        'Run it from the shell.',
      );
    case 'Query':
    case 'Print':
      throw notDeployed(
        `${statement.kind === 'Query' ? 'SELECT' : 'PRINT'} cannot be deployed: there is nobody to read its rows.`,
        'CREATE STREAM … AS SELECT and CREATE TABLE … AS SELECT keep a query running.',
      );
    default:
      return { action: 'run', statement };
  }
}

const notDeployed = (message: string, hint: string): WeirError => new WeirError('BAD_STATEMENT', message, hint);

/** The same statement, however it is spaced and commented, and whether or not it says OR REPLACE or IF NOT EXISTS. */
function same(statement: Statement, sql: string): boolean {
  const [other] = parseScript(sql);
  return other !== undefined && printStatement(plain(other)) === printStatement(plain(statement));
}

const plain = (statement: Statement): Statement =>
  statement.kind === 'CreateSource' || statement.kind === 'CreateAs'
    ? { ...statement, orReplace: false, ifNotExists: false }
    : statement;
