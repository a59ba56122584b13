import type { Expression, Identifier, InsertInto, InsertValues } from '../../parser/ast.js';
import type { Span } from '../../parser/index.js';
import { type Catalog, type DataSource, nextQueryId } from '../catalog/index.js';
import type { TypedExpr } from '../plan/expr.js';
import { canAssign } from '../values/cast-rules.js';
import { type Column, printSchema } from '../values/schema.js';
import { BIGINT, printType, typeEquals } from '../values/sql-type.js';
import { coerceTo } from './coerce.js';
import { type AnalyzerContext, sourceNamed, sqlOf } from './context.js';
import { sinkSchema } from './create-as.js';
import { checkWritable } from './create-source.js';
import { didYouMean, fail, listed, tick } from './errors.js';
import { ExpressionAnalyzer } from './expression.js';
import { literal, typeOf, UNTYPED } from './literals.js';
import { inClause } from './problem.js';
import { readProperties } from './properties.js';
import { analyzeQuery } from './query.js';
import type { ResolvedInsertInto, ResolvedInsertValues, ResolvedQuery } from './resolved.js';
import { expressionText, identifierText } from './text.js';

// --- INSERT INTO … SELECT ---------------------------------------------------------------------------------------------

export function analyzeInsertInto(context: AnalyzerContext, node: InsertInto): ResolvedInsertInto {
  const target = sourceNamed(context, node.target.name, node.target.span);
  if (target.kind === 'TABLE') {
    fail(`INSERT INTO can only be used to insert into a stream. ${target.name} is a table.`, node.target.span);
  }
  if (target.isSource) fail(`Cannot insert into read-only stream: ${target.name}`, node.target.span);
  checkWritable(target.topic.name, node.target.span);
  if (target.schema.value.some((c) => c.headers !== undefined)) {
    const payload = target.schema.value.find((c) => c.headers?.kind === 'payload');
    const what = payload === undefined ? 'header columns' : `a PAYLOAD column: ${payload.name}`;
    fail(`Cannot insert into ${target.name} because it has ${what}`, node.target.span);
  }
  const { queryId, span: placeOf } = readProperties(node.properties, 'insert');
  if (node.query.limit !== undefined) fail("INSERT INTO statements don't support LIMIT clause.", node.query.span);
  const query = analyzeQuery(context, node.query, {
    kind: 'persistent',
    sink: target.name,
    statement: 'INSERT INTO',
  });
  if (query.output !== 'STREAM') {
    fail('INSERT INTO can only be used to insert into a stream: the query gives a table.', node.query.span);
  }
  return {
    kind: 'insertInto',
    target,
    query: fitSink(query, target, node),
    queryId:
      queryId === undefined
        ? nextQueryId(context.catalog, 'INSERT', target.name)
        : givenQueryId(context.catalog, queryId, placeOf('QUERY_ID')!),
    sql: sqlOf(context, node.span),
  };
}

/** What the ids of queries begin with that have none of their own. */
const RESERVED_PREFIXES: readonly string[] = ['INSERTQUERY_', 'CSAS_', 'CTAS_', 'CST_'];

/** The id that WITH (QUERY_ID=…) gives, in upper case. */
function givenQueryId(catalog: Catalog, given: string, span: Span): string {
  const id = given.toUpperCase();
  if (!/^\w+$/.test(id)) fail(`Query IDs may contain only alphanumeric characters and '_'. Got: '${id}'`, span);
  const prefix = RESERVED_PREFIXES.find((p) => id.startsWith(p));
  if (prefix !== undefined) {
    fail(`Query IDs must not start with a reserved query ID prefix (${prefix}). Got '${id}'.`, span);
  }
  if (catalog.queries.has(id)) fail(`Query ID '${id}' already exists.`, span, 'SHOW QUERIES lists them.');
  return id;
}

/** The query with its columns cast to the sink's, where they are the same columns in the same order. */
function fitSink(query: ResolvedQuery, target: DataSource, node: InsertInto): ResolvedQuery {
  const schema = sinkSchema(query);
  const fits = (mine: readonly Column[], theirs: readonly Column[]): boolean =>
    mine.length === theirs.length &&
    mine.every((c, i) => {
      const wanted = theirs[i]!;
      return c.name === wanted.name && canAssign(c.type, wanted.type);
    });
  if (!fits(schema.key, target.schema.key) || !fits(schema.value, target.schema.value)) {
    const wanted = new Map([...target.schema.key, ...target.schema.value].map((c) => [c.name, c.type]));
    const wrong = query.select.find((c) => {
      const type = wanted.get(c.name);
      return type === undefined || !canAssign(c.expr.type, type);
    });
    fail(
      `Incompatible schema between results and sink.\nResult schema is ${printSchema(schema)}\nSink schema is ${printSchema(target.schema)}`,
      wrong?.span ?? node.query.select[0]?.span ?? node.query.span,
      'The columns must have the same names, types and order.',
    );
  }
  let next = 0;
  const select = query.select.map((c) => {
    const wanted = c.key === null ? target.schema.value[next++]! : target.schema.key[c.key]!;
    if (typeEquals(c.expr.type, wanted.type)) return c;
    return { ...c, expr: { kind: 'cast', operand: c.expr, type: wanted.type } satisfies TypedExpr };
  });
  return { ...query, select };
}

// --- INSERT INTO … VALUES ---------------------------------------------------------------------------------------------

