import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RequestContext, WeirError } from '../../engine/index.js';
import { FakeEngine, ScriptedQuery, startFake } from './fake-engine.js';
import { ask, askHttp2, EARLIEST, letters, open, startServer, type TestServer } from './support.js';

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

const K = [{ name: 'K', type: { kind: 'STRING' }, key: true }] as const;
const STREAM = { accept: 'text/event-stream' };
const path = (sql: string, more: Record<string, string> = {}) => `/sse?${new URLSearchParams({ sql, ...more })}`;
const earliest = { properties: JSON.stringify(EARLIEST) };

/** Events as EventSource dispatches them: `[name, data, last id]`. */
function events(text: string): [string, unknown, string][] {
  const out: [string, unknown, string][] = [];
  let id = '';
  for (const block of text.split('\n\n')) {
    let name = 'message';
    let data: string | undefined;
    for (const line of block.split('\n')) {
      const [field, ...rest] = line.split(': ');
      const value = rest.join(': ');
      if (field === 'event') name = value;
      else if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
      else if (field === 'id') id = value;
    }
    if (data !== undefined) out.push([name, JSON.parse(data), id]);
  }
  return out;
}

const withoutTokens = (text: string) => events(text.replaceAll(/^id: (?!end$).*$/gm, ''));

async function fake(query: (context: RequestContext) => ScriptedQuery, settings = {}): Promise<TestServer> {
  const engine = new FakeEngine();
  engine.open = (_, context) => query(context);
  const s = await startFake(engine, settings);
  others.push(s);
  return s;
}

describe('/sse', () => {
  it('sends the schema, rows as messages, and the end', async () => {
    const sql = 'SELECT b, a FROM letters EMIT CHANGES LIMIT 2;';
    const { status, headers, text } = await ask(server, { path: path(sql, earliest), headers: STREAM });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/event-stream', 'no-store']);
    expect(text.startsWith('retry: 2000\n\n')).toBe(true);
    expect(events(text)).toMatchObject([
      [
        'schema',
        {
          kind: 'push',
          queryId: expect.any(String),
          columns: [
            { name: 'B', type: 'STRING', key: expect.any(Boolean) },
            { name: 'A', type: 'BIGINT', key: false },
          ],
        },
        '',
      ],
      ['message', ['x', 1], ''],
      ['message', ['y', 2], ''],
      ['end', { reason: 'limit' }, 'end'],
    ]);
    const over2 = await askHttp2(server, { path: path(sql, earliest), headers: STREAM });
    expect(withoutTokens(over2.text).slice(1)).toEqual(withoutTokens(text).slice(1));
  });

  it('serves pull queries with variables, and PRINT', async () => {
    const pull = path("SELECT n FROM counts WHERE b = '${who}';", { variables: '{"who":"x"}' });
    expect(events((await ask(server, { path: pull })).text).slice(1)).toMatchObject([
      ['message', [2], ''],
      ['end', { reason: 'completed' }, 'end'],
    ]);
    const print = await ask(server, { path: path("PRINT 'letters' FROM BEGINNING LIMIT 1;") });
    expect(events(print.text).map(([, data]) => data)).toContainEqual(expect.stringContaining('value: {"A":1}'));
  });

  it('gives tombstones, the end of the snapshot and tokens; comes back behind the token', async () => {
    const asked: RequestContext[] = [];
    const batches = [{ rows: [['a'], ['b']], tombstones: [false, true], snapshotEnd: true, continuation: 't1' }];
    const s = await fake((context) => {
      asked.push(context);
      return new ScriptedQuery('push', K, (n) => batches[n]);
    });
    const { text } = await ask(s, { path: path('x'), headers: STREAM });
    expect(events(text).slice(1)).toEqual([
      ['message', ['a'], ''],
      ['tombstone', ['b'], ''],
      ['snapshot_end', {}, ''],
      ['end', { reason: 'completed' }, 'end'],
    ]);
    expect(text).toContain('id: t1\n\n');
    await ask(s, { path: path('x', { continuation: 't0' }), headers: STREAM });
    await ask(s, { path: path('x', { continuation: 't0' }), headers: { ...STREAM, 'last-event-id': 't1' } });
    const token = 'request.ksql.query.push.continuation.token';
    expect(asked.map((c) => c.properties[token])).toEqual([undefined, 't0', 't1']);
    const over = await ask(s, { path: path('x'), headers: { ...STREAM, 'last-event-id': 'end' } });
    expect([over.status, over.text, asked.length]).toEqual([204, '', 3]);
  });

  it('tells EventSource errors in band, and others by status; what may pass is tried again', async () => {
    const bad = path('SELECT nope FROM letters EMIT CHANGES;');
    const { status, text } = await ask(server, { path: bad, headers: STREAM });
    expect([status, events(text)]).toMatchObject([
      200,
      [['error', { error_code: 40001, code: 'BAD_STATEMENT' }, 'end']],
    ]);
    expect(await ask(server, { path: bad })).toMatchObject({ status: 400, text: expect.stringMatching(/^\{"@type"/) });
    const s = await fake(() => new ScriptedQuery('push', K, () => new WeirError('NOT_READY', 'Not yet.')));
    expect(events((await ask(s, { path: path('x'), headers: STREAM })).text).at(-1)).toEqual([
      'error',
      { code: 'NOT_READY', error_code: 50302, message: 'Not yet.' },
      '',
    ]);
  });

  it.each([
    ['no sql', '/sse'],
    ['sql twice', '/sse?sql=a&sql=b'],
    ['properties that are no JSON', '/sse?sql=a&properties={'],
    ['properties that are no object', '/sse?sql=a&properties=[1]'],
    ['variables that are no object', '/sse?sql=a&variables=5'],
  ])('refuses %s', async (_, where) => {
    const answer = await ask(server, { path: where });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { error_code: 40000 }]);
  });

  it('says why there are no rows', async () => {
    const s = await startServer({ 'weir.notice.after.ms': '50' });
    others.push(s);
    await letters(s);
    const request = open(s, { path: path('SELECT a FROM letters EMIT CHANGES;'), headers: STREAM });
    const text = await new Promise<string>((resolve, reject) => {
      let got = '';
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('data', (t) => {
          got += String(t);
          if (got.includes('event: notice')) resolve(got);
        });
      });
    });
    expect(events(text).at(-1)![1]).toMatchObject({ code: 'WAITING_AT_END', records: 3 });
    request.destroy();
  });
});

