/** Expressions: CST to tree. Flat lists of operators get their precedence here, without recursion along a chain. */
import type { CstNode, IToken } from 'chevrotain';
import type {
  ArithmeticOperator,
  Comparison,
  ComparisonOperator,
  Expression,
  Identifier,
  Literal,
  TimeUnit,
  WhenClause,
} from '../ast.js';
import { joinSpans, type Span } from '../source.js';
import {
  has,
  identifier,
  leaf,
  need,
  numberOutOfRange,
  opt,
  spanOf,
  spanOfToken,
  sub,
  subs,
  syntaxError,
  tok,
  toks,
  unquote,
} from './cst.js';
import { buildType } from './type.js';

export const UNITS: ReadonlyMap<string, TimeUnit> = new Map(
  (['MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS', 'WEEKS', 'MONTHS', 'YEARS'] as const).flatMap(
    (unit): [string, TimeUnit][] => [
      [unit, unit],
      [unit.slice(0, -1), unit],
    ],
  ),
);

export function buildExpression(node: CstNode): Expression {
  const operands = subs(node, 'negation');
  if (operands.length === 1) return buildNegation(operands[0]!);
  return foldLeft(operands.map(buildNegation), toks(node, 'AND', 'OR'), (operator, left, right, span) => ({
    kind: 'Logical',
    operator: operator === 'AND' ? 'AND' : 'OR',
    left,
    right,
    span,
  }));
}

const PRECEDENCE: Readonly<Record<string, number>> = {
  OR: 1,
  AND: 2,
  '||': 1,
  '+': 2,
  '-': 2,
  '*': 3,
  '/': 3,
  '%': 3,
};

/** Left-associative operators by precedence, with two stacks. */
function foldLeft(
  operands: readonly Expression[],
  operators: readonly IToken[],
  make: (operator: string, left: Expression, right: Expression, span: Span) => Expression,
): Expression {
  const done: Expression[] = [operands[0]!];
  const waiting: string[] = [];
  const reduce = (): void => {
    const right = done.pop() as Expression;
    const left = done.pop() as Expression;
    done.push(make(waiting.pop() as string, left, right, joinSpans(left.span, right.span)));
  };
  operators.forEach((token, index) => {
    const operator = token.image.toUpperCase();
    while (waiting.length > 0 && PRECEDENCE[waiting[waiting.length - 1]!]! >= PRECEDENCE[operator]!) reduce();
    waiting.push(operator);
    done.push(operands[index + 1]!);
  });
  while (waiting.length > 0) reduce();
  return done[0]!;
}

function buildNegation(node: CstNode): Expression {
  let result = buildPredicate(node);
  for (const not of toks(node, 'NOT').reverse()) {
    result = { kind: 'Not', operand: result, span: joinSpans(spanOfToken(not), result.span) };
  }
  return result;
}

function buildPredicate(node: CstNode): Expression {
  const value = sub(node, 'valueExpression');
  const left = buildValue(value);
  const span = joinSpans(spanOf(value), spanOf(node)); // without the NOTs in front
  const comparison = opt(node, 'comparison');
  if (comparison !== undefined) {
    const image = leaf(comparison).image;
    return {
      kind: 'Comparison',
      operator: (image === '<>' ? '!=' : image) as ComparisonOperator,
      left,
      right: buildValue(sub(comparison, 'valueExpression')),
      span,
    } satisfies Comparison;
  }
  const is = opt(node, 'isPredicate');
  if (is !== undefined) {
    const negated = has(is, 'NOT');
    if (has(is, 'NULL')) return { kind: 'IsNull', operand: left, negated, span };
    const right = buildValue(sub(is, 'valueExpression'));
    return {
      kind: 'Comparison',
      operator: negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM',
      left,
      right,
      span,
    };
  }
  const set = opt(node, 'setPredicate');
  return set === undefined ? left : buildSetPredicate(left, set, span);
}

function buildSetPredicate(operand: Expression, node: CstNode, span: Span): Expression {
  const negated = has(node, 'NOT');
  if (has(node, 'BETWEEN')) {
    const [low, high] = subs(node, 'valueExpression');
    return { kind: 'Between', operand, low: buildValue(low!), high: buildValue(high!), negated, span };
  }
  if (has(node, 'IN')) {
    return { kind: 'In', operand, list: subs(node, 'expression').map(buildExpression), negated, span };
  }
  const escapeToken = tok(node, 'StringToken');
  return {
    kind: 'Like',
    operand,
    pattern: buildValue(sub(node, 'valueExpression')),
    ...(escapeToken === undefined ? {} : { escape: unquote(escapeToken.image) }),
    negated,
    span,
  };
}

export function buildValue(node: CstNode): Expression {
  const operands = subs(node, 'signed');
  if (operands.length === 1) return buildSigned(operands[0]!);
  const operators = toks(node, 'Plus', 'Minus', 'Star', 'Slash', 'Percent', 'ConcatOp');
  return foldLeft(operands.map(buildSigned), operators, (operator, left, right, span) =>
    operator === '||'
      ? { kind: 'Concat', left, right, span }
      : { kind: 'Arithmetic', operator: operator as ArithmeticOperator, left, right, span },
  );
}

