import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, produce, RawClient, run, startServer, type TestServer } from './support.js';
import { V1Client } from './ws-client.js';

/**
 * The real engine, a client that does not read, and one that does. Rows are so large that they are many times what the
 * kernel and the server keep for a client.
 */
const MAX_UNSENT = 1 << 20;
const ROWS = 160;
const ROW_BYTES = 100_000;
const PUSH = 'SELECT id, text FROM big EMIT CHANGES;';

let server: TestServer;
const others: TestServer[] = [];
const stalled: { destroy(): void }[] = [];
beforeEach(async () => {
  server = await startServer({ 'weir.client.stall.timeout.ms': '600', 'weir.stop.grace.ms': '200' });
  others.push(server);
  await createBig(server);
});
afterEach(async () => {
  for (const s of stalled.splice(0)) s.destroy();
  for (const s of others.splice(0)) await s.stop();
});

const createBig = (s: TestServer) =>
  run(s, "CREATE STREAM big (id INT, text STRING) WITH (KAFKA_TOPIC='big', VALUE_FORMAT='JSON', PARTITIONS=1);");

const UPGRADE =
  'Host: w\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A frame of a client, masked with zeros (RFC 6455 §5.3). */
function clientFrame(message: object): Buffer {
  const data = Buffer.from(JSON.stringify(message));
  const length = data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), data]);
}

/** A client that reads until it has the head of the answer, then no more. */
async function stallingClient(request: string, isHead: (text: string) => boolean, more?: Buffer): Promise<RawClient> {
  const client = await RawClient.open(server);
  stalled.push(client.socket);
  client.socket.write(request);
  if (more !== undefined) {
    await client.until((t) => t.includes('\r\n\r\n'));
    client.socket.write(more);
  }
  await client.until(isHead);
  client.socket.pause();
  return client;
}

const queryBody = JSON.stringify({ sql: PUSH });
const TRANSPORTS: readonly [name: string, open: () => Promise<RawClient>][] = [
  [
    'HTTP/1.1',
    () =>
      stallingClient(
        `POST /query-stream HTTP/1.1\r\nHost: w\r\nContent-Length: ${queryBody.length}\r\n\r\n${queryBody}`,
        (t) => t.includes('"queryId"'),
      ),
  ],
  [
    '/sse',
    () =>
      stallingClient(
        `GET /sse?sql=${encodeURIComponent(PUSH)} HTTP/1.1\r\nHost: w\r\nAccept: text/event-stream\r\n\r\n`,
        (t) => t.includes('event: schema'),
      ),
  ],
  [
    '/ws/query',
    () =>
      stallingClient(
        `GET /ws/query?request=${encodeURIComponent(JSON.stringify({ ksql: PUSH }))} HTTP/1.1\r\n${UPGRADE}`,
        (t) => t.includes('"name":"ID"'),
      ),
  ],
  [
    '/ws/v1',
    () =>
      stallingClient(
        `GET /ws/v1 HTTP/1.1\r\n${UPGRADE}`,
        (t) => t.includes('"type":"schema"'),
        clientFrame({ type: 'subscribe', id: 'q', sql: PUSH }),
      ),
  ],
];

const pushQueries = async (): Promise<number> => {
  const [entity] = await run(server, 'SHOW QUERIES;');
  return (entity!.queries as { queryType: string }[]).filter((q) => q.queryType === 'PUSH').length;
};

/** What waits to be written to sockets, in this process's server. */
function unsentBytes(): number {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles.reduce<number>((most, h) => {
    const { localPort, writableLength } = h as { localPort?: number; writableLength?: number };
    return localPort === server.port ? Math.max(most, writableLength ?? 0) : most;
  }, 0);
}

/** Writes all rows; the most bytes that waited meanwhile. */
async function fill(): Promise<number> {
  let most = 0;
  const text = 'x'.repeat(ROW_BYTES);
  for (let i = 0; i < ROWS; i += 40) {
    const values = Array.from({ length: 40 }, (_, j) => ({ value: JSON.stringify({ id: i + j, text }) }));
    await produce(server, 'big', values);
    most = Math.max(most, unsentBytes());
  }
  return most;
}

/** A client that reads all rows and keeps only their ids. */
async function healthyClient(): Promise<{ readonly ids: number[]; readonly client: V1Client }> {
  const client = await V1Client.open(server);
  const ids: number[] = [];
  client.ws.removeAllListeners('message');
  const open = new Promise<void>((resolve) => {
    client.ws.on('message', (m) => {
      const frame = JSON.parse(String(m)) as { type: string; rows: [number, string][] };
      if (frame.type === 'schema') resolve();
      if (frame.type === 'rows') ids.push(...frame.rows.map((r) => r[0]));
    });
  });
  client.send({ type: 'subscribe', id: 'q', sql: PUSH });
  await open;
  return { ids, client };
}

