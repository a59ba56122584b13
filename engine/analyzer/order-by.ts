import type { Expression, OrderItem } from '../../parser/ast.js';
import type { TypedExpr } from '../plan/expr.js';
import type { SortKey } from '../plan/pull-plan.js';
import { printType } from '../values/sql-type.js';
import { fail } from './errors.js';
import { typeOf } from './literals.js';
import { inClause } from './problem.js';
import type { SelectColumn } from './resolved.js';
import { sameExpr } from './rewrite.js';
import { expressionText } from './text.js';

/** What ORDER BY can name. */
export interface OrderScope {
  readonly select: readonly SelectColumn[];
  /** DISTINCT: other rows than the selected ones are not there to order by. */
  readonly selectedOnly: boolean;
  /** An expression over the rows that the select list sees. */
  expression(node: Expression): TypedExpr;
}

/**
 * ORDER BY: a column of the result by its name or its position (from 1), or any expression over the rows. NULLs count as
 * larger than every value unless NULLS FIRST or NULLS LAST is said.
 */
export function orderKeys(items: readonly OrderItem[], scope: OrderScope): readonly SortKey[] {
  return items.map((item) => {
    const expr = inClause(
      (m) => `Error in ORDER BY expression: ${m}`,
      () => selected(item.expression, scope) ?? scope.expression(item.expression),
    );
    const type = typeOf(expr);
    if (type !== null && (type.kind === 'ARRAY' || type.kind === 'MAP' || type.kind === 'STRUCT')) {
      fail(
        `ORDER BY takes values that have an order: ${expressionText(item.expression)} is ${printType(type)}.`,
        item.span,
        'Order by one of its elements or fields.',
      );
    }
    if (scope.selectedOnly && !scope.select.some((c) => sameExpr(c.expr, expr))) {
      fail(
        `With SELECT DISTINCT, ORDER BY takes columns of the select list alone: ${expressionText(item.expression)} is none.`,
        item.span,
        'Select it as well.',
      );
    }
    const { descending, nulls } = item;
    return { expr, descending, nullsFirst: nulls === undefined ? descending : nulls === 'FIRST' };
  });
}

/** The select list's column that a bare name or number stands for. */
function selected(node: Expression, { select }: OrderScope): TypedExpr | undefined {
  if (node.kind === 'ColumnRef' && node.source === undefined) {
    return select.find((c) => c.name === node.name.name)?.expr;
  }
  if (node.kind !== 'IntegerLiteral') return undefined;
  const column = select[Number(node.value) - 1];
  if (column === undefined) {
    fail(`ORDER BY ${node.value} names no column: the select list has ${select.length}.`, node.span);
  }
  return column.expr;
}
