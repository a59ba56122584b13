import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, Settings } from '../../engine/index.js';
import { BatchBuilder } from '../../engine/records/batch.js';
import { Runtime } from '../../engine/runtime.js';
import { embeddedNode, readAll, type StoredNode, until } from './nodes.js';

const MINUTE = 60_000;

interface Row {
  readonly partition: number;
  readonly ts: number;
  readonly user: string;
  readonly n: number;
}

let node: StoredNode;
let engine: Engine;
let runtime: Runtime;
let serial = 0;

/** A fast clock: how long is waited is not what these tests are about. */
const clock: Clock = {
  now: () => systemClock.now() * 50,
  sleep: (ms, signal) => systemClock.sleep(ms / 50, signal),
};

async function start(): Promise<void> {
  const services = {
    ...{ serviceId: 'backfill', nodeId: 'test', log: node.log, state: node.state, format: formatByName },
    ...{ functions: new FunctionRegistry(BUILT_IN_FUNCTIONS), clock, logger: silentLogger },
    random: () => 0.5,
    uuid: randomUUID,
  };
  runtime = new Runtime(services);
  const settings = new Settings({ 'auto.offset.reset': 'earliest', 'commit.interval.ms': '20' });
  engine = new Engine({ ...services, runtime, settings, maxPushQueries: 10 });
  await engine.start();
}

const run = (sql: string, properties: Record<string, string> = {}) =>
  engine.execute(sql, { ...EMPTY_CONTEXT, properties });

/** Rows in the order that is given, each partition in batches of so many. */
async function fill(topic: string, partitions: number, rows: readonly Row[], batch = 100): Promise<void> {
  await node.log.createTopics([{ name: topic, partitions }]);
  const writer = await node.log.writer({ clientId: 'test' });
  for (let p = 0; p < partitions; p++) {
    const own = rows.filter((r) => r.partition === p);
    for (let i = 0; i < own.length; i += batch) {
      const builder = new BatchBuilder();
      for (const { ts, user, n } of own.slice(i, i + batch)) {
        const value = Buffer.from(JSON.stringify({ USER: user, N: n }));
        builder.add(ts, null, -1, -1, value, 0, value.length);
      }
      writer.append(topic, p, builder.finish()!);
    }
  }
  await writer.flush();
  await writer.close();
}

/** Waits until a topic's rows do what they should, or until they have not changed for a while. */
async function settled<T>(topic: string, look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
  let ends = '';
  let since = Date.now();
  return until(topic, async () => {
    const seen = await look();
    const now = (await node.log.offsets(topic)).map((o) => o.end).join();
    if (now !== ends) since = Date.now();
    ends = now;
    return done(seen) || Date.now() - since > 1500 ? seen : false;
  });
}

/** The latest N of each key of a windowed table's topic: user and window start. */
async function counts(topic: string): Promise<Record<string, number>> {
  const out: Record<string, number> = {};
  for (const { value } of await readAll(node.log, topic)) {
    const { U, W, N } = JSON.parse(value!) as { U: string; W: number; N: number };
    out[`${U}@${W}`] = N;
  }
  return out;
}

const sum = (counted: Record<string, number>): number => Object.values(counted).reduce((a, b) => a + b, 0);

beforeAll(async () => {
  node = await embeddedNode();
  await start();
});
afterAll(async () => {
  await engine.stop();
  await node.dispose();
});

describe('a query over what is there already', () => {
  it('counts all of a history in several partitions, through a repartition topic', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({
      partition: i % 4,
      ts: i * 30_000,
      user: `u${(i * 7) % 10}`,
      n: i,
    }));
    await fill('rides', 4, rows);
    await run(`CREATE STREAM rides (USER VARCHAR, N INT) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');
      CREATE TABLE per_user WITH (KAFKA_TOPIC='per_user', KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS
        SELECT USER, AS_VALUE(USER) AS U, WINDOWSTART AS W, COUNT(*) AS N FROM rides WINDOW TUMBLING (SIZE 5 MINUTES, GRACE PERIOD 5 MINUTES) GROUP BY USER;`);
    const counted = await settled(
      'per_user',
      () => counts('per_user'),
      (c) => sum(c) === 4000,
    );
    expect(sum(counted)).toBe(4000);
    // Then nothing is written any more.
    const commits = () => runtime.query('CTAS_PER_USER_0')!.counters().commits;
    await until('quiet', async () => {
      const before = commits();
      await systemClock.sleep(300);
      return commits() === before;
    });
  });

  it('reads its tables from the beginning, and its streams from where auto.offset.reset says', async () => {
    await node.log.createTopics([{ name: 'users', partitions: 2 }]);
    await run(`CREATE TABLE users (ID VARCHAR PRIMARY KEY, CITY VARCHAR) WITH (KAFKA_TOPIC='users', FORMAT='JSON');
      CREATE STREAM visits (ID VARCHAR KEY, N INT) WITH (KAFKA_TOPIC='visits', FORMAT='JSON', PARTITIONS=2);
      INSERT INTO users VALUES ('a', 'Rome');
      INSERT INTO users VALUES ('b', 'Rome');
      INSERT INTO visits VALUES ('a', 1);`);
    const latest = { 'auto.offset.reset': 'latest' };
    await run(
      `CREATE SOURCE TABLE users2 (ID VARCHAR PRIMARY KEY, CITY VARCHAR) WITH (KAFKA_TOPIC='users', FORMAT='JSON');
       CREATE TABLE big AS SELECT * FROM users WHERE CITY = 'Rome';
       CREATE TABLE cities AS SELECT CITY, COUNT(*) AS N FROM users GROUP BY CITY;
       CREATE STREAM placed AS SELECT v.ID, N, CITY FROM visits v JOIN users u ON v.ID = u.ID;`,
      latest,
    );
    const push = await engine.openQuery('SELECT CITY, COUNT(*) AS N FROM users GROUP BY CITY EMIT CHANGES;', {
      ...EMPTY_CONTEXT,
      properties: latest,
    });
    let last: unknown;
    while (String(last) !== 'Rome,2') last = (await push.next())!.rows.at(-1);
    await push.close();
    const rows = async (sql: string) => {
      const query = await engine.openQuery(sql, EMPTY_CONTEXT);
      const all: string[] = [];
      for (let b = await query.next(); b !== undefined; b = await query.next()) all.push(...b.rows.map(String));
      await query.close();
      return all.sort();
    };
    for (const [sql, wanted] of [
      ['SELECT * FROM users2;', ['a,Rome', 'b,Rome']],
      ['SELECT * FROM big;', ['a,Rome', 'b,Rome']],
      ['SELECT * FROM cities;', ['Rome,2']],
    ] as const) {
      await until(sql, async () => (await rows(sql).catch(() => [])).join(';') === wanted.join(';'));
    }
    const ids = ['CST_USERS2_1', 'CTAS_BIG_2', 'CTAS_CITIES_3', 'CSAS_PLACED_4'];
    await until('all run', () => ids.every((id) => runtime.query(id)!.state === 'RUNNING'));
    await run("INSERT INTO visits VALUES ('b', 2);");
    await until('a visit', async () => (await readAll(node.log, 'PLACED')).length > 0);
    expect((await readAll(node.log, 'PLACED')).map((r) => [r.key, r.value])).toEqual([
      ['"b"', '{"N":2,"CITY":"Rome"}'],
    ]);
  });
});

