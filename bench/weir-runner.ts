/**
 * One run of one work on Weir, in this process: the engine on Kafka, put together as `server/main.ts` does but on a log
 * that is watched. Prints one line of JSON, a `Measurement`.
 *
 * The clock runs from the first record of the input that is handed out to the end of the commit after which nothing is
 * left to do: all input and all that went through a repartition topic processed, written and committed.
 *
 * Arguments are name=value: work, bootstrap, input, output, rows, state (a folder), commit (ms), guarantee.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatByName } from '../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, Settings, silentLogger, systemClock } from '../engine/index.js';
import { KafkaLog, kafkaConfig } from '../engine/log/kafka/index.js';
import { Runtime } from '../engine/runtime.js';
import { LevelState } from '../engine/stores/level.js';
import { LevelDatabase } from '../engine/stores/level-database.js';
import type { Measurement } from './contender.js';
import { Stopwatch } from './timed-log.js';
import type { Work } from './verify.js';

const POLL_MS = 20;
const LIMIT_MS = 900_000;

/** The output topic is there already, with four partitions. */
function statements(work: Work, input: string, output: string): string {
  const trips =
    'CREATE STREAM trips (VendorID VARCHAR, payment_type VARCHAR, fare_amount DOUBLE) ' +
    `WITH (KAFKA_TOPIC='${input}', VALUE_FORMAT='JSON');`;
  const sink = `WITH (KAFKA_TOPIC='${output}', VALUE_FORMAT='JSON')`;
  switch (work) {
    case 'filter':
      return `${trips} CREATE STREAM result ${sink} AS SELECT VendorID, fare_amount * 1.2 AS surge FROM trips
        WHERE payment_type IN ('1','2') EMIT CHANGES;`;
    case 'count':
      return `${trips} CREATE TABLE result ${sink} AS SELECT VendorID, COUNT(*) AS C FROM trips
        GROUP BY VendorID EMIT CHANGES;`;
    case 'session':
      return `${trips} CREATE TABLE result ${sink} AS SELECT payment_type, COUNT(*) AS C FROM trips
        WINDOW SESSION (60 SECONDS) GROUP BY payment_type EMIT CHANGES;`;
  }
}

function peakMemoryKb(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

async function main(args: ReadonlyMap<string, string>): Promise<Measurement> {
  const arg = (name: string): string => {
    const value = args.get(name);
    if (value === undefined) throw new Error(`Missing argument ${name}=…`);
    return value;
  };
  const log = new KafkaLog(kafkaConfig({ 'bootstrap.servers': arg('bootstrap') }), {
    clock: systemClock,
    logger: silentLogger,
  });
  await log.open();
  const database = new LevelDatabase({ directory: join(arg('state'), 'db') });
  await database.open();
  const state = new LevelState(database);
  await state.open();
  const stopwatch = new Stopwatch(log, arg('input'));
  const services = {
    // Internal topics carry the service's name: with it they can be found and deleted.
    serviceId: arg('output'),
    nodeId: 'bench',
    log: stopwatch.timed,
    state,
    format: formatByName,
    functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
    clock: systemClock,
    logger: silentLogger,
    random: Math.random,
    uuid: randomUUID,
  };
  const engine = new Engine({
    ...services,
    runtime: new Runtime(services),
    settings: new Settings({
      'ksql.streams.auto.offset.reset': 'earliest',
      'ksql.streams.commit.interval.ms': arg('commit'),
      'ksql.streams.processing.guarantee': arg('guarantee'),
    }),
    maxPushQueries: 0,
  });
  await engine.start();
  await engine.execute(statements(arg('work') as Work, arg('input'), arg('output')), EMPTY_CONTEXT);
  const deadline = performance.now() + LIMIT_MS;
  while (!(await stopwatch.finished())) {
    const [failed] = engine.queryStats().filter((query) => query.state === 'ERROR');
    if (failed !== undefined) throw new Error(`Query ${failed.queryId} failed: ${JSON.stringify(failed)}`);
    if (performance.now() > deadline) throw new Error(`Out of time: ${JSON.stringify(engine.queryStats())}`);
    await pause(POLL_MS);
  }
  const cpu = process.cpuUsage();
  const measurement: Measurement = {
    seconds: (stopwatch.lastCommitAt - stopwatch.firstRecordAt) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    firstRecordMs: stopwatch.firstRecordAt,
    peakKb: peakMemoryKb(),
  };
  await engine.stop();
  await state.close();
  await log.close();
  await database.close();
  return measurement;
}

const args = process.argv.slice(2).map((arg): [string, string] => {
  const at = arg.indexOf('=');
  return [arg.slice(0, at), arg.slice(at + 1)];
});
console.log(JSON.stringify(await main(new Map(args))));
process.exit(0);
