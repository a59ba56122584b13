import type { ColumnRef, Expression, Query, Relation } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { SourceKind } from '../catalog/index.js';
import { PULL } from '../settings.js';
import type { AnalyzerContext } from './context.js';
import { fail } from './errors.js';
import { columnRefs } from './scope.js';

/** What a SELECT without EMIT may not have: it reads state (or a topic up to its end) once. */
export function checkPull(context: AnalyzerContext, q: Query): void {
  const refuse = (clause: string, span: Span): never =>
    fail(
      `Pull queries don't support ${clause} clauses. See https://cnfl.io/queries for more info.\n` +
        'Add EMIT CHANGES if you intended to issue a push query.',
      span,
      'Add EMIT CHANGES to keep the query running.',
    );
  if (!PULL.enabled.of(context.properties)) {
    fail(
      'Pull queries are disabled.\n' +
        'Add EMIT CHANGES if you intended to issue a push query.\n' +
        `Please set ${PULL.enabled.name}=true to enable this feature.`,
      q.span,
    );
  }
  if (q.limit !== undefined && q.limit < 0) {
    fail(
      "Pull queries don't support negative integers in the LIMIT clause. See https://cnfl.io/queries for more info.",
      q.span,
    );
  }
  if (q.limit !== undefined && !PULL.limitClause.of(context.properties)) {
    fail(
      'LIMIT clause in pull queries is currently disabled. You can enable them by setting ' +
        `${PULL.limitClause.name}=true. See https://cnfl.io/queries for more info.\n` +
        'Add EMIT CHANGES if you intended to issue a push query.',
      q.span,
    );
  }
  // Beyond ksqlDB: tables are joined and grouped, streams are not.
  const reads = (kind: SourceKind): boolean =>
    sourceNames(q.from).some((name) => context.catalog.sources.get(name)?.kind === kind);
  if (q.from.kind === 'Join' && reads('STREAM')) refuse('JOIN', q.from.span);
  if (q.window !== undefined) refuse('WINDOW', q.window.span);
  if (q.groupBy !== undefined && reads('STREAM')) refuse('GROUP BY', q.groupBy[0]?.span ?? q.span);
  if (q.partitionBy !== undefined) refuse('PARTITION BY', q.partitionBy[0]?.span ?? q.span);
  if (q.having !== undefined && reads('STREAM')) refuse('HAVING', q.having.span);
  const select = q.select.flatMap((item) =>
    item.kind === 'SelectExpression'
      ? columnRefs(item.expression)
      : item.kind === 'SelectStructStar'
        ? columnRefs(item.base)
        : [],
  );
  const refs = (list: readonly Expression[]): readonly ColumnRef[] => list.flatMap((e) => columnRefs(e));
  disallowed(select, 'SELECT');
  if (q.where !== undefined) disallowed(columnRefs(q.where), 'WHERE');
  disallowed(refs(q.groupBy ?? []), 'GROUP BY');
  if (q.having !== undefined) disallowed(columnRefs(q.having), 'HAVING');
  disallowed(refs((q.orderBy ?? []).map((o) => o.expression)), 'ORDER BY');
}

/** DISTINCT, ORDER BY and OFFSET: only a query that ends can carry them out. */
export function refuseOrdering(q: Query): void {
  const refuse = (clause: string, span: Span, hint: string): never =>
    fail(`${clause} is only supported in pull queries: a query that goes on has no last row to wait for.`, span, hint);
  const read = 'Write the result into a table with CREATE TABLE … AS, and order it when you read it.';
  if (q.orderBy !== undefined) {
    refuse('ORDER BY', q.orderBy[0]?.span ?? q.span, q.emit === undefined ? read : `Leave EMIT ${q.emit} out. ${read}`);
  }
  if (q.offset !== undefined) refuse('OFFSET', q.span, read);
  if (q.distinct === true) refuse('SELECT DISTINCT', q.span, 'GROUP BY gives each group once.');
}

const sourceNames = (from: Relation): readonly string[] =>
  from.kind === 'SourceRef' ? [from.name.name] : [...sourceNames(from.left), from.right.name.name];

function disallowed(refs: readonly ColumnRef[], clause: string): void {
  const bad = refs.filter((r) => r.name.name === 'ROWPARTITION' || r.name.name === 'ROWOFFSET');
  if (bad.length === 0) return;
  const names = [...new Set(bad.map((r) => `\`${r.name.name}\``))];
  fail(`Pull queries don't support the following columns in ${clause} clauses: ${names.join(', ')}`, bad[0]!.span);
}