const NOT_INSERTABLE = ['ROWPARTITION', 'ROWOFFSET', 'WINDOWSTART', 'WINDOWEND'];

export function analyzeInsertValues(context: AnalyzerContext, node: InsertValues): ResolvedInsertValues {
  const target = sourceNamed(context, node.target.name, node.target.span);
  if (target.isSource)
    fail(`Cannot insert values into read-only ${target.kind.toLowerCase()}: ${target.name}`, node.target.span);
  checkWritable(target.topic.name, node.target.span);
  if (target.window !== null) fail(`Cannot insert values into windowed stream/table: ${target.name}`, node.target.span);
  const { key, value } = target.schema;
  const insertable = value.filter((c) => c.headers === undefined);
  const names = node.columns.length > 0 ? node.columns.map((c) => c.name) : [...key, ...value].map((c) => c.name);
  checkColumns(target, node.columns);
  const headers = value.filter((c) => c.headers !== undefined && names.includes(c.name));
  if (headers.length > 0) {
    const at = node.columns.find((c) => headers.some((h) => h.name === c.name));
    fail(
      `Cannot insert into ${headers[0]!.headers!.kind === 'payload' ? 'PAYLOAD' : 'HEADER'} columns: ${headers.map((c) => c.name).join(', ')}`,
      at?.span ?? node.target.span,
      at === undefined ? 'Name the other columns behind the target.' : undefined,
    );
  }
  if (names.length !== node.values.length) {
    const expected =
      node.columns.length > 0
        ? `Expected number columns and values to match: ${names.join(', ')}, ${node.values.map((v) => expressionText(v)).join(', ')}`
        : `Expected ${names.length} values but ${node.values.length} were given.`;
    fail(
      `${expected.startsWith('Expected number') ? expected : `Expected a value for each column. ${expected}`}`,
      // The column that has no value, or the value that has no column.
      node.columns[node.values.length]?.span ?? node.values[names.length]?.span ?? node.target.span,
      node.columns.length > 0 ? undefined : `The columns are ${listed(names.map(tick))}.`,
    );
  }
  const given = (c: Column): TypedExpr => {
    const i = names.indexOf(c.name);
    return i < 0 ? literal(null, c.type) : constant(context, node.values[i]!, c);
  };
  const rowtimeAt = names.indexOf('ROWTIME');
  const rowtime =
    rowtimeAt < 0 || node.columns.length === 0
      ? null
      : constant(context, node.values[rowtimeAt]!, { name: 'ROWTIME', type: BIGINT });
  const keys = key.map(given);
  if (target.kind === 'TABLE') {
    const missing = key.filter((c, i) => !names.includes(c.name) || isNull(keys[i]!));
    if (missing.length > 0) {
      fail(
        `Failed to insert values into '${target.name}'. Value for primary key column(s) ${missing.map((c) => identifierText(c.name)).join(', ')} is required for tables`,
        node.values[names.indexOf(missing[0]!.name)]?.span ?? node.target.span,
      );
    }
  }
  return {
    kind: 'insertValues',
    target,
    key: keys,
    value: value.map((c) => (insertable.includes(c) ? given(c) : literal(null, c.type))),
    rowtime,
    sql: sqlOf(context, node.span),
  };
}

const isNull = (e: TypedExpr): boolean => e.kind === 'literal' && e.value === null;

function checkColumns(target: DataSource, columns: readonly Identifier[]): void {
  const known = [...target.schema.key, ...target.schema.value].map((c) => c.name);
  const seen = new Set<string>();
  for (const c of columns) {
    if (NOT_INSERTABLE.includes(c.name)) fail(`Inserting into column ${tick(c.name)} is not allowed.`, c.span);
    if (c.name !== 'ROWTIME' && !known.includes(c.name)) {
      fail(`Column name ${tick(c.name)} does not exist.`, c.span, didYouMean(c.name, known));
    }
    if (seen.has(c.name)) fail(`Column ${tick(c.name)} is given more than once.`, c.span);
    seen.add(c.name);
  }
}

/** A constant expression as a value of the column's type. */
function constant(context: AnalyzerContext, node: Expression, column: Column): TypedExpr {
  const analyzer = new ExpressionAnalyzer(context.catalog, context.functions, {
    column: (ref) => {
      if (ref.source !== undefined) {
        fail(
          `Failed to prepare statement: '${identifierText(ref.source.name)}' is not a valid stream/table name or alias.`,
          ref.source.span,
        );
      }
      return fail(
        `VALUES column '${identifierText(ref.name.name)}' cannot be resolved: only constants can be inserted.`,
        ref.span,
        'Text goes in single quotes.',
      );
    },
  });
  return inClause(
    (m) => `Failed to insert values: column ${tick(column.name)}: ${m}`,
    () => {
      const expr = analyzer.analyze(node);
      const type = typeOf(expr);
      const refuse = (why: string): never => fail(why, node.span, 'CAST the value.');
      if (type !== null && !canAssign(type, column.type, UNTYPED)) {
        refuse(
          `Expected type ${printType(column.type)} for field ${tick(column.name)} but got ${printType(type)}(${expressionText(node)})`,
        );
      }
      const value = coerceTo({ node, expr }, column.type, expressionText, canAssign);
      if (value.kind === 'cast' && expr.kind === 'literal' && column.type.kind === 'DECIMAL') {
        refuse(
          `Numeric field overflow: ${expressionText(node)} does not fit ${printType(column.type)} of ${tick(column.name)}.`,
        );
      }
      return value;
    },
  );
}
