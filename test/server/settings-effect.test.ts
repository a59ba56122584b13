import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
} from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await run(
    server,
    `CREATE STREAM rides (id STRING KEY, n INT) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON', PARTITIONS=2);`,
  );
  await produce(
    server,
    'rides',
    [1, 2, 3].map((n) => ({ key: 'a', value: JSON.stringify({ n }) })),
    2,
  );
});
afterAll(() => server.stop());

const topics = async (): Promise<{ name: string; replicaInfo: number[] }[]> =>
  (await run(server, 'SHOW TOPICS;'))[0]!.topics as { name: string; replicaInfo: number[] }[];

const partitionsOf = async (name: string) => (await topics()).find((t) => t.name === name)?.replicaInfo.length;

/** How often a table's topic was written to when all rides are counted. */
async function updates(table: string, set: string): Promise<number> {
  await run(server, `${set} CREATE TABLE ${table} AS SELECT id, COUNT(*) AS n FROM rides GROUP BY id;`, EARLIEST);
  const rows = () => ask(server, { path: '/query-stream', body: { sql: `SELECT n FROM ${table} WHERE id = 'a';` } });
  await eventually(rows, (a) => a.text.includes('[3]'));
  const sql = `CREATE STREAM ${table}_changes (id STRING KEY, n INT) WITH (KAFKA_TOPIC='${table.toUpperCase()}', VALUE_FORMAT='JSON');`;
  await run(server, sql);
  const changes = await ask(server, { path: '/query-stream', body: { sql: `SELECT n FROM ${table}_changes;` } });
  return changes.text.trim().split('\n').length - 1;
}

const shown = async (name: string): Promise<unknown> => {
  const [entity] = await run(server, 'SHOW PROPERTIES;');
  return (entity!.properties as Json[]).find((p) => p.name === name);
};

describe('settings have an effect', () => {
  it("statestore.cache.max.bytes: Kafka's newer name of cache.max.bytes.buffering", async () => {
    expect(await updates('held', '')).toBe(1);
    expect(await updates('each', "SET 'statestore.cache.max.bytes'='0';")).toBe(3);
    expect(await updates('older', "SET 'ksql.streams.cache.max.bytes.buffering'='0';")).toBe(3);
  });

  it('ksql.sink.partitions: of the topic of a CREATE … AS that says nothing else', async () => {
    const set = "SET 'ksql.sink.partitions'='5';";
    await run(server, 'CREATE STREAM as_read AS SELECT * FROM rides;');
    await run(server, `${set} CREATE STREAM as_set AS SELECT * FROM rides;`);
    await run(server, `${set} CREATE STREAM as_said WITH (PARTITIONS=3) AS SELECT * FROM rides;`);
    expect([await partitionsOf('AS_READ'), await partitionsOf('AS_SET'), await partitionsOf('AS_SAID')]).toEqual([
      2, 5, 3,
    ]);
    expect(await refused(server, "SET 'ksql.sink.partitions'='0';")).toMatchObject({
      message: 'Invalid value 0 for property ksql.sink.partitions: it must be a whole number from 1 on.',
    });
  });

  it('ALTER SYSTEM knows the names that SET knows, and one setting has one value whatever name it was set by', async () => {
    expect(await refused(server, "ALTER SYSTEM 'comit.interval.ms'='50';")).toMatchObject({
      message: 'Unknown property: comit.interval.ms',
      hint: 'Did you mean commit.interval.ms?',
    });
    await run(server, "ALTER SYSTEM 'statestore.cache.max.bytes'='2000000';");
    expect(await shown('ksql.streams.cache.max.bytes.buffering')).toMatchObject({ value: '2000000', editable: true });
    const [first, second] = (
      await run(
        server,
        "SET 'ksql.streams.auto.offset.reset'='earliest'; SHOW PROPERTIES; UNSET 'auto.offset.reset'; SHOW PROPERTIES;",
      )
    ).map((e) => e.overwrittenProperties);
    expect([first, second]).toEqual([['auto.offset.reset'], []]);
  });

  it('a default format that is none is refused at the start', async () => {
    await expect(startServer({ 'ksql.persistence.default.format.value': 'JSN' })).rejects.toThrow(
      'Setting ksql.persistence.default.format.value: there is no format JSN. Did you mean JSON?',
    );
    const formatted = await startServer({ 'ksql.persistence.default.format.value': 'json' });
    await run(formatted, `CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', PARTITIONS=1);`);
    await formatted.stop();
  });

  it('what is read at the start is not set by statements and requests', async () => {
    const message = "Cannot override property 'weir.query.pull.max.bytes': it is read at the start of the server.";
    expect(await refused(server, "SET 'weir.query.pull.max.bytes'='1';")).toMatchObject({ message });
    expect(await refused(server, "ALTER SYSTEM 'weir.query.pull.max.bytes'='1';")).toMatchObject({ message });
    const properties = { 'weir.query.pull.max.bytes': '99999999999' };
    const query = await ask(server, { path: '/query-stream', body: { sql: 'SELECT * FROM held;', properties } });
    expect([query.status, JSON.parse(query.text)]).toMatchObject([400, { message }]);
    expect(await shown('weir.query.pull.max.bytes')).toMatchObject({ editable: false, value: '134217728' });
  });
});
