/** Bounds on depth, checked without recursion: before the recursive parse on tokens, after it on the tree. */
import type { IToken } from 'chevrotain';
import type { Node } from './ast.js';
import { MAX_NESTING, MAX_TREE_DEPTH } from './limits.js';
import { type SourceText, SqlError } from './source.js';
import { Comma, Greater, KEYWORDS, LambdaArrow, LBracket, Less, LParen, RBracket, RParen } from './tokens.js';

const ARRAY = KEYWORDS.get('ARRAY');
const MAP = KEYWORDS.get('MAP');
const STRUCT = KEYWORDS.get('STRUCT');
const CASE = KEYWORDS.get('CASE');
const END = KEYWORDS.get('END');
const EXPLAIN = KEYWORDS.get('EXPLAIN');

/** Throws where the tokens of one statement nest deeper than the recursive parser may go. */
export function checkNesting(source: SourceText, tokens: readonly IToken[]): void {
  let depth = 0;
  // A lambda ends at the next comma or with the bracket around it: how many are open in each bracket.
  const lambdas: number[] = [0];
  let types = 0;
  tokens.forEach((token, index) => {
    const type = token.tokenType;
    if (type === LParen || type === LBracket) {
      depth++;
      lambdas.push(0);
    } else if (type === RParen || type === RBracket) {
      if (lambdas.length > 1) depth -= 1 + (lambdas.pop() as number);
    } else if (type === LambdaArrow) {
      depth++;
      lambdas[lambdas.length - 1]!++;
    } else if (type === Comma) {
      depth -= lambdas[lambdas.length - 1]!;
      lambdas[lambdas.length - 1] = 0;
    } else if (type === CASE || (type === EXPLAIN && index === depth)) {
      depth++;
    } else if (type === END) {
      depth = Math.max(0, depth - 1);
    } else if (type === Less && isTypeWord(tokens[index - 1])) {
      types++;
      depth++;
    } else if (type === Greater && types > 0) {
      types--;
      depth--;
    }
    if (depth > MAX_NESTING) throw tooDeep(source, token);
  });
}

function isTypeWord(token: IToken | undefined): boolean {
  const type = token?.tokenType;
  return type !== undefined && (type === ARRAY || type === MAP || type === STRUCT);
}

function tooDeep(source: SourceText, token: IToken): SqlError {
  const span = source.span(token.startOffset, (token.endOffset as number) + 1);
  return new SqlError({
    code: 'NESTING_TOO_DEEP',
    message: `line ${span.line}:${span.column}: The statement nests deeper than ${MAX_NESTING} levels.`,
    span,
    hint: 'Split the expression: let one query compute its inner part as a column.',
  });
}

/**
 * Throws where the tree is deeper than those who walk it by recursion may go, as `a + a + a + …` makes it. A tree cannot
 * be deeper than its statement has tokens (times the few nodes a token may make), so short statements cost nothing.
 */
export function checkTreeDepth(root: Node, tokenCount: number): void {
  if (tokenCount < MAX_TREE_DEPTH / 2) return;
  const open: { readonly node: object; readonly depth: number }[] = [{ node: root, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    if (depth > MAX_TREE_DEPTH) {
      const { span } = node as Node;
      throw new SqlError({
        code: 'NESTING_TOO_DEEP',
        message: `line ${span.line}:${span.column}: The expression chains more than ${MAX_TREE_DEPTH} operators.`,
        span,
        hint: 'Many alternatives for one value are shorter, and faster, with IN (…).',
      });
    }
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) open.push({ node: item as object, depth: depth + 1 });
      } else if (typeof value === 'object' && value !== null && 'kind' in value) {
        open.push({ node: value as object, depth: depth + 1 });
      }
    }
  }
}
