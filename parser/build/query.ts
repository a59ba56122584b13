/** SELECT: CST to tree. */
import type { CstNode } from 'chevrotain';
import type {
  Duration,
  Identifier,
  Join,
  JoinType,
  OrderItem,
  Query,
  Relation,
  SelectItem,
  SourceRef,
  WindowClause,
  Within,
} from '../ast.js';
import { joinSpans, type Span } from '../source.js';
import {
  choice,
  has,
  identifier,
  leaf,
  need,
  opt,
  spanOf,
  sub,
  subs,
  syntaxError,
  toCount,
  toIdentifier,
  tok,
} from './cst.js';
import { buildExpression, buildGrouping, buildValue, structStarBase, UNITS } from './expression.js';

/** `{[key]: value}`, or nothing where the value is absent: optional fields are left out, never undefined. */
export function maybe<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

export function buildQuery(node: CstNode): Query {
  const clause = (name: string): CstNode | undefined => opt(node, name);
  const condition = (name: string) => {
    const found = clause(name);
    return found === undefined ? undefined : buildExpression(sub(found, 'expression'));
  };
  const grouping = (name: string) => {
    const found = clause(name);
    return found === undefined ? undefined : buildGrouping(sub(found, 'grouping'));
  };
  const window = clause('windowClause');
  const order = clause('orderByClause');
  const emit = clause('emitClause');
  const limit = clause('limitClause');
  const offset = clause('offsetClause');
  return {
    kind: 'Query',
    ...maybe('distinct', has(node, 'DISTINCT') ? (true as const) : undefined),
    select: subs(node, 'selectItem').map(buildSelectItem),
    from: buildRelation(sub(node, 'relation')),
    ...maybe('window', window && buildWindow(window)),
    ...maybe('where', condition('whereClause')),
    ...maybe('groupBy', grouping('groupByClause')),
    ...maybe('partitionBy', grouping('partitionByClause')),
    ...maybe('having', condition('havingClause')),
    ...maybe('orderBy', order && subs(order, 'orderItem').map(buildOrderItem)),
    ...maybe('emit', emit && (has(emit, 'FINAL') ? ('FINAL' as const) : ('CHANGES' as const))),
    ...maybe('limit', limit && buildLimit(limit)),
    ...maybe('offset', offset && buildCount(offset, 'OFFSET')),
    span: spanOf(node),
  };
}

function buildSelectItem(node: CstNode): SelectItem {
  const span = spanOf(node);
  if (has(node, 'Star')) return { kind: 'SelectStar', span };
  const source = opt(node, 'sourceStar');
  if (source !== undefined) return { kind: 'SelectStar', source: identifier(sub(source, 'identifier')), span };
  const item = sub(node, 'aliasedExpression');
  const alias = opt(item, 'alias');
  const base = structStarBase(sub(item, 'expression'));
  if (base !== undefined) {
    if (alias !== undefined) throw syntaxError(spanOf(alias), '->* gives several columns: it takes no alias.');
    return { kind: 'SelectStructStar', base, span };
  }
  return {
    kind: 'SelectExpression',
    expression: buildExpression(sub(item, 'expression')),
    ...maybe('alias', alias && buildAlias(alias)),
    span,
  };
}

function buildAlias(node: CstNode): Identifier {
  return toIdentifier(tok(node, 'AliasName') ?? need(node, 'Name'));
}

function buildRelation(node: CstNode): Relation {
  let relation: Relation = buildSourceRef(sub(node, 'sourceRef'));
  for (const join of subs(node, 'join')) relation = buildJoin(relation, join);
  return relation;
}

function buildSourceRef(node: CstNode): SourceRef {
  const alias = opt(node, 'alias');
  return {
    kind: 'SourceRef',
    name: identifier(sub(node, 'identifier')),
    ...maybe('alias', alias && buildAlias(alias)),
    span: spanOf(node),
  };
}