function buildSigned(node: CstNode): Expression {
  const signs = subs(node, 'sign').map(leaf);
  const zones = subs(node, 'timeZone');
  const postfixes = subs(node, 'postfix');
  const literal = opt(node, 'literal');
  let result: Expression;
  // A minus right at a number is the number's own: -9223372036854775808 is a BIGINT, its positive is none.
  if (
    literal !== undefined &&
    isNumber(leaf(literal)) &&
    signs.at(-1)?.image === '-' &&
    postfixes.length === 0 &&
    zones.length === 0
  ) {
    result = buildLiteral(literal, signs.pop());
  } else {
    result = buildPostfix(buildPrimary(node), postfixes);
    for (const zone of zones) {
      const expression = buildPrimary(zone);
      result = { kind: 'AtTimeZone', operand: result, zone: expression, span: joinSpans(result.span, spanOf(zone)) };
    }
  }
  for (const sign of signs.reverse()) {
    result = {
      kind: 'Unary',
      operator: sign.image === '-' ? '-' : '+',
      operand: result,
      span: joinSpans(spanOfToken(sign), result.span),
    };
  }
  return result;
}

function isNumber(token: IToken): boolean {
  return /^[.0-9]/.test(token.image);
}

function buildPostfix(base: Expression, postfixes: readonly CstNode[]): Expression {
  let result = base;
  for (const node of postfixes) {
    const span = joinSpans(base.span, spanOf(node));
    const star = tok(node, 'Star');
    if (star !== undefined) {
      throw syntaxError(spanOfToken(star), '->* stands alone in a SELECT list: it cannot be part of an expression.');
    }
    const index = opt(node, 'valueExpression');
    result =
      index === undefined
        ? { kind: 'StructAccess', base: result, field: identifier(sub(node, 'identifier')), span }
        : { kind: 'Subscript', base: result, index: buildValue(index), span };
  }
  return result;
}

/** The `base` of a select item `base->*`, or undefined for any other item. */
export function structStarBase(expression: CstNode): Expression | undefined {
  const signed = onlySigned(expression);
  if (signed === undefined || has(signed, 'sign') || has(signed, 'timeZone')) return undefined;
  const postfixes = subs(signed, 'postfix');
  const last = postfixes.at(-1);
  if (last === undefined || !has(last, 'Star')) return undefined;
  return buildPostfix(buildPrimary(signed), postfixes.slice(0, -1));
}

/** The operand of an `expression` or `valueExpression` without operators. */
function onlySigned(node: CstNode): CstNode | undefined {
  let value = node;
  if (node.name === 'expression') {
    const [negation, ...others] = subs(node, 'negation');
    if (others.length > 0 || has(negation!, 'NOT')) return undefined;
    if (has(negation!, 'comparison') || has(negation!, 'isPredicate') || has(negation!, 'setPredicate'))
      return undefined;
    value = sub(negation!, 'valueExpression');
  }
  const operands = subs(value, 'signed');
  return operands.length === 1 ? operands[0] : undefined;
}

/** The items of GROUP BY and PARTITION BY: `a, b` or `(a, b)`. */
export function buildGrouping(node: CstNode): Expression[] {
  const items = subs(node, 'valueExpression');
  if (items.length === 1) {
    const signed = onlySigned(items[0]!);
    if (signed !== undefined && !has(signed, 'sign') && !has(signed, 'postfix') && !has(signed, 'timeZone')) {
      const row = opt(signed, 'parenthesized');
      if (row !== undefined && !has(row, 'LambdaArrow')) return buildList(row);
    }
  }
  return items.map(buildValue);
}

/** The expressions right under a node. */
export function buildList(node: CstNode): Expression[] {
  return subs(node, 'expression').map(buildExpression);
}

const PRIMARIES = [
  'literal',
  'nameExpression',
  'parenthesized',
  'caseExpression',
  'cast',
  'temporalLiteral',
  'arrayConstructor',
  'mapConstructor',
  'structConstructor',
] as const;

/** The operand in a `signed` or `timeZone`. */
function buildPrimary(node: CstNode): Expression {
  const rule = PRIMARIES.find((name) => has(node, name));
  if (rule === undefined) throw new Error(`syntax tree: ${node.name} has no operand`);
  const inner = sub(node, rule);
  const span = spanOf(inner);
  switch (rule) {
    case 'literal':
      return buildLiteral(inner);
    case 'nameExpression':
      return buildNameExpression(inner, span);
    case 'parenthesized':
      return buildParenthesized(inner, span);
    case 'caseExpression':
      return buildCase(inner, span);
    case 'cast':
      return {
        kind: 'Cast',
        operand: buildExpression(sub(inner, 'expression')),
        type: buildType(sub(inner, 'type')),
        span,
      };
    case 'temporalLiteral': {
      const type = has(inner, 'DATE') ? 'DATE' : has(inner, 'TIME') ? 'TIME' : 'TIMESTAMP';
      return { kind: 'TemporalLiteral', type, text: unquote(need(inner, 'StringToken').image), span };
    }
    case 'arrayConstructor':
      return { kind: 'ArrayConstructor', elements: buildList(inner), span };
    case 'mapConstructor':
      return {
        kind: 'MapConstructor',
        entries: subs(inner, 'mapEntry').map((entry) => {
          const [key, value] = subs(entry, 'expression');
          return { kind: 'MapEntry', key: buildExpression(key!), value: buildExpression(value!), span: spanOf(entry) };
        }),
        span,
      };
    case 'structConstructor':
      return {
        kind: 'StructConstructor',
        entries: subs(inner, 'structEntry').map((entry) => ({
          kind: 'StructEntry',
          name: identifier(sub(entry, 'identifier')),
          value: buildExpression(sub(entry, 'expression')),
          span: spanOf(entry),
        })),
        span,
      };
  }
}

