import type {
  AlterSource,
  ControlQuery,
  CreateType,
  DropSource,
  DropType,
  Query,
  Statement,
} from '../../parser/ast.js';
import { dropObstacle, materializingQuery, type SourceKind } from '../catalog/index.js';
import { preservesCase } from '../formats/field-names.js';
import { printType } from '../values/sql-type.js';
import { type AnalyzerContext, sqlOf } from './context.js';
import { analyzeCreateAs } from './create-as.js';
import { analyzeCreateSource } from './create-source.js';
import { didYouMean, fail } from './errors.js';
import { analyzeInsertInto, analyzeInsertValues } from './insert.js';
import { checkLookup } from './lookup.js';
import { checkPull } from './pull.js';
import { analyzeQuery } from './query.js';
import type { ResolvedSelect, ResolvedStatement } from './resolved.js';
import { RESERVED, relationSources } from './scope.js';
import { spelled, spellingIn } from './written-names.js';
import { resolveType } from './written-types.js';

export type { AnalyzerContext } from './context.js';
export { sinkSchema } from './create-as.js';
export * from './resolved.js';
export { mapParts, replace, sameExpr, walk } from './rewrite.js';
export { relationSources, sideColumns } from './scope.js';
export { type WantedSchema, wantedSchemas } from './wanted-schemas.js';

/**
 * Decides every name, type and overload of a statement against a catalog. Pure: the same input gives the same result.
 * Throws SqlError with a place in `context.sourceText` and, where there is one, a hint.
 */
export function analyze(statement: Statement, context: AnalyzerContext): ResolvedStatement {
  switch (statement.kind) {
    case 'CreateSource':
      return analyzeCreateSource(context, statement);
    case 'CreateAs':
      return analyzeCreateAs(context, statement);
    case 'InsertInto':
      return analyzeInsertInto(context, statement);
    case 'InsertValues':
      return analyzeInsertValues(context, statement);
    case 'Query':
      return analyzeSelect(context, statement);
    case 'AlterSource':
      return alterSource(context, statement);
    case 'DropSource':
      return dropSource(context, statement);
    case 'CreateType':
      return createType(context, statement);
    case 'DropType':
      return dropType(context, statement);
    case 'Terminate':
    case 'Pause':
    case 'Resume':
      return controlQuery(context, statement);
    default:
      return { kind: 'other', statement, sql: sqlOf(context, statement.span) };
  }
}

function analyzeSelect(context: AnalyzerContext, node: Query): ResolvedSelect {
  const sql = sqlOf(context, node.span);
  if (node.emit !== undefined) {
    return {
      kind: 'select',
      mode: 'push',
      query: analyzeQuery(context, node, { kind: 'push' }),
      materializations: new Map(),
      sql,
    };
  }
  checkPull(context, node);
  const query = analyzeQuery(context, node, { kind: 'pull' });
  const tables = relationSources(query.relation).filter((s) => s.source.kind === 'TABLE');
  const materializations = new Map(
    tables.map(({ source }) => {
      const keeper = materializingQuery(context.catalog, source.name);
      if (keeper !== undefined) return [source.name, keeper];
      return fail(
        `The \`${source.name}\` table isn't queryable. To derive a queryable table, you can do ` +
          `'CREATE TABLE QUERYABLE_${source.name} AS SELECT * FROM ${source.name}'. See https://cnfl.io/queries for more info.\n` +
          'Add EMIT CHANGES if you intended to issue a push query.',
        node.from.span,
      );
    }),
  );
  checkLookup(context, node, tables);
  return { kind: 'select', mode: 'pull', query, materializations, sql };
}

const word = (kind: SourceKind): string => (kind === 'STREAM' ? 'Stream' : 'Table');

