import type { DescribeSource, DescribeSources } from '../../parser/ast.js';
import { didYouMean, SqlError } from '../../parser/index.js';
import { type DataSource, queriesReading, queriesWriting } from '../catalog/index.js';
import type { Prepared, StatementContext } from './context.js';
import type { FieldInfo, SourceDescription } from './entities.js';
import { querySummary } from './queries.js';
import { fieldInfo } from './schema-info.js';

function fields(source: DataSource): FieldInfo[] {
  return [
    ...source.schema.key.map((c) => fieldInfo(c, true)),
    ...source.schema.value.map((c): FieldInfo => {
      if (c.headers === undefined) return fieldInfo(c, false);
      return {
        ...fieldInfo(c, false),
        type: 'HEADER',
        ...(c.headers.kind === 'one' ? { headerKey: c.headers.header } : {}),
      };
    }),
  ];
}

export async function describeSource(
  source: DataSource,
  extended: boolean,
  context: StatementContext,
): Promise<SourceDescription> {
  const { catalog, parts } = context;
  const summaries = (ids: readonly string[]) => ids.map((id) => querySummary(catalog.queries.get(id)!, context));
  const writing = queriesWriting(catalog, source.name);
  const topic = extended ? await parts.log.describeTopic(source.topic.name) : undefined;
  const counters = writing.map((id) => parts.runtime.query(id)?.counters());
  const sum = (name: 'recordsIn' | 'recordsOut' | 'skipped' | 'late' | 'evaluationErrors') =>
    counters.reduce((n, c) => n + (c?.[name] ?? 0), 0);
  return {
    name: source.name,
    windowType: source.windowType,
    readQueries: summaries(queriesReading(catalog, source.name)),
    writeQueries: summaries(writing),
    fields: fields(source),
    type: source.kind,
    timestamp: source.timestamp?.column ?? '',
    statistics:
      extended && writing.length > 0
        ? `records read: ${sum('recordsIn')}  records written: ${sum('recordsOut')}  late: ${sum('late')}`
        : '',
    errorStats:
      extended && writing.length > 0
        ? `records skipped: ${sum('skipped')}  expressions failed: ${sum('evaluationErrors')}`
        : '',
    extended,
    keyFormat: source.keyFormat.name,
    valueFormat: source.valueFormat.name,
    topic: source.topic.name,
    partitions: topic?.partitions ?? 0,
    replication: topic?.replicas[0] ?? 0,
    statement: source.sql,
    queryOffsetSummaries: [],
    sourceConstraints: [],
  };
}

/** DESCRIBE name [EXTENDED]. */
export async function describe(statement: DescribeSource, context: StatementContext): Promise<Prepared> {
  const name = statement.name.name;
  const source = context.catalog.sources.get(name);
  if (source === undefined) {
    const near = didYouMean(name, [...context.catalog.sources.keys()]);
    throw new SqlError({
      code: 'BAD_STATEMENT',
      message: `Could not find STREAM/TABLE '${name}' in the Metastore`,
      span: statement.name.span,
      ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
    });
  }
  return {
    run: async () => ({
      '@type': 'sourceDescription',
      statementText: context.sql,
      sourceDescription: await describeSource(source, statement.extended, context),
      warnings: [],
    }),
  };
}

/** DESCRIBE STREAMS|TABLES [EXTENDED]. */
export async function describeAll(statement: DescribeSources, context: StatementContext): Promise<Prepared> {
  return {
    run: async () => ({
      '@type': 'source_descriptions',
      statementText: context.sql,
      sourceDescriptions: await Promise.all(
        [...context.catalog.sources.values()]
          .filter((s) => s.kind === statement.sourceKind)
          .map((s) => describeSource(s, statement.extended, context)),
      ),
      warnings: [],
    }),
  };
}
