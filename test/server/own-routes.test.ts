import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../runtime/nodes.js';
import { makeDir, removeDir } from '../support/temp.js';
import { ask, run, startServer, type TestServer } from './support.js';

describe('weir.routes.file', () => {
  let dir: string;
  let server: TestServer;
  beforeAll(async () => {
    dir = makeDir();
    const routes = [
      {
        method: 'GET',
        path: '/trip_data/',
        sql: 'SELECT id AS `trip_id`, zone AS `zone` FROM trips;',
        empty: { status: 404, body: { detail: 'not found' } },
      },
      {
        method: 'GET',
        path: '/zones/:zone',
        sql: 'SELECT n AS `trips` FROM zones WHERE zone = ${zone};',
        parameters: { zone: 'STRING' },
        single: true,
      },
      {
        method: 'GET',
        path: '/busy',
        sql: 'SELECT zone AS `zone` FROM zones WHERE n >= ${least} ORDER BY zone;',
        parameters: { least: 'BIGINT' },
      },
      { method: 'POST', path: '/trip', into: { start: 'trips', end: 'ends' }, by: 'Status', answer: 'echo' },
      { method: 'POST', path: '/complete', into: 'ends' },
    ];
    writeFileSync(join(dir, 'routes.json'), JSON.stringify(routes));
    server = await startServer({ 'weir.routes.file': join(dir, 'routes.json'), 'auto.offset.reset': 'earliest' });
    await run(
      server,
      `CREATE STREAM trips (id STRING, zone STRING, status STRING) WITH (KAFKA_TOPIC='start', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE STREAM ends (id STRING, status STRING) WITH (KAFKA_TOPIC='end', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE TABLE zones AS SELECT zone, COUNT(*) AS n FROM trips GROUP BY zone;`,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeDir(dir);
  });
  const get = async (path: string) => {
    const answer = await ask(server, { path });
    return [answer.status, JSON.parse(answer.text)];
  };
  const post = (path: string, body: unknown) => ask(server, { path, body, method: 'POST' });

  it('a POST writes by a field and echoes what was sent; a GET answers a query', async () => {
    expect(await get('/trip_data/')).toEqual([404, { detail: 'not found' }]);
    expect(await get('/zones/Soho')).toMatchObject([404, { message: 'There is no such row.' }]);
    const sent = '{"id": "a",  "zone": "Soho", "Status": "start"}';
    const answer = await post('/trip', sent);
    expect([answer.status, answer.text]).toEqual([200, sent]);
    expect(
      (
        await post('/trip', [
          { id: 'b', zone: "O'Hare", Status: 'start' },
          { id: 'a', Status: 'end' },
        ])
      ).status,
    ).toBe(200);
    expect(JSON.parse((await post('/complete', { id: 'c' })).text)).toEqual({ count: 1 });
    await until('both trips', async () => (await get('/trip_data'))[1].length === 2);
    expect((await get('/trip_data'))[1]).toContainEqual({ trip_id: 'a', zone: 'Soho' });
    expect((await get('/api/ends'))[1].length).toBe(2);
    await until('the table', async () => (await get('/busy?least=1'))[1].length === 2);
    expect(await get('/zones/Soho')).toEqual([200, { trips: 1 }]);
    expect(await get("/zones/O'Hare")).toEqual([200, { trips: 1 }]);
    expect(await get('/busy?least=2')).toEqual([200, []]);
  });

  it('refuses what does not fit', async () => {
    expect(JSON.parse((await post('/trip', { id: 'a', Status: 'gone' })).text).message).toMatch(
      /Row 0: its field Status is none of start, end/,
    );
    expect(await get('/busy')).toMatchObject([400, { message: 'The parameter least is missing.' }]);
    expect(await get('/busy?least=1%20OR%201=1')).toMatchObject([
      400,
      { message: expect.stringMatching(/whole number/) },
    ]);
    expect((await post('/busy', {})).status).toBe(405);
  });

  it('is in /openapi.json', async () => {
    const [, api] = await get('/openapi.json');
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/zones/{zone}', '/trip', '/api/{name}', '/ingest/{stream}']),
    );
  });

  it.each([
    ['{', /bad.json: .*JSON/],
    ['[{"method":"GET","path":"/x"}]', /does not fit|required/],
    ['[{"method":"POST","path":"/x","into":{"a":"b"}}]', /no field by/],
  ])('a file that says nothing: %s', async (text, why) => {
    writeFileSync(join(dir, 'bad.json'), text);
    await expect(startServer({ 'weir.routes.file': join(dir, 'bad.json') })).rejects.toThrow(why);
  });
});