describe('side messages on /query-stream', () => {
  const query = { sql: 'SELECT', requestProperties: { 'weir.side.messages': 'true' } };
  const batches = [{ rows: [['a'], ['b']], tombstones: [false, true], snapshotEnd: true, continuation: 't1' }];

  it('are objects in lines of their own, for those who ask', async () => {
    const s = await fake(() => new ScriptedQuery('push', K, (n) => batches[n]));
    const lines = async (body: object, more = {}) =>
      (await ask(s, { path: '/query-stream', body, ...more })).text.trimEnd().split('\n').slice(1);
    const all = ['["a"]', '{"tombstone":["b"]}', '{"snapshotEnd":true}', '{"continuation":"t1"}'];
    expect(await lines(query)).toEqual(all);
    expect(await lines({ sql: 'SELECT', properties: { 'weir.side.messages': true } })).toEqual(all);
    expect((await askHttp2(s, { path: '/query-stream', body: query })).text.trimEnd().split('\n').slice(1)).toEqual(
      all,
    );
    expect(await lines({ sql: 'SELECT' })).toEqual(['["a"]', '["b"]']);
  });

  it('say why there are no rows', async () => {
    const s = await startServer({ 'weir.notice.after.ms': '50' });
    others.push(s);
    await letters(s);
    const request = open(s, {
      path: '/query-stream',
      body: { ...query, sql: 'SELECT a FROM letters WHERE a > 5 EMIT CHANGES;', properties: EARLIEST },
    });
    const text = await new Promise<string>((resolve, reject) => {
      let got = '';
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('data', (t) => {
          got += String(t);
          if (got.includes('"notice"')) resolve(got);
        });
      });
    });
    expect(JSON.parse(text.trimEnd().split('\n').at(-1)!)).toMatchObject({ notice: { code: 'FILTERED', rows: 3 } });
    request.destroy();
  });
});

describe('pages of other origins', () => {
  it('are told that they may by CORS, where they are allowed', async () => {
    const s = await startServer({ 'access.control.allow.origin': 'https://a.example' });
    others.push(s);
    const origin = 'https://a.example';
    const sse = await ask(s, { path: path('SHOW TYPES;'), headers: { ...STREAM, origin } });
    expect(sse.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
    expect((await askHttp2(s, { path: '/info', headers: { origin } })).headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    });
    const preflight = await ask(s, { method: 'OPTIONS', path: '/ksql', headers: { origin } });
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([204, 'GET, POST, OPTIONS']);
    const body = { ksql: 'SHOW TYPES;' };
    expect((await ask(s, { path: '/ksql', body, headers: { origin } })).status).toBe(200);
    const other = await ask(s, { path: '/info', headers: { origin: 'https://b.example' } });
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  });

  it('may change nothing where they are not', async () => {
    const body = { ksql: 'SHOW TYPES;' };
    const post = async (headers: Record<string, string>) =>
      (await ask(server, { path: '/ksql', body, headers })).status;
    expect(await post({ origin: 'https://evil.example', 'content-type': 'text/plain' })).toBe(403);
    expect(await post({ origin: 'null' })).toBe(403);
    expect(await post({ origin: server.address, host: new URL(server.address).host })).toBe(200);
    const all = await startServer({ 'access.control.allow.origin': '*' });
    others.push(all);
    const { status, headers } = await ask(all, { path: '/ksql', body, headers: { origin: 'https://b.example' } });
    expect([status, headers['access-control-allow-origin']]).toEqual([200, '*']);
  });
});
