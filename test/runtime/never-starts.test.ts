import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, type RunningQuerySummary, Settings } from '../../engine/index.js';
import { Runtime } from '../../engine/runtime.js';
import { embeddedNode, readAll, type StoredNode, until, write } from './nodes.js';

let node: StoredNode;
let engine: Engine;
beforeEach(async () => {
  node = await embeddedNode();
  await start('first');
  await run(`CREATE STREAM a (K INT KEY, X INT) WITH (KAFKA_TOPIC='a', FORMAT='JSON', PARTITIONS=1);
    CREATE STREAM b WITH (KAFKA_TOPIC='b', FORMAT='JSON') AS SELECT * FROM a;
    INSERT INTO a VALUES (1, 1);`);
  await until('it runs', async () => (await readAll(node.log, 'b')).length === 1);
  await engine.stop();
});
afterEach(async () => {
  await engine.stop();
  await node.dispose();
});

/** Pauses between attempts are short. */
const clock: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

async function start(serviceId: string): Promise<void> {
  const services = {
    ...{ serviceId, nodeId: 'test', log: node.log, state: node.state, format: formatByName, clock },
    ...{ functions: new FunctionRegistry(BUILT_IN_FUNCTIONS), logger: silentLogger },
    random: () => 0.5,
    uuid: randomUUID,
  };
  const settings = new Settings({ 'auto.offset.reset': 'earliest', 'commit.interval.ms': '20' });
  engine = new Engine({ ...services, runtime: new Runtime(services), settings, maxPushQueries: 10 });
  await engine.start();
}

const run = (sql: string) => engine.execute(sql, EMPTY_CONTEXT);

async function shown(): Promise<RunningQuerySummary> {
  const [answer] = await run('SHOW QUERIES;');
  const { queries } = answer as unknown as { queries: RunningQuerySummary[] };
  return queries[0]!;
}

const inState = (state: string) =>
  until(state, async () => {
    const query = await shown();
    return query.state === state && query;
  });

it('a query whose source topic is gone says so in SHOW QUERIES, and runs again when the topic is back', async () => {
  await node.log.deleteTopics(['a']);
  await start('first');
  expect(await inState('ERROR')).toMatchObject({
    id: 'CSAS_B_0',
    statusCount: { ERROR: 1 },
    error: 'Topic a does not exist. Create it, or drop the query that needs it.',
  });
  // A node with a query in ERROR has started.
  expect(engine.status()).toMatchObject({ queriesStarted: true, queries: { running: 0, error: 1, total: 1 } });
  await node.log.createTopics([{ name: 'a', partitions: 1 }]);
  await run('RESUME CSAS_B_0;');
  expect(await inState('RUNNING')).not.toHaveProperty('error');
});

/** The commands of a service, as another version could have written them. */
async function rewrite(to: string, change: (command: string) => string): Promise<void> {
  const commands = await readAll(node.log, '_weir_first_command_topic');
  const topic = `_weir_${to}_command_topic`;
  await node.log.createTopics([{ name: topic, partitions: 1 }]);
  await write(
    node.log,
    topic,
    commands.map(({ value }) => ({ value: change(value!) })),
  );
}

it('a query with a setting that this version does not take says so in SHOW QUERIES', async () => {
  await rewrite('other', (c) =>
    c.replace('"RUNNING","properties":{}', '"RUNNING","properties":{"commit.interval.ms":"soon"}'),
  );
  await start('other');
  expect((await inState('ERROR')).error).toContain('Invalid value soon for property commit.interval.ms');
  expect(engine.status()).toMatchObject({ queriesStarted: true, queries: { error: 1 } });
  await run('TERMINATE CSAS_B_0;');
  expect(await run('SHOW QUERIES;')).toMatchObject([{ queries: [] }]);
});
