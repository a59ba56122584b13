import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { WeirError } from '../../engine/index.js';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { EARLIEST, letters, RawClient, run, startServer, type TestServer } from './support.js';
import { V1Client } from './ws-client.js';

let server: TestServer;
const others: TestServer[] = [];
beforeAll(async () => {
  server = await startServer({ 'weir.ws.max.subscriptions': '3', 'weir.ws.max.frame.bytes': '5000' });
  await letters(server);
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const s of others.splice(0)) await s.stop();
});

const PUSH = 'SELECT b, a FROM letters EMIT CHANGES;';
const subscribe = (id: string, sql: string, more: object = {}) => ({
  type: 'subscribe',
  id,
  sql,
  properties: EARLIEST,
  ...more,
});

async function fake(query: () => ScriptedQuery, settings: Record<string, string> = {}): Promise<TestServer> {
  const engine = new FakeEngine();
  engine.open = query;
  const s = await startFake(engine, settings);
  others.push(s);
  return s;
}

const K = [{ name: 'K', type: { kind: 'STRING' }, key: true }] as const;

describe('/ws/v1', () => {
  it('serves push, pull and PRINT side by side, each to its end', async () => {
    const client = await V1Client.open(server);
    client.send(
      subscribe('push', 'SELECT b, a FROM letters EMIT CHANGES LIMIT 2;'),
      subscribe('pull', 'SELECT * FROM counts WHERE b = ${who};', { variables: { who: "'x'" } }),
      subscribe('print', "PRINT 'letters' FROM BEGINNING LIMIT 1;"),
    );
    await Promise.all(['push', 'pull', 'print'].map((id) => client.over(id)));
    expect(client.of('push')).toMatchObject([
      {
        type: 'schema',
        queryId: expect.any(String),
        kind: 'push',
        columns: [
          { name: 'B', type: 'STRING', key: expect.any(Boolean) },
          { name: 'A', type: 'BIGINT', key: false },
        ],
      },
      { type: 'rows' },
      { type: 'end', reason: 'limit' },
    ]);
    expect(client.rows('push')).toEqual([
      ['x', 1],
      ['y', 2],
    ]);
    expect(client.of('pull')).toMatchObject([
      { kind: 'pull-table', columns: [{ name: 'B', type: 'STRING', key: true }, { name: 'N' }] },
      { type: 'rows', rows: [['x', 2]] },
      { type: 'end', reason: 'completed' },
    ]);
    expect(client.of('print').map((f) => f.type)).toEqual([
      'schema',
      ...client
        .of('print')
        .slice(1, -1)
        .map(() => 'lines'),
      'end',
    ]);
    expect(client.of('print')[0]).toMatchObject({ kind: 'print', columns: [] });
    expect(
      client
        .of('print')
        .flatMap((f) => (f.lines as string[] | undefined) ?? [])
        .at(-1),
    ).toContain('value: {"A":1}');
    client.ws.close();
  });

  it('errors end their query alone, and leave its id free', async () => {
    const client = await V1Client.open(server);
    client.send(subscribe('good', PUSH), subscribe('bad', 'SELECT nope FROM letters EMIT CHANGES;'));
    expect(await client.over('bad')).toMatchObject({
      type: 'error',
      code: 'BAD_STATEMENT',
      error_code: 40001,
      message: expect.stringContaining('NOPE'),
    });
    await client.until(() => client.rows('good').length === 3);
    client.send(subscribe('bad', 'SHOW TYPES;'));
    await client.until(() => client.of('bad').length === 2);
    expect(client.of('bad')[1]).toMatchObject({ type: 'error', error_code: 40002 });
    client.send({ type: 'unsubscribe', id: 'good' });
    expect(await client.over('good')).toEqual({ type: 'end', id: 'good', reason: 'terminated' });
    client.send(subscribe('good', `${PUSH.slice(0, -1)} LIMIT 1;`));
    await client.until(() => client.of('good').filter((f) => f.type === 'end').length === 2);
    client.ws.close();
  });

  it.each([
    ['no json', {}],
    ['[]', {}],
    ['null', {}],
    ['{}', {}],
    ['{"type":"dance","id":"x"}', { type: 'dance', id: 'x' }],
    ['{"type":5}', {}],
    ['{"type":"subscribe","sql":"SHOW TYPES;"}', { type: 'subscribe' }],
    ['{"type":"subscribe","id":"","sql":"x"}', { type: 'subscribe', id: '' }],
    [`{"type":"pause","id":"${'x'.repeat(200)}"}`, { type: 'pause', id: 'x'.repeat(128) }],
  ])('a frame that makes no sense is refused in band: %s', async (frame, request) => {
    const client = await V1Client.open(server);
    client.send(frame, { type: 'ping', data: 1 });
    await client.until(() => client.frames.length === 2);
    expect(client.frames).toMatchObject([
      { type: 'error', request, code: 'BAD_REQUEST', error_code: 40000 },
      { type: 'pong', data: 1 },
    ]);
    expect('id' in client.frames[0]!).toBe(false);
    client.ws.close();
  });

  it.each([
    ['without SQL', {}],
    ['SQL that is no text', { sql: 5 }],
    ['properties that are no object', { sql: PUSH, properties: [1] }],
    ['a property that is an object', { sql: PUSH, properties: { a: {} } }],
    ['a value that does not fit', { sql: PUSH, properties: { 'auto.offset.reset': 'somewhere' } }],
    ['variables that are text', { sql: PUSH, variables: 'x' }],
    ['a continuation that is no text', { sql: PUSH, continuation: 5 }],
  ])('a subscription that makes no sense has failed: %s', async (_, members) => {
    const client = await V1Client.open(server);
    client.send({ type: 'subscribe', id: 'q', ...members });
    expect(await client.over('q')).toMatchObject({ type: 'error', id: 'q', error_code: 40000 });
    client.ws.close();
  });

  it('binary frames and frames above the limit are refused in band; above the body limit the connection ends', async () => {
    const client = await V1Client.open(server);
    client.ws.send(Buffer.from('{"type":"ping"}'));
    client.send(`{"type":"ping","data":"${'x'.repeat(6000)}"}`, { type: 'ping' });
    await client.until(() => client.frames.length === 3);
    expect(client.frames).toMatchObject([
      { type: 'error', message: expect.stringContaining('binary') },
      { type: 'error', code: 'LIMIT_EXCEEDED', error_code: 42900 },
      { type: 'pong' },
    ]);
    client.ws.send('x'.repeat(5 * 1024 * 1024));
    expect((await client.untilClosed()).code).toBe(1009);
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });

  it('an id is one query at a time, and a connection has so many queries', async () => {
    const client = await V1Client.open(server);
    client.send(subscribe('a', PUSH), subscribe('a', PUSH));
    await client.until(() => client.frames.some((f) => f.type === 'error'));
    expect(client.frames.find((f) => f.type === 'error')).toMatchObject({
      request: { type: 'subscribe', id: 'a' },
      message: expect.stringContaining('in use'),
    });
    client.send(subscribe('b', PUSH), subscribe('c', PUSH), subscribe('d', PUSH));
    expect(await client.over('d')).toMatchObject({ type: 'error', code: 'LIMIT_EXCEEDED' });
    client.send(
      { type: 'unsubscribe', id: 'a' },
      { type: 'unsubscribe', id: 'never' },
      { type: 'resume', id: 'never' },
    );
    await client.over('a');
    client.send(subscribe('d', PUSH));
    await client.until(() => client.rows('d').length === 3);
    client.ws.close();
  });

  it('a client that goes ends its queries, even those that are being opened', async () => {
    const client = await V1Client.open(server);
    client.send(subscribe('a', PUSH));
    await client.until(() => client.rows('a').length === 3);
    client.send(subscribe('b', PUSH), subscribe('c', PUSH));
    client.ws.terminate();
    for (;;) {
      const [entity] = await run(server, 'SHOW QUERIES;');
      const ids = (entity!.queries as { id: string; queryType: string }[]).filter((q) => q.queryType === 'PUSH');
      if (ids.length === 0) break;
    }
  });

  it('takes no more rows while it is paused', async () => {
    let asked = 0;
    const s = await fake(
      () =>
        new ScriptedQuery('push', K, (n) => {
          asked = n;
          return { rows: [[`k${n}`]] };
        }),
    );
    const client = await V1Client.open(s);
    client.send(subscribe('a', PUSH));
    await client.until(() => client.rows('a').length > 5);
    client.send({ type: 'pause', id: 'a' }, { type: 'ping' });
    await client.until(() => client.frames.some((f) => f.type === 'pong'));
    const [before, rows] = [asked, client.rows('a').length];
    client.send({ type: 'ping', data: 2 });
    await client.until(() => client.frames.at(-1)!.data === 2);
    expect(asked).toBeLessThanOrEqual(before + 1);
    expect(client.rows('a').length).toBeLessThanOrEqual(rows + 1);
    client.send({ type: 'resume', id: 'a' });
    await client.until(() => client.rows('a').length > rows + 5);
    client.send({ type: 'pause', id: 'a' }, { type: 'unsubscribe', id: 'a' });
    expect(await client.over('a')).toMatchObject({ reason: 'terminated' });
    expect(client.rows('a')).toEqual(client.rows('a').map((_, i) => [`k${i}`]));
    client.ws.close();
  });

  it('marks tombstones, tokens and the end of a snapshot; a batch without rows may end it too', async () => {
    const batches = [
      { rows: [['a'], ['b']], tombstones: [false, true], continuation: 't1' },
      { rows: [], snapshotEnd: true },
      { rows: [['c']], snapshotEnd: true, continuation: 't2' },
    ];
    const s = await fake(() => new ScriptedQuery('push', K, (n) => batches[n]));
    const client = await V1Client.open(s);
    client.send(subscribe('q', PUSH));
    await client.over('q');
    expect(client.frames.slice(1)).toEqual([
      { type: 'rows', id: 'q', rows: [['a'], ['b']], tombstones: [1], continuation: 't1' },
      { type: 'snapshot_end', id: 'q' },
      { type: 'rows', id: 'q', rows: [['c']], continuation: 't2' },
      { type: 'snapshot_end', id: 'q' },
      { type: 'end', id: 'q', reason: 'completed' },
    ]);
    client.ws.close();
  });

  it('cuts large batches into frames; indexes of tombstones are those of their frame, the token is behind the last', async () => {
    const long = 'x'.repeat(30_000);
    const rows = Array.from({ length: 6 }, (_, i) => [`${i}${long}`]);
    const batch = { rows, tombstones: rows.map((_, i) => i === 5), continuation: 't' };
    const s = await fake(() => new ScriptedQuery('push', K, (n) => (n === 0 ? batch : undefined)));
    const [one, two] = [await V1Client.open(s), await V1Client.open(s)];
    one.send(subscribe('ä', PUSH));
    two.send(subscribe('"', PUSH));
    await Promise.all([one.over('ä'), two.over('"')]);
    for (const [client, id] of [
      [one, 'ä'],
      [two, '"'],
    ] as const) {
      const frames = client.of(id).filter((f) => f.type === 'rows');
      expect(frames.map((f) => [(f.rows as unknown[]).length, f.tombstones, f.continuation])).toEqual([
        [3, undefined, undefined],
        [3, [2], 't'],
      ]);
      expect(client.rows(id)).toEqual(rows);
      client.ws.close();
    }
  });

  it('a failing query is an error in band', async () => {
    const s = await fake(
      () => new ScriptedQuery('push', K, () => new WeirError('STATE_ERROR', 'It broke.', 'Mend it.')),
    );
    const client = await V1Client.open(s);
    client.send(subscribe('q', PUSH));
    expect(await client.over('q')).toEqual({
      type: 'error',
      id: 'q',
      code: 'STATE_ERROR',
      error_code: 50000,
      message: 'It broke.',
      hint: 'Mend it.',
    });
    client.send({ type: 'ping' });
    await client.until(() => client.frames.at(-1)!.type === 'pong');
    client.ws.close();
  });

  it('a server that stops tells each query, then closes', async () => {
    const s = await startServer();
    await letters(s);
    const client = await V1Client.open(s);
    client.send(subscribe('a', PUSH), subscribe('b', PUSH));
    await client.until(() => client.rows('a').length === 3 && client.rows('b').length === 3);
    await s.stop();
    expect(await client.untilClosed()).toEqual({ code: 1013, reason: 'The server is shutting down.' });
    for (const id of ['a', 'b']) {
      expect(client.of(id).at(-1)).toMatchObject({ type: 'error', code: 'SHUTTING_DOWN', error_code: 50303 });
    }
  });

  it('says why there are no rows', async () => {
    const s = await startServer({ 'weir.notice.after.ms': '50' });
    others.push(s);
    await letters(s);
    const client = await V1Client.open(s);
    client.send(subscribe('late', PUSH, { properties: {} }));
    client.send(subscribe('picky', 'SELECT a FROM letters WHERE a > 100 EMIT CHANGES;'));
    const notice = (id: string) => client.of(id).find((f) => f.type === 'notice')?.notice;
    await client.until(() => notice('late') !== undefined && notice('picky') !== undefined);
    expect(notice('late')).toMatchObject({
      code: 'WAITING_AT_END',
      records: 3,
      hint: expect.stringContaining("'earliest'"),
    });
    expect(notice('picky')).toMatchObject({ code: 'FILTERED', rows: 3 });
    client.ws.close();
  });

  it('asks for continuation tokens, and goes on behind one', async () => {
    const engine = new FakeEngine();
    const asked: unknown[] = [];
    engine.open = (_, context) => {
      asked.push(context.properties);
      return new ScriptedQuery('push', K, () => undefined);
    };
    const s = await startFake(engine);
    others.push(s);
    const client = await V1Client.open(s);
    client.send(subscribe('a', PUSH), subscribe('b', PUSH, { continuation: 't1' }));
    await Promise.all([client.over('a'), client.over('b')]);
    const tokens = { ...EARLIEST, 'ksql.query.push.v2.continuation.tokens.enabled': 'true' };
    expect(asked).toEqual([tokens, { ...tokens, 'request.ksql.query.push.continuation.token': 't1' }]);
    client.ws.close();
  });

  it('takes half a frame and a connection that ends in it', async () => {
    for (const bytes of [[0x81], [0x81, 0xfe, 0x10], [0x81, 0x85, 1, 2, 3, 4, 5]]) {
      const raw = await RawClient.open(server);
      raw.socket.write(
        'GET /ws/v1 HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      await raw.until((t) => t.includes('\r\n\r\n'));
      raw.socket.end(Buffer.from(bytes));
      await raw.untilEnd();
    }
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });
});

describe('who may connect', () => {
  const status = (s: TestServer, headers: Record<string, string>) =>
    V1Client.open(s, { headers }).then(
      (c) => {
        c.ws.terminate();
        return 101;
      },
      (e: Error) => Number(/\d{3}/.exec(e.message)![0]),
    );

  it('users sign in with the upgrade', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    others.push(s);
    expect(await status(s, {})).toBe(401);
    expect(await status(s, { authorization: 'Basic YWRhOmxvdmU=' })).toBe(101);
  });

  it('pages sign in by a subprotocol, which is not said back', async () => {
    const s = await startServer({ 'weir.auth.users': 'ada:love' });
    others.push(s);
    const protocolOf = (protocols: string[]) =>
      new Promise<string>((resolve) => {
        const ws = new WebSocket(`${s.address.replace('http', 'ws')}/ws/v1`, protocols);
        ws.on('error', (e) => resolve(e.message));
        ws.on('open', () => {
          resolve(ws.protocol);
          ws.close();
        });
      });
    expect(await protocolOf(['weir.v1', 'weir.basic.YWRhOmxvdmU'])).toBe('weir.v1');
    expect(await protocolOf(['weir.basic.YWRhOmxvdmU', 'other'])).toBe('other');
    expect(await protocolOf(['weir.v1', 'weir.basic.YWRhOmhhdGU'])).toContain('401');
    expect(await protocolOf(['weir.v1'])).toContain('401');
  });

  it('pages of other origins only where they are allowed', async () => {
    expect(await status(server, { origin: 'https://evil.example' })).toBe(403);
    expect(await status(server, { origin: 'null' })).toBe(403);
    expect(await status(server, { origin: server.address })).toBe(101);
    expect(await status(server, { origin: 'https://weir.example', 'x-forwarded-host': 'weir.example' })).toBe(101);
    const s = await startServer({ 'access.control.allow.origin': 'https://a.example, https://b.example' });
    others.push(s);
    expect(await status(s, { origin: 'https://b.example' })).toBe(101);
    expect(await status(s, { origin: 'https://c.example' })).toBe(403);
  });
});
