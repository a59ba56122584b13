/** The SQL parser: what other rooms may use. */
export type * from './ast.js';
export { MAX_NESTING, MAX_SOURCE_LENGTH, MAX_STATEMENTS, MAX_TREE_DEPTH } from './limits.js';
export {
  type ParseOptions,
  parseColumnList,
  parseExpression,
  parseScript,
  parseStatement,
  parseType,
  statementTextOf,
} from './parse.js';
export { printExpression, printIdentifier, printQuery, printType } from './print.js';
export { printStatement } from './print-statement.js';
export { didYouMean, editDistance } from './similar.js';
export {
  excerpt,
  joinSpans,
  NO_SPAN,
  SourceText,
  type Span,
  SqlError,
  type SqlErrorCode,
  type SqlErrorOptions,
} from './source.js';
export { type SplitScript, type StatementSlice, splitStatements, type Tail } from './split.js';
export { isReserved } from './tokens.js';
export { fillVariables, type Substitution, substituteVariables } from './variables.js';
