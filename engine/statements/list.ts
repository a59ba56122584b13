import type { List } from '../../parser/ast.js';
import type { Entity, SourceSummary } from '../api/entities.js';
import type { DataSource } from '../catalog/index.js';
import { SETTINGS } from '../settings.js';
import { listConnectors, listPlugins } from './connectors.js';
import type { Prepared, StatementContext } from './context.js';
import { describeEach } from './describe-source.js';
import { describeQueries } from './explain.js';
import type { KindsOf } from './kind.js';
import { runningQueries } from './queries.js';
import { remarksOn } from './query-statistics.js';
import { schemaInfo } from './schema-info.js';
import { settingsIn } from './settings-in-force.js';
import { showErrors } from './show-errors.js';

const summary = (s: DataSource): SourceSummary => ({
  type: s.kind,
  name: s.name,
  topic: s.topic.name,
  keyFormat: s.keyFormat.name,
  valueFormat: s.valueFormat.name,
  isWindowed: s.window !== null,
});

const byName = <T extends { readonly name: string }>(a: T, b: T) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** As SHOW PROPERTIES names a setting: those of Kafka Streams with ksqlDB's prefix. */
function shownAs(name: string): { readonly name: string; readonly scope: string; readonly level: string } {
  if (name.startsWith('weir.')) return { name, scope: 'WEIR', level: 'SERVER' };
  if (name.startsWith('ksql.')) return { name, scope: 'KSQL', level: 'SERVER' };
  return { name: `ksql.streams.${name}`, scope: 'KSQL', level: 'QUERY' };
}

/** SHOW and LIST. */
async function list(statement: List, context: StatementContext): Promise<Prepared> {
  const head = { statementText: context.sql, warnings: [] };
  const { parts, catalog } = context;
  const answer = (make: () => Entity | Promise<Entity>): Prepared => ({ run: async () => make() });
  switch (statement.subject) {
    case 'STREAMS':
    case 'TABLES': {
      const kind = statement.subject === 'STREAMS' ? 'STREAM' : 'TABLE';
      const sources = [...catalog.sources.values()].filter((s) => s.kind === kind).sort(byName);
      if (statement.extended) {
        return answer(async () => ({
          '@type': 'source_descriptions',
          ...head,
          sourceDescriptions: await describeEach(sources, true, context),
        }));
      }
      const summaries = sources.map(summary);
      return answer(() =>
        kind === 'STREAM'
          ? { '@type': 'streams', ...head, streams: summaries }
          : { '@type': 'tables', ...head, tables: summaries },
      );
    }
    case 'QUERIES':
      return answer(async () => {
        const warnings = remarksOn([...catalog.queries.values()], context);
        return statement.extended
          ? { '@type': 'query_descriptions', ...head, queryDescriptions: await describeQueries(context), warnings }
          : { '@type': 'queries', ...head, queries: await runningQueries(context), warnings };
      });
    case 'ERRORS':
      return showErrors(context);
    case 'TOPICS':
      return answer(async () => {
        const topics = (await parts.log.listTopics())
          .filter((t) => statement.all || !(t.internal || t.name.startsWith('_')))
          .map((t) => ({ name: t.name, replicaInfo: t.replicas }))
          .sort(byName);
        return statement.extended
          ? {
              '@type': 'kafka_topics_extended',
              ...head,
              topics: topics.map((t) => ({ ...t, consumerCount: 0, consumerGroupCount: 0 })),
            }
          : { '@type': 'kafka_topics', ...head, topics };
      });
    case 'PROPERTIES':
      return answer(() => {
        const set = context.session.properties;
        const settings = settingsIn(context);
        const own = parts.settings.overrides();
        const shown = SETTINGS.filter((s) => !s.options.hidden);
        return {
          '@type': 'properties',
          ...head,
          properties: shown.map((s) => ({ ...shownAs(s.name), value: settings.textOf(s), editable: !s.options.fixed })),
          overwrittenProperties: [...set.keys()],
          defaultProperties: shown.map((s) => s.name).filter((name) => own[name] === undefined),
        };
      });
    case 'FUNCTIONS':
      return answer(() => ({
        '@type': 'function_names',
        ...head,
        functions: parts.functions
          .list()
          .map((f) => ({ name: f.name, type: f.kind.toUpperCase(), category: f.category }))
          .sort(byName),
      }));
    case 'TYPES':
      return answer(() => ({
        '@type': 'type_list',
        ...head,
        types: Object.fromEntries([...catalog.types].map(([name, t]) => [name, schemaInfo(t)])),
      }));
    case 'VARIABLES':
      return answer(() => ({
        '@type': 'variables',
        ...head,
        variables: [...context.session.variables].map(([name, value]) => ({ name, value })),
      }));
    case 'CONNECTORS':
      return answer(() => listConnectors(statement, context));
    case 'CONNECTOR_PLUGINS':
      return answer(() => listPlugins(context));
  }
}

export const LIST: KindsOf<'List'> = {
  List: { effect: 'reads', subject: () => 'LIST', prepare: list },
};
