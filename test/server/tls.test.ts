import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectNet } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { loadConfig } from '../../server/config.js';
import { makeDir, removeDir } from '../support/temp.js';
import { ask, run, startServer, type TestServer } from './support.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl && process.env.CI !== undefined) throw new Error('openssl is required in CI');

describe.skipIf(!hasOpenssl)('TLS (needs openssl)', () => {
  let dir: string;
  let server: TestServer;
  let strict: TestServer;
  let secure: URL;
  let pfx: Buffer;
  const at = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args);
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${String(stderr)}`);
  };

  beforeAll(async () => {
    dir = makeDir();
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at('key.pem')];
    openssl('req', '-x509', ...key, '-days', '2', ...subject, '-out', at('cert.pem'));
    openssl(
      ...['pkcs12', '-export', '-inkey', at('key.pem'), '-in', at('cert.pem')],
      ...['-out', at('store.p12'), '-passout', 'pass:secret'],
    );
    pfx = readFileSync(at('store.p12'));
    server = await startServer({
      listeners: 'http://127.0.0.1:0,https://127.0.0.1:0',
      'ssl.keystore.location': at('store.p12'),
      'ssl.keystore.password': 'secret',
    });
    strict = await startServer({
      listeners: 'https://127.0.0.1:0',
      'ssl.certificate.location': at('cert.pem'),
      'ssl.key.location': at('key.pem'),
      'ssl.client.auth': 'required',
      'ssl.truststore.location': at('cert.pem'),
    });
    secure = new URL(server.running.addresses[1]!);
  });
  afterAll(async () => {
    await server?.stop();
    await strict?.stop();
    removeDir(dir);
  });

  const ca = () => readFileSync(at('cert.pem'));
  const get = (port: string, more: object = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpsRequest({ host: '127.0.0.1', port, path: '/info', ca: ca(), agent: false, ...more }, (r) => {
        r.resume();
        resolve(r.statusCode!);
      });
      request.on('error', reject);
      request.end();
    });

  it('answers over HTTP/1.1, HTTP/2 by ALPN and WebSockets on one port, and in clear text on another', async () => {
    expect(server.running.addresses).toEqual([server.address, `https://127.0.0.1:${secure.port}`]);
    expect((await ask(server, { path: '/info' })).status).toBe(200);
    expect(await get(secure.port)).toBe(200);
    const session = connectHttp2(secure.href, { ca: ca() });
    const stream = session.request({ ':method': 'POST', ':path': '/ksql' });
    stream.end('{"ksql":"SHOW TYPES;"}');
    let text = '';
    for await (const t of stream.setEncoding('utf8')) text += String(t);
    expect(JSON.parse(text)).toMatchObject([{ '@type': 'type_list' }]);
    expect(session.alpnProtocol).toBe('h2');
    session.close();
    const ws = new WebSocket(`wss://127.0.0.1:${secure.port}/ws/v1`, { ca: ca() });
    const pong = new Promise((resolve, reject) => {
      ws.on('message', (m) => resolve(String(m)));
      ws.on('error', reject);
    });
    ws.on('open', () => ws.send('{"type":"ping"}'));
    expect(JSON.parse(String(await pong))).toEqual({ type: 'pong' });
    ws.close();
  });

  it('takes clients with a certificate where that is required, and no others', async () => {
    const { port } = new URL(strict.address);
    expect(strict.address).toMatch(/^https:/);
    await expect(get(port)).rejects.toThrow();
    expect(await get(port, { pfx, passphrase: 'secret' })).toBe(200);
  });

  it('outlives what is no TLS, and handshakes that end half-way', async () => {
    const refused = (text: string) =>
      new Promise<void>((resolve) => {
        const socket = connectNet({ port: Number(secure.port), host: '127.0.0.1' });
        socket.on('error', () => {}); // 'close' follows
        socket.on('close', () => resolve());
        socket.resume();
        socket.end(text);
      });
    for (const text of ['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01']) await refused(text);
    await new Promise<void>((resolve) => {
      const socket = connectTls({ port: Number(secure.port), host: '127.0.0.1', ca: ca() }, () => {
        socket.write('GET /info HT');
        socket.destroy();
      });
      socket.on('close', () => resolve());
    });
    expect(await get(secure.port)).toBe(200);
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });

  it('says what is wrong with the settings', () => {
    const https = { listeners: 'https://127.0.0.1:0' };
    const message = (settings: Record<string, string>) => {
      try {
        loadConfig({ ...https, ...settings }, {});
        return '';
      } catch (e) {
        return `${(e as Error).message} ${(e as { hint?: string }).hint ?? ''}`;
      }
    };
    expect(message({})).toContain('ssl.keystore.location');
    expect(message({ 'ssl.keystore.location': at('none.p12') })).toContain('cannot be read');
    const store = { 'ssl.keystore.location': at('store.p12') };
    expect(message({ ...store, 'ssl.keystore.password': 'wrong' })).toContain('cannot be used');
    expect(message({ ...store, 'ssl.keystore.password': 'secret', 'ssl.client.auth': 'maybe' })).toContain('requested');
    writeFileSync(at('store.jks'), Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0]));
    expect(message({ 'ssl.keystore.location': at('store.jks') })).toContain('keytool');
    expect(() => loadConfig({ listeners: 'ftp://x' }, {})).toThrow('listeners');
    expect(loadConfig({ listeners: 'http://[::1]:80,http://a:9000' }, {}).listeners).toEqual([
      { host: '::1', port: 80, secure: false },
      { host: 'a', port: 9000, secure: false },
    ]);
  });
});
