import type { ColumnRef, Query } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import { fail } from './errors.js';
import { columnRefs } from './scope.js';

/** What a SELECT without EMIT may not have: it reads state (or a topic up to its end) once. */
export function checkPull(q: Query): void {
  const refuse = (clause: string, span: Span): never =>
    fail(
      `Pull queries don't support ${clause} clauses. See https://cnfl.io/queries for more info.\n` +
        'Add EMIT CHANGES if you intended to issue a push query.',
      span,
      'Add EMIT CHANGES to keep the query running.',
    );
  if (q.from.kind === 'Join') refuse('JOIN', q.from.span);
  if (q.window !== undefined) refuse('WINDOW', q.window.span);
  if (q.groupBy !== undefined) refuse('GROUP BY', q.groupBy[0]?.span ?? q.span);
  if (q.partitionBy !== undefined) refuse('PARTITION BY', q.partitionBy[0]?.span ?? q.span);
  if (q.having !== undefined) refuse('HAVING', q.having.span);
  if (q.orderBy !== undefined) refuse('ORDER BY', q.orderBy[0]?.span ?? q.span);
  const select = q.select.flatMap((item) =>
    item.kind === 'SelectExpression'
      ? columnRefs(item.expression)
      : item.kind === 'SelectStructStar'
        ? columnRefs(item.base)
        : [],
  );
  disallowed(select, 'SELECT');
  if (q.where !== undefined) disallowed(columnRefs(q.where), 'WHERE');
}

function disallowed(refs: readonly ColumnRef[], clause: string): void {
  const bad = refs.filter((r) => r.name.name === 'ROWPARTITION' || r.name.name === 'ROWOFFSET');
  if (bad.length === 0) return;
  const names = [...new Set(bad.map((r) => `\`${r.name.name}\``))];
  fail(`Pull queries don't support the following columns in ${clause} clauses: ${names.join(', ')}`, bad[0]!.span);
}
