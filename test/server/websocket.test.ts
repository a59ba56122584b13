import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { WeirError } from '../../engine/index.js';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { EARLIEST, letters, RawClient, run, startServer, type TestServer } from './support.js';

let server: TestServer;
const others: TestServer[] = [];
beforeAll(async () => {
  server = await startServer();
  await letters(server);
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const s of others.splice(0)) await s.stop();
});

const url = (s: TestServer, request: string, more = '') =>
  `${s.address.replace('http', 'ws')}/ws/query?request=${encodeURIComponent(request)}${more}`;
const body = (ksql: string) => JSON.stringify({ ksql, streamsProperties: EARLIEST });

/** All frames, and how the server closed. */
function talk(
  address: string,
  options: WebSocket.ClientOptions = {},
): Promise<{ frames: string[]; code: number; reason: string }> {
  return new Promise((resolve, reject) => {
    const frames: string[] = [];
    const ws = new WebSocket(address, options);
    ws.on('message', (m) => frames.push(String(m)));
    ws.on('close', (code, reason) => resolve({ frames, code, reason: reason.toString() }));
    ws.on('error', reject);
  });
}

const B = '{"name":"B","schema":{"type":"STRING","fields":null,"memberSchema":null}';
const A = '{"name":"A","schema":{"type":"BIGINT","fields":null,"memberSchema":null}}';

describe('/ws/query', () => {
  it('sends the schema, the rows, and done', async () => {
    expect(await talk(url(server, body('SELECT b, a FROM letters EMIT CHANGES LIMIT 2;'), '&version=1'))).toEqual({
      frames: [`[${B}},${A}]`, '{"row":{"columns":["x",1]}}', '{"row":{"columns":["y",2]}}', '{"error":"done"}'],
      code: 1000,
      reason: 'done',
    });
  });

  it('marks keys in the schema of pull queries', async () => {
    expect(await talk(url(server, body("SELECT * FROM counts WHERE b = 'x';")))).toMatchObject({
      frames: [
        `[${B},"type":"KEY"},{"name":"N","schema":{"type":"BIGINT","fields":null,"memberSchema":null}}]`,
        '{"row":{"columns":["x",2]}}',
        '{"error":"done"}',
      ],
    });
  });

  it('prints topics as lines', async () => {
    const { frames } = await talk(url(server, body("PRINT 'letters' FROM BEGINNING LIMIT 1;")));
    expect(frames).toEqual([
      'Key format: KAFKA_STRING',
      'Value format: JSON or KAFKA_STRING',
      'rowtime: 1970/01/01 00:00:00.010 Z, key: x, value: {"A":1}, partition: 0',
      '{"error":"done"}',
    ]);
  });

  it('refuses what is wrong with 1003 and the reason', async () => {
    const long = `SELECT ${'ä'.repeat(200)} FROM letters EMIT CHANGES;`;
    for (const request of [
      body('SELECT nope FROM letters EMIT CHANGES;'),
      body(long),
      'no json',
      '{}',
      '[]',
      body('SHOW TABLES;'),
    ]) {
      const { frames, code, reason } = await talk(url(server, request));
      expect([request, code]).toEqual([request, 1003]);
      expect(frames).toHaveLength(1);
      const { error } = JSON.parse(frames[0]!) as { error: string };
      expect(error.startsWith(reason)).toBe(true);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
      expect(reason.length).toBeGreaterThan(20);
    }
    const { code, frames } = await talk(`${server.address.replace('http', 'ws')}/ws/query`);
    expect([code, frames]).toMatchObject([1003, [expect.stringContaining("'request'")]]);
  });

  it('tells failures of its own with 1011, and what may be tried again with 1013', async () => {
    const failures = [
      [1011, new WeirError('LOG_ERROR', 'The log is gone.')],
      [1013, new WeirError('NOT_READY', 'The server is starting; try again in a moment.')],
      [1013, new WeirError('TOO_MANY_QUERIES', 'Too many.')],
    ] as const;
    for (const [code, failure] of failures) {
      const engine = new FakeEngine();
      engine.open = () => new ScriptedQuery('push', [], () => failure);
      const s = await startFake(engine);
      others.push(s);
      expect(await talk(url(s, body('')))).toEqual({
        frames: ['[]', JSON.stringify({ error: failure.message })],
        code,
        reason: failure.message,
      });
    }
  });

  it('marks tombstones', async () => {
    const engine = new FakeEngine();
    const columns = [{ name: 'K', type: { kind: 'STRING' }, key: true }] as const;
    engine.open = () =>
      new ScriptedQuery('push', columns, (n) =>
        n === 0 ? { rows: [['a'], ['b']], tombstones: [false, true] } : undefined,
      );
    const s = await startFake(engine);
    others.push(s);
    expect((await talk(url(s, body('')))).frames.slice(1)).toEqual([
      '{"row":{"columns":["a"]}}',
      '{"row":{"columns":["b"],"tombstone":true}}',
      '{"error":"done"}',
    ]);
  });
});

describe('upgrades', () => {
  it('elsewhere, or with a URL that is none, are refused; the server goes on', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const target of ['/nowhere', '//', '/ws/query/more', 'http://[/ws/query', '*']) {
      const client = await RawClient.open(server);
      client.socket.write(`GET ${target} HTTP/1.1\r\nHost: w\r\n${upgrade}\r\n`);
      expect([target, (await client.untilEnd()).slice(0, 12)]).toEqual([target, 'HTTP/1.1 404']);
    }
    const noKey = await RawClient.open(server);
    noKey.socket.write('GET /ws/query HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await noKey.untilEnd()).slice(0, 12)).toBe('HTTP/1.1 400');
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });

  it('a frame that is too large ends its connection alone', async () => {
    const ws = new WebSocket(url(server, body('SELECT b FROM letters EMIT CHANGES;')));
    await new Promise((resolve) => ws.once('message', resolve));
    const closed = new Promise<number>((resolve) => ws.on('close', resolve));
    ws.send('x'.repeat(100_000));
    expect(await closed).toBe(1009);
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });

  it('sign in like every other request', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    others.push(s);
    const status = await new Promise<number>((resolve) => {
      const request = httpRequest({
        port: s.port,
        host: '127.0.0.1',
        path: '/ws/query?request=x',
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      });
      request.on('response', (r) => resolve(r.statusCode!));
      request.on('error', () => {}); // the server closes after its answer
      request.end();
    });
    expect(status).toBe(401);
    expect(await talk(url(s, body('SHOW TYPES;')), { headers: { authorization: 'Basic YWRhOmxvdmU=' } })).toMatchObject(
      { code: 1003 },
    );
  });
});
