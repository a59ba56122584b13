/** Reading Chevrotain's concrete syntax tree: children by name, spans, the leaf values. */
import type { CstNode, IToken } from 'chevrotain';
import type { Identifier } from '../ast.js';
import { type Span, SqlError } from '../source.js';
import { QuotedIdentifier } from '../tokens.js';

/** The first token of a kind, if it is there; the kind is the name the grammar consumed it by. */
export function tok(node: CstNode, name: string): IToken | undefined {
  return node.children[name]?.[0] as IToken | undefined;
}

export function has(node: CstNode, name: string): boolean {
  return node.children[name] !== undefined;
}

export function toks(node: CstNode, ...names: readonly string[]): IToken[] {
  const found: IToken[] = [];
  for (const name of names) {
    const tokens = node.children[name] as IToken[] | undefined;
    // One by one: a megabyte of SQL has more tokens than a call may have arguments.
    for (const t of tokens ?? []) found.push(t);
  }
  // Children are grouped by kind; what stood in between is found by place.
  return names.length > 1 ? found.sort((a, b) => a.startOffset - b.startOffset) : found;
}

export function opt(node: CstNode, rule: string): CstNode | undefined {
  return node.children[rule]?.[0] as CstNode | undefined;
}

export function subs(node: CstNode, rule: string): readonly CstNode[] {
  return (node.children[rule] ?? []) as CstNode[];
}

/** A child that the grammar guarantees. */
export function sub(node: CstNode, rule: string): CstNode {
  return required(opt(node, rule), node, rule);
}

export function need(node: CstNode, name: string): IToken {
  return required(tok(node, name), node, name);
}

function required<T>(child: T | undefined, node: CstNode, name: string): T {
  if (child === undefined) throw new Error(`syntax tree: ${node.name} has no ${name}`);
  return child;
}

/** The only child rule of a node that is a choice between rules. */
export function choice(node: CstNode): CstNode {
  for (const name in node.children) {
    const child = node.children[name]?.[0];
    if (child !== undefined && 'children' in child) return child;
  }
  throw new Error(`syntax tree: ${node.name} is empty`);
}

/** The only token of a node that is a choice between tokens. */
export function leaf(node: CstNode): IToken {
  for (const name in node.children) {
    const child = node.children[name]?.[0];
    if (child !== undefined && !('children' in child)) return child;
  }
  throw new Error(`syntax tree: ${node.name} has no token`);
}

export function spanOf(node: CstNode): Span {
  const at = node.location;
  if (at === undefined) throw new Error(`syntax tree: ${node.name} has no place`);
  return {
    start: at.startOffset,
    end: (at.endOffset as number) + 1,
    line: at.startLine as number,
    column: at.startColumn as number,
  };
}

export function spanOfToken(token: IToken): Span {
  return {
    start: token.startOffset,
    end: (token.endOffset as number) + 1,
    line: token.startLine as number,
    column: token.startColumn as number,
  };
}

export function toIdentifier(token: IToken): Identifier {
  const quoted = token.tokenType === QuotedIdentifier;
  return {
    kind: 'Identifier',
    name: quoted ? unquote(token.image) : token.image.toUpperCase(),
    quoted,
    span: spanOfToken(token),
  };
}

/** The name in an `identifier` rule. */
export function identifier(node: CstNode): Identifier {
  return toIdentifier(need(node, 'Name'));
}

/** Text between quotes of any sort, doubled quotes made single. */
export function unquote(image: string): string {
  const quote = image.slice(0, 1);
  const inner = image.slice(1, -1);
  return inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner;
}

/** A fault that the grammar lets through and the tree does not. */
export function syntaxError(span: Span, detail: string, hint?: string): SqlError {
  return new SqlError({
    code: 'SYNTAX_ERROR',
    message: `line ${span.line}:${span.column}: Syntax Error\n${detail}`,
    span,
    hint,
  });
}

/** A count: LIMIT, a duration, a type's parameter. */
export function toCount(token: IToken): number {
  const value = Number(token.image);
  if (!Number.isSafeInteger(value))
    throw numberOutOfRange(spanOfToken(token), `Invalid numeric literal: ${token.image}`);
  return value;
}

/** ksqlDB counts this error's column from 2, and its clients compare the text. */
export function numberOutOfRange(span: Span, detail: string): SqlError {
  return new SqlError({
    code: 'NUMBER_OUT_OF_RANGE',
    message: `Failed to prepare statement: line ${span.line}:${span.column + 1}: ${detail}`,
    span,
  });
}