function alterSource(context: AnalyzerContext, node: AlterSource): ResolvedStatement {
  const name = node.name.name;
  const source = context.catalog.sources.get(name);
  if (source === undefined) {
    fail(`Source ${name} does not exist.`, node.name.span, didYouMean(name, context.catalog.sources.keys()));
  }
  if (source.kind !== node.sourceKind) {
    fail(`Incompatible data source type is ${source.kind}, but statement was ALTER ${node.sourceKind}`, node.name.span);
  }
  const lower = source.kind.toLowerCase();
  if (source.isSource)
    fail(`Cannot alter ${lower} '${name}': ALTER operations are not supported on source ${lower}s.`, node.name.span);
  if (source.createdBy !== null) {
    fail(`ALTER command is not supported for CREATE ... AS statements.`, node.name.span, 'Use CREATE OR REPLACE.');
  }
  const taken = new Set([...source.schema.key, ...source.schema.value].map((c) => c.name));
  const spelling = preservesCase(source.valueFormat.properties) ? spellingIn(context.sourceText) : undefined;
  const columns = node.columns.map((c) => {
    if (RESERVED.includes(c.name.name)) {
      fail(`'${c.name.name}' is a reserved column name. You cannot use it as a name for a column.`, c.name.span);
    }
    if (taken.has(c.name.name))
      fail(`Cannot add column \`${c.name.name}\` to schema. A column with the same name already exists.`, c.name.span);
    taken.add(c.name.name);
    return { ...spelled(c.name.name, spelling?.(c.name)), type: resolveType(c.type, context.catalog, spelling) };
  });
  return { kind: 'alterSource', source, columns, sql: sqlOf(context, node.span) };
}

function dropSource(context: AnalyzerContext, node: DropSource): ResolvedStatement {
  const name = node.name.name;
  const source = context.catalog.sources.get(name);
  const base = {
    kind: 'dropSource' as const,
    name,
    sourceKind: node.sourceKind,
    deleteTopic: node.deleteTopic,
    ifExists: node.ifExists,
    sql: sqlOf(context, node.span),
  };
  if (source === undefined) {
    if (node.ifExists) return { ...base, source: null };
    fail(
      `${word(node.sourceKind)} ${name} does not exist.`,
      node.name.span,
      didYouMean(name, context.catalog.sources.keys()),
    );
  }
  if (source.kind !== node.sourceKind) {
    fail(`Incompatible data source type is ${source.kind}, but statement was DROP ${node.sourceKind}`, node.name.span);
  }
  if (source.isSource && node.deleteTopic) fail(`Cannot delete topic for read-only source: ${name}`, node.name.span);
  const obstacle = dropObstacle(context.catalog, name);
  if (obstacle !== undefined) fail(obstacle, node.name.span);
  return { ...base, source };
}

function createType(context: AnalyzerContext, node: CreateType): ResolvedStatement {
  const name = node.name.name;
  const was = context.catalog.types.get(name);
  if (was !== undefined && !node.ifNotExists) {
    fail(
      `Cannot register custom type '${name}' since it is already registered with type: ${printType(was)}`,
      node.name.span,
    );
  }
  return {
    kind: 'createType',
    name,
    type: resolveType(node.type, context.catalog, spellingIn(context.sourceText)),
    exists: was !== undefined,
    ifNotExists: node.ifNotExists,
    sql: sqlOf(context, node.span),
  };
}

function dropType(context: AnalyzerContext, node: DropType): ResolvedStatement {
  const name = node.name.name;
  const exists = context.catalog.types.has(name);
  if (!exists && !node.ifExists) {
    fail(`Type ${name} does not exist.`, node.name.span, didYouMean(name, context.catalog.types.keys()));
  }
  return { kind: 'dropType', name, exists, ifExists: node.ifExists, sql: sqlOf(context, node.span) };
}

function controlQuery(context: AnalyzerContext, node: ControlQuery): ResolvedStatement {
  const action = node.kind === 'Terminate' ? 'terminate' : node.kind === 'Pause' ? 'pause' : 'resume';
  const sql = sqlOf(context, node.span);
  const from = node.from === undefined ? {} : { from: node.from.toLowerCase() as 'earliest' | 'latest' };
  if (node.queryId === undefined) return { kind: 'controlQuery', action, queryId: null, ...from, sql };
  const ids = [...context.catalog.queries.keys()];
  // Ids keep the case of the source's name; what is typed without quotes arrives in upper case.
  const id =
    ids.find((q) => q === node.queryId!.name) ?? ids.find((q) => q.toUpperCase() === node.queryId!.name.toUpperCase());
  if (id === undefined) {
    fail(
      `Unknown queryId: ${node.queryId.name}`,
      node.queryId.span,
      didYouMean(node.queryId.name, ids) ?? 'SHOW QUERIES lists them.',
    );
  }
  return { kind: 'controlQuery', action, queryId: id, ...from, sql };
}
