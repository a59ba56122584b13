import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InsertError, type Notice, WeirClient } from '../../client/index.js';
import { startServer, type TestServer } from '../server/support.js';

let server: TestServer;
let client: WeirClient;

beforeAll(async () => {
  server = await startServer({ 'weir.auth.users': 'me:secret,日本:ß:ü' });
  client = new WeirClient({ url: server.address, user: 'me', password: 'secret' });
  await client.execute(`
    CREATE STREAM s (k STRING KEY, n BIGINT, d DECIMAL(20, 2), b BYTES, t TIMESTAMP, a ARRAY<STRUCT<x BIGINT>>)
      WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE sums WITH (PARTITIONS=1) AS SELECT k, COUNT(*) AS n, SUM(n) AS total FROM s GROUP BY k;`);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

const EARLIEST = { properties: { 'auto.offset.reset': 'earliest' } };

/** The first of what passes, of what comes. */
async function first<T>(items: AsyncIterable<T>, passes: (item: T) => boolean): Promise<T> {
  for await (const item of items) if (passes(item)) return item;
  throw new Error('it has ended');
}

describe('the client', () => {
  it('inserts rows and reads them back exactly, as they were and as they come', async () => {
    const rows = [
      {
        K: 'a',
        N: 9223372036854775807n,
        D: '123456789012345678.90',
        B: Uint8Array.of(1, 2),
        T: '2026-08-01T13:45:10.123',
        A: [{ X: 1 }],
      },
      { K: 'b', N: 7, D: '0.50', B: null, T: null, A: [] },
    ];
    await client.insert('S', rows);
    const pushed: unknown[] = [];
    for await (const row of client.push('SELECT * FROM s EMIT CHANGES LIMIT 2;', EARLIEST)) pushed.push(row);
    expect(pushed).toEqual(rows);
    expect(await client.pull('SELECT * FROM s;')).toEqual(rows);
  });

  it('keeps a table up to date by its key', async () => {
    await client.insert('S', [{ K: 'live', N: 1 }]);
    const sql = "SELECT k, n FROM sums WHERE k = 'live' EMIT CHANGES;";
    const live = client.live<{ K: string; N: number }>(sql);
    const at = async (n: number) => {
      for (;;) {
        const { value, done } = await live.next();
        if (done === true) throw new Error('it has ended');
        if (value.get('["live"]')?.N === n) return [...value.values()];
      }
    };
    expect(await at(1)).toEqual([{ K: 'live', N: 1 }]);
    await client.insert('S', [{ K: 'live', N: 1 }]);
    expect(await at(2)).toEqual([{ K: 'live', N: 2 }]);
    await live.return(undefined);
  });

  it('tells why there are no rows', async () => {
    const notices: Notice[] = [];
    let wake = () => {};
    const query = client.push("SELECT * FROM s WHERE k = 'nobody' EMIT CHANGES;", {
      ...EARLIEST,
      onNotice: (n) => {
        notices.push(n);
        wake();
      },
    });
    while (notices.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    query.close();
    expect(notices[0]).toMatchObject({ code: 'FILTERED', message: expect.stringContaining('WHERE') });
  });

  it('goes on with a query from its token', async () => {
    const query = client.push<{ K: string }>('SELECT k FROM s EMIT CHANGES;', EARLIEST);
    await first(query, (row) => row.K === 'b');
    let token: string | undefined;
    const again = client.push<{ K: string }>('SELECT k FROM s EMIT CHANGES;', EARLIEST);
    for await (const _ of again) if ((token = again.continuation) !== undefined) break;
    await client.insert('S', [{ K: 'behind' }]);
    const resumed = client.push<{ K: string }>('SELECT k FROM s EMIT CHANGES;', { continuation: token! });
    expect(await first(resumed, (row) => row.K === 'behind')).toEqual({ K: 'behind' });
  });

  it('throws what the server says of an error, wherever it comes', async () => {
    await expect(client.execute('CREATE STREAM;')).rejects.toMatchObject({ code: 'SYNTAX_ERROR' });
    await expect(client.pull('SELECT nope FROM sums;')).rejects.toMatchObject({
      message: expect.stringContaining('NOPE'),
    });
    await expect(client.push('SELECT nope FROM s EMIT CHANGES;').columns).rejects.toMatchObject({
      message: expect.stringContaining('NOPE'),
    });
    const stranger = new WeirClient({ url: server.address });
    const unauthorized = { code: 'UNAUTHORIZED', isTransient: false };
    await expect(stranger.info()).rejects.toMatchObject(unauthorized);
    await expect(stranger.push('SELECT * FROM s EMIT CHANGES;').columns).rejects.toMatchObject(unauthorized);
    const nobody = new WeirClient({ url: 'http://127.0.0.1:1' });
    await expect(nobody.pull('SELECT 1;')).rejects.toMatchObject({ code: 'UNREACHABLE', isTransient: true });
  });

  it('tells which row of an insert was not written', async () => {
    const inserting = client.insert('S', [
      { K: 'x', N: 1 },
      { K: 'y', NOPE: 1 },
      { K: 'z', N: 1 },
    ]);
    const e = await inserting.catch((x: unknown) => x);
    expect(e).toBeInstanceOf(InsertError);
    expect(e).toMatchObject({ index: 1, message: expect.stringContaining('NOPE') });
    expect(await client.pull("SELECT k FROM s WHERE k = 'x' OR k = 'z';")).toEqual([{ K: 'x' }]);
  });

  it('signs in with text of any alphabet', async () => {
    const other = new WeirClient({ url: server.address, user: '日本', password: 'ß:ü' });
    expect(await other.health()).toMatchObject({ isHealthy: true });
    expect(await other.push('SELECT * FROM s EMIT CHANGES;').columns).toHaveLength(6);
    other.close();
  });

  it('takes a Date for a TIMESTAMP', async () => {
    const at = new Date('2026-08-01T13:45:10.123Z');
    await client.insert('S', [{ K: 'date', T: at }]);
    expect(await client.pull("SELECT t FROM s WHERE k = 'date';")).toEqual([{ T: '2026-08-01T13:45:10.123' }]);
  });

  it('gives the lines of PRINT as rows', async () => {
    const lines: unknown[] = [];
    for await (const row of client.push("PRINT 's' FROM BEGINNING LIMIT 1;")) lines.push(row);
    expect(lines.at(-1)).toEqual({ LINE: expect.stringContaining('"N":9223372036854775807') });
  });

  it('ends a query by a signal, before and while it runs', async () => {
    const ended = new Error('enough');
    const rows = async (signal: AbortSignal) => {
      const query = client.push('SELECT k FROM s EMIT CHANGES;', { ...EARLIEST, signal });
      for await (const _ of query) if (!signal.aborted) controller.abort(ended);
    };
    const controller = new AbortController();
    await expect(rows(controller.signal)).rejects.toBe(ended);
    await expect(rows(controller.signal)).rejects.toBe(ended);
    await expect(client.insert('S', [{ K: 'no' }], { signal: controller.signal })).rejects.toBe(ended);
    const isPush = (q: object) => (q as { queryType: string }).queryType === 'PUSH';
    while ((await client.queries()).some(isPush)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('knows the server', async () => {
    expect(await client.info()).toMatchObject({ serverStatus: 'RUNNING', ksqlServiceId: 'default_' });
    expect(await client.health()).toMatchObject({ isHealthy: true });
    expect((await client.streams()).map((s) => s.name)).toEqual(['S']);
    expect((await client.tables()).map((s) => s.name)).toEqual(['SUMS']);
    expect((await client.topics()).map((t) => t.name)).toEqual(['SUMS', 's']);
    expect(await client.describe('S')).toMatchObject({ name: 'S', type: 'STREAM' });
    const [query] = await client.queries();
    await client.terminate(query!.id);
    expect(await client.queries()).toEqual([]);
  });
});