describe('a client that does not read', () => {
  it.each(TRANSPORTS)('over %s holds up nobody, costs a bounded amount, and is let go', async (_, open) => {
    const healthy = await healthyClient();
    const slow = await open();
    expect(await pushQueries()).toBe(2);
    const most = await fill();
    await eventually(
      async () => healthy.ids.length,
      (n) => n === ROWS,
    );
    expect(healthy.ids).toEqual(Array.from({ length: ROWS }, (__, i) => i));
    // One row above the bound, and what one chunk may be.
    expect(Math.max(most, unsentBytes())).toBeLessThan(MAX_UNSENT + 2 * ROW_BYTES + 128 * 1024);
    // Its query ends though it never reads; with it what waited for it.
    await eventually(pushQueries, (n) => n === 1);
    slow.socket.resume();
    const text = await slow.untilEnd();
    expect(text.length).toBeLessThan(ROWS * ROW_BYTES);
    healthy.client.ws.close();
    expect(await run(server, 'SHOW TYPES;')).toHaveLength(1);
  });

  it('over HTTP/2 holds up neither others nor other streams of its connection', async () => {
    const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${server.port}`);
    stalled.push(session);
    session.on('error', () => {}); // it is cut off at the end
    const slow = session.request({ ':method': 'POST', ':path': '/query-stream' });
    slow.on('error', () => {});
    slow.end(queryBody);
    await new Promise((resolve) => slow.once('response', resolve));
    slow.pause(); // its window fills up
    await eventually(pushQueries, (n) => n === 1);
    const healthy = await healthyClient();
    await fill();
    await eventually(
      async () => healthy.ids.length,
      (n) => n === ROWS,
    );
    const other = session.request({ ':path': '/info' });
    other.resume();
    expect(await new Promise((resolve) => other.once('response', (h) => resolve(h[':status'])))).toBe(200);
    await eventually(pushQueries, (n) => n === 1);
    healthy.client.ws.close();
  });

  it('of many queries on one connection pauses all of them, and no other connection', async () => {
    const slow = await stallingClient(
      `GET /ws/v1 HTTP/1.1\r\n${UPGRADE}`,
      (t) => t.split('"type":"schema"').length === 6,
      Buffer.concat(Array.from({ length: 5 }, (_, i) => clientFrame({ type: 'subscribe', id: `q${i}`, sql: PUSH }))),
    );
    const healthy = await healthyClient();
    const most = await fill();
    await eventually(
      async () => healthy.ids.length,
      (n) => n === ROWS,
    );
    expect(most).toBeLessThan(MAX_UNSENT + 2 * ROW_BYTES + 128 * 1024);
    await eventually(pushQueries, (n) => n === 1);
    slow.socket.resume();
    await slow.untilEnd();
    healthy.client.ws.close();
  });

  it('for a while, and then reads again, misses nothing', async () => {
    server = await startServer();
    others.push(server);
    await createBig(server);
    const client = await V1Client.open(server);
    client.send({ type: 'subscribe', id: 'q', sql: PUSH });
    await client.until(() => client.of('q').length === 1);
    client.ws.pause();
    await fill();
    await eventually(
      async () => unsentBytes(),
      (n) => n >= MAX_UNSENT,
    );
    client.ws.resume();
    await client.until(() => client.rows('q').length === ROWS);
    expect(client.rows('q').map((r) => r[0])).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    client.ws.close();
  });

  it('in time, but takes its last words, is told the reason', async () => {
    const patient = await startServer({ 'weir.client.stall.timeout.ms': '300', 'weir.stop.grace.ms': '20000' });
    others.push(patient);
    server = patient;
    await createBig(patient);
    const client = await V1Client.open(patient);
    client.send({ type: 'subscribe', id: 'q', sql: PUSH });
    await client.until(() => client.of('q').length === 1);
    client.ws.pause();
    await fill();
    await eventually(pushQueries, (n) => n === 0);
    client.ws.resume();
    expect(await client.untilClosed()).toEqual({ code: 1013, reason: 'The client reads too slowly.' });
    const rows = client.rows('q').length;
    expect([rows > 0, rows < ROWS]).toEqual([true, true]);
  });
});