export function buildLiteral(node: CstNode, minus?: IToken): Literal {
  const token = leaf(node);
  const span = minus === undefined ? spanOfToken(token) : joinSpans(spanOfToken(minus), spanOfToken(token));
  const text = minus === undefined ? token.image : `-${token.image}`;
  switch (token.tokenType.name) {
    case 'StringToken':
      return { kind: 'StringLiteral', value: unquote(token.image), span };
    case 'TRUE':
    case 'FALSE':
      return { kind: 'BooleanLiteral', value: token.tokenType.name === 'TRUE', span };
    case 'NULL':
      return { kind: 'NullLiteral', span };
    case 'IntegerToken': {
      const value = BigInt(text);
      if (BigInt.asIntN(32, value) === value) return { kind: 'IntegerLiteral', value: Number(value), span };
      if (BigInt.asIntN(64, value) === value) return { kind: 'BigintLiteral', value, span };
      throw numberOutOfRange(span, `Invalid numeric literal: ${text}`);
    }
    case 'DecimalToken':
      return { kind: 'DecimalLiteral', text: text.replace(/^(-?)\./, '$10.'), span };
    default: {
      const value = Number(text);
      if (!Number.isFinite(value)) throw numberOutOfRange(span, `Number overflows DOUBLE: ${text}`);
      return { kind: 'DoubleLiteral', value, text: text.toUpperCase(), span };
    }
  }
}

function buildNameExpression(node: CstNode, span: Span): Expression {
  const [first, second] = subs(node, 'identifier').map(identifier) as [Identifier, Identifier?];
  if (has(node, 'LambdaArrow')) {
    return { kind: 'Lambda', params: [first], body: buildExpression(sub(node, 'expression')), span };
  }
  if (second !== undefined) return { kind: 'ColumnRef', source: first, name: second, span };
  if (!has(node, 'LParen')) return { kind: 'ColumnRef', name: first, span };
  const args = buildList(node);
  if (args.length > 1) {
    // Functions that take a unit take it first: DATEADD(DAYS, 1, d).
    const head = args[0]!;
    const unit =
      head.kind === 'ColumnRef' && head.source === undefined && !head.name.quoted
        ? UNITS.get(head.name.name)
        : undefined;
    if (unit !== undefined) {
      args[0] = {
        kind: 'IntervalUnit',
        unit,
        name: (head as { readonly name: Identifier }).name,
        span: head.span,
      };
    }
  }
  return { kind: 'FunctionCall', name: first, args, star: has(node, 'Star'), span };
}

function buildParenthesized(node: CstNode, span: Span): Expression {
  const items = [...subs(node, 'expression')];
  if (has(node, 'LambdaArrow')) {
    const body = items.pop() as CstNode;
    const params = items.map((item): Identifier => {
      const param = buildExpression(item);
      if (param.kind === 'ColumnRef' && param.source === undefined) return param.name;
      throw syntaxError(param.span, 'A lambda parameter is a plain name: (x, y) => …');
    });
    return { kind: 'Lambda', params, body: buildExpression(body), span };
  }
  if (items.length > 1) {
    const comma = need(node, 'Comma');
    throw syntaxError(
      spanOfToken(comma),
      `Syntax error at or near ',' at line ${comma.startLine}:${comma.startColumn}`,
      'A list in parentheses is known only right after GROUP BY, PARTITION BY and IN, and before => in a lambda.',
    );
  }
  const inner = buildExpression(items[0]!);
  // Errors about names count their column from the name; anything else is pointed at as it is written.
  return inner.kind === 'ColumnRef' ? inner : { ...inner, span };
}

function buildCase(node: CstNode, span: Span): Expression {
  const whens = subs(node, 'whenClause').map((when): WhenClause => {
    const [operand, result] = subs(when, 'expression');
    return {
      kind: 'WhenClause',
      operand: buildExpression(operand!),
      result: buildExpression(result!),
      span: spanOf(when),
    };
  });
  const expressions = subs(node, 'expression').map(buildExpression);
  const otherwise = has(node, 'ELSE') ? expressions.pop() : undefined;
  const rest = otherwise === undefined ? {} : { otherwise };
  const operand = expressions.pop();
  return operand === undefined
    ? { kind: 'SearchedCase', whens, ...rest, span }
    : { kind: 'SimpleCase', operand, whens, ...rest, span };
}
