import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDir, removeDir } from '../support/temp.js';
import { ask, startServer, type TestServer } from './support.js';

describe('weir.pages.dirs', () => {
  let dir: string;
  let server: TestServer;

  beforeAll(async () => {
    dir = makeDir();
    mkdirSync(join(dir, 'site', 'deep'), { recursive: true });
    mkdirSync(join(dir, 'img'));
    writeFileSync(join(dir, 'site', 'index.html'), '<h1>Rides</h1>');
    writeFileSync(join(dir, 'site', 'deep', 'a.css'), 'p {}');
    writeFileSync(join(dir, 'img', 'map.svg'), '<svg/>');
    writeFileSync(join(dir, 'secret.txt'), 'no page');
    server = await startServer({ 'weir.pages.dirs': `${join(dir, 'site')},/img=${join(dir, 'img')}` });
  });
  afterAll(async () => {
    await server?.stop();
    removeDir(dir);
  });

  it.each([
    ['/index.html', 'text/html; charset=utf-8', '<h1>Rides</h1>'],
    ['/deep/a.css', 'text/css; charset=utf-8', 'p {}'],
    ['/img/map.svg', 'image/svg+xml', '<svg/>'],
  ])('serves %s', async (path, type, text) => {
    const answer = await ask(server, { path });
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([200, type, text]);
  });

  it('serves the client as modules', async () => {
    const answer = await ask(server, { path: '/weir/client/index.js' });
    expect(answer.headers['content-type']).toMatch(/^text\/javascript/);
    expect(answer.text).toContain('WeirClient');
  });

  it('leads from / to the page, and leaves the API as it is', async () => {
    expect((await ask(server, { path: '/' })).headers['location']).toBe('/index.html');
    expect(JSON.parse((await ask(server, { path: '/info' })).text)).toHaveProperty('KsqlServerInfo');
    const missing = await ask(server, { path: '/nothing' });
    expect([missing.status, JSON.parse(missing.text).error_code]).toEqual([404, 40400]);
  });

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/deep/..%2f..%2fsecret.txt'])(
    'shows nothing above it: %s',
    async (path) => {
      const answer = await ask(server, { path });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain('no page');
    },
  );

  it('asks for who signs in, where there are users', async () => {
    const locked = await startServer({ 'weir.pages.dirs': join(dir, 'site'), 'weir.auth.users': 'me:secret' });
    try {
      expect((await ask(locked, { path: '/index.html' })).status).toBe(401);
      const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
      expect((await ask(locked, { path: '/index.html', headers: { authorization } })).status).toBe(200);
    } finally {
      await locked.stop();
    }
  });

  it('refuses a folder that is not there', async () => {
    await expect(startServer({ 'weir.pages.dirs': join(dir, 'nowhere') })).rejects.toThrow(
      /there is no folder .*nowhere/,
    );
  });
});
