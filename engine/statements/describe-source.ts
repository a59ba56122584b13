import type { DescribeSource, DescribeSources } from '../../parser/ast.js';
import { didYouMean, SqlError } from '../../parser/index.js';
import type { FieldInfo, HostStat, SourceDescription, WindowInfo } from '../api/entities.js';
import { type DataSource, queriesReading, queriesWriting } from '../catalog/index.js';
import { keptMs, windowExtent, windowsOf } from '../plan/topology.js';
import type { PeerCounters } from '../runtime.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf } from './kind.js';
import { querySummary } from './queries.js';
import { matchesOf, remarksOn } from './query-statistics.js';
import { fieldInfo } from './schema-info.js';

function fields(source: DataSource): FieldInfo[] {
  return [
    ...source.schema.key.map((c) => fieldInfo(c, true)),
    ...source.schema.value.map((c): FieldInfo => {
      if (c.headers === undefined || c.headers.kind === 'payload') return fieldInfo(c, false);
      return {
        ...fieldInfo(c, false),
        type: 'HEADER',
        ...(c.headers.kind === 'one' ? { headerKey: c.headers.header } : {}),
      };
    }),
  ];
}

type CountersById = ReadonlyMap<string, PeerCounters>;

interface Counted {
  readonly byHost: ReadonlyMap<string, CountersById>;
  /** When it was asked, milliseconds. */
  readonly at: number;
}

const NOT_ASKED: Counted = { byHost: new Map(), at: 0 };

/** The counters of queries on every node that answers, the own one first. */
async function countedByHost({ parts, catalog }: StatementContext): Promise<Counted> {
  const at = parts.clock.now();
  const own: [string, PeerCounters][] = [...catalog.queries.keys()].flatMap((id) => {
    const running = parts.runtime.query(id);
    return running === undefined ? [] : [[id, running.counters()]];
  });
  const out = new Map<string, CountersById>([[parts.peers?.self ?? parts.serviceId, new Map(own)]]);
  for (const [host, queries] of (await parts.peers?.queries()) ?? []) {
    const told = (queries ?? []).flatMap((q): [string, PeerCounters][] =>
      q.counters === undefined ? [] : [[q.queryId, q.counters]],
    );
    if (told.length > 0) out.set(host, new Map(told));
  }
  return { byHost: out, at };
}

/** Statistics of a source's topic: what the queries that write it and those that read it have counted on each node. */
function clusterStats(
  { byHost, at }: Counted,
  writing: readonly string[],
  reading: readonly string[],
): Pick<SourceDescription, 'clusterStatistics' | 'clusterErrorStats'> {
  const clusterStatistics: HostStat[] = [];
  const clusterErrorStats: HostStat[] = [];
  for (const [host, counters] of byHost) {
    const add = (to: HostStat[], name: string, ids: readonly string[], counter: keyof PeerCounters) => {
      const counted = ids.flatMap((id) => counters.get(id) ?? []);
      if (counted.length === 0) return;
      to.push({ host, name, value: counted.reduce((n, c) => n + c[counter], 0), timestamp: at });
    };
    add(clusterStatistics, 'total-messages', writing, 'recordsOut');
    add(clusterStatistics, 'consumer-total-messages', reading, 'recordsIn');
    add(clusterErrorStats, 'consumer-failed-messages', reading, 'skipped');
    // Weir's own: what was lost on the way into the source.
    add(clusterErrorStats, 'skipped-messages', writing, 'skipped');
    add(clusterErrorStats, 'late-messages', writing, 'late');
    add(clusterErrorStats, 'evaluation-errors', writing, 'evaluationErrors');
  }
  return { clusterStatistics, clusterErrorStats };
}

/** DESCRIBE of several sources: the other nodes are asked once, and only for what is EXTENDED. */
export async function describeEach(
  sources: readonly DataSource[],
  extended: boolean,
  context: StatementContext,
): Promise<SourceDescription[]> {
  const counted = extended ? await countedByHost(context) : NOT_ASKED;
  return Promise.all(sources.map((s) => describeSource(s, extended, counted, context)));
}

