import type {
  ControlConnector,
  CreateConnector,
  DescribeConnector,
  DropConnector,
  List,
  Literal,
} from '../../parser/ast.js';
import type { ConnectorDescriptionEntity, ConnectorListEntity, ConnectorPluginsEntity } from '../api/entities.js';
import { WeirError } from '../base/errors.js';
import type { Catalog, ConnectorDef } from '../catalog/index.js';
import { sourcesOfConnector } from '../catalog/index.js';
import type { ConnectorSpec } from '../connectors/connector.js';
import type { ConnectorStatus, ConnectorTaskStatus } from '../connectors/connectors.js';
import { checkConfig, maskedConfig, ownOptions } from '../connectors/definition.js';
import { type ConnectConnector, ConnectRefusal, KafkaConnect } from '../connectors/kafka-connect.js';
import { connectorNamed, CONNECTORS as KINDS } from '../connectors/registry.js';
import { CONNECTORS } from '../settings.js';
import type { EngineParts, Prepared, StatementContext } from './context.js';
import { describeEach } from './describe-source.js';
import { dropsNothing, type KindsOf, notDeployed } from './kind.js';
import { command, commandId } from './logged-command.js';
import { warning } from './warning.js';

/** CREATE, DROP, PAUSE, RESUME, DESCRIBE and SHOW of connectors: Weir's own by the catalog, all others by Kafka Connect. */

const bad = (message: string, hint?: string): WeirError => new WeirError('BAD_STATEMENT', message, hint);

const textOf = (value: Literal): string =>
  value.kind === 'NullLiteral' ? '' : 'text' in value ? value.text : String(value.value);

const configOf = ({ properties }: CreateConnector): Readonly<Record<string, string>> =>
  Object.fromEntries(properties.map(({ name, value }) => [name, textOf(value)]));

/** Of Weir's own, the kind; undefined: it is Kafka Connect's. @throws BAD_STATEMENT where the statement names no class */
function specOf(config: Readonly<Record<string, string>>): ConnectorSpec | undefined {
  const kind = config['connector.class'];
  if (kind === undefined || kind.trim() === '') {
    throw bad(
      `The connector has no 'connector.class'.`,
      `Weir's own are ${KINDS.map((k) => k.name).join(', ')}; all others are Kafka Connect's.`,
    );
  }
  return connectorNamed(kind, config);
}

/** @throws BAD_STATEMENT where there is none: `wanted` is what asks for it */
function connectOf(parts: EngineParts, wanted: string): KafkaConnect {
  const connect = knownConnect(parts);
  if (connect !== undefined) return connect;
  throw bad(
    `${wanted} is none of Weir's own connectors, and no Kafka Connect is configured.`,
    `Set ksql.connect.url, or use one of ${KINDS.map((k) => k.name).join(', ')}.`,
  );
}

function knownConnect({ settings }: EngineParts): KafkaConnect | undefined {
  const properties = settings.overrides();
  const url = CONNECTORS.connectUrl.of(properties);
  return url === undefined ? undefined : new KafkaConnect(url, CONNECTORS.connectTimeoutMs.of(properties));
}

async function create(statement: CreateConnector, context: StatementContext): Promise<Prepared> {
  const config = configOf(statement);
  const spec = specOf(config);
  return spec === undefined ? createElsewhere(statement, config, context) : createOwn(statement, config, spec, context);
}

function createOwn(
  statement: CreateConnector,
  config: Readonly<Record<string, string>>,
  spec: ConnectorSpec,
  context: StatementContext,
): Prepared {
  const { name } = statement.name;
  const { connectorKind: kind, orReplace, ifNotExists } = statement;
  const { catalog, parts } = context;
  const remarks = checkConfig(spec, kind, config);
  const written = [...(config.from?.split(',') ?? []), ...(config.into === undefined ? [] : [config.into])];
  if (sourcesOfConnector(catalog, { config }).length < written.filter((w) => w.trim() !== '').length) {
    const missing = written.find(
      (w) => w.trim() !== '' && sourcesOfConnector(catalog, { config: { from: w } }).length === 0,
    );
    throw bad(
      `There is no stream or table ${missing?.trim()}.`,
      'Create it first; from and into name streams and tables.',
    );
  }
  const was = catalog.connectors.get(name);
  if (was !== undefined && ifNotExists) return warning(context, `Connector ${name} already exists`);
  if (was !== undefined && !orReplace) {
    throw bad(`Connector ${name} already exists`, 'CREATE OR REPLACE changes it; it goes on where it is.');
  }
  const shown = maskedConfig(spec, config);
  const id = `${name.replace(/[^\w.-]/g, '_')}-${parts.functionConfig.uuid().replaceAll('-', '').slice(0, 8)}`;
  const connector: ConnectorDef = { name, id, kind, config, sql: maskedCreate(statement), state: 'RUNNING' };
  const logged = command(
    { ...context, sql: connector.sql },
    { kind: 'createConnector', connector, orReplace, ifNotExists },
    { id: commandId('connector', name, 'create'), message: `Created connector ${name}` },
  );
  return {
    ...logged,
    run: async () => {
      await logged.run();
      return {
        '@type': 'connector_info',
        statementText: connector.sql,
        info: { name, config: { name, ...shown }, tasks: [], type: kind.toLowerCase() },
        warnings: remarks.map((message) => ({ message })),
      };
    },
  };
}

