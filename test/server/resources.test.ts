import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../runtime/nodes.js';
import { ask, open, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ 'auto.offset.reset': 'earliest' });
  await run(
    server,
    `CREATE STREAM trips (id STRING KEY, zone STRING, fare DECIMAL(10, 2), n BIGINT, at TIMESTAMP) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=2);
     CREATE STREAM ends (id STRING KEY, zone STRING) WITH (KAFKA_TOPIC='ends', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE zones AS SELECT zone, COUNT(*) AS trips, SUM(fare) AS fares FROM trips GROUP BY zone;
     CREATE TABLE hours AS SELECT zone, COUNT(*) AS trips FROM trips WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY zone;`,
  );
});
afterAll(() => server?.stop());

const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await ask(server, { path, headers });
  return { status: answer.status, type: answer.headers['content-type'], body: JSON.parse(answer.text) };
};
const post = async (path: string, body: unknown) => {
  const answer = await ask(server, { path, body, method: 'POST' });
  return { status: answer.status, body: JSON.parse(answer.text) };
};

describe('POST /ingest', () => {
  it('takes an object, an array, and lines, each acknowledged when durable', async () => {
    expect(await post('/ingest/trips', { id: 'a', zone: 'Soho', fare: 1.5, n: 1 })).toEqual({
      status: 200,
      body: { count: 1, streams: { trips: 1 } },
    });
    const many = '[{"ID":"b","zone":"Soho","fare":2.25,"n":9223372036854775807},{"id":"c","zone":"Chelsea"}]';
    expect((await post('/ingest/TRIPS', many)).body.count).toBe(2);
    expect((await post('/ingest/trips', '{"id":"d","zone":"Harlem"}\n{"id":"e","zone":"Harlem"}\n')).body.count).toBe(
      2,
    );
    await until('five rows', async () => (await get('/api/trips')).body.length === 5);
    const [b] = (await get('/api/trips?id=b')).body;
    expect(b).toMatchObject({ ID: 'b', FARE: 2.25 });
    expect((await ask(server, { path: '/api/trips?id=b' })).text).toContain('"N":9223372036854775807');
  });

  it('writes nothing where one row does not fit, and says which', async () => {
    const before = (await get('/api/trips')).body.length;
    const refused = await post('/ingest/trips', [{ id: 'x' }, { id: 'y', n: 'many' }]);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toMatch(/^Row 1: .*`N`/);
    expect((await post('/ingest/trips', [{ id: 'x', nothing: 1 }])).body.message).toMatch(
      /^Row 0: .*NOTHING does not exist/i,
    );
    expect((await post('/ingest/trips', '[1]')).body.message).toBe('Row 0 is no JSON object.');
    expect((await post('/ingest/trips', '{')).body.message).toMatch(/^Invalid JSON/);
    expect((await post('/ingest/nowhere', {})).status).toBe(400);
    expect((await get('/api/trips')).body.length).toBe(before);
  });

  it('chooses the stream by a field', async () => {
    const rows = [
      { id: 'p', zone: 'trips' },
      { id: 'q', zone: 'ends' },
    ];
    expect((await post('/ingest?by=zone', rows)).body).toEqual({ count: 2, streams: { trips: 1, ends: 1 } });
    expect((await post('/ingest?by=kind', rows)).body.message).toMatch(/Row 0 has no text in its field kind/);
    expect((await post('/ingest', rows)).status).toBe(400);
  });
});

describe('GET /api', () => {
  it('lists what there is', async () => {
    const { body } = await get('/api');
    expect(body.find((r: { name: string }) => r.name === 'ZONES')).toEqual({
      name: 'ZONES',
      kind: 'TABLE',
      path: '/api/ZONES',
      windowed: false,
      columns: [
        { name: 'ZONE', type: 'STRING', key: true },
        { name: 'TRIPS', type: 'BIGINT', key: false },
        { name: 'FARES', type: 'DECIMAL(10, 2)', key: false },
      ],
    });
  });

  it('filters, orders, limits and selects', async () => {
    const total = async () =>
      (await get('/api/zones')).body.reduce((n: number, z: { TRIPS: number }) => n + z.TRIPS, 0);
    await until('all six trips', async () => (await total()) === 6);
    expect((await get('/api/zones?zone=Harlem')).body).toEqual([{ ZONE: 'Harlem', TRIPS: 2, FARES: 0 }]);
    expect((await get('/api/zones?trips[gte]=2&order=-zone&select=zone')).body).toEqual([
      { ZONE: 'Soho' },
      { ZONE: 'Harlem' },
    ]);
    expect((await get('/api/zones?order=zone&limit=1&select=zone,trips')).body).toEqual([
      { ZONE: 'Chelsea', TRIPS: 1 },
    ]);
    expect((await get('/api/zones?zone[in]=Soho,Chelsea&order=zone&select=zone')).body).toEqual([
      { ZONE: 'Chelsea' },
      { ZONE: 'Soho' },
    ]);
    expect((await get('/api/zones?zone[like]=%25e%25&order=zone&select=zone')).body).toEqual([
      { ZONE: 'Chelsea' },
      { ZONE: 'Harlem' },
    ]);
    expect((await get("/api/zones?zone=x'%20OR%20'1'='1")).body).toEqual([]);
  });

  it('finds a row by its key', async () => {
    expect(await get('/api/zones/Soho')).toMatchObject({ status: 200, body: { ZONE: 'Soho', TRIPS: 2, FARES: 3.75 } });
    expect(await get('/api/zones/Nowhere')).toMatchObject({
      status: 404,
      body: { message: 'ZONES has no row Nowhere.' },
    });
    const { body } = await get('/api/hours/Soho');
    expect(body.reduce((n: number, w: { TRIPS: number }) => n + w.TRIPS, 0)).toBe(2);
    expect((await get(`/api/hours?windowstart[lt]=${body[0].WINDOWSTART}`)).body).toEqual([]);
  });

  it.each([
    ['/api/nothing', 404, /no stream or table nothing/],
    ['/api/zones?color=red', 400, /has no column color/],
    ['/api/zones?trips=many', 400, /TRIPS must be a whole number/],
    ['/api/zones?trips[about]=1', 400, /no comparison TRIPS\[about\]/],
    ['/api/zones?limit=-1', 400, /limit must be a whole number/],
    ['/api/zones?follow=true&order=zone', 400, /do not go with follow/],
    ['/api/trips/a', 400, /no rows that a key names/],
  ])('%s is refused', async (path, status, why) => {
    const answer = await get(path);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(why)]);
  });

  it('follows a table: its rows, and each change', async () => {
    const request = open(server, { path: '/api/zones?zone=Soho', headers: { accept: 'text/event-stream' } });
    let seen = '';
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) =>
      request.on('response', resolve),
    );
    response.setEncoding('utf8');
    response.on('data', (t: string) => (seen += t));
    expect(response.headers['content-type']).toBe('text/event-stream');
    await until('the row', () => seen.includes('"TRIPS":2'));
    await post('/ingest/trips', { id: 'z', zone: 'Soho' });
    await until('the change', () => seen.includes('"TRIPS":3'));
    request.destroy();
  });
});
