import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import type { RowRecord, SourceContext } from '../../engine/connectors/connector.js';
import { postgresSource } from '../../engine/connectors/postgres-source/index.js';
import { BIGINT, INTEGER, STRING } from '../../engine/values/sql-type.js';
import { type Postgres, postgresMissing, startPostgres } from '../../testing/postgres.js';
import { describeWith } from './support/require.js';
import { SourceHarness } from './support/source-task.js';

describeWith('postgres', postgresMissing(), 'postgres-source, logical replication', () => {
  let server: Postgres;
  let db: Client;
  beforeAll(async () => {
    server = await startPostgres();
    db = await server.connect();
  });
  afterAll(async () => {
    await db?.end();
    await server?.stop();
  });

  type Harness = SourceHarness<typeof postgresSource.options>;
  const open: Harness[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) {
      await h.die();
      await h.spec.dropped!(new SourceHarness(h.spec, h.properties).context());
    }
  });
  let slots = 0;
  const source = (properties: Record<string, string>, into?: SourceContext<unknown>['into']): Harness => {
    const h = new SourceHarness(
      postgresSource,
      {
        'connection.url': server.url,
        mode: 'cdc',
        'slot.name': `s${++slots}`,
        ...(into === undefined ? { 'topic.prefix': 't.' } : {}),
        ...properties,
      },
      into,
    );
    open.push(h);
    return h;
  };
  const told = (records: readonly RowRecord[]) => records.map((r) => [r.key?.id, r.value === null ? null : r.value.v]);
  const large = 'repeat(md5(random()::text), 4000)';
  const streaming = (h: Harness) => (h.position as { phase?: string } | undefined)?.phase === 'stream';

  describe('changes', () => {
    it('the rows that are there, then inserts, updates, deletes and changes of keys, in the order of commits', async () => {
      await db.query("CREATE TABLE c1 (id int PRIMARY KEY, v text); INSERT INTO c1 VALUES (1, 'a'), (2, 'b')");
      const h = source({ table: 'c1' });
      await h.read(2);
      await db.query("INSERT INTO c1 VALUES (3, 'c'); UPDATE c1 SET v = 'A' WHERE id = 1");
      await db.query('DELETE FROM c1 WHERE id = 2');
      await db.query('UPDATE c1 SET id = 30 WHERE id = 3');
      await h.read(7);
      expect(told(h.written)).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [1, 'A'],
        [2, null],
        [3, null],
        [30, 'c'],
      ]);
      const [first, , third] = h.written;
      expect(first).toEqual({ key: { id: 1 }, value: { id: 1, v: 'a' }, topic: 't.c1', origin: 'table public.c1' });
      expect(Math.abs(third!.timestamp! - Date.now())).toBeLessThan(60_000);
    });

    it('several tables, each on its topic; other tables and transactions that were rolled back are not told', async () => {
      await db.query(
        'CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."T" (id int PRIMARY KEY, "order" int, v text)',
      );
      await db.query('CREATE TABLE c2 (id int PRIMARY KEY, v text); CREATE TABLE unseen (id int PRIMARY KEY)');
      const h = source({ 'table.include.list': '"My Schema".T, c2' });
      await h.until(() => streaming(h));
      await db.query('INSERT INTO unseen VALUES (1); INSERT INTO "My Schema"."T" VALUES (1, 7, \'x\')');
      await db.query("BEGIN; INSERT INTO c2 VALUES (5, 'no')");
      await db.query('ROLLBACK');
      await db.query("INSERT INTO c2 VALUES (2, 'y')");
      await h.read(2);
      expect(h.written.map((r) => [r.topic, r.key, r.value])).toEqual([
        ['t.T', { id: 1 }, { id: 1, order: 7, v: 'x' }],
        ['t.c2', { id: 2 }, { id: 2, v: 'y' }],
      ]);
    });

    it('snapshot.mode never begins with what changes from now on', async () => {
      await db.query("CREATE TABLE c3 (id int PRIMARY KEY, v text); INSERT INTO c3 VALUES (1, 'a')");
      const h = source({ table: 'c3', 'snapshot.mode': 'never' });
      await h.until(() => streaming(h));
      await db.query("INSERT INTO c3 VALUES (2, 'b')");
      await h.read(1);
      expect(told(h.written)).toEqual([[2, 'b']]);
    });

    it('a transaction that is larger than a batch is split, and goes on within it after a restart', async () => {
      await db.query('CREATE TABLE big (id int PRIMARY KEY, v text)');
      const h = source({ table: 'big', 'batch.max.rows': '700' });
      await h.until(() => streaming(h));
      await db.query(
        "BEGIN; INSERT INTO big SELECT n, 'v' || n FROM generate_series(1, 5000) n; DELETE FROM big WHERE id <= 1000; COMMIT",
      );
      await db.query("INSERT INTO big VALUES (0, 'after')");
      await h.until(() => h.written.length > 0);
      expect(h.position).toMatchObject({ transaction: { changes: h.written.length } });
      for (const dies of ['between', 'before', 'between', 'before'] as const) {
        const at = h.written.length;
        await h.until(() => h.written.length > at);
        await h.step(dies);
      }
      await h.read(6001);
      const expected = [
        ...Array.from({ length: 5000 }, (_, i) => [i + 1, `v${i + 1}`]),
        ...Array.from({ length: 1000 }, (_, i) => [i + 1, null]),
        [0, 'after'],
      ];
      expect(told(h.written)).toEqual(expected);
    });

    it('a partitioned table is told as one', async () => {
      await db.query('CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)');
      await db.query(
        'CREATE TABLE parted1 PARTITION OF parted FOR VALUES FROM (0) TO (10); CREATE TABLE parted2 PARTITION OF parted FOR VALUES FROM (10) TO (20)',
      );
      await db.query("INSERT INTO parted VALUES (1, 'a'), (11, 'b')");
      const h = source({ table: 'parted' });
      await h.read(2);
      await db.query('UPDATE parted SET id = 12 WHERE id = 1; DELETE FROM parted WHERE id = 11');
      await h.read(5);
      expect(told(h.written)).toEqual([
        [1, 'a'],
        [11, 'b'],
        [1, null],
        [12, 'a'],
        [11, null],
      ]);
      expect(new Set(h.written.map((r) => r.topic))).toEqual(new Set(['t.parted']));
    });

    it('columns that are added, dropped and renamed are told from then on', async () => {
      await db.query("CREATE TABLE ddl (id int PRIMARY KEY, v text); INSERT INTO ddl VALUES (1, 'a')");
      const h = source({ table: 'ddl' });
      await h.read(1);
      await db.query("ALTER TABLE ddl ADD COLUMN n numeric(5,2); INSERT INTO ddl VALUES (2, 'b', 1.50)");
      await db.query('ALTER TABLE ddl DROP COLUMN v; ALTER TABLE ddl RENAME n TO m; INSERT INTO ddl VALUES (3, 2)');
      await h.read(3);
      expect(
        h.values().map((v) => JSON.parse(JSON.stringify(v, (_, x) => (x?.isLosslessNumber ? String(x) : x)))),
      ).toEqual([
        { id: 1, v: 'a' },
        { id: 2, v: 'b', n: '1.50' },
        { id: 3, m: '2.00' },
      ]);
    });
  });

  describe('keys', () => {
    const into = (kind: 'STREAM' | 'TABLE', key: string[]): SourceContext<unknown>['into'] => ({
      name: 'T',
      kind,
      schema: {
        key: key.map((name) => ({ name, type: name === 'ID' ? INTEGER : STRING })),
        value: [{ name: 'V', type: BIGINT }],
      },
    });

    it('a table without one is told as long as it is only inserted into', async () => {
      await db.query('CREATE TABLE nokey (id int, v text)');
      await db.query('ALTER TABLE nokey REPLICA IDENTITY FULL');
      const h = source({ table: 'nokey' });
      await h.until(() => streaming(h));
      await db.query("INSERT INTO nokey VALUES (1, 'a')");
      await h.read(1);
      expect(h.written[0]).toMatchObject({ value: { id: 1, v: 'a' } });
      expect(h.written[0]!.key).toBeUndefined();
      await db.query('DELETE FROM nokey');
      await expect(h.until(() => false)).rejects.toMatchObject({
        name: 'ConnectorFailed',
        message:
          'A DELETE in public.nokey cannot be told: the table has no primary key, or the stream that gets its rows has no key.',
      });
    });

    it('into a table the key is that of the table, and must tell deletes', async () => {
      await db.query("CREATE TABLE k1 (id int PRIMARY KEY, v text); INSERT INTO k1 VALUES (1, 'a')");
      await expect(source({ table: 'k1' }, into('TABLE', ['V'])).start()).rejects.toThrow(
        'The key of T is (v), and public.k1 has the primary key (id): its deletes would not tell which row is gone.',
      );
      await expect(source({ table: 'k1, c1' }, into('TABLE', ['ID'])).start()).rejects.toThrow(
        'Rows of 2 tables cannot go into one table.',
      );
      const h = source({ table: 'k1' }, into('TABLE', ['ID']));
      await h.read(1);
      expect(h.written).toEqual([{ key: { id: 1 }, value: { id: 1, v: 'a' }, origin: 'table public.k1' }]);
    });

    it('with the whole old row in the log, the key may be another', async () => {
      await db.query(
        "CREATE TABLE k2 (id int PRIMARY KEY, v text); ALTER TABLE k2 REPLICA IDENTITY FULL; INSERT INTO k2 VALUES (1, 'a')",
      );
      const h = source({ table: 'k2' }, into('TABLE', ['V']));
      await h.read(1);
      await db.query("UPDATE k2 SET v = 'b'; DELETE FROM k2");
      await h.read(4);
      expect(h.written.map((r) => [r.key, r.value?.id ?? null])).toEqual([
        [{ v: 'a' }, 1],
        [{ v: 'a' }, null],
        [{ v: 'b' }, 1],
        [{ v: 'b' }, null],
      ]);
    });
  });

  describe('what the log does not tell', () => {
    it('a large value that has not changed: fails, is read from the table, or stands in the old row', async () => {
      await db.query(
        'CREATE TABLE toast (id int PRIMARY KEY, n int, v text); ALTER TABLE toast ALTER v SET STORAGE EXTERNAL',
      );
      await db.query(`INSERT INTO toast VALUES (1, 0, ${large})`);
      const fails = source({ table: 'toast' });
      const reads = source({ table: 'toast', 'toast.unchanged': 'current' });
      await fails.read(1);
      await reads.read(1);
      const { v } = (await db.query('SELECT v FROM toast')).rows[0];
      await db.query('UPDATE toast SET n = 1');
      await reads.read(2);
      expect(reads.values().map((r) => [r!.n, r!.v === v])).toEqual([
        [0, true],
        [1, true],
      ]);
      await expect(fails.until(() => false)).rejects.toMatchObject({
        message:
          'An update in public.toast left the large value of v as it was, and so the log of the server does not have it.',
        hint: expect.stringContaining('REPLICA IDENTITY FULL'),
      });
      await db.query('ALTER TABLE toast REPLICA IDENTITY FULL; UPDATE toast SET n = 2');
      const full = source({ table: 'toast' });
      await full.read(1);
      await db.query('UPDATE toast SET n = 3');
      await full.read(2);
      expect(full.values().map((r) => [r!.n, r!.v === v])).toEqual([
        [2, true],
        [3, true],
      ]);
    });

    it('TRUNCATE: fails, or is left out where told to', async () => {
      await db.query("CREATE TABLE trunc (id int PRIMARY KEY, v text); INSERT INTO trunc VALUES (1, 'a')");
      const fails = source({ table: 'trunc' });
      const skips = source({ table: 'trunc', 'truncate.handling.mode': 'skip' });
      await fails.read(1);
      await skips.read(1);
      await db.query("TRUNCATE trunc; INSERT INTO trunc VALUES (2, 'b')");
      await skips.read(2);
      expect(told(skips.written)).toEqual([
        [1, 'a'],
        [2, 'b'],
      ]);
      await expect(fails.until(() => false)).rejects.toThrow(
        'TRUNCATE of public.trunc: which rows are gone is not in the log of the server',
      );
    });
  });

  describe('the slot', () => {
    it('moves only with what is written, shows its lag, and moves on where nothing comes for the connector', async () => {
      await db.query(
        'CREATE TABLE lag (id int PRIMARY KEY, v text); CREATE TABLE other (v text); ALTER TABLE other ALTER v SET STORAGE EXTERNAL',
      );
      let now = Date.now();
      const h = source({ table: 'lag' });
      h.clock = { now: () => now, sleep: (ms: number, s?: AbortSignal) => systemClock.sleep(ms, s) };
      await h.until(() => streaming(h));
      const confirmed = async () =>
        (
          await db.query(
            'SELECT confirmed_flush_lsn AS lsn, confirmed_flush_lsn - $2::pg_lsn AS ahead FROM pg_replication_slots WHERE slot_name = $1',
            [h.properties['slot.name'], (h.position as { lsn: string }).lsn],
          )
        ).rows[0];
      await db.query(`INSERT INTO other SELECT ${large} FROM generate_series(1, 50)`);
      now += 6000;
      await h.until(() => (h.task?.lag?.()?.amount ?? 0) > 1_000_000);
      expect(h.task!.lag!()!.unit).toBe('bytes');
      expect(Number((await confirmed()).ahead)).toBeLessThanOrEqual(0);
      now += 11_000;
      await h.until(async () => {
        now += 6000;
        return h.task!.lag!()!.amount < 100_000;
      });
      expect(Number((await confirmed()).ahead)).toBe(0);
      expect(h.written).toEqual([]);
      await db.query("INSERT INTO lag VALUES (1, 'a')");
      await h.read(1);
      expect(told(h.written)).toEqual([[1, 'a']]);
    });
    it('that is gone, moved, or invalidated ends the connector, saying what is lost', async () => {
      await db.query("CREATE TABLE gap (id int PRIMARY KEY, v text); INSERT INTO gap VALUES (1, 'a')");
      const h = source({ table: 'gap' });
      await h.read(1);
      await h.until(() => streaming(h));
      await h.die();
      const slot = h.properties['slot.name']!;
      const { lsn } = h.position as { lsn: string };
      await db.query("INSERT INTO gap VALUES (2, 'b')");
      await h.spec.dropped!(new SourceHarness(h.spec, h.properties).context());
      await db.query(`CREATE PUBLICATION ${slot} FOR TABLE gap`);
      await expect(h.start()).rejects.toMatchObject({
        name: 'ConnectorFailed',
        message: expect.stringContaining(`The replication slot ${slot} is gone`),
        hint: expect.stringContaining('create it again'),
      });
      await db.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
      await expect(h.start()).rejects.toThrow(new RegExp(`The replication slot ${slot} stands at .*, beyond ${lsn}`));
    });

    it('of another is not taken', async () => {
      await db.query('CREATE TABLE taken (id int PRIMARY KEY)');
      await db.query("SELECT pg_create_logical_replication_slot('taken', 'pgoutput')");
      await expect(source({ table: 'taken', 'slot.name': 'taken' }).start()).rejects.toThrow(
        'There is a replication slot taken already, which this connector has not made',
      );
    });

    it('another table, or a table that was made anew, ends the connector', async () => {
      await db.query('CREATE TABLE again (id int PRIMARY KEY)');
      const h = source({ table: 'again' });
      await h.until(() => streaming(h));
      await h.die();
      await db.query('DROP TABLE again; CREATE TABLE again (id int PRIMARY KEY)');
      await db.query(`ALTER PUBLICATION ${h.properties['slot.name']} ADD TABLE again`);
      await expect(h.start()).rejects.toThrow(
        'The table public.again has been made anew: what changed in between is not in Weir.',
      );
    });
  });

  it('goes on without a gap when the server is killed and starts again', async () => {
    await db.query("CREATE TABLE crash (id int PRIMARY KEY, v text); INSERT INTO crash VALUES (1, 'a')");
    const h = source({ table: 'crash' });
    await h.read(1);
    await h.until(() => streaming(h));
    await db.query("INSERT INTO crash VALUES (2, 'b')");
    await db.end();
    await server.kill();
    await expect(h.until(() => h.written.length > 2)).rejects.toThrow();
    await h.die();
    await server.start();
    db = await server.connect();
    await db.query("INSERT INTO crash VALUES (3, 'c')");
    await h.read(3);
    expect(told(h.written)).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
  });
});
