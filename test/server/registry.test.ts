import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import type { SchemaType } from '../../engine/formats/registry/registry.js';
import { makeDir, removeDir } from '../support/temp.js';
import { ask, EARLIEST, eventually, refused, run, startServer, type TestServer } from './support.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(settings: Record<string, string> = {}): Promise<TestServer> {
  const server = await startServer(settings);
  stops.push(() => server.stop());
  return server;
}

/** A registry over HTTP, as far as Weir speaks with it, and what is in it. */
async function serveRegistry() {
  const memory = new MemoryRegistry();
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (t: Buffer) => (body += t.toString()));
    request.on('end', () => {
      const path = request.url!.replace(/\?.*/, '');
      asked.push(`${request.method} ${path}`);
      const answer = (status: number, value: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value));
      };
      const subject = decodeURIComponent(/^\/subjects\/([^/]+)/.exec(path)?.[1] ?? '');
      if (request.method === 'POST') {
        const { schema, schemaType } = JSON.parse(body) as { schema: string; schemaType?: SchemaType };
        return answer(200, { id: memory.add(subject, { type: schemaType ?? 'AVRO', text: schema, references: [] }) });
      }
      const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
      const found = id === undefined ? memory.latestOf(subject) : memory.known(Number(id));
      if (found === undefined || found === null) return answer(404, { error_code: 40401, message: 'not found' });
      return answer(200, { id: found.id, schema: found.text, schemaType: found.type });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { memory, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const rows = async (server: TestServer, sql: string): Promise<unknown[]> => {
  const { text } = await ask(server, { path: '/query-stream', body: { sql, properties: EARLIEST } });
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((l) => JSON.parse(l) as unknown);
};

/** The lines of PRINT, from the beginning of the topic `s`. */
async function printed(server: TestServer, n: number): Promise<readonly string[]> {
  const { text } = await ask(server, { path: '/query', body: { ksql: `PRINT 's' FROM BEGINNING LIMIT ${n};` } });
  return text.split('\n').filter((l) => l.startsWith('rowtime:'));
}

const FORMATS = ['AVRO', 'JSON_SR', 'PROTOBUF'] as const;

describe('on the embedded log, without a registry', () => {
  it.each(FORMATS)(
    '%s works, columns are read from the schemas of others, a restart forgets nothing',
    async (format) => {
      const dir = makeDir();
      stops.push(() => removeDir(dir));
      const settings = { 'weir.data.dir': dir, 'ksql.service.id': 'svc_' };
      const first = await startServer(settings);
      // One script: the second statement writes what the first registers, the third reads the schema of the second's sink.
      await run(
        first,
        `CREATE STREAM s (k INT KEY, a BIGINT, b STRING) WITH (KAFKA_TOPIC='s', FORMAT='${format}', PARTITIONS=1);
       CREATE STREAM t AS SELECT k, a + 1 AS c, b FROM s;
       CREATE STREAM u (k INT KEY) WITH (KAFKA_TOPIC='T', KEY_FORMAT='${format}', VALUE_FORMAT='${format}');
       INSERT INTO s VALUES (1, 9007199254740993, 'x');`,
        EARLIEST,
      );
      expect(await rows(first, 'SELECT * FROM u EMIT CHANGES LIMIT 1;')).toEqual([[1, 9007199254740994, 'x']]);
      await first.stop();

      const second = await start(settings);
      await run(second, "INSERT INTO s VALUES (2, 5, 'y');");
      await run(second, "INSERT INTO t (k, c, b) VALUES (3, 7, 'z');");
      const seen = await eventually(
        () => rows(second, 'SELECT k, c, b FROM u;'),
        (r) => r.length >= 3,
      );
      expect(new Set(seen.map((r) => JSON.stringify(r)))).toEqual(
        new Set(
          [
            [1, 9007199254740994, 'x'],
            [2, 6, 'y'],
            [3, 7, 'z'],
          ].map((r) => JSON.stringify(r)),
        ),
      );
    },
  );

  it.each(FORMATS)('PRINT reads %s, keys and values', async (format) => {
    const server = await start();
    await run(
      server,
      `CREATE STREAM s (k BIGINT KEY, \`a\` BIGINT, b STRUCT<c STRING, d ARRAY<INT>>) WITH (KAFKA_TOPIC='s', FORMAT='${format}', PARTITIONS=1);
       INSERT INTO s VALUES (1, 9007199254740993, STRUCT(c := 'x', d := ARRAY[1, 2]));
       INSERT INTO s VALUES (2, -1, STRUCT(c := 'y', d := ARRAY[3]));`,
    );
    const { text } = await ask(server, { path: '/query', body: { ksql: "PRINT 's' FROM BEGINNING LIMIT 2;" } });
    const key = (n: number) => (format === 'PROTOBUF' ? `{"K":${n}}` : `${n}`);
    const lines = text.trim().split('\n');
    expect(lines.slice(0, 2)).toEqual([`Key format: ${format}`, `Value format: ${format}`]);
    expect(lines.slice(2).map((l) => l.replace(/^rowtime: [^,]*, /, ''))).toEqual([
      `key: ${key(1)}, value: {"a":9007199254740993,"B":{"C":"x","D":[1,2]}}, partition: 0`,
      `key: ${key(2)}, value: {"a":-1,"B":{"C":"y","D":[3]}}, partition: 0`,
    ]);
  });

  it.each([
    ['KAFKA', 'STRING', "'x'", 'x', 'KAFKA_STRING'],
    ['JSON', 'STRING', "'x'", '"x"', 'JSON or KAFKA_STRING'],
    ['KAFKA', 'INT', '7', '7', 'KAFKA_INT'],
    ['KAFKA', 'BIGINT', '7', '7', 'KAFKA_BIGINT or KAFKA_DOUBLE'],
    ['AVRO', 'STRING', "'x'", '"x"', 'AVRO'],
  ])('PRINT reads windowed keys of %s %s', async (format, type, literal, shown, name) => {
    const server = await start();
    await run(
      server,
      `CREATE STREAM s (k ${type} KEY, n INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='${format}', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE TABLE tumbling WITH (KAFKA_TOPIC='tumbling') AS
         SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k;
       CREATE TABLE sessions WITH (KAFKA_TOPIC='sessions') AS
         SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (10 SECONDS) GROUP BY k;
       INSERT INTO s (ROWTIME, k, n) VALUES (1500000012345, ${literal}, 1);`,
      EARLIEST,
    );
    const print = async (topic: string) => {
      const { text } = await ask(server, {
        path: '/query',
        body: { ksql: `PRINT '${topic}' FROM BEGINNING LIMIT 1;` },
      });
      const [key, , row] = text.trim().split('\n');
      return [key, row!.replace(/^rowtime: [^,]*, /, '')];
    };
    expect(await print('tumbling')).toEqual([
      `Key format: TUMBLING(${name}) or HOPPING(${name})`,
      `key: [${shown}@1500000010000/-], value: {"N":1}, partition: 0`,
    ]);
    expect(await print('sessions')).toEqual([
      `Key format: SESSION(${name})`,
      `key: [${shown}@1500000012345/1500000012345], value: {"N":1}, partition: 0`,
    ]);
  });

  it('a record of PROTOBUF that is none is left out and told; PRINT shows it as any other', async () => {
    const server = await start();
    // The bytes of a topic of the first stream, as they are.
    await run(
      server,
      `CREATE STREAM s (a INT, b STRUCT<c STRING>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='PROTOBUF', PARTITIONS=1);
       CREATE STREAM o AS SELECT a, b->c AS c FROM s;
       CREATE STREAM bytes (v BYTES) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA');
       INSERT INTO s VALUES (1, STRUCT(c := 'x'));`,
      EARLIEST,
    );
    const [[good]] = (await rows(server, 'SELECT v FROM bytes EMIT CHANGES LIMIT 1;')) as [[string]];
    const id = Buffer.from(good, 'base64').toString('hex', 0, 5);
    const bad = [
      '7b7d', // no id of a schema
      '00000fffff00', // a schema that is not there
      `${id}0208`, // a message that is not in the schema
      `${id}0012050a`, // cut off
      `${id}00${'2b'.repeat(5000)}`, // groups in groups
      `${id}00${'ff'.repeat(11)}`, // a number without end
    ];
    const values = bad.map((hex) => ({ key: null, value: Buffer.from(hex, 'hex'), partition: 0 }));
    await server.running.engine.produce('s', values, 1);
    await run(server, "INSERT INTO s VALUES (2, STRUCT(c := 'y'));");

    const got = await rows(server, 'SELECT a, c FROM o EMIT CHANGES LIMIT 2;');
    expect(got).toEqual([
      [1, 'x'],
      [2, 'y'],
    ]);
    expect(await run(server, 'SHOW QUERIES;')).toMatchObject([{ queries: [{ sinks: ['O'], state: 'RUNNING' }] }]);
    const told = await eventually(
      async () => (await run(server, 'SHOW ERRORS;'))[0]!.errors as readonly { readonly message: unknown }[],
      (e) => e.length >= bad.length,
    );
    expect(told.map((e) => e.message)).toMatchObject(
      bad.map((_, i) => ({ deserializationError: { target: 'value', topic: 's', offset: i + 1 } })),
    );
    const lines = await printed(server, bad.length + 2);
    expect(lines.map((l) => l.replace(/^.*value: (.*), partition: 0$/, '$1'))).toEqual([
      '{"A":1,"B":{"C":"x"}}',
      '{}',
      ...bad.slice(1).map((hexadecimal) => `0x${hexadecimal}`),
      '{"A":2,"B":{"C":"y"}}',
    ]);
  });

  it('refuses columns of a topic that no one has registered', async () => {
    const server = await start();
    expect(
      await refused(server, "CREATE STREAM s WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1);"),
    ).toMatchObject({ message: expect.stringContaining("on topic 's' does not exist in the Schema Registry") });
  });

  it('writes what columns were added to with a schema that has them', async () => {
    const server = await start();
    await run(
      server,
      `CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1);
       INSERT INTO s VALUES (1);
       ALTER STREAM s ADD COLUMN b STRING;
       INSERT INTO s VALUES (2, 'x');`,
    );
    expect(await rows(server, 'SELECT * FROM s EMIT CHANGES LIMIT 2;')).toEqual([
      [1, null],
      [2, 'x'],
    ]);
  });
});

describe('with a registry over HTTP', () => {
  it('registers at run time only, asks once for each schema, and reads records of new schemas', async () => {
    const { memory, asked, url } = await serveRegistry();
    const server = await start({ 'ksql.schema.registry.url': url });
    memory.add('in-value', {
      type: 'AVRO',
      text: '{"type":"record","name":"r","fields":[{"name":"a","type":"int"}]}',
      references: [],
    });
    // A statement behind it is wrong: nothing may be registered.
    await refused(
      server,
      `CREATE STREAM i WITH (KAFKA_TOPIC='in', VALUE_FORMAT='AVRO', PARTITIONS=1);
       CREATE STREAM o AS SELECT a, UCASE('x') AS b FROM i;
       CREATE STREAM p AS SELECT nothing FROM o;`,
    );
    expect(asked.filter((a) => a.startsWith('POST'))).toEqual([]);
    await run(
      server,
      `CREATE STREAM i WITH (KAFKA_TOPIC='in', VALUE_FORMAT='AVRO', PARTITIONS=1);
       CREATE STREAM o AS SELECT a, UCASE('x') AS b FROM i;`,
      EARLIEST,
    );
    expect(asked.filter((a) => a.startsWith('POST'))).toEqual(['POST /subjects/O-value/versions']);
    // Another producer writes with a schema that Weir has not seen: a second field, the first one wider.
    const id = memory.add('in-value', {
      type: 'AVRO',
      text: '{"type":"record","name":"r","fields":[{"name":"z","type":"string"},{"name":"A","type":"int"}]}',
      references: [],
    });
    const record = Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from([2, 0x71, 84])]);
    await server.running.engine.produce('in', [
      { key: null, value: record, timestamp: 1 },
      { key: null, value: Buffer.from([0, 0, 0, 0, 99, 2]), timestamp: 2 },
      { key: null, value: record, timestamp: 3 },
    ]);
    expect(await rows(server, 'SELECT * FROM o EMIT CHANGES LIMIT 2;')).toEqual([
      [42, 'X'],
      [42, 'X'],
    ]);
    await eventually(
      async () => server.running.engine.queryStats()[0]!.skipped,
      (n) => n === 1,
    );
    expect(asked.filter((a) => a === `GET /schemas/ids/${id}`)).toHaveLength(1);
    expect(asked.filter((a) => a === 'GET /schemas/ids/99')).toHaveLength(1);
  });

  it('says that it cannot be reached', async () => {
    const server = await start({ 'ksql.schema.registry.url': 'http://127.0.0.1:1' });
    const answer = await refused(
      server,
      "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1);",
    );
    expect(answer.message).toMatch(/The schema registry at http:\/\/127\.0\.0\.1:1\/ cannot be reached/);
  });
});
