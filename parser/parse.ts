/** Text to syntax tree. */
import type { CstNode, IToken } from 'chevrotain';
import type { ColumnDef, Expression, Node, Statement, TypeNode } from './ast.js';
import { buildExpression } from './build/expression.js';
import { buildColumnDefs, buildSingleStatement } from './build/statement.js';
import { buildType } from './build/type.js';
import { misplacedStatement, statementText, toSyntaxError } from './errors.js';
import { runRule, type StartRule, StatementGrammar } from './grammar/statement.js';
import { tokenize } from './lexer.js';
import { MAX_SOURCE_LENGTH, MAX_STATEMENTS, MAX_TOKENS } from './limits.js';
import { checkNesting, checkTreeDepth } from './nesting.js';
import { SourceText, SqlError } from './source.js';
import { kw, Semicolon } from './tokens.js';

/** What is taken beyond what ksqlDB's server takes. */
export interface ParseOptions {
  /** ORDER BY, OFFSET and DISTINCT in queries; true by default. */
  readonly orderBy?: boolean;
  /** RUN SCRIPT, which only the shell can carry out. */
  readonly runScript?: boolean;
  /** ASSERT VALUES, NULL VALUES, STREAM and TABLE, which belong to the test runner. */
  readonly testStatements?: boolean;
}

/** Made on first use and kept: making it costs some 30 ms, parsing a statement well under one. */
let shared: StatementGrammar | undefined;

/**
 * All statements of a script, in order. Bare semicolons are skipped; the last statement needs none.
 * Throws `SqlError`: SYNTAX_ERROR, NUMBER_OUT_OF_RANGE, WRONG_KEY_KIND, NESTING_TOO_DEEP, SOURCE_TOO_LONG,
 * TOO_MANY_STATEMENTS.
 */
export function parseScript(text: string, options: ParseOptions = {}): Statement[] {
  return parseScriptWith(grammar(), text, options);
}

/** The one statement of a text; an error if there is none, or more than one. Throws as `parseScript`. */
export function parseStatement(text: string, options: ParseOptions = {}): Statement {
  const statements = parseScript(text, options);
  const [first, second] = statements;
  if (first !== undefined && second === undefined) return first;
  const source = new SourceText(text);
  const span = second === undefined ? source.span(0, 0) : second.span;
  throw new SqlError({
    code: 'SYNTAX_ERROR',
    message:
      `line ${span.line}:${span.column}: Syntax Error\n` +
      (statements.length === 0 ? 'No statement is given.' : 'One statement is expected, and another one follows it.'),
    span,
  });
}

/** An expression that is the whole text. Throws as `parseScript`. */
export function parseExpression(text: string): Expression {
  return parseWhole(text, 'expression', buildExpression);
}

/** A type that is the whole text. Throws as `parseScript`. */
export function parseType(text: string): TypeNode {
  return parseWhole(text, 'type', buildType);
}

/** A schema: `ID INT KEY, NAME STRING`. Throws as `parseScript`. */
export function parseColumnList(text: string): ColumnDef[] {
  return parseWhole(text, 'columnDefs', buildColumnDefs);
}

/** The slice of the script that a statement came from, with its semicolon. */
export function statementTextOf(script: string, statement: Statement): string {
  return script.slice(statement.span.start, statement.span.end);
}

/** `parseScript` with a grammar of one's own: tests count its steps. */
export function parseScriptWith(parser: StatementGrammar, text: string, options: ParseOptions = {}): Statement[] {
  const source = checkLength(text);
  const slices = sliceAtSemicolons(tokenize(source));
  const beyond = slices[MAX_STATEMENTS]?.[0];
  if (beyond !== undefined) {
    throw new SqlError({
      code: 'TOO_MANY_STATEMENTS',
      message: `A script can have ${MAX_STATEMENTS} statements; this one has ${slices.length}.`,
      span: source.span(beyond.startOffset, beyond.startOffset + 1),
      hint: 'Split the script.',
    });
  }
  parser.setDialect({ orderBy: options.orderBy !== false });
  const disabled = disabledRules(options);
  return slices.map((tokens) => {
    checkDialect(source, tokens, options);
    return parseTokens(parser, source, 'singleStatement', tokens, buildSingleStatement, disabled);
  });
}

function grammar(): StatementGrammar {
  shared ??= new StatementGrammar();
  return shared;
}