const streams = fc.record({
  partitions: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 40 }),
  rows: fc.array(
    fc.record({
      partition: fc.nat(4),
      /** After the one before it in its partition, and how much earlier it is said to be. */
      after: fc.integer({ min: 0, max: 20 * MINUTE }),
      late: fc.integer({ min: 0, max: MINUTE }),
      user: fc.constantFrom('a', 'b', 'c'),
    }),
    { minLength: 1, maxLength: 150 },
  ),
});

/** Each partition in order but for a minute: late for no window with a grace of a minute. */
function rowsOf({
  partitions,
  rows,
}: {
  partitions: number;
  rows: readonly { partition: number; after: number; late: number; user: string }[];
}): Row[] {
  const at = new Array<number>(partitions).fill(MINUTE);
  return rows.map((r, n) => {
    const partition = r.partition % partitions;
    at[partition]! += r.after;
    return { partition, ts: at[partition]! - r.late, user: r.user, n };
  });
}

describe('a history in any order of partitions', () => {
  it('gives an aggregate all that was not late on its partition', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.integer({ min: 1, max: 10 }), async (drawn, minutes) => {
        const id = ++serial;
        const rows = rowsOf(drawn);
        await fill(`in${id}`, drawn.partitions, rows, drawn.batch);
        await run(`CREATE STREAM s${id} (USER VARCHAR, N INT) WITH (KAFKA_TOPIC='in${id}', VALUE_FORMAT='JSON');
          CREATE TABLE t${id} WITH (KAFKA_TOPIC='out${id}', KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS
            SELECT USER, AS_VALUE(USER) AS U, WINDOWSTART AS W, COUNT(*) AS N FROM s${id}
            WINDOW TUMBLING (SIZE ${minutes} MINUTES, GRACE PERIOD 1 MINUTE) GROUP BY USER;`);
        const counted = await settled(
          `out${id}`,
          () => counts(`out${id}`),
          (c) => sum(c) === rows.length,
        );
        expect(sum(counted)).toBe(rows.length);
        await run(`DROP TABLE t${id};`);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('gives a join of two streams all its pairs, whichever sides are repartitioned', async () => {
    await fc.assert(
      fc.asyncProperty(streams, streams, async (l, r) => {
        const id = ++serial;
        const [left, right] = [rowsOf(l), rowsOf({ ...r, partitions: l.partitions })];
        await fill(`l${id}`, l.partitions, left, l.batch);
        await fill(`r${id}`, l.partitions, right, r.batch);
        const pairs = left.flatMap((a) =>
          right.filter((b) => a.user === b.user && Math.abs(a.ts - b.ts) <= 2 * MINUTE).map((b) => `${a.n}-${b.n}`),
        );
        await run(`CREATE STREAM l${id} (USER VARCHAR, N INT) WITH (KAFKA_TOPIC='l${id}', VALUE_FORMAT='JSON');
          CREATE STREAM r${id} (USER VARCHAR, N INT) WITH (KAFKA_TOPIC='r${id}', VALUE_FORMAT='JSON');
          CREATE STREAM j${id} WITH (KAFKA_TOPIC='j${id}', VALUE_FORMAT='JSON') AS
            SELECT l.USER, l.N AS A, r.N AS B FROM l${id} l
            JOIN r${id} r WITHIN 2 MINUTES GRACE PERIOD 1 MINUTE ON l.USER = r.USER;`);
        const look = async () =>
          (await readAll(node.log, `j${id}`)).map(({ value }) => {
            const { A, B } = JSON.parse(value!) as { A: number; B: number };
            return `${A}-${B}`;
          });
        const seen = await settled(`j${id}`, look, (s) => s.length === pairs.length);
        expect(seen.sort()).toEqual(pairs.sort());
        await run(`DROP STREAM j${id};`);
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});
