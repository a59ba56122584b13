import type { Expression, FunctionCall } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { TypedExpr } from '../plan/expr.js';
import { fail } from './errors.js';
import { sameExpr } from './rewrite.js';
import { columnRefs, type Scope } from './scope.js';
import { expressionText, identifierText } from './text.js';

/* What the clauses of a query have in common: how their expressions are shown, where their columns stand, what they refuse. */

export const unqualified = (_source: unknown, name: { readonly name: string }): string => identifierText(name.name);

/** In a join columns are shown as they are called in its rows: `A_ID`. */
export function joinText(node: Expression, scope: Scope): string {
  return expressionText(node, (source, name) => {
    const owner = source?.name ?? scope.bindings.find((b) => b.name === name.name)?.source;
    return identifierText(owner === undefined || owner === '' ? name.name : `${owner}_${name.name}`);
  });
}

/** Where a column stands in an expression; the whole of it where it stands under another name. */
export const placeOf = (column: string, node: Expression): Span =>
  columnRefs(node).find((ref) => identifierText(ref.name.name) === column)?.span ?? node.span;

/** A row has each part of its key once. */
export function refuseTwice(clause: string, nodes: readonly Expression[], keys: readonly TypedExpr[]): void {
  const at = keys.findIndex((k, i) => keys.slice(0, i).some((before) => sameExpr(before, k)));
  if (at < 0) return;
  fail(`Duplicate ${clause} expression: ${expressionText(nodes[at]!, unqualified)}`, nodes[at]!.span, 'Leave it out.');
}

export function refuseIn(clause: string): (node: FunctionCall, kind: 'aggregate' | 'table') => never {
  return (node, kind) =>
    fail(
      `${clause} does not support ${kind} functions: ${node.name.name} is ${kind === 'aggregate' ? 'an aggregate' : 'a table'} function.`,
      node.span,
    );
}