async function describeSource(
  source: DataSource,
  extended: boolean,
  counted: Counted,
  context: StatementContext,
): Promise<SourceDescription> {
  const { catalog, parts } = context;
  const summaries = (ids: readonly string[]) =>
    Promise.all(ids.map((id) => querySummary(catalog.queries.get(id)!, context)));
  const writing = queriesWriting(catalog, source.name);
  const reading = queriesReading(catalog, source.name);
  const topic = extended ? await parts.log.describeTopic(source.topic.name) : undefined;
  const counters = writing.map((id) => parts.runtime.query(id)?.counters());
  const sum = (name: 'recordsIn' | 'recordsOut' | 'skipped' | 'unwritten' | 'late' | 'evaluationErrors') =>
    counters.reduce((n, c) => n + (c?.[name] ?? 0), 0);
  const { matched, unmatched } = matchesOf(counters.flatMap((c) => c?.steps ?? []));
  const joinText = matched === undefined ? '' : `  matched: ${matched}  unmatched: ${unmatched}`;
  return {
    name: source.name,
    windowType: source.windowType,
    readQueries: await summaries(reading),
    writeQueries: await summaries(writing),
    fields: fields(source),
    type: source.kind,
    timestamp: source.timestamp?.column ?? '',
    statistics:
      extended && writing.length > 0
        ? `records read: ${sum('recordsIn')}  records written: ${sum('recordsOut')}  late: ${sum('late')}${joinText}`
        : '',
    errorStats:
      extended && writing.length > 0
        ? `records skipped: ${sum('skipped')}  records not written: ${sum('unwritten')}  expressions failed: ${sum('evaluationErrors')}`
        : '',
    ...clusterStats(counted, writing, reading),
    extended,
    keyFormat: source.keyFormat.name,
    valueFormat: source.valueFormat.name,
    topic: source.topic.name,
    partitions: topic?.partitions ?? 0,
    replication: topic?.replicas[0] ?? 0,
    statement: source.sql,
    queryOffsetSummaries: [],
    sourceConstraints: [],
    ...windowOf(writing, context),
  };
}

/** The windows of a table: those of the aggregate that writes it. */
function windowOf(writing: readonly string[], { catalog }: StatementContext): { readonly window?: WindowInfo } {
  const [w] = writing.flatMap((id) => windowsOf(catalog.queries.get(id)!.topology));
  if (w === undefined) return {};
  return {
    window: {
      kind: w.kind,
      sizeMs: windowExtent(w),
      ...(w.kind === 'HOPPING' ? { advanceMs: w.advanceMs } : {}),
      graceMs: w.graceMs,
      retentionMs: keptMs(w),
    },
  };
}

/** DESCRIBE name [EXTENDED]. */
async function describe(statement: DescribeSource, context: StatementContext): Promise<Prepared> {
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
      sourceDescription: (await describeEach([source], statement.extended, context))[0]!,
      warnings: remarksOn(
        queriesWriting(context.catalog, name).map((id) => context.catalog.queries.get(id)!),
        context,
      ),
    }),
  };
}

/** DESCRIBE STREAMS|TABLES [EXTENDED]. */
async function describeAll(statement: DescribeSources, context: StatementContext): Promise<Prepared> {
  return {
    run: async () => ({
      '@type': 'source_descriptions',
      statementText: context.sql,
      sourceDescriptions: await describeEach(
        [...context.catalog.sources.values()].filter((s) => s.kind === statement.sourceKind),
        statement.extended,
        context,
      ),
      warnings: [],
    }),
  };
}

export const DESCRIBE_SOURCE: KindsOf<'DescribeSource' | 'DescribeSources'> = {
  DescribeSource: { effect: 'reads', subject: () => 'DESCRIBE SOURCE', prepare: describe },
  DescribeSources: { effect: 'reads', subject: () => 'DESCRIBE SOURCES', prepare: describeAll },
};
