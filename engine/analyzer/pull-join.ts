import type { Expression, Join } from '../../parser/ast.js';
import type { TypedExpr } from '../plan/expr.js';
import type { Column } from '../values/schema.js';
import type { AnalyzerContext } from './context.js';
import { fail } from './errors.js';
import { onExpression } from './join.js';
import type { ResolvedJoin, ResolvedRelation, ResolvedSourceRelation } from './resolved.js';
import { replace, walk } from './rewrite.js';
import { joinBindings, relationSources, Scope, sideColumns } from './scope.js';
import { expressionText } from './text.js';

/**
 * A join in a pull query. It runs once over rows that are there, so that it needs none of what joins of streams need: any
 * equality will do (several with AND, on whatever columns), types may differ as in a comparison, a table may join itself,
 * windows are columns like others. The joined row has no key.
 */
export function analyzePullJoin(
  context: AnalyzerContext,
  node: Join,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
): ResolvedJoin {
  if (node.within !== undefined) {
    fail('WITHIN is for joins of streams: a pull query joins the rows of tables.', node.within.span, 'Leave it out.');
  }
  if (relationSources(left).some((s) => s.alias === right.alias)) {
    fail(
      `The name ${right.alias} stands for two sources.`,
      node.right.span,
      'Give one of them another name: FROM t a JOIN t b ON …',
    );
  }
  const mine = sideColumns(left);
  const value = [...mine, ...sideColumns(right)].map(
    (b): Column => ({ name: `${b.source}_${b.name}`, type: b.expr.type }),
  );
  const base = {
    kind: 'join' as const,
    flavour: 'pull' as const,
    joinType: node.joinType,
    left,
    right,
    within: null,
    schema: { key: [], value },
    keyChoices: [],
    certainKeys: [],
    equalToKey: [],
    output: 'TABLE' as const,
    window: null,
  };
  const nothing: TypedExpr = { kind: 'literal', value: null, type: { kind: 'INTEGER' } };
  const scope = new Scope(joinBindings({ ...base, leftKey: nothing, rightKey: nothing }));
  const pairs = operands(node.on).map((condition) => equality(context, condition, scope, left, right));
  const [first, ...more] = pairs;
  return { ...base, leftKey: first!.left, rightKey: first!.right, more };
}

const operands = (e: Expression): readonly Expression[] =>
  e.kind === 'Logical' && e.operator === 'AND' ? [...operands(e.left), ...operands(e.right)] : [e];

interface Equality {
  readonly left: TypedExpr;
  readonly right: TypedExpr;
}

/** One equality of ON: a side over the rows of the left relation, the other over those of the right. */
function equality(
  context: AnalyzerContext,
  node: Expression,
  scope: Scope,
  left: ResolvedRelation,
  right: ResolvedSourceRelation,
): Equality {
  const typed = onExpression(context, node, scope);
  if (typed.kind !== 'compare' || typed.op !== '=') {
    return fail(
      `Invalid join condition: only equality is supported. Got ${expressionText(node)}.`,
      node.span,
      'Join on equalities, put together with AND, and write the rest into WHERE.',
    );
  }
  const mine = sideColumns(left);
  const theirs = sideColumns(right);
  const sideOf = (e: TypedExpr): 'left' | 'right' | undefined => {
    const sides = new Set<'left' | 'right'>();
    walk(e, (part) => {
      if (part.kind === 'column') sides.add(part.index < mine.length ? 'left' : 'right');
    });
    return sides.size === 1 ? [...sides][0] : undefined;
  };
  const own = (e: TypedExpr): TypedExpr =>
    replace(e, (part) =>
      part.kind !== 'column'
        ? undefined
        : part.index < mine.length
          ? mine[part.index]!.expr
          : theirs[part.index - mine.length]!.expr,
    );
  const [a, b] = [sideOf(typed.left), sideOf(typed.right)];
  if (a === 'left' && b === 'right') return { left: own(typed.left), right: own(typed.right) };
  if (a === 'right' && b === 'left') return { left: own(typed.right), right: own(typed.left) };
  return fail(
    `Invalid join condition: ${expressionText(node)} must compare a column of one source with a column of the other.`,
    node.span,
    `Write ON ${relationSources(left)[0]!.alias}.x = ${right.alias}.y.`,
  );
}