function buildJoin(left: Relation, node: CstNode): Join {
  const joinType: JoinType = has(node, 'LEFT')
    ? 'LEFT'
    : has(node, 'RIGHT')
      ? 'RIGHT'
      : has(node, 'FULL')
        ? 'FULL'
        : 'INNER';
  const within = opt(node, 'withinClause');
  return {
    kind: 'Join',
    joinType,
    left,
    right: buildSourceRef(sub(node, 'sourceRef')),
    ...maybe('within', within && buildWithin(within)),
    on: buildExpression(sub(node, 'expression')),
    span: joinSpans(left.span, spanOf(node)),
  };
}

function buildWithin(node: CstNode): Within {
  const [before, after] = subs(node, 'duration').map(buildDuration) as [Duration, Duration?];
  const grace = opt(node, 'gracePeriod');
  return {
    kind: 'Within',
    before,
    after: after ?? before,
    ...maybe('grace', grace && buildGrace(grace)),
    span: spanOf(node),
  };
}

function buildGrace(node: CstNode): Duration {
  return buildDuration(sub(node, 'duration'));
}

export function buildDuration(node: CstNode): Duration {
  const unit = UNITS.get(leaf(sub(node, 'timeUnit')).image.toUpperCase());
  if (unit === undefined) throw new Error('syntax tree: unknown time unit');
  return { kind: 'Duration', value: toCount(need(node, 'IntegerToken')), unit, span: spanOf(node) };
}

/** Negative where written so: who runs the query says what is wrong with that. */
export function buildLimit(node: CstNode): number {
  const value = buildCount(node, 'LIMIT');
  return has(node, 'Minus') ? -value : value;
}

function buildCount(node: CstNode, clause: string): number {
  const count = sub(node, 'count');
  const whole = tok(count, 'IntegerToken');
  if (whole === undefined) throw syntaxError(spanOf(count), `Value must be integer for command: ${clause}`);
  return toCount(whole);
}

interface WindowParts {
  size?: Duration;
  advance?: Duration;
  retention?: Duration;
  grace?: Duration;
}

function buildWindow(node: CstNode): WindowClause {
  const span = spanOf(node);
  const parts = windowParts([...subs(node, 'windowOption'), ...subs(node, 'sessionOption')]);
  const rest = { ...maybe('retention', parts.retention), ...maybe('grace', parts.grace), span };
  const gap = opt(node, 'duration');
  if (gap !== undefined) return { kind: 'SessionWindow', gap: buildDuration(gap), ...rest };
  const { size, advance } = parts;
  if (has(node, 'TUMBLING')) {
    if (advance !== undefined) {
      throw syntaxError(advance.span, 'A TUMBLING window does not take ADVANCE BY.', 'HOPPING windows do.');
    }
    return { kind: 'TumblingWindow', size: given(size, 'SIZE', 'TUMBLING', span), ...rest };
  }
  return {
    kind: 'HoppingWindow',
    size: given(size, 'SIZE', 'HOPPING', span),
    advance: given(advance, 'ADVANCE BY', 'HOPPING', span),
    ...rest,
  };
}

function windowParts(options: readonly CstNode[]): WindowParts {
  const parts: WindowParts = {};
  for (const option of options) {
    const [name, key] = has(option, 'SIZE')
      ? (['SIZE', 'size'] as const)
      : has(option, 'ADVANCE')
        ? (['ADVANCE BY', 'advance'] as const)
        : has(option, 'RETENTION')
          ? (['RETENTION', 'retention'] as const)
          : (['GRACE PERIOD', 'grace'] as const);
    if (parts[key] !== undefined) throw syntaxError(spanOf(option), `${name} is given twice.`);
    parts[key] = key === 'grace' ? buildGrace(choice(option)) : buildDuration(sub(option, 'duration'));
  }
  return parts;
}

function given(duration: Duration | undefined, part: string, window: string, span: Span): Duration {
  if (duration === undefined) throw syntaxError(span, `A ${window} window needs ${part}.`);
  return duration;
}

function buildOrderItem(node: CstNode): OrderItem {
  return {
    kind: 'OrderItem',
    expression: buildValue(sub(node, 'valueExpression')),
    descending: has(node, 'DESC'),
    ...maybe('nulls', has(node, 'FIRST') ? ('FIRST' as const) : has(node, 'LAST') ? ('LAST' as const) : undefined),
    span: spanOf(node),
  };
}
