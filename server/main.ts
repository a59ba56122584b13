import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { allowedFolders } from '../engine/connectors/allowed-folders.js';
import { ConnectorManager } from '../engine/connectors/manager.js';
import { fillSecrets } from '../engine/connectors/secrets.js';
import type { ConnectorServices } from '../engine/connectors/services.js';
import { formatByName, NAMED_FORMATS } from '../engine/formats/index.js';
import { noRegistry } from '../engine/formats/registry/none.js';
import type { SchemaRegistry } from '../engine/formats/registry/registry.js';
import { SchemaLog } from '../engine/formats/registry/schema-log.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, type Log, messageOf, Settings, systemClock, WeirError } from '../engine/index.js';
import { EmbeddedLog } from '../engine/log/embedded/embedded-log.js';
import { KafkaLog, kafkaConfig } from '../engine/log/kafka/index.js';
import {
  ProcessingLog,
  type ProcessingLogSettings,
  processingLogSettings,
  processingStreamSql,
} from '../engine/observe/processing-log.js';
import { Runtime, ThreadPool } from '../engine/runtime.js';
import { CONNECTORS, LANGUAGE } from '../engine/settings.js';
import { rowReader } from '../engine/statements/insert-rows.js';
import { LevelState } from '../engine/stores/level.js';
import { LevelDatabase } from '../engine/stores/level-database.js';
import { didYouMean } from '../parser/index.js';
import { addressesIn, ClusterNode } from './cluster.js';
import type { ServerConfig } from './config.js';
import { claimDataFolder } from './data-folder.js';
import { HttpPeers } from './http-peers.js';
import { type RunningServer, startServer } from './server.js';
import { spawnThread } from './thread.js';
import { configuredRegistry, restorableState } from './thread-resources.js';
import { ownVersion } from './version.js';

/** The composition root: the only file that names concrete logs, stores and clocks. */

/** Between two attempts to reach Kafka at the start. */
const RETRY_MS = 1000;
/** How often the embedded log drops what its topics need not keep. */
const RETENTION_INTERVAL_MS = 60_000;

/** The embedded log of a data folder, opened. */
export async function openEmbedded(dataDir: string): Promise<Log> {
  mkdirSync(dataDir, { recursive: true });
  const database = new LevelDatabase({ directory: join(dataDir, 'log') });
  await database.open();
  const log = new EmbeddedLog(database, { clock: systemClock });
  await log.open();
  const close = log.close.bind(log);
  log.close = async () => {
    await close();
    await database.close();
  };
  return log;
}

/** Kafka, by the settings of its clients. */
export async function openKafka(properties: Readonly<Record<string, string>>): Promise<Log> {
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const log = new KafkaLog(kafkaConfig(properties), { clock: systemClock, logger });
  await log.open();
  return log;
}

/** The schema registry that is configured; on the embedded log without one, a topic of its own. */
async function openRegistry(
  config: ServerConfig,
  log: Log,
  opened: { close(): Promise<void> }[],
): Promise<SchemaRegistry> {
  const configured = configuredRegistry(config);
  if (configured !== undefined) return configured;
  if (config.bootstrapServers !== undefined) return noRegistry;
  const schemas = new SchemaLog({ log, serviceId: config.serviceId, clock: systemClock });
  await schemas.open();
  opened.push(schemas);
  return schemas;
}

/** `ksql.logging.processing.stream.auto.create`. That it cannot be made does not keep the server from its work. */
async function makeProcessingStream(
  engine: Engine,
  { stream, topic }: ProcessingLogSettings,
  log: Log,
  logger: Logger,
): Promise<void> {
  if (stream === null || engine.catalog.sources.has(stream)) return;
  try {
    if ((await log.describeTopic(topic)) !== undefined) {
      await engine.execute(processingStreamSql(stream, topic), EMPTY_CONTEXT);
      return;
    }
    logger.warn({ topic, stream }, 'the processing log has no topic: set ksql.logging.processing.topic.auto.create');
  } catch (e) {
    logger.error({ err: e, stream }, 'the stream of the processing log could not be made');
  }
}

/** Opens the log; brokers that cannot be reached yet, as when all is started together, are waited for. */
async function reach(log: Log, timeoutMs: number, logger: Logger): Promise<void> {
  const until = systemClock.now() + timeoutMs;
  for (;;) {
    const began = systemClock.now();
    try {
      await log.open();
      return;
    } catch (e) {
      // Another attempt may take as long as this one has.
      const now = systemClock.now();
      if ((e as { away?: unknown }).away !== true || now + RETRY_MS + (now - began) >= until) throw e;
      logger.warn({ error: messageOf(e) }, 'Kafka cannot be reached yet');
      await systemClock.sleep(RETRY_MS);
    }
  }
}

