import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, Settings } from '../../engine/index.js';
import { Runtime } from '../../engine/runtime.js';
import { embeddedNode, readAll, type StoredNode, until } from './nodes.js';

let node: StoredNode;
let engine: Engine;

async function start(): Promise<void> {
  const services = {
    ...{ serviceId: 'one', nodeId: 'test', log: node.log, state: node.state, format: formatByName },
    ...{ functions: new FunctionRegistry(BUILT_IN_FUNCTIONS), clock: systemClock, logger: silentLogger },
    random: () => 0.5,
    uuid: randomUUID,
  };
  const settings = new Settings({ 'auto.offset.reset': 'earliest', 'commit.interval.ms': '20' });
  engine = new Engine({ ...services, runtime: new Runtime(services), settings, maxPushQueries: 10 });
  await engine.start();
}

const run = (sql: string) => engine.execute(sql, EMPTY_CONTEXT);

beforeAll(async () => {
  node = await embeddedNode();
  await start();
});
afterAll(async () => {
  await engine.stop();
  await node.dispose();
});

const rowsOf = async (topic: string) => (await readAll(node.log, topic)).map((r) => `${r.key} ${r.value}`).sort();

/** The rows that are wanted, and no others a while later. */
async function holds(topic: string, wanted: readonly string[]): Promise<void> {
  await until(topic, async () => (await rowsOf(topic)).length >= wanted.length);
  await systemClock.sleep(100);
  expect(await rowsOf(topic)).toEqual([...wanted].sort());
}

it.each([
  ['both of which are repartitioned', 'BOTH_MOVE', 'A.X', 'B.Y'],
  ['one of which is repartitioned', 'ONE_MOVES', 'A.K', 'B.Y'],
])('two streams over one topic, %s, give each pair once, over a restart too', async (_, out, left, right) => {
  const topic = `t_${out}`;
  await run(`CREATE STREAM A (K INT KEY, X INT, Y INT) WITH (KAFKA_TOPIC='${topic}', FORMAT='JSON', PARTITIONS=3);
    CREATE STREAM B (K INT KEY, X INT, Y INT) WITH (KAFKA_TOPIC='${topic}', FORMAT='JSON');
    CREATE STREAM ${out} WITH (FORMAT='JSON') AS SELECT ${left} AS J, AS_VALUE(A.K) AS L, B.K AS R
      FROM A JOIN B WITHIN 1 DAY ON ${left} = ${right};`);
  const rows: { k: number; x: number; y: number }[] = [];
  const add = async (n: number) => {
    const values: string[] = [];
    for (let i = 0; i < n; i++) {
      const k = rows.length;
      rows.push({ k, x: (k * 3) % 5, y: (k * 2) % 7 });
      values.push(`INSERT INTO A VALUES (${k}, ${rows[k]!.x}, ${rows[k]!.y});`);
    }
    await run(values.join('\n'));
  };
  const of = (r: (typeof rows)[number], column: string) =>
    column.endsWith('X') ? r.x : column.endsWith('Y') ? r.y : r.k;
  const pairs = () =>
    rows.flatMap((a) =>
      rows.filter((b) => of(a, left) === of(b, right)).map((b) => `${of(a, left)} {"L":${a.k},"R":${b.k}}`),
    );
  await add(20);
  await holds(out, pairs());
  await engine.stop();
  await node.reopen();
  await start();
  await add(20);
  await holds(out, pairs());
  expect(pairs().length).toBeGreaterThanOrEqual(40);
  // A push query is one task: a record goes to both sides.
  const wanted = pairs().length;
  const push = await engine.openQuery(
    `SELECT ${left} AS J, AS_VALUE(A.K) AS L, B.K AS R FROM A JOIN B WITHIN 1 DAY ON ${left} = ${right} EMIT CHANGES LIMIT ${wanted};`,
    EMPTY_CONTEXT,
  );
  const seen: string[] = [];
  for (let batch = await push.next(); batch !== undefined; batch = await push.next()) {
    seen.push(...batch.rows.map(([j, l, r]) => `${String(j)} {"L":${String(l)},"R":${String(r)}}`));
  }
  await push.close();
  expect(seen.sort()).toEqual(pairs().sort());
  await run(`DROP STREAM ${out}; DROP STREAM A; DROP STREAM B;`);
});

it('a table over the topic of a stream is read from its beginning', async () => {
  await run(`CREATE STREAM S (ID INT KEY, BOSS INT) WITH (KAFKA_TOPIC='people', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE T (ID INT PRIMARY KEY, BOSS INT) WITH (KAFKA_TOPIC='people', FORMAT='JSON');
    INSERT INTO S VALUES (1, 10);
    SET 'auto.offset.reset'='latest';
    CREATE STREAM R WITH (FORMAT='JSON') AS SELECT S.BOSS AS BOSS, S.ID AS ID, T.BOSS AS NEXT FROM S JOIN T ON S.BOSS = T.ID;`);
  await until('it runs', async () => {
    const [answer] = await run('SHOW QUERIES;');
    const { queries } = answer as unknown as { queries: { state: string }[] };
    return queries.every((q) => q.state === 'RUNNING');
  });
  await run('INSERT INTO S VALUES (2, 1);');
  await holds('R', ['1 {"ID":2,"NEXT":10}']);
});
