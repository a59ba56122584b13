import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  EARLIEST,
  eventually,
  type Json,
  produce,
  refused,
  run,
  startServer,
  type TestServer,
} from '../server/support.js';
import { makeDir, removeDir } from '../support/temp.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function folder(): Record<string, string> {
  const dir = makeDir();
  stops.push(() => removeDir(dir));
  return { 'weir.data.dir': dir };
}

async function start(settings: Record<string, string>): Promise<TestServer> {
  const server = await startServer(settings);
  stops.push(() => server.stop());
  return server;
}

const rows = async (server: TestServer, sql: string): Promise<unknown[]> => {
  const { text } = await ask(server, { path: '/query-stream', body: { sql, properties: EARLIEST } });
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((l) => JSON.parse(l) as unknown);
};

/** Rows of a pull query that is asked until there are so many. */
const until = (server: TestServer, sql: string, count: number): Promise<unknown[]> =>
  eventually(
    () => rows(server, sql),
    (r) => r.length >= count,
  );

const add = (server: TestServer, from: number, to: number): Promise<void> =>
  produce(
    server,
    'in',
    Array.from({ length: to - from }, (_, i) => ({ key: String(i % 3), value: JSON.stringify({ A: from + i, B: i }) })),
    2,
  );

const idsOf = async (server: TestServer): Promise<string[]> => {
  const [answer] = await run(server, 'SHOW QUERIES;');
  return (answer as { queries: { id: string }[] }).queries.map((q) => q.id);
};

const SOURCE = "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='in', VALUE_FORMAT='JSON');";
const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

