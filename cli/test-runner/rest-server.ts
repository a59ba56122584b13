import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Catalog, QueryDef } from '../../engine/catalog/index.js';
import { groupName, topicOf } from '../../engine/dataflow/names.js';
import { formatByName } from '../../engine/formats/index.js';
import type { SchemaRegistry } from '../../engine/formats/registry/registry.js';
import type { FunctionRegistry } from '../../engine/functions/index.js';
import { Engine, type Log, Settings, systemClock } from '../../engine/index.js';
import { EmbeddedLog } from '../../engine/log/embedded/embedded-log.js';
import { Runtime } from '../../engine/runtime.js';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { loadConfig } from '../../server/config.js';
import { startServer } from '../../server/server.js';

/** A real server on a free port, with its log and state in a folder that is removed, and a registry of the test's. */
export interface RestServer {
  readonly address: string;
  readonly engine: Engine;
  readonly log: Log;
  catalog(): Catalog;
  /** Resolves when the persistent queries have committed everything there is. Rejects where one has failed, or hangs. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

/** As the suite's server was set. */
const SETTINGS: Readonly<Record<string, string>> = {
  listeners: 'http://127.0.0.1:0',
  'ksql.service.id': 'test_',
  'auto.offset.reset': 'earliest',
  'cache.max.bytes.buffering': '0',
  'commit.interval.ms': '20',
  'ksql.headers.columns.enabled': 'true',
  'ksql.query.pull.table.scan.enabled': 'true',
  'ksql.query.push.v2.enabled': 'true',
  'weir.stop.grace.ms': '0',
};

const POLL_MS = 5;
const MAX_WAIT_MS = 20_000;

export async function startRestServer(registry: SchemaRegistry, functions: FunctionRegistry): Promise<RestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-rest-'));
  const logger = pino({ level: process.env.WEIR_DEBUG === undefined ? 'silent' : 'warn' }, pino.destination(2));
  const config = loadConfig({ ...SETTINGS, 'weir.data.dir': directory }, {});
  const database = new LevelDatabase({ directory });
  await database.open();
  const log = new EmbeddedLog(database, { clock: systemClock });
  await log.open();
  const state = new LevelState(database);
  await state.open();
  const services = {
    serviceId: config.serviceId,
    nodeId: 'test',
    log,
    state,
    format: formatByName,
    schemas: registry,
    functions,
    clock: systemClock,
    logger,
    random: Math.random,
    uuid: randomUUID,
  };
  const engine = new Engine({
    ...services,
    runtime: new Runtime(services),
    settings: new Settings(config.properties),
    maxPushQueries: config.limits.maxPushQueries,
  });
  const running = await startServer({
    engine,
    config,
    clock: systemClock,
    logger,
    version: '0.0.0',
    release: async () => {
      await log.close();
      await database.close();
    },
  });
  return {
    address: running.address,
    engine,
    log,
    catalog: () => engine.catalog,
    caughtUp: () => caughtUp(engine, log),
    stop: async () => {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function caughtUp(engine: Engine, log: Log): Promise<void> {
  const until = systemClock.now() + MAX_WAIT_MS;
  // In the order of their making: what one has written is there for the next before it is looked at.
  for (const query of engine.catalog.queries.values()) {
    while (!(await hasCommittedAll(query, engine.serviceId, log))) {
      const stats = engine.queryStats().find((q) => q.queryId === query.id);
      if (stats?.state === 'ERROR') throw new Error(`query ${query.id} has failed`);
      if (systemClock.now() > until) throw new Error(`query ${query.id} has not caught up`);
      await systemClock.sleep(POLL_MS);
    }
  }
}

async function hasCommittedAll(query: QueryDef, serviceId: string, log: Log): Promise<boolean> {
  const topics = query.topology.subtopologies
    .flatMap((s) => s.nodes)
    .flatMap((n) => (n.kind === 'source' ? [topicOf(n, serviceId, query.id)!] : []));
  // Sources of later sub-topologies are written by earlier ones: asked for in this order, nothing can slip through.
  for (const topic of new Set(topics)) {
    // Internal topics are made when the query starts.
    if ((await log.describeTopic(topic)) === undefined) return false;
    const ends = await log.offsets(topic);
    const committed = await log.committed(groupName(serviceId, query.id), [topic]);
    const behind = ends.some((p) => {
      const offset = committed.find((c) => c.partition === p.partition)?.offset ?? p.earliest;
      return offset < p.end;
    });
    if (behind) return false;
  }
  return true;
}