function createElsewhere(
  statement: CreateConnector,
  config: Readonly<Record<string, string>>,
  context: StatementContext,
): Prepared {
  const { name } = statement.name;
  const { ifNotExists, orReplace } = statement;
  const connect = connectOf(context.parts, config['connector.class']!);
  return {
    run: async () => {
      try {
        const {
          name: made,
          config: kept,
          tasks,
          type,
        } = orReplace ? await connect.replace(name, { name, ...config }) : await connect.create(name, config);
        return {
          '@type': 'connector_info',
          statementText: maskedCreate(statement),
          info: { name: made, config: maskedConfig(undefined, kept), tasks, type },
          warnings: [],
        };
      } catch (e) {
        if (!(e instanceof ConnectRefusal)) throw e;
        if (e.status === 409 && ifNotExists) {
          return {
            '@type': 'warning_entity',
            statementText: context.sql,
            message: `Connector ${name} already exists`,
            warnings: [],
          };
        }
        throw new ConnectRefusal(e.status, `Failed to create connector: ${e.message}`);
      }
    },
  };
}

/** The statement with its secrets hidden. */
function maskedCreate(statement: CreateConnector): string {
  const config = configOf(statement);
  const kind = config['connector.class'];
  const shown = maskedConfig(kind === undefined ? undefined : connectorNamed(kind, config), config);
  const options = Object.entries(shown).map(([name, value]) => `${quoted(name)}=${quoted(value)}`);
  const { orReplace, connectorKind, ifNotExists, name } = statement;
  const head = `CREATE ${orReplace ? 'OR REPLACE ' : ''}${connectorKind} CONNECTOR ${ifNotExists ? 'IF NOT EXISTS ' : ''}`;
  return `${head}\`${name.name}\` WITH (${options.join(', ')});`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function drop(statement: DropConnector, context: StatementContext): Promise<Prepared> {
  const { name } = statement.name;
  const entity = {
    '@type': 'drop_connector',
    statementText: context.sql,
    connectorName: name,
    warnings: [],
  } as const;
  if (context.catalog.connectors.has(name)) {
    const logged = command(
      context,
      { kind: 'dropConnector', name, ifExists: statement.ifExists },
      { id: commandId('connector', name, 'drop'), message: `Dropped connector ${name}` },
    );
    return {
      ...logged,
      run: async () => {
        await logged.run();
        return entity;
      },
    };
  }
  const connect = knownConnect(context.parts);
  if (connect === undefined) {
    if (statement.ifExists) return warning(context, `Connector ${name} does not exist.`);
    throw unknown(name);
  }
  return {
    run: async () => {
      try {
        await connect.delete(name);
        return entity;
      } catch (e) {
        if (!(e instanceof ConnectRefusal)) throw e;
        if (e.status === 404 && statement.ifExists) {
          return {
            '@type': 'warning_entity',
            statementText: context.sql,
            message: `Connector ${name} does not exist.`,
            warnings: [],
          };
        }
        throw new ConnectRefusal(e.status, `Failed to drop connector: ${e.message}`);
      }
    },
  };
}

async function control(statement: ControlConnector, context: StatementContext): Promise<Prepared> {
  const { name } = statement.name;
  const pauses = statement.kind === 'PauseConnector';
  const message = pauses ? 'Connector paused.' : 'Connector resumed.';
  if (context.catalog.connectors.has(name)) {
    const from = statement.from?.toLowerCase() as 'earliest' | 'latest' | undefined;
    return command(
      context,
      pauses
        ? { kind: 'pauseConnector', name }
        : { kind: 'resumeConnector', name, ...(from === undefined ? {} : { from }) },
      { id: commandId('connector', name, pauses ? 'pause' : 'resume'), message },
    );
  }
  const connect = knownConnect(context.parts);
  if (connect === undefined) throw unknown(name);
  if (statement.from !== undefined) throw bad(`FROM is for Weir's own connectors; ${name} is Kafka Connect's.`);
  return {
    run: async () => {
      await (pauses ? connect.pause(name) : connect.resume(name));
      return { '@type': 'warning_entity', statementText: context.sql, message, warnings: [] };
    },
  };
}

const unknown = (name: string): WeirError =>
  bad(
    `Connector ${name} does not exist.`,
    'SHOW CONNECTORS lists those that there are. A name without quotes is in upper case.',
  );

async function describe(statement: DescribeConnector, context: StatementContext): Promise<Prepared> {
  const { name } = statement.name;
  const own = context.catalog.connectors.get(name);
  if (own !== undefined) return { run: () => describeOwn(own, context) };
  const connect = knownConnect(context.parts);
  if (connect === undefined) throw unknown(name);
  return {
    run: async () => {
      const found = await connect.describe(name);
      if (found === undefined) throw unknown(name);
      return describeElsewhere(found, await connect.topics(name), context);
    },
  };
}

async function describeOwn(def: ConnectorDef, context: StatementContext): Promise<ConnectorDescriptionEntity> {
  const { catalog, parts, sql } = context;
  const spec = connectorNamed(def.config['connector.class'] ?? '', def.config);
  const status = parts.connectors.status(def.name);
  const sources = sourcesOfConnector(catalog, def).map((name) => catalog.sources.get(name)!);
  const options = [def.config.topics, def.config.topic].flatMap((t) => t?.split(',') ?? []);
  const topics = [...new Set([...sources.map((s) => s.topic.name), ...options.map((t) => t.trim())])];
  return {
    '@type': 'connector_description',
    statementText: sql,
    connectorClass: def.config['connector.class'] ?? '',
    status: {
      name: def.name,
      connector: { state: status?.state ?? def.state, worker_id: parts.serviceId, trace: status?.error ?? null },
      tasks: (status?.tasks ?? []).map((task) => taskInfo(task, parts.serviceId)),
      type: def.kind.toLowerCase(),
    },
    sources: await describeEach(sources, false, context),
    topics,
    config: maskedConfig(spec, def.config),
    ...(spec === undefined ? {} : { guarantee: guaranteeOf(spec, def) }),
    ...(status === undefined ? {} : { statistics: statisticsOf(status) }),
    warnings: [],
  };
}

const taskInfo = ({ id, state, error, reads, lag }: ConnectorTaskStatus, worker: string) => ({
  id,
  state,
  worker_id: worker,
  trace: error ?? null,
  ...(reads === undefined ? {} : { reads: `${reads.topic}-${reads.partition}` }),
  ...(lag === undefined ? {} : { lag: `${lag.amount} ${lag.unit}` }),
});

const statisticsOf = ({ rows, deadLetters, skipped, retries }: ConnectorStatus) => ({
  rows,
  deadLetters,
  skipped,
  retries,
});

/** Where options name secrets it is what the kind promises in general. */
function guaranteeOf(spec: ConnectorSpec, def: ConnectorDef): string {
  if (spec.guaranteeOf === undefined) return spec.guarantee;
  try {
    return spec.guaranteeOf(ownOptions(spec, def.config) as never);
  } catch {
    return spec.guarantee; // a secret that is not filled in is no value of its option
  }
}

async function describeElsewhere(
  found: ConnectConnector,
  topics: readonly string[],
  context: StatementContext,
): Promise<ConnectorDescriptionEntity> {
  const { catalog, sql } = context;
  const sources = [...catalog.sources.values()].filter((s) => topics.includes(s.topic.name));
  return {
    '@type': 'connector_description',
    statementText: sql,
    connectorClass: found.config['connector.class'] ?? '',
    status: {
      name: found.name,
      connector: { state: found.state, worker_id: found.workerId, trace: found.trace ?? null },
      tasks: found.tasks.map(({ id, state, workerId, trace }) => ({
        id,
        state,
        worker_id: workerId,
        trace: trace ?? null,
      })),
      type: found.type,
    },
    sources: await describeEach(sources, false, context),
    topics,
    warnings: [],
  };
}

/** `RUNNING (2/2 tasks RUNNING)` */
function stateText(state: string, tasks: readonly { readonly state: string }[]): string {
  const running = tasks.filter((t) => t.state === 'RUNNING').length;
  return tasks.length === 0 ? state : `${state} (${running}/${tasks.length} tasks RUNNING)`;
}

/** SHOW [SOURCE|SINK] CONNECTORS. Kafka Connect that does not answer is a warning: Weir's own are shown all the same. */
export async function listConnectors(statement: List, context: StatementContext): Promise<ConnectorListEntity> {
  const { catalog, parts, sql } = context;
  const own = [...catalog.connectors.values()].map((def) => {
    const status = parts.connectors.status(def.name);
    const state = stateText(status?.state ?? def.state, status?.tasks ?? []);
    return { name: def.name, type: def.kind.toLowerCase(), className: def.config['connector.class'] ?? '', state };
  });
  const warnings: { message: string }[] = [];
  const others = await knownConnect(parts)
    ?.list()
    .catch((e: Error) => {
      warnings.push({ message: e.message });
      return [];
    });
  const all = [
    ...own,
    ...(others ?? []).map(({ name, type, config, state, tasks }) => ({
      name,
      type,
      className: config['connector.class'] ?? '',
      state: stateText(state, tasks),
    })),
  ];
  const wanted = statement.connectorKind?.toLowerCase();
  const connectors = all
    .filter(({ type }) => wanted === undefined || type === wanted)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { '@type': 'connector_list', statementText: sql, connectors, warnings };
}

/** SHOW CONNECTOR PLUGINS. */
export async function listPlugins({ parts, sql }: StatementContext): Promise<ConnectorPluginsEntity> {
  const own = KINDS.map((k) => ({
    className: k.name,
    type: k.kind.toLowerCase(),
    version: null,
    description: k.description,
  }));
  const warnings: { message: string }[] = [];
  const others = await knownConnect(parts)
    ?.plugins()
    .catch((e: Error) => {
      warnings.push({ message: e.message });
      return [];
    });
  return {
    '@type': 'connector_plugins_list',
    statementText: sql,
    connectorsPlugins: [...own, ...(others ?? [])],
    warnings,
  };
}

const sameConfig = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const [one, other] = [Object.entries(a), Object.entries(b)];
  return one.length === other.length && one.every(([name, value]) => b[name] === value);
};

