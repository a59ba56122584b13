import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { ask, EARLIEST, letters, run, startServer, type TestServer } from './support.js';
import { V1Client } from './ws-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await letters(server);
  await run(
    server,
    `CREATE STREAM wide (id BIGINT, price DECIMAL(20, 2), s STRUCT<x INT>) WITH (KAFKA_TOPIC='wide', VALUE_FORMAT='JSON', PARTITIONS=1);
     INSERT INTO wide VALUES (9007199254740993, 12345678901234567.10, STRUCT(x := 1));`,
  );
});
afterAll(() => server.stop());

const JSON_ONLY = { accept: 'application/json' };

async function objects(sql: string, headers: Record<string, string>, path = '/query-stream', properties: object = {}) {
  const body = path === '/query' ? { ksql: sql, streamsProperties: properties } : { sql, properties };
  const answer = await ask(server, { path: `${path}?shape=objects`, headers, body });
  return [answer.status, answer.headers['content-type'], answer.text];
}

describe('shape=objects', () => {
  it.each(['/query', '/query-stream'])('on %s gives a pull query as one array of objects', async (path) => {
    const counts = "SELECT * FROM counts WHERE b = 'x';";
    expect(await objects(counts, JSON_ONLY, path)).toEqual([200, 'application/json', '[{"B":"x","N":2}]\n']);
    const none = "SELECT * FROM counts WHERE b = 'none';";
    expect(await objects(none, {}, path)).toEqual([200, 'application/json', '[]\n']);
  });

  it('keeps every digit', async () => {
    const [, , text] = await objects('SELECT * FROM wide;', JSON_ONLY);
    expect(text).toBe('[{"ID":9007199254740993,"PRICE":12345678901234567.10,"S":{"X":1}}]\n');
  });

  it('gives a push query as lines, or as events where these are asked for', async () => {
    const sql = 'SELECT b, a FROM letters EMIT CHANGES LIMIT 2;';
    const lines = '{"B":"x","A":1}\n{"B":"y","A":2}\n';
    expect(await objects(sql, JSON_ONLY, '/query-stream', EARLIEST)).toEqual([200, 'application/x-ndjson', lines]);
    const [status, type, text] = await objects(sql, { accept: 'text/event-stream' }, '/query-stream', EARLIEST);
    expect([status, type]).toEqual([200, 'text/event-stream']);
    const data = (text as string).split('\n').filter((l) => l.startsWith('data: {"B"'));
    expect(data).toEqual(['data: {"B":"x","A":1}', 'data: {"B":"y","A":2}']);
  });

  it('is refused in a media type that has no objects, and where it names no shape', async () => {
    const [status] = await objects('SELECT * FROM counts;', { accept: 'text/html' });
    expect(status).toBe(406);
    const answer = await ask(server, { path: '/query-stream?shape=x', body: { sql: 'SELECT * FROM counts;' } });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      400,
      { message: "Parameter 'shape' must be one of objects." },
    ]);
  });

  it('marks the objects of deleted rows, and does not close the array of a query that fails', async () => {
    const columns = [{ name: 'K', type: { kind: 'STRING' }, key: true }] as const;
    const engine = new FakeEngine();
    const fake = await startFake(engine);
    try {
      const batch = { rows: [['a'], ['b']], tombstones: [false, true] };
      engine.open = () => new ScriptedQuery('push', columns, (n) => (n === 0 ? batch : undefined));
      const lines = await ask(fake, { path: '/query-stream?shape=objects', body: { sql: 'x' } });
      expect(lines.text).toBe('{"K":"a"}\n{"@deleted":true,"K":"b"}\n');
      engine.open = () =>
        new ScriptedQuery('pull-table', columns, (n) => (n === 0 ? { rows: [['a']] } : new Error('no')));
      const { text } = await ask(fake, { path: '/query-stream?shape=objects', body: { sql: 'x' } });
      expect(text.split('\n')).toEqual(['[{"K":"a"},', expect.stringContaining('"message":"no"'), '']);
    } finally {
      await fake.stop();
    }
  });

  it('holds for /sse and for a subscription of /ws/v1', async () => {
    const sql = "SELECT * FROM counts WHERE b = 'y';";
    const { text } = await ask(server, { path: `/sse?${new URLSearchParams({ sql, shape: 'objects' })}` });
    expect(text).toContain('\ndata: {"B":"y","N":1}\n');
    const client = await V1Client.open(server);
    client.send({ type: 'subscribe', id: 'q', sql, shape: 'objects' });
    await client.over('q');
    expect(client.rows('q')).toEqual([{ B: 'y', N: 1 }]);
    client.ws.close();
  });
});