function checkLength(text: string): SourceText {
  if (text.length > MAX_SOURCE_LENGTH) {
    throw new SqlError({
      code: 'SOURCE_TOO_LONG',
      message: `The text has ${text.length} characters; at most ${MAX_SOURCE_LENGTH} are taken at once.`,
      hint: 'Split the script.',
    });
  }
  return new SourceText(text);
}

function checkCount(source: SourceText, tokens: readonly IToken[]): void {
  const beyond = tokens[MAX_TOKENS];
  if (beyond === undefined) return;
  throw new SqlError({
    code: 'SOURCE_TOO_LONG',
    message: `The statement has ${tokens.length} words, values and signs; at most ${MAX_TOKENS} are taken.`,
    span: source.span(beyond.startOffset, beyond.startOffset + 1),
    hint: 'Split the statement, or put what it lists into a table and join it.',
  });
}

/** A semicolon ends its statement and belongs to it; empty statements are dropped. */
function sliceAtSemicolons(tokens: readonly IToken[]): IToken[][] {
  const slices: IToken[][] = [];
  let slice: IToken[] = [];
  for (const token of tokens) {
    const ends = token.tokenType === Semicolon;
    if (ends && slice.length === 0) continue;
    slice.push(token);
    if (ends) {
      slices.push(slice);
      slice = [];
    }
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}

const NONE: ReadonlySet<string> = new Set();

function parseWhole<T extends Node | readonly Node[]>(text: string, rule: StartRule, build: (node: CstNode) => T): T {
  const source = checkLength(text);
  return parseTokens(grammar(), source, rule, tokenize(source), build, NONE);
}

function parseTokens<T extends Node | readonly Node[]>(
  parser: StatementGrammar,
  source: SourceText,
  rule: StartRule,
  tokens: IToken[],
  build: (node: CstNode) => T,
  disabled: ReadonlySet<string>,
): T {
  try {
    checkCount(source, tokens);
    checkNesting(source, tokens);
    parser.input = tokens;
    const node = runRule(parser, rule);
    const [error] = parser.errors;
    if (error !== undefined) {
      throw toSyntaxError({ source, grammar: parser, rule, tokens, token: error.token, disabled });
    }
    const tree = build(node);
    for (const root of (Array.isArray(tree) ? tree : [tree]) as Node[]) checkTreeDepth(root, tokens.length);
    return tree;
  } catch (error) {
    if (!(error instanceof SqlError) || error.statement !== undefined) throw error;
    throw withStatementText(error, statementText(source, tokens));
  } finally {
    // The grammar outlives the statement; its tokens need not.
    parser.input = [];
  }
}

function withStatementText(error: SqlError, statement: string): SqlError {
  const { code, brief, explanation, span, hint, expected, cause } = error;
  return new SqlError({ code, message: brief, explanation, span, hint, expected, statement, cause });
}

const RUN = kw('RUN');
const SCRIPT = kw('SCRIPT');
const ASSERT = kw('ASSERT');
const TEST_ASSERTIONS: ReadonlySet<unknown> = new Set(['VALUES', 'NULL', 'STREAM', 'TABLE'].map(kw));

function disabledRules(options: ParseOptions): ReadonlySet<string> {
  return new Set([
    ...(options.orderBy !== false ? [] : ['orderByClause', 'offsetClause']),
    ...(options.runScript === true ? [] : ['runScript']),
    ...(options.testStatements === true ? [] : ['assertValues', 'assertNullValues', 'assertSource']),
  ]);
}

/** Statements known to the grammar that the caller cannot carry out are errors in ksqlDB's words. */
function checkDialect(source: SourceText, tokens: readonly IToken[], options: ParseOptions): void {
  const [first, second] = tokens as readonly (IToken | undefined)[];
  if (first?.tokenType === RUN && second?.tokenType === SCRIPT && options.runScript !== true) {
    throw misplacedStatement(
      source,
      tokens,
      0,
      `Unknown statement '${first.image}'`,
      'RUN SCRIPT is a command of the shell: the server does not read files.',
    );
  }
  if (first?.tokenType === ASSERT && TEST_ASSERTIONS.has(second?.tokenType) && options.testStatements !== true) {
    const { image, startLine, startColumn } = second as IToken;
    throw misplacedStatement(
      source,
      tokens,
      1,
      `Syntax error at or near '${image}' at line ${startLine}:${startColumn}`,
      `ASSERT ${image.toUpperCase()} belongs to test scripts; the server knows ASSERT TOPIC and ASSERT SCHEMA.`,
    );
  }
}
