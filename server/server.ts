import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Clock, Engine } from '../engine/index.js';
import type { ClusterNode } from './cluster.js';
import type { ServerConfig } from './config.js';
import { countActions, readScripts } from './deploy.js';
import { headless } from './headless.js';
import { createApp } from './http/app.js';
import { createMetrics } from './metrics.js';

/** A running server: the engine behind its HTTP and WebSocket API. */
export interface RunningServer {
  readonly engine: Engine;
  /** Where it answers, e.g. `http://127.0.0.1:8088`. */
  readonly address: string;
  /** Of each listener, the first is `address`. */
  readonly addresses: readonly string[];
  /** Stops taking requests, ends push queries, commits, and lets go of the log and the state. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly engine: Engine;
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly version: string;
  /** This node among those of its service; `listening` is told the port before the engine starts. */
  readonly cluster?: { readonly node: ClusterNode; listening(port: number): void } | undefined;
  /** Runs after the engine has started and before the scripts are deployed. */
  readonly beforeDeploy?: () => Promise<void>;
  /** Lets go of what the engine stood on. */
  release(): Promise<void>;
}

/** Starts the API first, so that health answers while the engine starts; deploys scripts last. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { engine, config, clock, logger, version } = options;
  const app = createApp({
    engine: config.headless ? headless(engine) : engine,
    config,
    clock,
    logger,
    version,
    metrics: createMetrics(engine),
    cluster: options.cluster?.node,
  });
  const stop = async () => {
    await app.close();
    await options.cluster?.node.close();
    await engine.stop();
    await options.release();
  };
  try {
    await app.listen({ host: config.host, port: config.port });
    options.cluster?.listening(portOf(app, config));
    options.cluster?.node.start();
    await engine.start();
    await options.beforeDeploy?.();
    if (config.queriesFile !== undefined && !engine.status().commandRunnerHealthy) {
      // It serves what it has; an operator finds this in the log and in /healthcheck.
      logger.error({ file: config.queriesFile }, 'nothing is deployed: the command topic is damaged');
    } else if (config.queriesFile !== undefined) {
      const scripts = readScripts(config.queriesFile);
      const { steps } = await engine.deploy(scripts);
      logger.info({ files: scripts.map((s) => s.name), ...countActions(steps) }, 'statements deployed');
    }
  } catch (e) {
    await stop();
    throw e;
  }
  const addresses = app.urls();
  return { engine, address: addresses[0]!, addresses, stop };
}

/** The port that was given out where any would do. */
function portOf(app: FastifyInstance, config: ServerConfig): number {
  const at = app.server.address();
  return typeof at === 'object' && at !== null ? at.port : config.port;
}
