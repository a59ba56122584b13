import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EMPTY_CONTEXT, type EngineApi, systemClock } from '../engine/index.js';
import { loadConfig } from '../server/config.js';
import { launch } from '../server/main.js';
import { typed } from '../shell/typed-command.js';
import { plainMessage, UsageError } from './args.js';
import { feedRides } from './datagen.js';
import type { RecordSink } from './record-sink.js';
import { untilStopped } from './run-server.js';

const START_HELP = `usage: ${typed('start', '[options]')}

  --port N         (default 8088)
  --data-dir DIR   the embedded log and state (default data)
  --queries PATH   what to deploy (default queries, or the package's own where there is no such folder)
  --rate N         taxi rides a second, averaged over a day: few at night (default 10; 0: no feed)
  --seed N         of the rides (default 42)`;

/** Those of the package, for who starts it from elsewhere. */
const OWN_QUERIES = fileURLToPath(new URL('../../queries', import.meta.url));
const TOPIC = 'rides';
const PARTITIONS = 4;

/** The main job in one process, and what to try next. */
export async function start(args: readonly string[]): Promise<number> {
  const began = performance.now();
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (e) {
    throw new UsageError(plainMessage(e as Error));
  }
  if (values.help) {
    console.log(START_HELP);
    return 0;
  }
  const rate = Number(values.rate ?? '10');
  const seed = Number(values.seed ?? '42');
  if (!(rate >= 0) || !Number.isInteger(seed))
    throw new UsageError('--rate takes a number that is not below 0, --seed a whole number.');
  const config = loadConfig(
    {
      'weir.log.level': 'warn',
      listeners: `http://127.0.0.1:${values.port ?? '8088'}`,
      'weir.data.dir': values['data-dir'] ?? 'data',
      'ksql.queries.file': values.queries ?? (existsSync('queries') ? 'queries' : OWN_QUERIES),
    },
    process.env,
  );
  const feed = new AbortController();
  let feeding: Promise<unknown> = Promise.resolve();
  const running = await launch(config, async (engine) => {
    await engine.produce(TOPIC, [], PARTITIONS);
  });
  const { engine, address } = running;
  const ready = Math.round(performance.now() - began);
  let written = 0;
  if (rate > 0) {
    const earlier = await engine.topicSize(TOPIC);
    // The rides go on where they stopped: other ones than before, and as many as there are in the topic tell which.
    const options = {
      topic: TOPIC,
      seed: seed + earlier,
      count: Number.POSITIVE_INFINITY,
      rate,
      startMs: systemClock.now(),
      speed: 1,
    };
    feeding = feedRides(engineSink(engine), options, systemClock, feed.signal, (n) => {
      written = n;
    }).catch((e: unknown) => console.error(`The feed of rides has stopped: ${(e as Error).message}`));
  }
  console.log(await welcome(engine, address, ready, rate));
  return untilStopped(
    running,
    async () => {
      feed.abort();
      await feeding;
      if (rate > 0) console.error(`${written} rides were written this time.`);
    },
    (text) => console.error(text),
  );
}

function engineSink(engine: EngineApi): RecordSink {
  return {
    prepare: async (topic, partitions) => (await engine.produce(topic, [], partitions)).partitions,
    marks: async (topic, file) => (await engine.loadMarks(topic, file))!,
    send: async (topic, records) => void (await engine.produce(topic, records)),
    close: async () => {},
  };
}

async function welcome(engine: EngineApi, address: string, readyMs: number, rate: number): Promise<string> {
  const [streams, tables, queries] = (await engine.execute(
    'SHOW STREAMS; SHOW TABLES; SHOW QUERIES;',
    EMPTY_CONTEXT,
  )) as unknown as [
    { streams: { name: string; topic: string }[] },
    { tables: { name: string; topic: string }[] },
    { queries: { id: string; state: string }[] },
  ];
  const names = (items: { name: string; topic: string }[]) =>
    items.map((i) => `${i.name} (topic ${i.topic})`).join(', ') || 'none';
  const shell = typed('shell', new URL(address).port === '8088' ? '' : address);
  const table = tables.tables[0]?.name ?? 'payment_type_sessions';
  return `
Weir is ready after ${readyMs} ms at ${address}

  streams  ${names(streams.streams)}
  tables   ${names(tables.tables)}
  queries  ${queries.queries.map((q) => `${q.id} ${q.state}`).join(', ') || 'none'}
  feed     ${rate > 0 ? `taxi rides into topic ${TOPIC}, ${rate} a second averaged over a day (UTC): few at night, more in the evening` : 'none'}

Try in another terminal:

  ${shell}
      SELECT * FROM ride_streams EMIT CHANGES LIMIT 5;
      SELECT payment_type, count(*) FROM ride_streams GROUP BY payment_type EMIT CHANGES;
      SELECT * FROM ${table.toLowerCase()};
      SELECT * FROM payment_type_sessions WHERE payment_type = '1';

  curl -sN ${address}/query-stream -d '{"sql": "SELECT * FROM ride_streams EMIT CHANGES LIMIT 5;"}'
  curl -s  ${address}/ksql -d '{"ksql": "SHOW QUERIES;"}'
  curl -s  ${address}/metrics

Ctrl-C stops it; the next start goes on where this one stopped.
`;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    options: {
      port: { type: 'string' },
      'data-dir': { type: 'string' },
      queries: { type: 'string' },
      rate: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
