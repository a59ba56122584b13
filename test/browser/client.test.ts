import { dirname } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run, startServer, type TestServer } from '../server/support.js';
import { bundle } from '../support/bundle.js';
import { removeDir } from '../support/temp.js';
import { inPage, launchBrowser, type Site, serveSite } from './support/browser.js';

let browser: Browser | string;
let site: Site;
let server: TestServer;
let page: Page;
let module: string;

beforeAll(async () => {
  browser = await launchBrowser();
  if (typeof browser === 'string') return;
  module = await bundle('client/index.ts', 'browser');
  site = await serveSite({ '/weir-client.js': module });
  server = await startServer({ 'access.control.allow.origin': site.origin });
  await run(
    server,
    `CREATE STREAM rides (id STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE counts WITH (PARTITIONS=1) AS SELECT id, COUNT(*) AS n FROM rides GROUP BY id;`,
  );
});
afterAll(async () => {
  if (typeof browser === 'string') return;
  await browser?.close();
  await server?.stop();
  await site?.close();
  removeDir(dirname(module));
});
beforeEach(async (context) => {
  if (typeof browser === 'string') return context.skip(browser);
  page = await browser.newPage();
  await page.goto(site.origin);
  return () => page.close();
});

describe('in a page of another origin', () => {
  it('the client inserts, pushes, pulls and keeps a table up to date', async () => {
    const result = await inPage(
      page,
      `const { WeirClient } = await import('/weir-client.js');
       const client = new WeirClient({ url });
       await client.insert('RIDES', [{ ID: 'a', N: 9223372036854775807n }, { ID: 'b', N: 2 }]);
       const pushed = [];
       const earliest = { properties: { 'auto.offset.reset': 'earliest' } };
       for await (const row of client.push('SELECT * FROM rides EMIT CHANGES LIMIT 2;', earliest)) pushed.push(row);
       const pulled = await client.pull('SELECT * FROM rides;');
       const live = client.live("SELECT id, n FROM counts WHERE id = 'a' EMIT CHANGES;");
       const until = async (n) => {
         for (;;) {
           const { value } = await live.next();
           if (value.get('["a"]')?.N === n) return [...value.values()];
         }
       };
       const one = await until(1);
       await client.insert('RIDES', [{ ID: 'a', N: 1 }]);
       const two = await until(2);
       client.close();
       return JSON.parse(JSON.stringify({ pushed, pulled, one, two }, (_, v) => (typeof v === 'bigint' ? String(v) : v)));`,
      { url: server.address },
    );
    const rows = [
      { ID: 'a', N: '9223372036854775807' },
      { ID: 'b', N: 2 },
    ];
    expect(result).toEqual({ pushed: rows, pulled: rows, one: [{ ID: 'a', N: 1 }], two: [{ ID: 'a', N: 2 }] });
  });

  it('the client signs in, over WebSocket too', async () => {
    const locked = await startServer({
      'access.control.allow.origin': site.origin,
      'weir.auth.users': 'me:se:cret@/ü',
    });
    const result = await inPage(
      page,
      `const { WeirClient } = await import('/weir-client.js');
       const client = new WeirClient({ url, user: 'me', password: 'se:cret@/ü' });
       await client.execute("CREATE STREAM s (n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);");
       await client.insert('S', [{ N: 1 }]);
       const pushed = [];
       const earliest = { properties: { 'auto.offset.reset': 'earliest' } };
       for await (const row of client.push('SELECT * FROM s EMIT CHANGES LIMIT 1;', earliest)) pushed.push(row);
       const stranger = new WeirClient({ url, user: 'me', password: 'wrong' });
       const failures = [];
       await stranger.info().catch((e) => failures.push(e.code));
       await stranger.push('SELECT * FROM s EMIT CHANGES;').columns.catch((e) => failures.push(e.code));
       return { pushed, failures };`,
      { url: locked.address },
    );
    await locked.stop();
    expect(result).toEqual({ pushed: [{ N: 1 }], failures: ['UNAUTHORIZED', 'UNREACHABLE'] });
  });

  it('EventSource and WebSocket read a query without any client', async () => {
    await run(server, "INSERT INTO rides (id, n) VALUES ('c', 3);");
    const result = await inPage(
      page,
      `const sql = "SELECT id, n FROM rides WHERE id = 'c' EMIT CHANGES LIMIT 1;";
       const properties = JSON.stringify({ 'auto.offset.reset': 'earliest' });
       const events = await new Promise((resolve, reject) => {
         const seen = [];
         const source = new EventSource(url + '/sse?' + new URLSearchParams({ sql, properties }));
         source.onmessage = (e) => seen.push(JSON.parse(e.data));
         source.addEventListener('end', (e) => { source.close(); resolve([...seen, JSON.parse(e.data)]); });
         source.addEventListener('error', (e) => reject(new Error('event source: ' + e.data)));
       });
       const request = JSON.stringify({ ksql: sql, streamsProperties: JSON.parse(properties) });
       const frames = await new Promise((resolve) => {
         const seen = [];
         const ws = new WebSocket(url.replace('http', 'ws') + '/ws/query?request=' + encodeURIComponent(request));
         ws.onmessage = (e) => seen.push(JSON.parse(e.data));
         ws.onclose = (e) => resolve([...seen, e.code]);
       });
       return { events, frames };`,
      { url: server.address },
    );
    expect(result).toMatchObject({
      events: [['c', 3], { reason: 'limit' }],
      frames: [[{ name: 'ID' }, { name: 'N' }], { row: { columns: ['c', 3] } }, { error: 'done' }, 1000],
    });
  });

  it('is refused where its origin is not allowed', async () => {
    const stranger = await serveSite({});
    await page.goto(stranger.origin);
    const result = await inPage(
      page,
      `const fetched = await fetch(url + '/info').then((r) => r.status, () => 'refused');
       const socket = await new Promise((resolve) => {
         const ws = new WebSocket(url.replace('http', 'ws') + '/ws/v1');
         ws.onopen = () => resolve('open');
         ws.onerror = () => resolve('refused');
       });
       return { fetched, socket };`,
      { url: server.address },
    );
    await stranger.close();
    expect(result).toEqual({ fetched: 'refused', socket: 'refused' });
  });
});
