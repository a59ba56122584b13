import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine, startFake } from './fake-engine.js';
import { type Answer, ask, type TestServer } from './support.js';

/** What was sent to the engine: the SQL of each request. */
const seen: string[] = [];
let server: TestServer;
beforeAll(async () => {
  const engine = new FakeEngine();
  engine.execute = async (sql) => {
    seen.push(sql);
    return [];
  };
  server = await startFake(engine, { 'weir.max.body.bytes': '100000' });
});
afterAll(() => server.stop());

const send = (bytes: Uint8Array, headers: Record<string, string> = {}, path = '/ksql'): Promise<Answer> =>
  ask(server, { method: 'POST', path, headers: { ...headers, 'transfer-encoding': 'chunked' } }, bytes);
const json = (sql: string) => Buffer.from(JSON.stringify({ ksql: sql }));
const taken = async (bytes: Uint8Array, headers: Record<string, string> = {}) => {
  seen.length = 0;
  const { status } = await send(bytes, headers);
  return [status, ...seen];
};

describe('a body is read', () => {
  it.each(['garbage', '', 'text/plain', 'application/json; charset=iso-8859-1', ';;'])(
    'as JSON under the type "%s"',
    async (type) => {
      expect(await taken(json('ä;'), { 'content-type': type })).toEqual([200, 'ä;']);
    },
  );

  it('with a mark of byte order before it', async () => {
    expect(await taken(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), json('a;')]))).toEqual([200, 'a;']);
  });

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('from Content-Encoding %s', async (encoding, encode) => {
    const headers = { 'content-encoding': encoding };
    expect(await taken(encode(json('ö;')), headers)).toEqual([200, 'ö;']);
    const rows = '{"target":"A"}\n{"N":1}\n{"N":2}\n';
    const inserted = await send(encode(Buffer.from(rows)), headers, '/inserts-stream');
    expect(inserted.text).toBe('{"status":"ok","seq":0}\n{"status":"ok","seq":1}\n');
  });
});

describe('a body is refused', () => {
  const refused = async (bytes: Uint8Array, headers: Record<string, string> = {}, path?: string) => {
    const { status, text } = await send(bytes, headers, path);
    return [status, (JSON.parse(text) as { message: string }).message];
  };

  it('that is no UTF-8: what is not text must not be stored as text', async () => {
    const bytes = Buffer.from([...Buffer.from('{"ksql":"'), 0xff, ...Buffer.from('"}')]);
    expect(await refused(bytes)).toEqual([400, 'The body is no UTF-8.']);
  });

  it('in an encoding that is not known, or in none', async () => {
    expect(await refused(json('a;'), { 'content-encoding': 'zstd' })).toEqual([415, expect.stringContaining('zstd')]);
    for (const path of ['/ksql', '/inserts-stream']) {
      const no = await refused(json('a;'), { 'content-encoding': 'gzip' }, path);
      expect(no).toEqual([400, expect.stringContaining('The body is no gzip')]);
    }
  });

  it('that grows above the limit when it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    expect(await refused(bomb, { 'content-encoding': 'gzip' })).toEqual([413, expect.any(String)]);
  });
});
