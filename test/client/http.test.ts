import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../cli/api-client.js';
import { basicAuthorization, HttpApi } from '../../client/http.js';
import { runStatement, serverInfo } from '../../shell/client.js';
import { patientFetch } from '../../shell/patient-fetch.js';

/** A server that answers by what it is asked for. */
const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/info': [401, '{"error_code":40100,"message":"Unauthorized"}'],
  '/ksql': [400, '{"code":"BAD_STATEMENT","error_code":40001,"message":"It is wrong.","hint":"Mend it."}'],
  '/healthcheck': [502, '<html>no Weir</html>'],
  '/topics': [200, '<html>no Weir</html>'],
};
const asked: { method: string; headers: Record<string, unknown>; body: string }[] = [];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push({ method: request.method!, headers: request.headers, body });
    const [status, text] = ANSWERS[request.url!] ?? [200, body || '{}'];
    // One that goes on until it is left.
    if (request.url === '/query-stream') response.write('{"begun":true}\n');
    else response.writeHead(status).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ['fetch', globalThis.fetch],
  ['the patient fetch of the shell', patientFetch],
])('requests by %s', (_, fetch) => {
  const api = (url = base) => new HttpApi(`${url}/`, basicAuthorization('zoë', 'pass'), fetch);

  it('sign in, and send objects as JSON and text as it is', async () => {
    asked.length = 0;
    expect(await api().json('/echo', { body: { sql: 'é' }, headers: { accept: 'application/json' } })).toEqual({
      sql: 'é',
    });
    expect(await api().json('/echo', { body: '[1]' })).toEqual([1]);
    expect(await api().json('/echo')).toEqual({});
    expect(asked.map(({ method, body }) => [method, body])).toEqual([
      ['POST', '{"sql":"é"}'],
      ['POST', '[1]'],
      ['GET', ''],
    ]);
    const authorization = `Basic ${Buffer.from('zoë:pass').toString('base64')}`;
    expect(asked[0]!.headers).toMatchObject({ authorization, accept: 'application/json' });
  });

  it('that fail say why by a code', async () => {
    await expect(api().json('/info')).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
    const refused = { code: 'BAD_STATEMENT', status: 400, message: 'It is wrong.', hint: 'Mend it.' };
    await expect(api().json('/ksql', { body: {} })).rejects.toMatchObject(refused);
    const other = { code: 'BAD_ANSWER', status: 502, message: `${base} answered 502.` };
    await expect(api().json('/healthcheck')).rejects.toMatchObject(other);
    await expect(api().json('/topics')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    const nobody = { code: 'UNREACHABLE', message: 'No Weir server answers at http://127.0.0.1:1.' };
    await expect(api('http://127.0.0.1:1').json('/info')).rejects.toMatchObject(nobody);
    await expect(api('no address').json('/info')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('end with their signal, before the answer and in it', async () => {
    const reason = new Error('enough');
    await expect(api().send('/echo', { signal: AbortSignal.abort(reason) })).rejects.not.toHaveProperty(
      'code',
      'UNREACHABLE',
    );
    const stop = new AbortController();
    const { body } = await api().send('/query-stream', { body: {}, signal: stop.signal });
    const reader = body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"begun":true}\n');
    stop.abort(reason);
    await expect(reader.read()).rejects.toBeDefined();
  });
});

describe('what went wrong is said', () => {
  const signal = new AbortController().signal;
  const session = { properties: {}, variables: {} };

  it('by the shell in words for who sits there', async () => {
    const at = { base, authorization: undefined };
    await expect(serverInfo(at, signal)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'The server wants a user and a password, and these were none or not the right ones.',
      hint: 'Give them with --user and --password, or the password in WEIR_PASSWORD.',
    });
    const refused = { code: 'BAD_STATEMENT', message: 'It is wrong.', hint: 'Mend it.' };
    await expect(runStatement(at, 'x;', session, signal)).rejects.toMatchObject(refused);
    const away = { base: 'http://127.0.0.1:1', authorization: undefined };
    await expect(serverInfo(away, signal)).rejects.toMatchObject({
      message: 'No Weir server answers at http://127.0.0.1:1.',
      hint: expect.stringContaining('or give its address') as string,
    });
  });

  it('by commands with their codes', async () => {
    const api = new ApiClient({ server: base }, 'Start it.', 'LOG_ERROR');
    await expect(api.get('/info')).rejects.toMatchObject({
      code: 'LOG_ERROR',
      message: `${base} wants a user and a password, and these were none or not the right ones.`,
      hint: 'Give them with --user and --password.',
    });
    await expect(api.post('/ksql', {})).rejects.toMatchObject({
      ...{ code: 'LOG_ERROR', message: 'It is wrong.', hint: 'Mend it.' },
    });
    await expect(new ApiClient({ server: 'http://127.0.0.1:1' }, 'Start it.').get('/info')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'No Weir server answers at http://127.0.0.1:1.',
      hint: 'Start it.',
    });
  });
});

it('nothing else in the shell and the commands sends requests', () => {
  // What the client is given for `fetch`, and the test runner that compares what servers answer, byte by byte.
  const own = ['shell/patient-fetch.ts', 'cli/test-runner/rest-client.ts'];
  const files = ['shell', 'cli'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`),
  );
  const senders = files.filter(
    (file) => file.endsWith('.ts') && /\bfetch\(|'node:https?'/.test(readFileSync(file, 'utf8')),
  );
  expect(senders.sort()).toEqual(own.sort());
});