function deployed(statement: CreateConnector, catalog: Catalog) {
  const config = configOf(statement);
  // What Kafka Connect runs is its own to keep: it is made where it is missing.
  if (specOf(config) === undefined) return { action: 'run', statement: { ...statement, ifNotExists: true } } as const;
  const was = catalog.connectors.get(statement.name.name);
  if (was === undefined) return { action: 'create', statement } as const;
  const same = was.kind === statement.connectorKind && sameConfig(was.config, config);
  if (same || statement.ifNotExists) return { action: 'unchanged', statement } as const;
  return { action: 'replace', statement: { ...statement, orReplace: true } } as const;
}

const controls = {
  effect: 'writes',
  subject: (s: ControlConnector) => `CONNECTOR ${s.name.name}`,
  prepare: control,
  deploy: (s: ControlConnector) =>
    notDeployed(
      `${s.kind === 'PauseConnector' ? 'PAUSE' : 'RESUME'} cannot be deployed: it would be repeated at every start.`,
      'Run it from the shell.',
    )(),
} as const;

export const CONNECTOR_STATEMENTS: KindsOf<
  'CreateConnector' | 'DropConnector' | 'PauseConnector' | 'ResumeConnector' | 'DescribeConnector'
> = {
  CreateConnector: {
    effect: 'writes',
    subject: (s) => `CONNECTOR ${s.name.name}`,
    prepare: create,
    deploy: deployed,
    defines: ({ name, orReplace, ifNotExists }) => ({
      kind: 'connector',
      name: name.name,
      mayExist: orReplace || ifNotExists,
    }),
    masked: maskedCreate,
  },
  DropConnector: {
    effect: 'writes',
    subject: (s) => `CONNECTOR ${s.name.name}`,
    prepare: drop,
    deploy: dropsNothing,
  },
  PauseConnector: controls,
  ResumeConnector: controls,
  DescribeConnector: { effect: 'reads', subject: (s) => `CONNECTOR ${s.name.name}`, prepare: describe },
};
