import type { List } from '../../parser/ast.js';
import type { Entity, SourceSummary } from '../api/entities.js';
import type { DataSource } from '../catalog/index.js';
import { SETTINGS } from '../settings.js';
import type { Prepared, StatementContext } from './context.js';
import { describeEach } from './describe-source.js';
import { describeQueries } from './explain.js';
import { notSupported } from './not-supported.js';
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

/** SHOW and LIST. */
export async function list(statement: List, context: StatementContext): Promise<Prepared> {
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
        return {
          '@type': 'properties',
          ...head,
          properties: SETTINGS.map((s) => ({
            name: s.scope === 'KAFKA STREAMS' ? `ksql.streams.${s.name}` : s.name,
            scope: s.scope === 'WEIR' ? 'WEIR' : 'KSQL',
            value: settings.get(s.name),
            editable: s.editable,
            level: s.scope === 'KAFKA STREAMS' ? 'QUERY' : 'SERVER',
          })),
          overwrittenProperties: [...set.keys()],
          defaultProperties: SETTINGS.filter((s) => parts.settings.overrides()[s.name] === undefined).map(
            (s) => s.name,
          ),
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
      return answer(() => ({ '@type': 'connector_list', ...head, connectors: [] }));
    case 'CONNECTOR_PLUGINS':
      throw notSupported('SHOW CONNECTOR PLUGINS', statement.span);
  }
}