/** Checks that the formats exist which statements get where they name none. The check of settings knows no formats. */
function checkFormats({ properties }: ServerConfig): void {
  for (const setting of [LANGUAGE.keyFormat, LANGUAGE.valueFormat]) {
    const name = setting.of(properties);
    const names = NAMED_FORMATS.map((f) => f.name);
    if (name === undefined || names.includes(name.toUpperCase())) continue;
    const near = didYouMean(name.toUpperCase(), names);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new WeirError('BAD_REQUEST', `Setting ${setting.name}: there is no format ${name}.${hint}`);
  }
}

/** The connectors of this node: what they may touch is the configuration's to say. */
const openConnectors = (
  { properties }: ServerConfig,
  services: Omit<ConnectorServices, 'catalog' | 'rowWriter' | 'allowedFolders' | 'secrets'> & {
    schemas: SchemaRegistry;
  },
  catalog: ConnectorServices['catalog'],
): ConnectorManager =>
  new ConnectorManager({
    ...services,
    catalog,
    rowWriter: (source) => rowReader(source, { ...services, registry: services.schemas }, 'left out'),
    allowedFolders: allowedFolders(properties),
    secrets: (written) =>
      fillSecrets(written, {
        env: process.env,
        prefixes: CONNECTORS.secretPrefixes.of(properties),
        folders: CONNECTORS.secretFolders.of(properties) ?? [],
      }),
  });

/** Builds a server from its configuration and starts it. `beforeDeploy` runs when the engine is up. */
export async function launch(
  config: ServerConfig,
  beforeDeploy: (engine: Engine) => Promise<void> = async () => {},
): Promise<RunningServer> {
  const logger = pino({ level: config.logLevel }, pino.destination(2));
  if (config.unused.length > 0) logger.warn({ settings: config.unused }, 'these settings have no effect in Weir');
  checkFormats(config);
  claimDataFolder(config.dataDir, config.serviceId);
  const onKafka = config.bootstrapServers !== undefined;
  // With Kafka the database holds state that changelogs can restore: a damaged one is set aside. The embedded log's is
  // the only copy: damage stops the server.
  const database = onKafka
    ? restorableState(config, 'state', logger)
    : new LevelDatabase({ directory: join(config.dataDir, 'log'), verify: config.verifyData });
  await database.open();
  const opened: { close(): Promise<void> }[] = [database];
  const release = async () => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  try {
    let log: Log;
    if (onKafka) {
      log = new KafkaLog(kafkaConfig(config.properties), { clock: systemClock, logger });
    } else {
      const embedded = new EmbeddedLog(database, { clock: systemClock });
      const timer = setInterval(() => {
        embedded
          .enforceRetention(systemClock.now())
          .catch((e: unknown) => logger.error({ err: e }, 'old records could not be removed'));
      }, RETENTION_INTERVAL_MS);
      timer.unref();
      opened.push({ close: async () => clearInterval(timer) });
      log = embedded;
    }
    opened.push(log);
    await reach(log, config.startTimeoutMs, logger);
    const state = new LevelState(database);
    await state.open();
    const schemas = await openRegistry(config, log, opened);
    const functions = new FunctionRegistry(BUILT_IN_FUNCTIONS);
    const nodeId = `${hostname()}-${config.port}`.replace(/[^A-Za-z0-9._-]/g, '-');
    const logging = processingLogSettings(config.properties, config.serviceId);
    const processingLog = new ProcessingLog({ log, clock: systemClock, logger, nodeId, settings: logging });
    opened.push(processingLog);
    await processingLog.start();
    // On the embedded log a node is alone.
    const peers: HttpPeers | undefined = onKafka
      ? new HttpPeers({
          config: config.cluster,
          tls: config.tls,
          clock: systemClock,
          logger,
          known: () => addressesIn(engine.placements()),
        })
      : undefined;
    const services = {
      serviceId: config.serviceId,
      nodeId,
      log,
      state,
      format: formatByName,
      schemas,
      functions,
      clock: systemClock,
      logger,
      random: Math.random,
      uuid: randomUUID,
      processingLog: processingLog.report.bind(processingLog),
      errorHistory: processingLog,
      peers,
      threads:
        peers === undefined
          ? undefined
          : new ThreadPool({
              spawn: (index) => spawnThread({ config, index, address: peers.self }),
              clock: systemClock,
              logger,
              badRecord: ({ error, bytes, text }) =>
                processingLog.report(error, { bytes: () => bytes, text: () => text }),
            }),
    };
    const connectors = openConnectors(config, services, () => engine.catalog);
    const engine: Engine = new Engine({
      ...services,
      connectors,
      runtime: new Runtime(services),
      settings: new Settings(config.properties),
      maxPushQueries: config.limits.maxPushQueries,
    });
    return await startServer({
      engine,
      config,
      clock: systemClock,
      logger,
      version: ownVersion(),
      cluster:
        peers === undefined
          ? undefined
          : {
              node: new ClusterNode({ peers, engine, config: config.cluster, clock: systemClock, logger }),
              listening: (port) => peers.listening(port),
            },
      beforeDeploy: async () => {
        await makeProcessingStream(engine, logging, log, logger);
        await beforeDeploy(engine);
      },
      release,
    });
  } catch (e) {
    await release();
    throw e;
  }
}
