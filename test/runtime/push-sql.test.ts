import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { EMPTY_CONTEXT, Engine, type QueryStream, Settings } from '../../engine/index.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import { Runtime } from '../../engine/runtime.js';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';
import { counted, until } from './push-support.js';

const EARLIEST = { 'auto.offset.reset': 'earliest' };
const SNAPSHOT = { 'weir.push.snapshot': 'true' };

/** Applies rows by their key columns, as a page would, and keeps what became of each key. */
class Page {
  inSnapshot = true;
  /** In the snapshot; what came behind it; now. */
  readonly first = new Map<string, string>();
  readonly changes = new Map<string, (string | null)[]>();
  readonly now = new Map<string, string>();

  constructor(readonly q: QueryStream) {}

  async read(): Promise<void> {
    const batch = (await this.q.next())!;
    for (const [i, row] of batch.rows.entries()) {
      const key = this.q.columns.flatMap((c, at) => (c.key ? [String(row[at])] : [])).join();
      const text = batch.tombstones?.[i] === true ? null : row.map(String).join();
      if (text === null) this.now.delete(key);
      else this.now.set(key, text);
      if (this.inSnapshot) {
        expect(text).not.toBeNull();
        expect(this.first.has(key)).toBe(false);
        this.first.set(key, text!);
      } else this.changes.set(key, [...(this.changes.get(key) ?? []), text]);
    }
    expect(batch.snapshotEnd === true && !this.inSnapshot).toBe(false);
    if (batch.snapshotEnd === true) this.inSnapshot = false;
  }

  get text(): string[] {
    return [...this.now.values()].sort();
  }
}

