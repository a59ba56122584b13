import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askHttp2, RawClient, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ 'weir.max.body.bytes': '20000' });
});
afterAll(() => server.stop());

const BODY = '{"ksql":"SHOW TYPES;"}';
const post = (target: string, headers: string[] = [], body = BODY) =>
  [`POST ${target} HTTP/1.1`, 'Host: weir', `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', body].join(
    '\r\n',
  );
const isAnswer = (text: string) => text.includes('"type_list"') && text.trimEnd().endsWith(']');

/** The server still serves. */
const goesOn = async () => expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);

describe('HTTP/1.1 and HTTP/2 on one port', () => {
  it('both serve every kind of request', async () => {
    const over1 = await ask(server, { path: '/ksql', body: { ksql: 'SHOW TYPES;' } });
    const over2 = await askHttp2(server, { path: '/ksql', body: { ksql: 'SHOW TYPES;' } });
    expect([over2.status, over2.text, over2.headers['content-type']]).toEqual([200, over1.text, 'application/json']);
    expect((await askHttp2(server, { path: '/info' })).status).toBe(200);
    expect((await askHttp2(server, { path: '/nowhere' })).status).toBe(404);
    const bad = await askHttp2(server, { path: '/ksql', body: 'no json' });
    expect([bad.status, JSON.parse(bad.text)]).toMatchObject([400, { error_code: 40000 }]);
  });

  it('the first bytes may come one by one', async () => {
    const client = await RawClient.open(server);
    client.socket.setNoDelay(true);
    for (const c of post('/ksql')) {
      client.socket.write(c);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.until(isAnswer)).toMatch(/^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });

  it('a client that offers h2c is answered over 1.1, request after request', async () => {
    const client = await RawClient.open(server);
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'];
    client.socket.write(post('/ksql', offer));
    expect(await client.until(isAnswer)).toMatch(/^HTTP\/1\.1 200 /);
    client.socket.write(post('/ksql', offer));
    await client.until((t) => t.split('"type_list"').length === 3);
    // The body may come later than the head.
    const [head, body] = post('/ksql', offer).split('\r\n\r\n');
    client.socket.write(`${head}\r\n\r\n`);
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.write(body!);
    await client.until((t) => t.split('"type_list"').length === 4);
    client.socket.destroy();
  });

  it('takes absolute-form URLs', async () => {
    const client = await RawClient.open(server);
    client.socket.write(post(`http://weir:${server.port}/ksql`));
    expect(await client.until(isAnswer)).toMatch(/^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });

  it('a client that has closed its side still gets its answer', async () => {
    const client = await RawClient.open(server);
    client.socket.end(post('/ksql', ['Connection: close']));
    const text = await client.untilEnd();
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(isAnswer(text.replace(/\r\n0\r\n\r\n$/, ''))).toBe(true);
  });

  it('connections that end at any place of a request harm nothing', async () => {
    const whole = post('/ksql');
    for (const length of [0, 1, 10, whole.indexOf('\r\n\r\n') + 4, whole.length - 3]) {
      const client = await RawClient.open(server);
      client.socket.end(whole.slice(0, length));
      await client.untilEnd();
      client.socket.destroy();
      const reset = await RawClient.open(server);
      reset.socket.write(whole.slice(0, length));
      reset.socket.resetAndDestroy();
    }
    const preface = await RawClient.open(server);
    preface.socket.end('PRI * HTT');
    await preface.untilEnd();
    await goesOn();
  });

  it('answers what is no HTTP, and goes on', async () => {
    const client = await RawClient.open(server);
    client.socket.write('\x16\x03\x01\x02\x00 this is TLS\r\n\r\n');
    const text = await client.untilEnd();
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({ '@type': 'generic_error', error_code: 40000 });
    const half = await RawClient.open(server);
    half.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all, and much of it');
    await half.untilEnd();
    await goesOn();
  });
});

describe('bodies', () => {
  const refusal = async (body: string, path = '/ksql') => {
    const answer = await ask(server, { path, body });
    return [answer.status, JSON.parse(answer.text)] as const;
  };

  it.each([
    ['no JSON', '{"ksql": '],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '["SHOW TYPES;"]'],
    ['text', '"SHOW TYPES;"'],
    ['without the statement', '{"sql": "SHOW TYPES;"}'],
    ['a statement that is no text', '{"ksql": 1}'],
    ['properties that are no object', '{"ksql": "SHOW TYPES;", "streamsProperties": [1]}'],
    ['a property that is an object', '{"ksql": "SHOW TYPES;", "streamsProperties": {"a": {}}}'],
    ['a deep nest', '['.repeat(9000)],
  ])('%s is a bad request', async (_, body) => {
    const [status, error] = await refusal(body);
    expect([status, error]).toMatchObject([400, { '@type': 'generic_error', error_code: 40000, stackTrace: [] }]);
    expect(Object.keys(error)[0]).toBe('@type');
  });

  it('a value that does not fit its setting is a bad request', async () => {
    const body = '{"ksql": "SHOW TYPES;", "streamsProperties": {"auto.offset.reset": "somewhere"}}';
    expect(await refusal(body)).toMatchObject([400, { error_code: 40000 }]);
  });

  it('larger than the limit is refused, and the server goes on', async () => {
    expect(await refusal(JSON.stringify({ ksql: `${'-'.repeat(30_000)}\nSHOW TYPES;` }))).toMatchObject([
      413,
      { '@type': 'generic_error', error_code: 41300, message: expect.stringContaining('larger') },
    ]);
    const chunked = await RawClient.open(server);
    chunked.socket.write('POST /ksql HTTP/1.1\r\nHost: weir\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunked.socket.write(`7530\r\n${'x'.repeat(30_000)}\r\n`);
    expect(await chunked.until((t) => t.includes('41300'))).toMatch(/^HTTP\/1\.1 413 /);
    chunked.socket.destroy();
    await goesOn();
  });

  it('tolerates members that it does not know, and nulls', async () => {
    const odd = {
      ksql: 'SHOW TYPES;',
      streamsProperties: null,
      sessionVariables: null,
      requestProperties: { 'request.ksql.query.pull.x': true },
      commandSequenceNumber: null,
      properties: null,
      Accept: 'application/json',
      more: { of: ['this'] },
    };
    expect((await ask(server, { path: '/ksql', body: odd })).status).toBe(200);
    const query = { sql: 'SELECT * FROM nothing_there;', properties: null, sessionVariables: null, Accept: 'x' };
    expect((await refusal(JSON.stringify(query), '/query-stream'))[1]).toMatchObject({ '@type': 'statement_error' });
  });
});
