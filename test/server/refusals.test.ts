import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine, startFake } from './fake-engine.js';
import { ask, askHttp2, RawClient, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startFake(new FakeEngine(), { 'access.control.allow.origin': 'http://page' });
});
afterAll(() => server.stop());

const body = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('a request without a route', () => {
  it('for another method of a path that there is: 405, with those that it has', async () => {
    for (const [method, path, allow] of [
      ['GET', '/ksql', 'POST, OPTIONS'],
      ['PUT', '/query-stream?x=/', 'POST, OPTIONS'],
      ['POST', '/info', 'GET, OPTIONS'],
      ['DELETE', '/status/stream/A/create', 'GET, OPTIONS'],
      ['HEAD', '/sse?sql=1', 'GET, OPTIONS'], // it would open a query that nobody reads
    ] as const) {
      const answer = await ask(server, { method, path });
      expect([path, answer.status, answer.headers.allow]).toEqual([path, 405, allow]);
      if (method !== 'HEAD') expect(body(answer.text)).toMatchObject({ '@type': 'generic_error', error_code: 40500 });
    }
    expect((await ask(server, { method: 'HEAD', path: '/info' })).status).toBe(200);
  });

  it('OPTIONS says what a path takes, to programs and to pages of its own origin too', async () => {
    const own = { origin: server.address, 'access-control-request-method': 'POST' };
    for (const headers of [{}, own]) {
      const answer = await ask(server, { method: 'OPTIONS', path: '/ksql', headers });
      expect([answer.status, answer.headers.allow, answer.text]).toEqual([204, 'POST, OPTIONS', '']);
    }
    expect((await ask(server, { method: 'OPTIONS', path: '/nothing' })).status).toBe(404);
  });

  it('to a WebSocket: 426', async () => {
    const answer = await ask(server, { path: '/ws/v1' });
    expect([answer.status, answer.headers.upgrade, body(answer.text).error_code]).toEqual([426, 'websocket', 42600]);
    expect((await askHttp2(server, { path: '/ws/query' })).status).toBe(426);
  });

  it('to a path that is not there: 404, with as much of it as one can read', async () => {
    const { status, text } = await ask(server, { path: `/${'x'.repeat(5000)}` });
    expect([status, body(text).error_code]).toEqual([404, 40400]);
    expect(text.length).toBeLessThan(400);
  });

  it('a path that is no text is refused in the form of other errors', async () => {
    const { status, text } = await ask(server, { path: '/%ff' });
    expect([status, body(text)]).toMatchObject([400, { '@type': 'generic_error', error_code: 40000 }]);
  });
});

describe('paths', () => {
  it('may have a slash too many: clients put one between address and path', async () => {
    for (const path of ['//info', '/info/', '//info//?x=1']) expect((await ask(server, { path })).status).toBe(200);
  });

  it('may have names as long as topics have them', async () => {
    const path = `/topics/${'t'.repeat(249)}/records`;
    expect((await ask(server, { path, body: { records: [] } })).text).toBe('{"count":0,"partitions":4}');
  });
});

describe('what is too long or too slow for a head', () => {
  it('a URL has room for SQL; above, 431', async () => {
    expect((await ask(server, { path: `/info?${'x'.repeat(50_000)}` })).status).toBe(200);
    const answer = await ask(server, { path: `/info?${'x'.repeat(70_000)}` });
    expect([answer.status, body(answer.text).error_code]).toEqual([431, 43100]);
  });
});

describe('a body', () => {
  it('that does not come in time is refused, over both protocols; that of an insert may take its time', async () => {
    const s = await startFake(new FakeEngine(), { 'weir.request.timeout.ms': '50' });
    const slow = (path: string) => `POST ${path} HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\n{"target":"A"}\n`;
    const insert = await RawClient.open(s);
    insert.socket.write(slow('/inserts-stream'));
    const query = await RawClient.open(s);
    query.socket.write(slow('/query-stream'));
    const text = await query.untilEnd();
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(body(text.split('\r\n\r\n')[1]!)).toMatchObject({ '@type': 'generic_error', error_code: 40800 });
    insert.socket.write('{"N":1}\n');
    await insert.until((t) => t.includes('"seq":0'));
    insert.socket.destroy();
    await s.stop();
  });
});