describe('CREATE OR REPLACE of a running query', () => {
  it('goes on where the old one stood: nothing is lost or read twice, after a restart neither', async () => {
    const settings = folder();
    const first = await start(settings);
    await add(first, 0, 100);
    await run(first, `${SOURCE} CREATE STREAM t AS SELECT k, a FROM s WHERE a % 2 = 0;`, EARLIEST);
    await until(first, 'SELECT a FROM t;', 50);

    // The new one's own settings do not move it: there are committed offsets.
    const [answer] = await run(
      first,
      'CREATE OR REPLACE STREAM t AS SELECT k, a, a * 10 AS ten FROM s WHERE a % 4 = 0;',
      { 'auto.offset.reset': 'earliest' },
    );
    expect(answer).toMatchObject({ commandStatus: { message: 'Created query with ID CSAS_T_0', queryId: 'CSAS_T_0' } });
    expect(await idsOf(first)).toEqual(['CSAS_T_0']);
    await add(first, 100, 200);
    const wanted = [...range(0, 100, 2).map((a) => [a, null]), ...range(100, 200, 4).map((a) => [a, a * 10])];
    const seen = async (server: TestServer, count: number) =>
      ((await until(server, 'SELECT a, ten FROM t;', count)) as [number, number | null][]).sort((x, y) => x[0] - y[0]);
    expect(await seen(first, wanted.length)).toEqual(wanted);
    await first.stop();

    const second = await start(settings);
    await add(second, 200, 300);
    wanted.push(...range(200, 300, 4).map((a) => [a, a * 10]));
    expect(await seen(second, wanted.length)).toEqual(wanted);
    expect(await idsOf(second)).toEqual(['CSAS_T_0']);
    expect(second.running.engine.status().queries).toEqual({ running: 1, error: 0, total: 1 });
  });

  it('while records come: each is in the output once', async () => {
    const server = await start(folder());
    await produce(server, 'in', [], 2);
    await run(server, `${SOURCE} CREATE STREAM t AS SELECT k, a FROM s;`);
    for (let n = 0; n < 5; n++) {
      const coming = add(server, n * 200, (n + 1) * 200);
      await run(server, `CREATE OR REPLACE STREAM t AS SELECT k, a FROM s WHERE a >= -${n + 1};`);
      await coming;
    }
    const seen = (await until(server, 'SELECT a FROM t;', 1000)).flat().map(Number);
    expect(seen.sort((x, y) => x - y)).toEqual(range(0, 1000));
  });

  it('ALTER STREAM ADD COLUMN, then a query that reads the new column', async () => {
    const server = await start(folder());
    await add(server, 0, 10);
    await run(server, `${SOURCE} CREATE STREAM t AS SELECT k, a FROM s;`, EARLIEST);
    await until(server, 'SELECT a FROM t;', 10);
    await run(server, 'ALTER STREAM s ADD COLUMN b INT; CREATE OR REPLACE STREAM t AS SELECT k, a, b FROM s;');
    await add(server, 10, 20);
    const seen = (await until(server, 'SELECT a, b FROM t;', 20)) as [number, number | null][];
    expect(seen.sort((x, y) => x[0] - y[0])).toEqual(range(0, 20).map((a) => [a, a < 10 ? null : a - 10]));
  });

  it('an aggregation keeps its state where only what is around it changes, else it is refused as it is', async () => {
    const server = await start(folder());
    await add(server, 0, 30);
    await run(
      server,
      `${SOURCE} CREATE TABLE c AS SELECT k, COUNT(*) AS n, SUM(a) AS total FROM s GROUP BY k;`,
      EARLIEST,
    );
    const counts = (wanted: readonly number[]) =>
      eventually(
        async () => ((await rows(server, 'SELECT k, n FROM c;')) as [string, number][]).sort(),
        (r) => JSON.stringify(r.map(([, n]) => n)) === JSON.stringify(wanted),
      );
    await counts([10, 10, 10]);
    await run(
      server,
      "CREATE OR REPLACE TABLE c AS SELECT k, COUNT(*) AS n, SUM(a) AS total FROM s WHERE k <> '2' GROUP BY k;",
    );
    await add(server, 30, 60);
    await counts([20, 20, 10]);
    expect(await idsOf(server)).toEqual(['CTAS_C_0']);

    const error = await refused(
      server,
      'CREATE OR REPLACE TABLE c AS SELECT k, COUNT(*) AS n, SUM(a) AS total, MAX(a) AS m FROM s GROUP BY k;',
    );
    expect(error).toMatchObject({
      error_code: 40001,
      message: expect.stringMatching(
        /^Cannot upgrade query CTAS_C_0, .*its state is of other aggregates: COUNT, SUM\.$/,
      ),
      hint: expect.stringContaining('TERMINATE CTAS_C_0'),
    });
    await add(server, 60, 90);
    await counts([30, 30, 10]);
  });

  it('a table of a table: what the new filter lets go stays until it changes, also after a restart', async () => {
    const settings = folder();
    const first = await start(settings);
    const n = (server: TestServer, rows: Record<string, number | null>) =>
      produce(
        server,
        'n',
        Object.entries(rows).map(([key, v]) => ({
          key,
          value: v === null ? null : JSON.stringify({ V: v, W: v * 2 }),
        })),
        2,
      );
    const table = async (server: TestServer, wanted: unknown[]): Promise<void> => {
      const pull = async () => (await rows(server, 'SELECT * FROM t;')).map((r) => JSON.stringify(r)).sort();
      await eventually(pull, (r) => JSON.stringify(r) === JSON.stringify(wanted.map((w) => JSON.stringify(w))));
    };
    await n(first, { a: 1, b: 5, c: -3 });
    await run(
      first,
      `CREATE TABLE n (k STRING PRIMARY KEY, v INT, w INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');
       CREATE TABLE t AS SELECT k, v FROM n WHERE v > 0;`,
      EARLIEST,
    );
    await table(first, [
      ['a', 1],
      ['b', 5],
    ]);
    await run(first, 'CREATE OR REPLACE TABLE t AS SELECT k, v, w + 1 AS w FROM n WHERE v > 3;');
    await table(first, [
      ['a', 1, null],
      ['b', 5, null],
    ]);
    await n(first, { d: 7 });
    await table(first, [
      ['a', 1, null],
      ['b', 5, null],
      ['d', 7, 15],
    ]);
    await first.stop();

    const second = await start(settings);
    await table(second, [
      ['a', 1, null],
      ['b', 5, null],
      ['d', 7, 15],
    ]);
    await n(second, { a: 2, b: 6, c: -4 });
    await table(second, [
      ['b', 6, 13],
      ['d', 7, 15],
    ]);
    await run(second, 'CREATE OR REPLACE TABLE t AS SELECT k, v, w + 1 AS w FROM n;');
    await n(second, { b: null, c: 0 });
    await table(second, [
      ['c', 0, 1],
      ['d', 7, 15],
    ]);
    // The topic says the same to whoever reads it from its beginning.
    await run(
      second,
      `CREATE TABLE copy (k STRING PRIMARY KEY, v INT, w INT) WITH (KAFKA_TOPIC='T', VALUE_FORMAT='JSON');
       CREATE TABLE copied AS SELECT * FROM copy;`,
      EARLIEST,
    );
    const copied = async () => (await rows(second, 'SELECT k, v, w FROM copied;')).map((r) => JSON.stringify(r)).sort();
    await eventually(copied, (r) => r.join() === '["c",0,1],["d",7,15]');
  });

  it('HAVING of an aggregate that is held in a cache: its state goes on, what it lets go becomes a tombstone', async () => {
    const settings = { ...folder(), 'commit.interval.ms': '50' };
    const first = await start(settings);
    const e = (server: TestServer, pairs: [string, number][]) =>
      produce(
        server,
        'e',
        pairs.map(([key, v]) => ({ key, value: JSON.stringify({ V: v }) })),
        2,
      );
    const table = async (server: TestServer, wanted: unknown[]): Promise<void> => {
      const pull = async () => (await rows(server, 'SELECT * FROM h;')).map((r) => JSON.stringify(r)).sort();
      await eventually(pull, (r) => JSON.stringify(r) === JSON.stringify(wanted.map((w) => JSON.stringify(w))));
    };
    await e(first, [
      ['a', 1],
      ['b', 6],
    ]);
    await run(
      first,
      `CREATE STREAM e (k STRING KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON');
       CREATE TABLE h AS SELECT k, SUM(v) AS s FROM e GROUP BY k;`,
      EARLIEST,
    );
    await table(first, [
      ['a', 1],
      ['b', 6],
    ]);
    await run(first, 'CREATE OR REPLACE TABLE h AS SELECT k, SUM(v) AS s FROM e GROUP BY k HAVING SUM(v) > 5;');
    await table(first, [
      ['a', 1],
      ['b', 6],
    ]);
    await first.stop();

    const second = await start(settings);
    await table(second, [
      ['a', 1],
      ['b', 6],
    ]);
    await e(second, [
      ['a', 1],
      ['c', 1],
    ]);
    await table(second, [['b', 6]]);
    await e(second, [
      ['a', 9],
      ['c', 9],
      ['b', -3],
    ]);
    await table(second, [
      ['a', 11],
      ['c', 10],
    ]);
  });

  it('several queries write the stream: none of them can be the one that is meant', async () => {
    const server = await start(folder());
    await add(server, 0, 3);
    await run(server, `${SOURCE} CREATE STREAM t AS SELECT k, a FROM s; INSERT INTO t SELECT k, a + 1 AS a FROM s;`);
    const error: Json = await refused(server, 'CREATE OR REPLACE STREAM t AS SELECT k, a FROM s WHERE a > 1;');
    expect(error.message).toContain(
      'REPLACE for sink `T` is not supported because there are multiple queries writing into it: [CSAS_T_0, INSERTQUERY_1]',
    );
    expect(await idsOf(server)).toEqual(['CSAS_T_0', 'INSERTQUERY_1']);
  });

  it('a query that was ended leaves its stream, which another query may then fill', async () => {
    const server = await start(folder());
    await add(server, 0, 3);
    await run(server, `${SOURCE} CREATE STREAM t AS SELECT k, a FROM s;`, EARLIEST);
    await until(server, 'SELECT a FROM t;', 3);
    await run(server, 'TERMINATE CSAS_T_0;');
    await run(server, 'CREATE OR REPLACE STREAM t AS SELECT k, a + 100 AS a FROM s;', EARLIEST);
    expect(
      (await until(server, 'SELECT a FROM t;', 6))
        .flat()
        .map(Number)
        .sort((x, y) => x - y),
    ).toEqual([0, 1, 2, 100, 101, 102]);
    expect(await idsOf(server)).toEqual(['CSAS_T_1']);
  });
});
