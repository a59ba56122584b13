import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../server/http/routes/index.js';
import { ask, type Json, letters, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ 'ksql.service.id': 'svc_' });
  await letters(server);
});
afterAll(() => server.stop());

const get = async (path: string) => {
  const { status, text } = await ask(server, { path });
  return [status, JSON.parse(text)] as const;
};

describe('statuses of commands', () => {
  it('are told by id, with and without back quotes', async () => {
    expect(await get('/status')).toEqual([
      200,
      { commandStatuses: { 'stream/`LETTERS`/create': 'SUCCESS', 'table/`COUNTS`/create': 'SUCCESS' } },
    ]);
    const created = { status: 'SUCCESS', message: 'Created query with ID CTAS_COUNTS_0', queryId: 'CTAS_COUNTS_0' };
    expect(await get('/status/table/COUNTS/create')).toEqual([200, created]);
    expect(await get('/status/table/%60COUNTS%60/create')).toEqual([200, created]);
    expect(await get('/status/table/NOTHING/create')).toMatchObject([404, { error_code: 40400 }]);
    await run(server, 'PAUSE CTAS_COUNTS_0; RESUME CTAS_COUNTS_0;');
    expect(await get('/status/pause/CTAS_COUNTS_0/execute')).toMatchObject([200, { message: 'Query paused.' }]);
  });
});

describe('commandSequenceNumber', () => {
  it('may come as text; what is no number is refused, not ignored', async () => {
    const status = async (n: unknown) =>
      (await ask(server, { path: '/ksql', body: { ksql: 'SHOW TYPES;', commandSequenceNumber: n } })).status;
    for (const n of [0, -1, '0', '-1', null, '']) expect([n, await status(n)]).toEqual([n, 200]);
    for (const n of ['x', 0.5, [1], {}, true]) expect([n, await status(n)]).toEqual([n, 400]);
  });

  it('a request waits for the command that it names', async () => {
    const [entity] = await run(server, 'CREATE TYPE seen AS STRING;');
    const askAfter = async (n: number, path = '/ksql', sql = 'SHOW TYPES;') =>
      ask(server, { path, body: { ksql: sql, commandSequenceNumber: n } });
    const sequence = entity!.commandSequenceNumber as number;
    expect((await askAfter(sequence)).status).toBe(200);
    expect((await askAfter(-1)).status).toBe(200);
    expect((await askAfter(sequence, '/query', 'SELECT * FROM counts;')).status).toBe(200);
    const waiting = askAfter(sequence + 1);
    await run(server, 'DROP TYPE seen;');
    expect((await waiting).status).toBe(200);
    const late = await askAfter(sequence + 100);
    expect([late.status, JSON.parse(late.text)]).toMatchObject([503, { '@type': 'generic_error', error_code: 50301 }]);
  });
});

describe('what is told of the service', () => {
  it('properties that may be set', async () => {
    for (const name of ['auto.offset.reset', 'ksql.streams.auto.offset.reset', 'ksql.streams.producer.acks']) {
      expect([name, await get(`/is_valid_property/${name}`)]).toEqual([name, [200, true]]);
    }
    expect(await get('/is_valid_property/no.such')).toMatchObject([400, { error_code: 40000 }]);
  });

  it('metadata and nodes', async () => {
    const clusterId = {
      scope: { path: [], clusters: { 'kafka-cluster': expect.any(String), 'ksql-cluster': 'svc_' } },
      id: '',
    };
    expect(await get('/v1/metadata')).toEqual([200, { version: '0.29.0', clusterId }]);
    expect(await get('/v1/metadata/id')).toEqual([200, clusterId]);
    const [status, cluster] = await get('/clusterStatus');
    expect([status, cluster]).toMatchObject([
      200,
      {
        clusterStatus: {
          [`127.0.0.1:${server.port}`]: { hostAlive: true, activeStandbyPerQuery: { CTAS_COUNTS_0: {} } },
        },
      },
    ]);
    for (const path of ['/heartbeat', '/lag']) {
      expect((await ask(server, { path, body: {} })).status).toBe(200);
    }
  });

  it('/openapi.json describes every route that there is', async () => {
    const [status, document] = (await get('/openapi.json')) as readonly [
      number,
      { openapi: string; paths: Record<string, Json> },
    ];
    expect([status, document.openapi.slice(0, 3)]).toEqual([200, '3.1']);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, o]) => [
        `${method.toUpperCase()} ${path}`,
        (o as { summary: string }).summary,
      ]),
    );
    // Every route of the server has its description, and every description its route.
    expect(described.filter(([, summary]) => summary === '')).toEqual([]);
    expect(described.map(([name]) => name).sort()).toEqual(
      ENDPOINTS.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
    for (const path of ['/ksql', '/query', '/query-stream', '/inserts-stream', '/close-query', '/ws/query', '/info']) {
      expect(Object.keys(document.paths)).toContain(path);
    }
  });
});

describe('/ksql/terminate', () => {
  it('ends everything, and deletes the topics of sinks that it is told to', async () => {
    await run(
      server,
      `CREATE TABLE others AS SELECT b, COUNT(*) AS n FROM letters GROUP BY b;
       CREATE STREAM over_it AS SELECT * FROM letters;
       CREATE STREAM again AS SELECT * FROM over_it;`,
    );
    const terminate = (body: unknown) => ask(server, { path: '/ksql/terminate', body });
    expect((await terminate({ deleteTopicList: ['('] })).status).toBe(400);
    expect((await terminate({ deleteTopicList: 'x' })).status).toBe(400);
    const answer = await terminate({ deleteTopicList: ['OTHERS', 'COU', 'OVER.*', 'letters'] });
    expect(answer.status).toBe(200);
    expect((JSON.parse(answer.text) as Json[])[0]).toMatchObject({
      '@type': 'currentStatus',
      statementText: 'TERMINATE ALL;',
    });
    expect(await run(server, 'SHOW QUERIES; SHOW STREAMS; SHOW TABLES;')).toMatchObject([
      { queries: [] },
      { streams: [] },
      { tables: [] },
    ]);
    const [{ topics }] = (await run(server, 'SHOW TOPICS;')) as [{ topics: { name: string }[] }];
    expect(topics.map((t) => t.name).sort()).toEqual(['AGAIN', 'COUNTS', 'letters']);
  });
});
