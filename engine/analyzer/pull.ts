import type { ColumnRef, Comparison, Expression, In, Query, Relation } from '../../parser/ast.js';
import type { Span } from '../../parser/source.js';
import type { SourceKind } from '../catalog/index.js';
import { type Column, printSchema } from '../types/schema.js';
import { printType } from '../types/sql-type.js';
import { type AnalyzerContext, property } from './context.js';
import { fail } from './errors.js';
import type { ResolvedSourceRelation } from './resolved.js';
import { columnRefs } from './scope.js';
import { expressionText } from './text.js';

/** What a SELECT without EMIT may not have: it reads state (or a topic up to its end) once. */
export function checkPull(context: AnalyzerContext, q: Query): void {
  const refuse = (clause: string, span: Span): never =>
    fail(
      `Pull queries don't support ${clause} clauses. See https://cnfl.io/queries for more info.\n` +
        'Add EMIT CHANGES if you intended to issue a push query.',
      span,
      'Add EMIT CHANGES to keep the query running.',
    );
  if (!isOn(context, 'ksql.pull.queries.enable')) {
    fail(
      'Pull queries are disabled. See https://cnfl.io/queries for more info.\n' +
        'Add EMIT CHANGES if you intended to issue a push query.\n' +
        'Please set ksql.pull.queries.enable=true to enable this feature.',
      q.span,
    );
  }
  if (q.limit !== undefined && q.limit < 0) {
    fail(
      "Pull queries don't support negative integers in the LIMIT clause. See https://cnfl.io/queries for more info.",
      q.span,
    );
  }
  if (q.limit !== undefined && !isOn(context, 'ksql.query.pull.limit.clause.enabled')) {
    fail(
      'LIMIT clause in pull queries is currently disabled. You can enable them by setting ' +
        'ksql.query.pull.limit.clause.enabled=true. See https://cnfl.io/queries for more info.\n' +
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

// --- Which keys a pull query on a table asks for -----------------------------------------------------------------------

const TABLE_SCAN = 'ksql.query.pull.table.scan.enabled';
const RANGE_SCAN = 'ksql.query.pull.range.scan.enabled';
const SCAN_OFF =
  'Query requires table scan to be enabled. Table scans can be enabled by setting ksql.query.pull.table.scan.enabled=true.';

/**
 * Checks of WHERE that are the keys' own, and, where an operator has turned table scans off, that every alternative in it
 * says which keys to read. The rest of WHERE is an ordinary condition.
 */
export function checkLookup(
  context: AnalyzerContext,
  where: Expression | undefined,
  tables: readonly ResolvedSourceRelation[],
): void {
  const [only, second] = tables;
  if (only === undefined) return;
  if (second !== undefined) {
    if (!isOn(context, TABLE_SCAN)) fail(`A join reads its tables whole. ${SCAN_OFF}`, undefined);
    return;
  }
  const { key } = only.source.schema;
  if (where !== undefined) checkKeyValues(where, key);
  if (isOn(context, TABLE_SCAN)) return;
  if (where === undefined) fail(`Missing WHERE clause. ${SCAN_OFF}`, undefined);
  for (const disjunct of operands(where, 'OR')) checkDisjunct(context, disjunct, key);
}

const isOn = (context: AnalyzerContext, name: string): boolean => !/^false$/i.test(property(context, name) ?? 'true');

const operands = (e: Expression, operator: 'AND' | 'OR'): readonly Expression[] =>
  e.kind === 'Logical' && e.operator === operator
    ? [...operands(e.left, operator), ...operands(e.right, operator)]
    : [e];

const keyColumn = (e: Expression, key: readonly Column[]): Column | undefined =>
  e.kind === 'ColumnRef' ? key.find((c) => c.name === e.name.name) : undefined;

/** Values in `key IN (…)` are of the key's type as they are written. */
function checkKeyValues(where: Expression, key: readonly Column[]): void {
  for (const part of operands(where, 'AND')) {
    if (part.kind !== 'In') continue;
    const column = keyColumn(part.operand, key);
    if (column === undefined) continue;
    for (const value of part.list) {
      if (value.kind === 'NullLiteral') {
        fail(`Primary key columns can not be NULL: (${expressionText(part.operand)} = null)`, value.span);
      }
      if (value.kind === 'StringLiteral' && column.type.kind !== 'STRING' && !isTime(column)) {
        fail(
          `'${value.value}' can not be converted to the type of the key column: ${column.name} ${printType(column.type)} KEY`,
          value.span,
        );
      }
    }
  }
}

const isTime = (c: Column): boolean => c.type.kind === 'DATE' || c.type.kind === 'TIME' || c.type.kind === 'TIMESTAMP';

function checkDisjunct(context: AnalyzerContext, disjunct: Expression, key: readonly Column[]): void {
  const ranged = new Set<string>();
  const equal = new Set<string>();
  for (const part of operands(disjunct, 'AND')) {
    const found = keyComparison(part, key);
    if (found === undefined) continue;
    const { column, node, value } = found;
    if (value.some((v) => columnRefs(v).length > 0)) {
      fail('A comparison must be between a key column and a resolvable expression.', node.span);
    }
    if (node.kind === 'Comparison' && node.operator === '!=') {
      fail(
        `Bound on key columns '[${printSchema({ key, value: [] })}]' must currently be '='. Got: ${expressionText(node)}. ${SCAN_OFF}`,
        node.span,
      );
    }
    if (ranged.has(column.name) || equal.has(column.name)) {
      fail(
        'A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate. ' +
          SCAN_OFF,
        node.span,
      );
    }
    (node.kind === 'In' || node.operator === '=' ? equal : ranged).add(column.name);
  }
  const bound = equal.size + ranged.size;
  const like = operands(disjunct, 'AND').find((part) => part.kind === 'Like');
  if (bound === 0 && like !== undefined)
    fail(`Like condition must be between strings, and no key can be found by it. ${SCAN_OFF}`, like.span);
  if (bound === 0)
    fail(`WHERE clause missing key column for disjunct: ${expressionText(disjunct)}. ${SCAN_OFF}`, disjunct.span);
  if (bound < key.length) {
    fail(
      `Multi-column sources must specify every key in the WHERE clause. Specified: [${[...equal, ...ranged].join(', ')}]. ${SCAN_OFF}`,
      disjunct.span,
    );
  }
  if (ranged.size === 0) return;
  const single = key.length === 1 && key[0]!.type.kind === 'STRING';
  if (!single || !isOn(context, RANGE_SCAN)) fail(SCAN_OFF, disjunct.span);
}

interface KeyComparison {
  readonly column: Column;
  readonly node: Comparison | In;
  /** What the key is compared with. */
  readonly value: readonly Expression[];
}

function keyComparison(part: Expression, key: readonly Column[]): KeyComparison | undefined {
  if (part.kind === 'In' && !part.negated) {
    const column = keyColumn(part.operand, key);
    return column && { column, node: part, value: part.list };
  }
  if (part.kind !== 'Comparison') return undefined;
  const left = keyColumn(part.left, key);
  if (left !== undefined) return { column: left, node: part, value: [part.right] };
  const right = keyColumn(part.right, key);
  return right && { column: right, node: part, value: [part.left] };
}
