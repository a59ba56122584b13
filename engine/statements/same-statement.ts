import type { Statement } from '../../parser/ast.js';
import { parseScript, printStatement } from '../../parser/index.js';

/** The same statement, however it is spaced and commented, and whether or not it says OR REPLACE or IF NOT EXISTS. */
export function sameStatement(statement: Statement, sql: string): boolean {
  const [other] = parseScript(sql);
  return other !== undefined && printStatement(plain(other)) === printStatement(plain(statement));
}

const plain = (statement: Statement): Statement =>
  statement.kind === 'CreateSource' || statement.kind === 'CreateAs'
    ? { ...statement, orReplace: false, ifNotExists: false }
    : statement;