describe('push queries in SQL', () => {
  const directory = makeDir();
  const database = new LevelDatabase({ directory });
  const { log, readers } = counted(new EmbeddedLog(database, { clock: systemClock }));
  let engine: Engine;

  beforeAll(async () => {
    await database.open();
    await log.open();
    const services = {
      ...{ serviceId: 'push', nodeId: 'test', log, state: new LevelState(database), format: formatByName },
      ...{ functions: new FunctionRegistry(BUILT_IN_FUNCTIONS), clock: systemClock, logger: silentLogger },
      random: () => 0.5,
      uuid: randomUUID,
    };
    const runtime = new Runtime(services);
    engine = new Engine({ ...services, runtime, settings: new Settings({}), maxPushQueries: 2000 });
    await engine.start();
  });
  afterAll(async () => {
    await engine.stop();
    await log.close();
    await database.close();
    removeDir(directory);
  });

  const run = (sql: string, properties: Record<string, string> = {}) =>
    engine.execute(sql, { ...EMPTY_CONTEXT, properties });
  const open = (sql: string, properties: Record<string, string> = {}) =>
    engine.openQuery(sql, { ...EMPTY_CONTEXT, properties });

  /** Writes key, value and time of records; a value of null is a tombstone. */
  const put = (topic: string, ...list: readonly (readonly [key: string, value: unknown, ts?: number])[]) =>
    engine.produce(
      topic,
      list.map(([key, value, timestamp]) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        ...(timestamp === undefined ? {} : { timestamp }),
      })),
      2,
    );

  const take = async (q: QueryStream, n: number): Promise<unknown[][]> => {
    const rows: unknown[][] = [];
    while (rows.length < n) {
      const batch = await q.next();
      if (batch === undefined) break;
      rows.push(...batch.rows.map((r) => [...r]));
    }
    await q.close();
    return rows;
  };

  it('count, window, join, and end with EMIT FINAL or a LIMIT', async () => {
    await run(`
      CREATE STREAM rides (id STRING KEY, city STRING, fare INT) WITH (kafka_topic='rides', value_format='JSON', partitions=2);
      CREATE TABLE cities (city STRING PRIMARY KEY, land STRING) WITH (kafka_topic='cities', value_format='JSON', partitions=2);`);
    await put('cities', ['Rome', { land: 'IT' }, 0], ['Bern', { land: 'CH' }, 0]);
    const ride = (id: string, city: string, fare: number, ts: number) => [id, { city, fare }, ts] as const;
    await put('rides', ride('a', 'Rome', 5, 1000), ride('b', 'Bern', 7, 2000), ride('c', 'Rome', 2, 3000));
    await put('rides', ride('d', 'Bern', 1, 11_000), ride('e', 'Rome', 9, 12_000));
    const sorted = (rows: unknown[][]) => rows.sort((a, b) => (String(a) < String(b) ? -1 : 1));

    expect(
      sorted(await take(await open(`SELECT city, COUNT(*) FROM rides GROUP BY city EMIT CHANGES;`, EARLIEST), 2)),
    ).toEqual([
      ['Bern', 2],
      ['Rome', 3],
    ]);
    const window = `SELECT city, WINDOWSTART, SUM(fare) FROM rides WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS)
      GROUP BY city`;
    expect(sorted(await take(await open(`${window} EMIT CHANGES;`, EARLIEST), 4))).toHaveLength(4);
    const final = await open(`${window} EMIT FINAL;`, EARLIEST);
    const closed = (await final.next())!.rows.map((r) => [...r]);
    expect(sorted(closed).map((r) => r.join())).toEqual(['Bern,0,7', 'Rome,0,7']);
    await until('two groups wait', () => final.progress!().heldBack === 2);
    expect(final.progress!()).toMatchObject({ streamTime: 12_000, atEnd: true, recordsIn: 5 });
    await put('rides', ride('f', 'Oslo', 1, 20_500));
    expect(sorted(await take(final, 2)).map((r) => r.join())).toEqual(['Bern,10000,1', 'Rome,10000,9']);

    const joined = await open(
      `SELECT r.id, c.land FROM rides r JOIN cities c ON r.city = c.city WHERE r.fare > 4 EMIT CHANGES LIMIT 3;`,
      EARLIEST,
    );
    expect(sorted(await take(joined, 10)).map((r) => r.at(-1))).toEqual(['IT', 'CH', 'IT']);
    expect(joined.end).toBe('limit');
  });

  it('process few records at a time where each becomes very many rows', async () => {
    await run(
      `CREATE STREAM seeds (id STRING KEY, n INT) WITH (kafka_topic='seeds', value_format='JSON', partitions=2);`,
    );
    await put('seeds', ...Array.from({ length: 200 }, (_, i) => [`k${i}`, { n: 50_000 }] as const));
    const sql = 'SELECT id, EXPLODE(GENERATE_SERIES(1, n)) FROM seeds EMIT CHANGES;';
    for (const q of [await open(sql, EARLIEST), await open(sql.replace('seeds', 'seeds s'), EARLIEST)]) {
      expect((await q.next())!.rows.length).toBeGreaterThan(0);
      await q.next();
      // Ten million rows would be all of them.
      expect(q.progress!().recordsIn).toBeLessThan(20);
      await q.close();
    }
  });

  it('give a table and then its changes: at any time a page has the table', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      n: fc.option(fc.integer({ min: 0, max: 9 })),
    });
    let made = 0;
    const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rounds, fc.nat(8), fc.boolean(), async (changes, subscribeAt, filtered) => {
        const name = `T${made++}`;
        await run(
          `CREATE TABLE ${name} (k STRING PRIMARY KEY, n INT) WITH (kafka_topic='${name}', value_format='JSON', partitions=2);`,
        );
        /** What each key has been, and is; null: nothing that the query shows. */
        const history = new Map<string, (string | null)[]>();
        const shown = (n: number | null): boolean => n !== null && (!filtered || n > 4);
        const write = async (list: readonly { key: string; n: number | null }[]): Promise<void> => {
          await put(name, ...list.map(({ key, n }) => [key, n === null ? null : { n }] as const));
          for (const { key, n } of list) {
            const own = history.get(key) ?? [];
            // What WHERE never let in is not deleted, and what it has let in is deleted once.
            if (shown(n) || !filtered || (own.at(-1) ?? null) !== null) own.push(shown(n) ? `${key},${n}` : null);
            history.set(key, own);
          }
        };
        const pages: Page[] = [];
        const subscribe = async (readNow: boolean): Promise<void> => {
          const page = new Page(
            await open(`SELECT * FROM ${name}${filtered ? ' WHERE n > 4' : ''} EMIT CHANGES;`, SNAPSHOT),
          );
          pages.push(page);
          while (readNow && page.inSnapshot) await page.read();
        };
        await subscribe(false);
        for (const [i, list] of changes.entries()) {
          if (i === subscribeAt) await subscribe(true);
          await write(list);
          if (i === subscribeAt) await subscribe(false);
        }
        await subscribe(true);
        await write(['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, n: 100 })));
        await subscribe(true);
        for (const page of pages) {
          // The last change of each key: then it has all.
          while (!['a', 'b', 'c', 'd', 'e'].every((k) => page.now.get(k) === `${k},100`)) {
            await page.read();
          }
          for (const [key, all] of history) {
            const seen = page.changes.get(key) ?? [];
            expect(all.slice(all.length - seen.length)).toEqual(seen);
            expect(page.first.get(key) ?? null).toBe(all.at(-seen.length - 1) ?? null);
          }
          await page.q.close();
        }
      }),
      { numRuns: 20 },
    );
  });

  it('give the tables that queries keep, windows and sessions among them', async () => {
    await run(
      `CREATE STREAM clicks (who STRING KEY, n INT) WITH (kafka_topic='clicks', value_format='JSON', partitions=2);
       CREATE TABLE counts AS SELECT who, COUNT(*) AS n FROM clicks GROUP BY who HAVING COUNT(*) < 6 EMIT CHANGES;
       CREATE TABLE hours AS SELECT who, COUNT(*) AS n FROM clicks WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY who EMIT CHANGES;
       CREATE TABLE visits AS SELECT who, COUNT(*) AS n FROM clicks WINDOW SESSION (5 SECONDS) GROUP BY who EMIT CHANGES;`,
      EARLIEST,
    );
    const click = (i: number) => [`w${i % 3}`, { n: i }, (i * 7919) % 60_000] as const;
    const all = (n: number) => Array.from({ length: n }, (_, i) => click(i));
    // With WHERE, rows leave when they have been counted twice.
    const tables = ['counts', 'hours', 'visits', 'hours WHERE n < 2', 'visits WHERE n < 2'];
    const pull = async (table: string): Promise<string[]> =>
      (await take(await open(`SELECT * FROM ${table};`), 1000)).map((r) => r.join()).sort();
    const pages = new Map<string, Page[]>(tables.map((t) => [t, []]));
    const subscribe = async (): Promise<void> => {
      for (const t of tables) {
        const page = new Page(await open(`SELECT * FROM ${t} EMIT CHANGES;`, SNAPSHOT));
        pages.get(t)!.push(page);
      }
    };
    await subscribe();
    await put('clicks', ...all(10));
    await until('sessions are counted', async () => (await pull('visits')).length > 3);
    await subscribe();
    await put('clicks', ...all(20).slice(10));
    await subscribe();
    await until('all is counted', () => engine.queryStats().every((q) => q.lag === 0 && q.recordsIn >= 20));
    // Pulled is what is committed, which comes behind what is counted. In the end no key has fewer than six clicks.
    const clicksIn = async (table: string): Promise<number> =>
      (await pull(table)).reduce((n, row) => n + Number(row.split(',').at(-1)), 0);
    await until(
      'all is committed',
      async () => (await Promise.all(['counts', 'hours', 'visits'].map(clicksIn))).join() === '0,20,20',
    );
    for (const [table, own] of pages) {
      const wanted = await pull(table);
      expect(table === 'hours' || table === 'visits' ? 4 : 0).toBeLessThanOrEqual(wanted.length);
      for (const page of own) {
        while (page.inSnapshot || page.text.join('\n') !== wanted.join('\n')) await page.read();
        await page.q.close();
      }
    }
  });

  it('give what is pulled in the order of the bytes of its keys, and keys that are named as they are written', async () => {
    const ints = [10, -1, 9, 0, -20, 2147483647];
    const texts = ['b', '10', '9', 'Z', 'é', 'a', ''];
    await engine.produce(
      'byint',
      ints.map((k) => ({ key: Buffer.from(String(k)), value: Buffer.from('{"t":"x"}') })),
      1,
    );
    await engine.produce(
      'bytext',
      texts.map((k) => ({ key: Buffer.from(k), value: Buffer.from('{"n":1}') })),
      1,
    );
    await run(
      `CREATE SOURCE TABLE by_int (k INT PRIMARY KEY, t STRING) WITH (kafka_topic='byint', key_format='JSON', value_format='JSON');
       CREATE SOURCE TABLE by_text (a STRING PRIMARY KEY, n INT) WITH (kafka_topic='bytext', value_format='JSON');`,
      EARLIEST,
    );
    const pull = async (sql: string): Promise<unknown[]> => (await take(await open(sql), 1000)).map((r) => r[0]);
    await until('all is there', async () => (await pull('SELECT a FROM by_text;')).length === texts.length);
    await until('all is there', async () => (await pull('SELECT k FROM by_int;')).length === ints.length);
    expect(await pull('SELECT k FROM by_int;')).toEqual([-20, -1, 0, 9, 10, 2147483647]);
    expect(await pull('SELECT k FROM by_int WHERE k > -5 LIMIT 3;')).toEqual([-1, 0, 9]);
    expect(await pull('SELECT k FROM by_int WHERE k IN (9, -20, 5, 0);')).toEqual([9, -20, 0]);
    expect(await pull('SELECT a FROM by_text;')).toEqual(['', '10', '9', 'Z', 'a', 'b', 'é']);
    expect(await pull("SELECT a FROM by_text WHERE a < 'a';")).toEqual(['', '10', '9', 'Z']);
  });

  it('come in batches of bounded bytes where rows are wide, pulled ones too', async () => {
    await run(
      `CREATE STREAM wide_rows (k STRING KEY, t STRING) WITH (kafka_topic='wide', value_format='JSON', partitions=2);
       CREATE TABLE wide AS SELECT k, LATEST_BY_OFFSET(t) AS t FROM wide_rows GROUP BY k EMIT CHANGES;`,
      EARLIEST,
    );
    const text = 'x'.repeat(100_000);
    await put('wide', ...Array.from({ length: 40 }, (_, i) => [`w${i}`, { t: text }] as const));
    const sizes = async (): Promise<number[]> => {
      const q = await open('SELECT k, t FROM wide;');
      const out: number[] = [];
      for (let batch = await q.next(); batch !== undefined; batch = await q.next()) out.push(batch.rows.length);
      return out;
    };
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    await until('all is there', async () => sum(await sizes()) === 40);
    for (const size of await sizes()) expect(size).toBeLessThan(20);
  });

  it('refuse a snapshot of what is no table with its key', async () => {
    const refused = (sql: string, message: RegExp, code = 'BAD_STATEMENT') =>
      expect(open(sql, SNAPSHOT)).rejects.toMatchObject({ cause: { code }, message: expect.stringMatching(message) });
    // Clients that can do without a snapshot tell this one by its code.
    await refused('SELECT * FROM rides EMIT CHANGES;', /is for SELECT/, 'NO_SNAPSHOT');
    await refused('SELECT city, COUNT(*) FROM cities GROUP BY city EMIT CHANGES;', /is for SELECT/, 'NO_SNAPSHOT');
    await refused('SELECT land FROM cities EMIT CHANGES;', /missing: CITY/);
    await refused('SELECT who, n FROM hours EMIT CHANGES;', /missing: WINDOWSTART/);
    await refused('SELECT * FROM cities EMIT CHANGES LIMIT 3;', /LIMIT/);
  });

  it('go on with the changes of a table behind a token, without a snapshot', async () => {
    const sql = 'SELECT * FROM cities EMIT CHANGES;';
    const tokens = { ...SNAPSHOT, 'ksql.query.push.v2.continuation.tokens.enabled': 'true' };
    const q = await open(sql, tokens);
    const snapshot = (await q.next())!;
    expect(snapshot.snapshotEnd).toBe(true);
    const behind = await open(sql, { ...tokens, 'request.ksql.query.push.continuation.token': snapshot.continuation! });
    await put('cities', ['Oslo', { land: 'NO' }, 0]);
    const token = (await q.next())!.continuation!;
    expect((await behind.next())!.rows).toEqual([['Oslo', 'NO']]);
    await behind.close();
    await q.close();
    await put('cities', ['Bern', null, 0]);
    const again = await open(sql, { ...tokens, 'request.ksql.query.push.continuation.token': token });
    const batch = (await again.next())!;
    expect(batch).toMatchObject({ rows: [['Bern', null]], tombstones: [true] });
    expect(batch.snapshotEnd).toBeUndefined();
    expect(again.columns.map((c) => c.key)).toEqual([true, false]);
    await again.close();
  });

  it('delete rows of a table that WHERE has let in, and no others, for all who share an evaluation', async () => {
    await run(
      `CREATE TABLE stock (k STRING PRIMARY KEY, n INT) WITH (kafka_topic='stock', value_format='JSON', partitions=1);`,
    );
    const sql = 'SELECT k, n FROM stock WHERE n > 4 EMIT CHANGES;';
    const changes = async (q: QueryStream, n: number): Promise<string[]> => {
      const out: string[] = [];
      while (out.length < n) {
        const { rows, tombstones } = (await q.next())!;
        out.push(...rows.map((r, i) => `${tombstones?.[i] === true ? '-' : '+'}${String(r[0])}`));
      }
      return out;
    };
    await put('stock', ['a', { n: 9 }], ['b', { n: 1 }]);
    const early = await open(sql, EARLIEST);
    expect(await changes(early, 1)).toEqual(['+a']);
    const late = await open(sql);
    await put('stock', ['b', { n: 2 }], ['c', { n: 1 }], ['c', null], ['d', { n: 5 }], ['d', { n: 4 }], ['a', null]);
    expect(await changes(early, 3)).toEqual(['+d', '-d', '-a']);
    await put('stock', ['d', null], ['e', { n: 7 }]);
    expect(await changes(early, 1)).toEqual(['+e']);
    expect((await changes(late, 4)).filter((c) => c !== '-a')).toEqual(['+d', '-d', '+e']);
    await late.close();
    await early.close();

    // Behind a token it is not known what the client has: it loses no deletion.
    const tokens = { 'ksql.query.push.v2.continuation.tokens.enabled': 'true' };
    const first = await open(sql, { ...tokens, ...EARLIEST });
    await put('stock', ['f', { n: 8 }]);
    let token = '';
    for (let seen = ''; !seen.includes('f'); ) {
      const batch = (await first.next())!;
      token = batch.continuation!;
      seen += batch.rows.map(([k]) => String(k)).join('');
    }
    await first.close();
    await put('stock', ['f', { n: 0 }]);
    const again = await open(sql, { ...tokens, 'request.ksql.query.push.continuation.token': token });
    expect(await changes(again, 1)).toEqual(['-f']);
    await again.close();
  });

  it('keep nothing when they are closed', async () => {
    const before = readers.open;
    const kinds: readonly (readonly [string, Record<string, string>])[] = [
      ['SELECT * FROM rides EMIT CHANGES;', {}],
      ['SELECT city, COUNT(*) FROM rides GROUP BY city EMIT CHANGES;', {}],
      ['SELECT * FROM cities EMIT CHANGES;', SNAPSHOT],
      ['SELECT r.id FROM rides r JOIN cities c ON r.city = c.city EMIT CHANGES;', EARLIEST],
    ];
    for (let round = 0; round < 3; round++) {
      const list = await Promise.all(Array.from({ length: 100 }, (_, i) => open(...kinds[i % kinds.length]!)));
      await Promise.all(list.map((q) => q.close()));
    }
    expect(readers.open).toBe(before);
  });
});
