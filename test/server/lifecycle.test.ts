import { connect as connectHttp2 } from 'node:http2';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import {
  ask,
  EARLIEST,
  eventually,
  letters,
  open,
  produce,
  RawClient,
  run,
  startServer,
  type TestServer,
} from './support.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const s of servers.splice(0)) await s.stop();
});
const real = async (settings: Record<string, string> = {}) => {
  const s = await startServer(settings);
  servers.push(s);
  return s;
};
const fake = async (engine: FakeEngine, settings: Record<string, string> = {}) => {
  const s = await startFake(engine, settings);
  servers.push(s);
  return s;
};

const SILENT = { sql: 'SELECT * FROM letters EMIT CHANGES;' };
const pushQueries = async (s: TestServer) => {
  const [entity] = (await run(s, 'SHOW QUERIES;')) as [
    { queries: { id: string; queryType: string; queryString: string }[] },
  ];
  return entity.queries.filter((q) => q.queryType === 'PUSH');
};
const some = (n: number) => (queries: readonly unknown[]) => queries.length === n;

/** The first piece of a response's body. */
const firstChunk = (body: Readable) => new Promise<string>((resolve) => body.once('data', (d) => resolve(String(d))));

describe('a client that goes ends its push query', () => {
  it('over HTTP/1.1', async () => {
    const s = await real();
    await letters(s);
    const request = open(s, { path: '/query-stream', body: SILENT });
    request.on('error', () => {}); // destroyed below
    expect(await eventually(() => pushQueries(s), some(1))).toMatchObject([
      { queryString: SILENT.sql, id: expect.stringMatching(/^transient_[0-9a-f]{16}$/) },
    ]);
    request.destroy();
    await eventually(() => pushQueries(s), some(0));
  });

  it('that has only closed its side', async () => {
    const s = await real();
    await letters(s);
    const client = await RawClient.open(s);
    const body = JSON.stringify(SILENT);
    client.socket.write(`POST /query-stream HTTP/1.1\r\nHost: w\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await client.until((t) => t.includes('queryId'));
    await eventually(() => pushQueries(s), some(1));
    client.socket.end();
    await eventually(() => pushQueries(s), some(0));
    await client.untilEnd(); // the server's side of the connection is closed too
  });

  it('and a pull query, when it has only closed its side and waited for long', async () => {
    const query = new ScriptedQuery('pull-table', [], () => 'wait');
    const engine = new FakeEngine();
    engine.open = () => query;
    const s = await fake(engine, { 'weir.client.stall.timeout.ms': '50' });
    const client = await RawClient.open(s);
    client.socket.end('POST /query-stream HTTP/1.1\r\nHost: w\r\nContent-Length: 11\r\n\r\n{"sql":"1"}');
    await client.untilEnd();
    expect(query.closed).toBe(true);
  });

  it('over HTTP/2: the stream, or the connection', async () => {
    const s = await real();
    await letters(s);
    const session = connectHttp2(s.address);
    session.on('error', () => {}); // destroyed below
    const streams = [0, 1, 2].map(() => {
      const stream = session.request({ ':method': 'POST', ':path': '/query-stream' });
      stream.on('error', () => {}); // destroyed below
      stream.resume();
      stream.end(JSON.stringify(SILENT));
      return stream;
    });
    await eventually(() => pushQueries(s), some(3));
    streams[0]!.close();
    await eventually(() => pushQueries(s), some(2));
    session.destroy();
    await eventually(() => pushQueries(s), some(0));
  });

  it('over WebSocket', async () => {
    const s = await real();
    await letters(s);
    const ws = new WebSocket(
      `${s.address.replace('http', 'ws')}/ws/query?request=${encodeURIComponent(JSON.stringify({ ksql: SILENT.sql }))}`,
    );
    await eventually(() => pushQueries(s), some(1));
    ws.terminate();
    await eventually(() => pushQueries(s), some(0));
  });

  describe('also where it went before the query was open', () => {
    /** A server whose query is open when the test says so. */
    const slow = async () => {
      const engine = new FakeEngine();
      const query = new ScriptedQuery('push', [], () => 'wait');
      let opened = () => {};
      const called = new Promise<void>((resolve) => {
        engine.openQuery = () => {
          resolve();
          return new Promise((open) => {
            opened = () => open(query);
          });
        };
      });
      return { s: await fake(engine), query, called, open: () => opened() };
    };

    it('over HTTP/1.1', async () => {
      const { s, query, called, open } = await slow();
      const client = await RawClient.open(s);
      client.socket.write('POST /query-stream HTTP/1.1\r\nHost: w\r\nContent-Length: 11\r\n\r\n{"sql":"1"}');
      await called;
      client.socket.resetAndDestroy();
      // The server sees the reset when it answers another connection's request that came after it.
      await ask(s, { path: '/livez' });
      await ask(s, { path: '/livez' });
      open();
      await eventually(async () => query.closed, Boolean);
    });

    it.each(['/query-stream', '/sse?sql=1'])('over HTTP/2: %s', async (path) => {
      const { s, query, called, open } = await slow();
      const session = connectHttp2(s.address);
      const get = path.startsWith('/sse');
      const stream = session.request({ ':method': get ? 'GET' : 'POST', ':path': path });
      stream.end(get ? undefined : '{"sql":"1"}');
      await called;
      stream.close(8); // CANCEL
      // Frames of a connection are read in order: with this answer the server has seen the reset.
      await new Promise<void>((resolve) => {
        session
          .request({ ':path': '/livez' })
          .on('end', () => resolve())
          .resume();
      });
      open();
      await eventually(async () => query.closed, Boolean);
      session.destroy();
    });
  });
});

describe('/close-query', () => {
  it('ends a running query, whose client gets a whole answer; an unknown one is a bad request', async () => {
    const s = await real();
    await letters(s);
    const request = open(s, { path: '/query', body: { ksql: SILENT.sql } });
    const text = new Promise<string>((resolve, reject) => {
      request.on('response', (response) => {
        let all = '';
        response.on('data', (d) => (all += String(d)));
        response.on('end', () => resolve(all));
        response.on('error', reject);
      });
    });
    const [query] = await eventually(() => pushQueries(s), some(1));
    const closed = await ask(s, { path: '/close-query', body: { queryId: query!.id } });
    expect([closed.status, closed.text]).toEqual([200, '']);
    expect(JSON.parse(await text)).toMatchObject([
      { header: { queryId: query!.id } },
      { finalMessage: 'Query Completed' },
    ]);
    expect(await pushQueries(s)).toEqual([]);
    const again = await ask(s, { path: '/close-query', body: { queryId: query!.id } });
    expect([again.status, JSON.parse(again.text)]).toMatchObject([
      400,
      { '@type': 'generic_error', error_code: 40000 },
    ]);
    for (const body of [{}, { queryId: 7 }, 'no json']) {
      expect((await ask(s, { path: '/close-query', body })).status).toBe(400);
    }
  });

  it('TERMINATE ends a push query too', async () => {
    const s = await real();
    await letters(s);
    const answer = ask(s, { path: '/query-stream', body: SILENT });
    const [query] = await eventually(() => pushQueries(s), some(1));
    expect(await run(s, `TERMINATE ${query!.id};`)).toMatchObject([
      { '@type': 'terminate_query', queryId: query!.id, wasTerminated: true },
    ]);
    expect((await answer).text.split('\n')).toHaveLength(2);
  });
});

describe('limits', () => {
  it('push queries at a time: one more is refused until one ends; pull queries are not counted', async () => {
    const s = await real({ 'ksql.max.push.queries': '2' });
    await letters(s);
    const two = [0, 1].map(() => open(s, { path: '/query-stream', body: SILENT }));
    for (const r of two) r.on('error', () => {}); // destroyed below
    await eventually(() => pushQueries(s), some(2));
    const third = await ask(s, { path: '/query-stream', body: SILENT });
    expect([third.status, JSON.parse(third.text)]).toMatchObject([400, { error_code: 40003 }]);
    const print = await ask(s, { path: '/query', body: { ksql: "PRINT 'letters' FROM BEGINNING LIMIT 1;" } });
    expect(JSON.parse(print.text)).toMatchObject({ error_code: 40003 });
    expect((await ask(s, { path: '/query-stream', body: { sql: 'SELECT * FROM counts;' } })).status).toBe(200);
    two[0]!.destroy();
    await eventually(() => pushQueries(s), some(1));
    const next = await ask(s, {
      path: '/query-stream',
      body: { sql: 'SELECT * FROM letters EMIT CHANGES LIMIT 1;', properties: EARLIEST },
    });
    expect(next.status).toBe(200);
    // A query that could not be opened is not counted for ever.
    for (let i = 0; i < 3; i++) {
      const bad = await ask(s, { path: '/query-stream', body: { sql: 'SELECT nope FROM letters EMIT CHANGES;' } });
      expect(JSON.parse(bad.text)).toMatchObject({ error_code: 40001 });
    }
    expect(
      (
        await ask(s, {
          path: '/query-stream',
          body: { sql: 'SELECT * FROM letters EMIT CHANGES LIMIT 1;', properties: EARLIEST },
        })
      ).status,
    ).toBe(200);
  });
});

describe('a slow reader', () => {
  const row = ['x'.repeat(1000)];
  const columns = [{ name: 'V', type: { kind: 'STRING' }, key: false }] as const;
  const endless = () => new ScriptedQuery('push', columns, () => ({ rows: Array.from({ length: 100 }, () => row) }));

  /** What a query has been asked for, once it is asked for no more. */
  const settled = async (query: ScriptedQuery): Promise<number> => {
    let last = -1;
    while (query.asked !== last || query.asked === 0) {
      last = query.asked;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return last;
  };

  it('pauses its query: nothing is asked of it while its client does not read', async () => {
    const engine = new FakeEngine();
    const query = endless();
    engine.open = () => query;
    const s = await fake(engine);
    const request = open(s, { path: '/query-stream', body: { sql: '' } });
    request.on('error', () => {}); // destroyed below
    const response = await new Promise<Readable>((resolve) => request.on('response', resolve));
    response.pause();
    const asked = await settled(query);
    // 100 kB a batch: what the sockets of both sides hold, and no more.
    expect(asked).toBeLessThan(150);
    response.resume();
    await eventually(
      async () => query.asked,
      (n) => n > asked + 50,
    );
    request.destroy();
    await eventually(async () => query.closed, Boolean);
  });

  it('over WebSocket: at most a mebibyte waits', async () => {
    const engine = new FakeEngine();
    const query = endless();
    engine.open = () => query;
    const s = await fake(engine);
    const ws = new WebSocket(
      `${s.address.replace('http', 'ws')}/ws/query?request=${encodeURIComponent('{"ksql":""}')}`,
    );
    await new Promise((resolve) => ws.once('message', resolve));
    ws.pause();
    const asked = await settled(query);
    expect(asked).toBeLessThan(150);
    ws.resume();
    await eventually(
      async () => query.asked,
      (n) => n > asked + 50,
    );
    ws.terminate();
    await eventually(async () => query.closed, Boolean);
  });

  it('is let go when it has stopped for good', async () => {
    const engine = new FakeEngine();
    const queries = [endless(), endless()];
    const opened = [...queries];
    engine.open = () => opened.shift()!;
    const s = await fake(engine, { 'weir.client.stall.timeout.ms': '100', 'weir.stop.grace.ms': '100' });
    const client = await RawClient.open(s);
    client.socket.write('POST /query-stream HTTP/1.1\r\nHost: w\r\nContent-Length: 10\r\n\r\n{"sql":""}');
    await client.until((t) => t.includes('queryId'));
    client.socket.pause();
    await eventually(async () => queries[0]!.closed, Boolean);
    client.socket.destroy();

    const ws = new WebSocket(
      `${s.address.replace('http', 'ws')}/ws/query?request=${encodeURIComponent('{"ksql":""}')}`,
    );
    await new Promise((resolve) => ws.once('message', resolve));
    ws.pause();
    await eventually(async () => queries[1]!.closed, Boolean);
    ws.terminate();
  });
});

describe('a graceful stop', () => {
  it('ends push queries with a word, and waits for no idle connection', async () => {
    const s = await startServer();
    await letters(s);
    const answers = ['application/vnd.ksqlapi.delimited.v1', 'application/vnd.ksql.v1+json', 'application/json'].map(
      (accept) => ask(s, { path: '/query-stream', body: SILENT, headers: { accept } }),
    );
    const ws = new WebSocket(
      `${s.address.replace('http', 'ws')}/ws/query?request=${encodeURIComponent(JSON.stringify({ ksql: SILENT.sql }))}`,
    );
    const closed = new Promise<[number, string]>((resolve) =>
      ws.on('close', (code, reason) => resolve([code, reason.toString()])),
    );
    const session = connectHttp2(s.address);
    session.on('error', () => {}); // ends with the server
    const idle = await RawClient.open(s);
    idle.socket.write('GET /livez HTTP/1.1\r\nHost: w\r\n\r\n');
    await idle.until((t) => t.includes('ok'));
    await eventually(() => pushQueries(s), some(4));
    await s.stop();
    const [delimited, v1, array] = await Promise.all(answers);
    const gone = { '@type': 'generic_error', error_code: 50303 };
    expect(JSON.parse(delimited!.text.trim().split('\n').at(-1)!)).toMatchObject(gone);
    expect(JSON.parse(v1!.text)).toMatchObject([{ header: {} }, { errorMessage: gone }]);
    expect(JSON.parse(array!.text)).toMatchObject([{ queryId: expect.any(String) }, gone]);
    expect(await closed).toEqual([1013, 'The server is shutting down.']);
    await idle.untilEnd();
    session.destroy();
    await expect(ask(s, { path: '/livez' })).rejects.toThrow();
  });

  it('commits: what was processed is there after the next start', async () => {
    const s = await real();
    await letters(s);
    await produce(s, 'letters', [{ key: 'y', value: '{"A":9}', timestamp: 40 }]);
    const rows = async () =>
      (await ask(s, { path: '/query-stream', body: { sql: "SELECT n FROM counts WHERE b='y';" } })).text;
    await eventually(rows, (t) => t.includes('[2]'));
  });
});

describe('a silent push query', () => {
  it('gives signs of life in the v1 format, which is valid JSON all the same', async () => {
    const engine = new FakeEngine();
    const columns = [{ name: 'V', type: { kind: 'INTEGER' }, key: false }] as const;
    const query = new ScriptedQuery('push', columns, (n) => (n === 0 ? { rows: [[1]] } : 'wait'));
    engine.open = () => query;
    const s = await fake(engine, { 'weir.heartbeat.ms': '10' });
    const request = open(s, { path: '/query', body: { ksql: '' } });
    const response = await new Promise<Readable>((resolve) => request.on('response', resolve));
    let text = '';
    response.on('data', (d) => (text += String(d)));
    const ended = new Promise((resolve) => response.on('end', resolve));
    await eventually(
      async () => text,
      (t) => t.endsWith('\n\n\n'),
    );
    await query.close();
    await ended;
    expect(JSON.parse(text)).toMatchObject([
      { header: {} },
      { row: { columns: [1] } },
      { finalMessage: 'Query Completed' },
    ]);
  });
});

describe('rows come as they happen', () => {
  it('each in time, not when the query ends', async () => {
    const s = await real();
    await letters(s);
    const request = open(s, { path: '/query-stream', body: SILENT });
    request.on('error', () => {}); // destroyed below
    const response = await new Promise<Readable>((resolve) => request.on('response', resolve));
    expect(await firstChunk(response)).toContain('queryId');
    for (const a of [7, 8]) {
      const next = firstChunk(response);
      await produce(s, 'letters', [{ key: 'z', value: `{"A":${a}}`, timestamp: 50 }]);
      expect(await next).toBe(`["z",${a}]\n`);
    }
    request.destroy();
  });
});
