import { randomUUID } from 'node:crypto';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { formatByName } from '../engine/formats/index.js';
import { noRegistry } from '../engine/formats/registry/none.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../engine/functions/index.js';
import { systemClock } from '../engine/index.js';
import { KafkaLog, kafkaConfig } from '../engine/log/kafka/index.js';
import { type FromThread, type RuntimeServices, type Thread, ThreadHost, type ToThread } from '../engine/runtime.js';
import { LevelState } from '../engine/stores/level.js';
import type { ServerConfig } from './config.js';
import { configuredRegistry, restorableState } from './thread-resources.js';

/** A thread that runs tasks (`num.stream.threads`): its own log client and its own state, as another node would have. */

interface ThreadData {
  readonly config: ServerConfig;
  readonly index: number;
  /** Where other nodes reach this one: what its threads keep is asked for there. */
  readonly address: string;
}

/** Starts the thread with this number. */
export function spawnThread(data: ThreadData): Thread {
  // This module, or what it was bundled into.
  const worker = new Worker(new URL(import.meta.url), {
    // Users are for those who sign in: no matter of a thread.
    workerData: { ...data, config: { ...data.config, users: new Map() } },
  });
  let reason = 'it has ended';
  worker.on('error', (e) => {
    reason = e instanceof Error ? e.message : String(e);
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (take) => void worker.on('message', (m: FromThread) => take(m)),
    onExit: (tell) => void worker.on('exit', () => tell(reason)),
    end: async () => void (await worker.terminate()),
  };
}

async function run({ config, index, address }: ThreadData, port: NonNullable<typeof parentPort>): Promise<void> {
  const logger = pino({ level: config.logLevel, base: { thread: index } }, pino.destination(2));
  const calls: ToThread[] = [];
  const queue = (m: ToThread) => void calls.push(m);
  port.on('message', queue);
  const database = restorableState(config, `state-thread-${index}`, logger);
  await database.open();
  const state = new LevelState(database);
  await state.open();
  const log = new KafkaLog(kafkaConfig(config.properties), { clock: systemClock, logger });
  await log.open();
  const services: RuntimeServices = {
    serviceId: config.serviceId,
    log,
    state,
    format: formatByName,
    schemas: configuredRegistry(config) ?? noRegistry,
    functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
    clock: systemClock,
    logger,
    random: Math.random,
    uuid: randomUUID,
    processingLog: (error, record) =>
      port.postMessage({
        kind: 'bad-record',
        error,
        // The record is its reader's again after this call.
        bytes: copyOf(record?.bytes()),
        text: record?.text() ?? null,
      } satisfies FromThread),
    peers: { self: address },
  };
  new ThreadHost(
    services,
    {
      post: (message) => port.postMessage(message),
      onMessage: (take) => {
        port.off('message', queue);
        for (const m of calls.splice(0)) take(m);
        port.on('message', take);
      },
    },
    async () => {
      await log.close();
      await state.close();
      await database.close();
    },
  );
}

const copyOf = (bytes: Uint8Array | null | undefined): Uint8Array | null =>
  bytes === null || bytes === undefined ? null : new Uint8Array(bytes);

// In the main thread, importing this file only makes it possible to start threads. In a thread, the file is its program.
const data = workerData as ThreadData | null;
if (parentPort !== null && data?.config !== undefined && data.index !== undefined) await run(data, parentPort);
