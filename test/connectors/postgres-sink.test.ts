import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMPTY_CONTEXT } from '../../engine/index.js';
import { type Postgres, postgresMissing, startPostgres } from '../../testing/postgres.js';
import { until } from '../runtime/nodes.js';
import { run, startServer, type TestServer } from '../server/support.js';
import { describeWith } from './support/require.js';

describeWith('postgres', postgresMissing(), 'postgres-sink', () => {
  let postgres: Postgres;
  let server: TestServer;
  let db: pg.Client;

  beforeAll(async () => {
    postgres = await startPostgres();
    process.env.WEIR_SECRET_TEST_PG = postgres.url;
    server = await startServer({ 'auto.offset.reset': 'earliest', 'commit.interval.ms': '50' });
    db = await postgres.connect();
  });
  afterAll(async () => {
    await server?.stop();
    await db?.end().catch(() => {}); // Postgres was killed
    await postgres?.stop();
  });

  const rows = async (sql: string): Promise<unknown[][]> =>
    (await db.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
  /** The same where the table may not have been made yet. */
  const rowsThere = async (sql: string): Promise<unknown[][]> =>
    rows(sql).catch((e: { code?: string }) => {
      if (e.code === '42P01' || e.code === '42703') return [];
      throw e;
    });
  const sink = (name: string, options: string): Promise<unknown> =>
    run(
      server,
      `CREATE SINK CONNECTOR ${name} WITH ('connector.class'='postgres-sink', 'connection.url'='\${env:WEIR_SECRET_TEST_PG}',
       'errors.retry.delay.max.ms'='200', ${options});`,
    );
  const described = async (name: string) =>
    (await server.running.engine.execute(`DESCRIBE CONNECTOR ${name};`, EMPTY_CONTEXT)).at(-1) as unknown as {
      readonly status: {
        readonly connector: { readonly state: string };
        readonly tasks: readonly { readonly trace: string | null }[];
      };
      readonly statistics: { readonly rows: number; readonly deadLetters: number; readonly retries: number };
    };
  const ingest = (stream: string, list: readonly object[]): Promise<number> =>
    server.running.engine.ingest(
      stream,
      list.map((r) => JSON.stringify(r)),
    );

  it('makes the table of the SQL schema, and writes every type', async () => {
    await run(
      server,
      `CREATE STREAM kinds (id STRING KEY, b BOOLEAN, i INT, l BIGINT, d DOUBLE, m DECIMAL(10, 2), s STRING, y BYTES, da DATE, ti TIME, ts TIMESTAMP,
        a ARRAY<INT>, o STRUCT<x INT, z STRING>, p MAP<STRING, DOUBLE>) WITH (KAFKA_TOPIC='kinds', VALUE_FORMAT='JSON', PARTITIONS=1);`,
    );
    await sink('kinds_pg', `'from'='kinds'`);
    await ingest('kinds', [
      {
        id: 'a',
        b: true,
        i: -1,
        d: 0.5,
        m: 12.3,
        s: 'tab\t, line\n, \\ and "quotes"',
        y: 'AQID',
        da: '2026-08-01',
        ti: '10:11:12',
        ts: '2026-08-01T10:11:12.345',
        a: [1, null],
        o: { x: 1, z: 'é' },
        p: { k: 1.5 },
      },
      { id: 'b' },
    ]);
    await server.running.engine.ingest('kinds', ['{"id":"c","l":9223372036854775807}']);
    await until('three rows', async () => (await described('kinds_pg')).statistics?.rows === 3);
    const types = await rows(
      "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'kinds' ORDER BY ordinal_position",
    );
    expect(types.map(([, type]) => type)).toEqual([
      'text',
      'boolean',
      'integer',
      'bigint',
      'double precision',
      'numeric',
      'text',
      'bytea',
      'date',
      'time without time zone',
      'timestamp without time zone',
      'jsonb',
      'jsonb',
      'jsonb',
    ]);
    expect(
      await rows(
        "SELECT b, i, d, m::text, s, encode(y, 'hex'), da::text, ti::text, ts::text, a::text, o, p FROM kinds WHERE id = 'a'",
      ),
    ).toEqual([
      [
        true,
        -1,
        0.5,
        '12.30',
        'tab\t, line\n, \\ and "quotes"',
        '010203',
        '2026-08-01',
        '10:11:12',
        '2026-08-01 10:11:12.345',
        '[1, null]',
        { X: 1, Z: 'é' },
        { k: 1.5 },
      ],
    ]);
    expect(await rows("SELECT l::text, s FROM kinds WHERE id <> 'a' ORDER BY id")).toEqual([
      [null, null],
      ['9223372036854775807', null],
    ]);
  });

  it('writes each row once into a table without a key, however often Postgres is killed', async () => {
    await run(
      server,
      "CREATE STREAM telemetry (vehicle INT, n INT) WITH (KAFKA_TOPIC='telemetry', VALUE_FORMAT='JSON', PARTITIONS=3);",
    );
    await sink('telemetry_pg', `'from'='telemetry', 'table'='fleet', 'batch.size'='211'`);
    const all = 30_000;
    const feeding = (async () => {
      for (let i = 0; i < all; i += 500) {
        await ingest(
          'telemetry',
          Array.from({ length: 500 }, (_, j) => ({ vehicle: (i + j) % 7, n: i + j })),
        );
      }
    })();
    await db.end();
    for (const more of [1000, 6000, 14_000, 22_000]) {
      await until('more rows', async () => ((await described('telemetry_pg')).statistics?.rows ?? 0) >= more, 60_000);
      await (more % 4000 === 2000 ? postgres.stopAtOnce() : postgres.kill());
      await postgres.start();
    }
    await feeding;
    db = await postgres.connect();
    await until('all rows', async () => Number((await rowsThere('SELECT count(*) FROM fleet'))[0]?.[0]) >= all, 60_000);
    const [[count, distinct, sum]] = (await rows('SELECT count(*), count(DISTINCT n), sum(n) FROM fleet')) as [
      string[],
    ];
    expect([Number(count), Number(distinct), Number(sum)]).toEqual([all, all, (all * (all - 1)) / 2]);
    expect((await described('telemetry_pg')).statistics.retries).toBeGreaterThan(0);
  }, 180_000);

  it('keeps a table up to date by its key, and deletes what is deleted', async () => {
    await run(
      server,
      `CREATE STREAM rides (zone STRING, fare INT) WITH (KAFKA_TOPIC='pg_rides', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE TABLE zones WITH (KAFKA_TOPIC='pg_zones', PARTITIONS=2) AS SELECT zone, COUNT(*) AS rides, SUM(fare) AS fares FROM rides GROUP BY zone HAVING SUM(fare) < 100;
       CREATE TABLE hours WITH (KAFKA_TOPIC='pg_hours', PARTITIONS=1) AS SELECT zone, COUNT(*) AS rides FROM rides WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY zone;`,
    );
    await sink('zones_pg', `'from'='zones'`);
    await sink('hours_pg', `'from'='hours', 'table'='hours'`);
    await ingest('rides', [
      { zone: 'Soho', fare: 10 },
      { zone: 'Soho', fare: 5 },
      { zone: 'Harlem', fare: 20 },
    ]);
    await until(
      'both zones',
      async () =>
        JSON.stringify(await rowsThere('SELECT zone, rides::int, fares FROM pg_zones ORDER BY zone')) ===
        '[["Harlem",1,20],["Soho",2,15]]',
    );
    await until(
      'the hours',
      async () =>
        JSON.stringify(
          await rowsThere(
            'SELECT zone, sum(rides)::int, max(extract(epoch from windowend - windowstart))::int FROM hours GROUP BY zone ORDER BY zone',
          ),
        ) === '[["Harlem",1,3600],["Soho",2,3600]]',
    );
    await ingest('rides', [{ zone: 'Soho', fare: 90 }]);
    await until(
      'Soho is gone',
      async () => JSON.stringify(await rowsThere('SELECT zone FROM pg_zones')) === '[["Harlem"]]',
    );
  });

  it('sends a row that Postgres does not take to the dead letters, and writes all others', async () => {
    await run(
      server,
      "CREATE STREAM texts (id INT, s STRING) WITH (KAFKA_TOPIC='texts', VALUE_FORMAT='JSON', PARTITIONS=1);",
    );
    await db.query('CREATE TABLE texts (id integer CHECK (id <> 7), s text)');
    await ingest(
      'texts',
      Array.from({ length: 20 }, (_, id) => ({ id, s: id === 13 ? 'nul \u0000' : `text ${id}` })),
    );
    await sink('texts_pg', `'from'='texts', 'errors.deadletterqueue.topic.name'='bad_texts'`);
    await until('eighteen rows', async () => Number((await rowsThere('SELECT count(*) FROM texts'))[0]?.[0]) === 18);
    expect((await described('texts_pg')).statistics).toMatchObject({ rows: 18, deadLetters: 2 });
    await sink('texts_strict', `'from'='texts', 'table'='texts_strict'`);
    const failed = await until('it has failed', async () => {
      const d = await described('texts_strict');
      return d.status.connector.state === 'FAILED' && d;
    });
    expect(failed.status.tasks[0]!.trace).toMatch(
      /offset 13 .* is not taken by the target: .*0x00.*errors.tolerance=all/,
    );
    expect(await rows('SELECT count(*)::int, max(id) FROM texts_strict')).toEqual([[13, 12]]);
  });

  it('adds columns and widens types; every other difference ends it with a message', async () => {
    await run(
      server,
      "CREATE STREAM grows (a INT, b BIGINT, s STRING) WITH (KAFKA_TOPIC='grows', VALUE_FORMAT='JSON', PARTITIONS=1);",
    );
    await db.query('CREATE TABLE grows (b integer, extra text)');
    await sink('grows_pg', `'from'='grows'`);
    await server.running.engine.ingest('grows', ['{"a":1,"b":9007199254740993,"s":"x"}']);
    await until('the row', async () => (await rowsThere('SELECT a, b::text, s, extra FROM grows')).length === 1);
    expect(await rows('SELECT a, b::text, s, extra FROM grows')).toEqual([[1, '9007199254740993', 'x', null]]);
    await db.query('CREATE TABLE stays (a boolean)');
    await sink('stays_pg', `'from'='grows', 'table'='stays'`);
    const failed = await until('it has failed', async () => {
      const d = await described('stays_pg');
      return d.status.connector.state === 'FAILED' && d;
    });
    expect(failed.status.tasks[0]!.trace).toMatch(/Column a of table "stays" is boolean, which takes no INTEGER/);
    expect(await rows('SELECT * FROM stays')).toEqual([]);
  });

  it('refuses a topic that was made anew, and forgets with the connector', async () => {
    const { engine } = server.running;
    await run(server, "CREATE STREAM anew (n INT) WITH (KAFKA_TOPIC='anew', VALUE_FORMAT='JSON', PARTITIONS=1);");
    await sink('anew_pg', `'from'='anew'`);
    await ingest('anew', [{ n: 1 }, { n: 2 }]);
    await until('two rows', async () => Number((await rowsThere('SELECT count(*) FROM anew'))[0]?.[0]) === 2);
    await run(server, 'PAUSE CONNECTOR anew_pg;');
    await until('it is paused', async () => (await described('anew_pg')).status.connector.state === 'PAUSED');
    await db.query("UPDATE weir_connector_offsets SET topic_id = 'another' WHERE topic = 'anew'");
    await run(server, 'RESUME CONNECTOR anew_pg;');
    const failed = await until('it has failed', async () => {
      const d = await described('anew_pg');
      return d.status.connector.state === 'FAILED' && d;
    });
    expect(failed.status.tasks[0]!.trace).toMatch(
      /rows of topic anew up to offset 2, and this is another topic of the name/,
    );
    await engine.execute('DROP CONNECTOR anew_pg;', EMPTY_CONTEXT);
    await until(
      'its offsets are gone',
      async () => (await rowsThere("SELECT * FROM weir_connector_offsets WHERE topic = 'anew'")).length === 0,
    );
  });

  it('a task that was taken over writes nothing', async () => {
    const { postgresSink } = await import('../../engine/connectors/postgres-sink/index.js');
    const { OPTIONS } = await import('../../engine/connectors/postgres-sink/options.js');
    const { valuesOf } = await import('../../engine/base/setting.js');
    const { sinkContext, trip } = await import('./support/sink.js');
    const options = valuesOf(OPTIONS, { 'connection.url': postgres.url, table: 'zombie' });
    const open = () => postgresSink.start({ ...sinkContext({ options: {} }), options } as never);
    const batch = (from: number, next: number) => ({
      rows: Array.from({ length: next - from }, (_, i) => trip(from + i, `z${from + i}`)),
      from,
      next,
      partition: { topic: 'trips', partition: 0 },
      reject: async () => {},
    });
    const old = await open();
    await old.write(batch(0, 3));
    const young = await open();
    expect(await young.position!()).toBe(3);
    await expect(old.write(batch(3, 6))).rejects.toThrow(/Another task writes partition 0 of topic trips now/);
    await young.write(batch(3, 5));
    await expect(old.write(batch(3, 6))).rejects.toThrow(/Another task/);
    await old.close();
    await young.close();
    expect(await rows('SELECT id::int FROM zombie ORDER BY id')).toEqual([[0], [1], [2], [3], [4]]);
  });
});
