import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, EARLIEST, eventually, produce, refused, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await run(
    server,
    `CREATE STREAM rides (id STRING KEY, n INT) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON', PARTITIONS=1);`,
  );
});
afterAll(() => server.stop());

const post = async (topic: string, record: object) => {
  const answer = await ask(server, { path: `/topics/${topic}/records`, body: { records: [record] } });
  return [answer.status, JSON.parse(answer.text) as Record<string, unknown>] as const;
};

describe('/topics/{topic}/records', () => {
  it('takes text, bytes and null, at a time of their own', async () => {
    const records = [
      { key: 'a', value: '{"N":1}', timestamp: 5 },
      { keyBase64: 'Yg==', valueBase64: 'eyJOIjoyfQ' },
      { value: null },
    ];
    const answer = await ask(server, { path: '/topics/rides/records', body: { records } });
    expect(answer.text).toBe('{"count":3,"partitions":1}');
    const rows = await ask(server, { path: '/query-stream', body: { sql: 'SELECT id, n FROM rides;' } });
    expect(rows.text.trim().split('\n').slice(1)).toEqual(['["a",1]', '["b",2]']);
  });

  it.each([
    ['rides', { valueBase64: '!!!' }, 400, "Member 'valueBase64' of record 0 is no base64."],
    [
      'rides',
      { value: 'x', timestamp: -5 },
      400,
      "Member 'timestamp' of record 0 is before 1970, which no topic takes.",
    ],
    ['a%20b', { value: 'x' }, 400, "'a b' is no topic name."],
    [
      '_weir_default__command_topic',
      { value: 'x' },
      403,
      'Cannot write to read-only topic: _weir_default__command_topic',
    ],
  ] as const)('refuses what would be stored as something else: %s %j', async (topic, record, status, message) => {
    expect(await post(topic, record)).toMatchObject([status, { message }]);
  });
});

describe("the engine's own topics", () => {
  it('take nothing from statements: a record among the commands would stop them for ever', async () => {
    const command = '_weir_default__command_topic';
    await run(server, `CREATE STREAM commands (n INT) WITH (KAFKA_TOPIC='${command}', VALUE_FORMAT='JSON');`);
    for (const sql of [
      'INSERT INTO commands (n) VALUES (1);',
      'INSERT INTO commands SELECT n FROM rides;',
      `CREATE STREAM copy WITH (KAFKA_TOPIC='${command}') AS SELECT * FROM rides;`,
    ]) {
      expect(await refused(server, sql)).toMatchObject({
        status: 400,
        message: expect.stringContaining('read-only topic'),
      });
    }
    const insert = await ask(server, { path: '/inserts-stream', body: '{"target":"COMMANDS"}\n{"N":1}\n' });
    expect(JSON.parse(insert.text)).toMatchObject({ status: 'error', code: 'FORBIDDEN' });
    const health = await ask(server, { path: '/healthcheck' });
    expect(JSON.parse(health.text)).toMatchObject({ isHealthy: true });
  });
});

describe('a name that no topic can have', () => {
  it('is an error of the statement, before any of the script runs', async () => {
    const made = 'CREATE STREAM made AS SELECT * FROM rides;';
    for (const sql of [
      'CREATE TABLE `my table` AS SELECT id, COUNT(*) AS n FROM rides GROUP BY id;',
      "CREATE STREAM s (n INT) WITH (KAFKA_TOPIC='a/b', VALUE_FORMAT='JSON', PARTITIONS=1);",
    ]) {
      expect(await refused(server, made + sql)).toMatchObject({
        status: 400,
        code: 'BAD_STATEMENT',
        message: expect.stringMatching(/^'.*' is no topic name\./),
      });
    }
    expect(await run(server, 'SHOW STREAMS;')).not.toMatchObject([
      { streams: expect.arrayContaining([{ name: 'MADE' }]) },
    ]);
  });

  it('may be that of a table whose topic has another', async () => {
    await run(
      server,
      "CREATE TABLE `my table` WITH (KAFKA_TOPIC='mine') AS SELECT id AS `the id`, COUNT(*) AS n FROM rides GROUP BY id;",
      EARLIEST,
    );
    await produce(server, 'rides', [{ key: 'z', value: '{"N":1}' }]);
    const sql = "SELECT * FROM `my table` WHERE `the id` = 'z';";
    await eventually(
      () => ask(server, { path: '/query-stream', body: { sql } }),
      (a) => a.text.includes('["z",1]'),
    );
    expect(await run(server, 'SHOW QUERIES;')).toMatchObject([
      {
        queries: expect.arrayContaining([
          expect.objectContaining({ id: expect.stringMatching(/^CTAS_my_table_\d+$/) }),
        ]),
      },
    ]);
  });
});
