import type { Expression, Query, Statement } from '../../parser/ast.js';
import { type ParseOptions, parseScript, parseStatement, SqlError } from '../../parser/index.js';

/** Everything that the parser can be told to take. */
export const ALL: ParseOptions = { orderBy: true, runScript: true, testStatements: true };

/** A tree without its spans, and without the wrapper keys that only they fill. */
export function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      key === 'span' || inner === undefined ? [] : [[key, bare(inner)]],
    ),
  );
}

export function errorOf(act: () => unknown): SqlError {
  try {
    act();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

export function syntaxErrorOf(sql: string, options: ParseOptions = {}): SqlError {
  return errorOf(() => parseScript(sql, options));
}

export function statement<K extends Statement['kind']>(kind: K, sql: string): Extract<Statement, { readonly kind: K }> {
  const parsed = parseStatement(sql, ALL);
  if (parsed.kind !== kind) throw new Error(`${sql} is a ${parsed.kind}, not a ${kind}`);
  return parsed as Extract<Statement, { readonly kind: K }>;
}

export function query(sql: string): Query {
  return statement('Query', sql);
}

/** A name as it comes from unquoted text. */
export function id(name: string, quoted = false): { kind: 'Identifier'; name: string; quoted: boolean } {
  return { kind: 'Identifier', name, quoted };
}

export function column(name: string): { kind: 'ColumnRef'; name: ReturnType<typeof id> } {
  return { kind: 'ColumnRef', name: id(name) };
}

/** Expressions in brackets, so that precedence can be read: `((a + b) * c)`. */
export function shape(e: Expression): string {
  switch (e.kind) {
    case 'ColumnRef':
      return e.source === undefined ? e.name.name.toLowerCase() : `${e.source.name}.${e.name.name}`.toLowerCase();
    case 'IntegerLiteral':
    case 'BigintLiteral':
      return String(e.value);
    case 'StringLiteral':
      return `'${e.value}'`;
    case 'Arithmetic':
    case 'Comparison':
    case 'Logical':
      return `(${shape(e.left)} ${e.operator} ${shape(e.right)})`;
    case 'Concat':
      return `(${shape(e.left)} || ${shape(e.right)})`;
    case 'Not':
      return `(NOT ${shape(e.operand)})`;
    case 'Unary':
      return `(${e.operator}${shape(e.operand)})`;
    case 'IsNull':
      return `(${shape(e.operand)} IS ${e.negated ? 'NOT ' : ''}NULL)`;
    case 'Between':
      return `(${shape(e.operand)} ${e.negated ? 'NOT ' : ''}BETWEEN ${shape(e.low)} AND ${shape(e.high)})`;
    case 'StructAccess':
      return `${shape(e.base)}->${e.field.name.toLowerCase()}`;
    case 'Subscript':
      return `${shape(e.base)}[${shape(e.index)}]`;
    case 'AtTimeZone':
      return `(${shape(e.operand)} @ ${shape(e.zone)})`;
    case 'FunctionCall':
      return `${e.name.name.toLowerCase()}(${e.star ? '*' : e.args.map(shape).join(', ')})`;
    case 'Lambda':
      return `{${e.params.map((p) => p.name.toLowerCase()).join(' ')}: ${shape(e.body)}}`;
    default:
      return e.kind;
  }
}
