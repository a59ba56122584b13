import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { valuesOf } from '../../engine/base/setting.js';
import { postgresSource } from '../../engine/connectors/postgres-source/index.js';
import { type Postgres, postgresMissing, startPostgres } from '../../testing/postgres.js';
import { describeWith } from './support/require.js';
import { SourceHarness } from './support/source-task.js';

describeWith('postgres', postgresMissing(), 'postgres-source, asking for rows', () => {
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

  const open: SourceHarness<typeof postgresSource.options>[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) await h.die();
  });
  const source = (properties: Record<string, string>) => {
    const h = new SourceHarness(postgresSource, {
      'connection.url': server.url,
      'poll.interval.ms': '20',
      'topic.prefix': 't.',
      ...properties,
    });
    open.push(h);
    return h;
  };
  const ids = (h: SourceHarness<typeof postgresSource.options>) => h.values().map((v) => v!.id);

  describe('incrementing', () => {
    it('reads new rows in order, and goes on behind the last after a restart', async () => {
      await db.query('CREATE TABLE inc (id serial PRIMARY KEY, v text)');
      await db.query("INSERT INTO inc (v) SELECT 'v' || n FROM generate_series(1, 7) n");
      const h = source({ mode: 'incrementing', 'incrementing.column.name': 'ID', table: 'inc', 'batch.max.rows': '3' });
      await h.read(7);
      await db.query("INSERT INTO inc (v) VALUES ('next')");
      await h.die();
      await h.read(8);
      expect(ids(h)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(h.written[7]).toEqual({ value: { id: 8, v: 'next' }, topic: 't.inc', origin: 'table public.inc' });
      expect(h.position).toEqual({ mode: 'incrementing', marks: { 'public.inc': ['8'] } });
    });

    it('misses no row of a transaction that commits behind one with a larger number', async () => {
      await db.query('CREATE TABLE late (id bigserial PRIMARY KEY, v text)');
      const slow = await server.connect();
      await slow.query('BEGIN');
      await slow.query("INSERT INTO late (v) VALUES ('slow')");
      await db.query("INSERT INTO late (v) VALUES ('fast')");
      const h = source({ mode: 'incrementing', 'incrementing.column.name': 'id', table: 'late' });
      for (let i = 0; i < 10; i++) await h.step();
      expect(h.written).toEqual([]);
      await slow.query('COMMIT');
      await h.read(2);
      expect(h.values()).toEqual([
        { id: 1n, v: 'slow' },
        { id: 2n, v: 'fast' },
      ]);
      await slow.end();
    });
  });

  describe('timestamp', () => {
    it('reads new and changed rows; ties come in one batch, however small batches are', async () => {
      await db.query('CREATE TABLE ts (id int, changed timestamptz)');
      await db.query(`INSERT INTO ts SELECT n, '2024-01-01T10:00:00.123456Z' FROM generate_series(1, 5) n`);
      await db.query(`INSERT INTO ts VALUES (6, '2024-01-01T10:00:00.123457Z'), (7, NULL)`);
      const h = source({ mode: 'timestamp', 'timestamp.column.name': 'changed', table: 'ts', 'batch.max.rows': '2' });
      await h.read(6);
      expect(
        h
          .values()
          .slice(0, 5)
          .map((v) => v!.id)
          .sort(),
      ).toEqual([1, 2, 3, 4, 5]);
      expect(h.position).toEqual({ mode: 'timestamp', marks: { 'public.ts': ['2024-01-01 10:00:00.123457+00'] } });
      await h.die();
      await db.query('UPDATE ts SET changed = now() WHERE id = 3');
      await h.read(7);
      expect(ids(h)).toHaveLength(7);
      expect(ids(h)[6]).toBe(3);
    });

    it('does not read past the start of an open transaction, whose now() is that old', async () => {
      await db.query('CREATE TABLE tslate (id int, changed timestamp DEFAULT now())');
      const slow = await server.connect();
      await slow.query('BEGIN');
      await slow.query('SELECT 1');
      await db.query('INSERT INTO tslate VALUES (2)');
      const h = source({ mode: 'timestamp', 'timestamp.column.name': 'changed', table: 'tslate' });
      for (let i = 0; i < 20; i++) await h.step();
      expect(h.written).toEqual([]);
      await slow.query('INSERT INTO tslate VALUES (1)');
      await slow.query('COMMIT');
      await h.read(2);
      expect(ids(h)).toEqual([1, 2]);
      await slow.end();
    });

    it('waits for transactions whose start the user may not see', async () => {
      await db.query('CREATE TABLE tshid (id int, changed timestamptz DEFAULT now())');
      await db.query("CREATE ROLE reader LOGIN PASSWORD 'secret'");
      await db.query('GRANT SELECT ON tshid TO reader');
      const slow = await server.connect();
      await slow.query('BEGIN');
      await slow.query('SELECT 1');
      await db.query('INSERT INTO tshid VALUES (2)');
      const h = source({
        'connection.user': 'reader',
        'connection.password': 'secret',
        mode: 'timestamp',
        'timestamp.column.name': 'changed',
        table: 'tshid',
      });
      for (let i = 0; i < 20; i++) await h.step();
      expect(h.written).toEqual([]);
      await slow.query('INSERT INTO tshid VALUES (1)');
      await slow.query('COMMIT');
      await h.read(2);
      expect(ids(h)).toEqual([1, 2]);
      await slow.end();
    });

    it('waits for a prepared transaction', async () => {
      await db.query('CREATE TABLE ts2pc (id int, changed timestamptz DEFAULT now())');
      await db.query('BEGIN; INSERT INTO ts2pc VALUES (1)');
      await db.query("PREPARE TRANSACTION 'held'");
      await db.query('INSERT INTO ts2pc VALUES (2)');
      const h = source({ mode: 'timestamp', 'timestamp.column.name': 'changed', table: 'ts2pc' });
      for (let i = 0; i < 20; i++) await h.step();
      expect(h.written).toEqual([]);
      await db.query("COMMIT PREPARED 'held'");
      await h.read(2);
      expect(ids(h)).toEqual([1, 2]);
    });

    it('takes timestamps without a zone as those of db.timezone', async () => {
      await db.query('CREATE TABLE tszone (id int, changed timestamp)');
      await db.query("INSERT INTO tszone VALUES (1, now() AT TIME ZONE 'Asia/Tokyo')");
      const utc = source({ mode: 'timestamp', 'timestamp.column.name': 'changed', table: 'tszone' });
      for (let i = 0; i < 20; i++) await utc.step();
      expect(utc.written).toEqual([]);
      const tokyo = source({
        mode: 'timestamp',
        'timestamp.column.name': 'changed',
        table: 'tszone',
        'db.timezone': 'Asia/Tokyo',
      });
      await tokyo.read(1);
      expect(ids(tokyo)).toEqual([1]);
    });
  });

  describe('timestamp+incrementing', () => {
    it('tells rows of one timestamp apart by their number, over restarts', async () => {
      await db.query('CREATE TABLE timed (id int PRIMARY KEY, changed timestamptz)');
      await db.query(`INSERT INTO timed SELECT n, '2024-01-01T10:00:00Z' FROM generate_series(10, 1, -1) n`);
      const h = source({
        mode: 'timestamp+incrementing',
        'timestamp.column.name': 'changed',
        'incrementing.column.name': 'id',
        table: 'timed',
        'batch.max.rows': '3',
      });
      await h.step();
      await h.step('before');
      await h.step('between');
      await h.read(10);
      await db.query('UPDATE timed SET changed = now() WHERE id IN (2, 9)');
      await h.read(12);
      expect(ids(h)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2, 9]);
    });
  });

  describe('bulk and query', () => {
    it('bulk gives all rows of all tables, each interval', async () => {
      await db.query(
        'CREATE TABLE b1 (id int); CREATE TABLE b2 (id int); INSERT INTO b1 VALUES (1), (2); INSERT INTO b2 VALUES (3)',
      );
      const h = source({ mode: 'bulk', 'table.whitelist': 'b1, b2', 'batch.max.rows': '1' });
      await h.until(() => h.written.length >= 6);
      expect(h.written.slice(0, 6).map((r) => [r.topic, r.value!.id])).toEqual([
        ['t.b1', 1],
        ['t.b1', 2],
        ['t.b2', 3],
        ['t.b1', 1],
        ['t.b1', 2],
        ['t.b2', 3],
      ]);
    });

    it('a query gives its rows on the topic of the prefix alone', async () => {
      await db.query("CREATE TABLE q1 (id serial, kind text); INSERT INTO q1 (kind) VALUES ('a'), ('b'), ('a')");
      const h = source({
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        query: "SELECT q.id, upper(kind) AS kind FROM q1 q WHERE kind = 'a' -- the a's",
      });
      await h.read(2);
      expect(h.written.map((r) => [r.topic, r.value, r.origin])).toEqual([
        ['t.', { id: 1, kind: 'A' }, 'query'],
        ['t.', { id: 3, kind: 'A' }, 'query'],
      ]);
      const slow = await server.connect();
      await slow.query("BEGIN; INSERT INTO q1 (kind) VALUES ('a')");
      await db.query("INSERT INTO q1 (kind) VALUES ('a')");
      for (let i = 0; i < 10; i++) await h.step();
      expect(h.written).toHaveLength(2);
      await slow.query('COMMIT');
      await h.read(4);
      expect(ids(h)).toEqual([1, 3, 4, 5]);
      await slow.end();
    });
  });

  describe('what does not fit', () => {
    const failing = (properties: Record<string, string>) => source(properties).start();
    beforeAll(() => db.query('CREATE TABLE misfit (id serial PRIMARY KEY, v text)'));

    it.each([
      [
        { mode: 'incrementing', 'incrementing.column.name': 'nope', table: 'misfit' },
        /incrementing\.column\.name names the column nope/,
      ],
      [{ mode: 'incrementing', 'incrementing.column.name': 'id', table: 'nowhere' }, /There is no table nowhere/],
      [{ mode: 'timestamp', 'timestamp.column.name': 'v', table: 'misfit' }, /are of type text/],
      [{ mode: 'bulk', table: 'misfit', 'connection.url': 'jdbc:mysql://h/db' }, /no address of a PostgreSQL/],
      [{ mode: 'incrementing', 'incrementing.column.name': 'id', query: 'SELEC 1' }, /Postgres says: syntax error/],
    ])('%o', async (properties, message) => {
      await expect(failing(properties as Record<string, string>)).rejects.toMatchObject({
        name: 'ConnectorFailed',
        message: expect.stringMatching(message),
      });
    });

    it('refuses a sequence that hands out numbers in advance, and reads by it where told to', async () => {
      await db.query(
        'CREATE TABLE cached (id serial, v int); ALTER SEQUENCE cached_id_seq CACHE 10; INSERT INTO cached (v) VALUES (1)',
      );
      const properties = { mode: 'incrementing', 'incrementing.column.name': 'id', table: 'cached' };
      await expect(failing(properties)).rejects.toThrow(
        'The sequence cached_id_seq hands out numbers in advance (CACHE 10)',
      );
      const h = source({ ...properties, 'late.transactions': 'ignore' });
      await h.read(1);
      expect(ids(h)).toEqual([1]);
    });
  });

  describe('types', () => {
    const columns: readonly [string, string, unknown, unknown?][] = [
      // type, literal, as text, as number where it differs
      ['int2', '-7', -7],
      ['int4', '2147483647', 2147483647],
      ['int8', '9223372036854775807', 9223372036854775807n],
      ['numeric', '12345678901234567890.123456789012345678900', '#12345678901234567890.123456789012345678900'],
      ['numeric', "'NaN'", 'NaN'],
      ['float4', '0.1', 0.1],
      ['float8', '0.1::float8 + 0.2::float8', 0.30000000000000004],
      ['float8', "'-Infinity'", '-Infinity'],
      ['bool', 'true', true],
      ['text', '\'Zoë "x" \\ {1}\'', 'Zoë "x" \\ {1}'],
      ['varchar(3)', "'ab'", 'ab'],
      ['char(3)', "'a'", 'a  '],
      ['bytea', "'\\x00ff10'", 'AP8Q'],
      ['uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['date', "'2024-02-29'", '2024-02-29', 19782],
      ['time', "'10:11:12.123456'", '10:11:12.123456', 36672123],
      ['timestamp', "'2024-02-29 10:11:12.123456'", '2024-02-29T10:11:12.123456', 1709201472123],
      ['timestamptz', "'2024-02-29 10:11:12.5+02'", '2024-02-29T08:11:12.5Z', 1709194272500],
      ['timestamptz', "'infinity'", 'infinity'],
      ['interval', "'1 day 2 hours'", 'P1DT2H'],
      ['json', `'{"a": [1, 2.50], "a": {"b": null}}'`, { a: { b: null } }],
      [
        'jsonb',
        `'{"n": 12345678901234567890, "t": "x", "l": [true]}'`,
        { n: '#12345678901234567890', t: 'x', l: [true] },
      ],
      ['int4[]', "'{1,NULL,3}'", [1, null, 3]],
      ['text[]', `ARRAY['a,b', 'c"d', NULL, 'NULL', '']`, ['a,b', 'c"d', null, 'NULL', '']],
      [
        'int8[]',
        "'{{1,2},{3,4}}'",
        [
          [1n, 2n],
          [3n, 4n],
        ],
      ],
      ['timestamp[]', `ARRAY['2024-02-29 10:11:12'::timestamp]`, ['2024-02-29T10:11:12'], [1709201472000]],
      ['mood', "'sad'", 'sad'],
      ['mood[]', "'{sad,ok}'", ['sad', 'ok']],
      ['positive', '5', 5],
      ['positive[]', "'{5}'", [5]],
      ['inet', "'10.0.0.1/8'", '10.0.0.1/8'],
      ['int4range', "'[1,5)'", '[1,5)'],
      ['pair', "ROW(1, 'x')", '(1,x)'],
      ['int4', 'NULL', null],
    ];
    const plain = (v: unknown): unknown => {
      if (typeof v !== 'object' || v === null) return v;
      if ((v as { isLosslessNumber?: boolean }).isLosslessNumber === true) return `#${String(v)}`;
      if (Array.isArray(v)) return v.map(plain);
      return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]));
    };

    it.each(['text', 'number'] as const)('are JSON, with dates and times as %s', async (format) => {
      await db.query(`DROP TYPE IF EXISTS mood, pair CASCADE; DROP DOMAIN IF EXISTS positive CASCADE; DROP TABLE IF EXISTS types;
      CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);
      CREATE DOMAIN positive AS int CHECK (VALUE > 0)`);
      await db.query(`CREATE TABLE types (id int PRIMARY KEY, ${columns.map(([t], i) => `c${i} ${t}`).join(', ')})`);
      await db.query(`INSERT INTO types VALUES (1, ${columns.map(([, v]) => v).join(', ')})`);
      const expected = Object.fromEntries(
        columns.map(([, , text, number], i) => [`c${i}`, format === 'number' && number !== undefined ? number : text]),
      );
      const h = source({
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        table: 'types',
        'time.format': format,
      });
      await h.read(1);
      expect(plain(h.values()[0])).toEqual({ id: 1, ...expected });
      const cdc = source({ mode: 'cdc', table: 'types', 'time.format': format, 'slot.name': `types_${format}` });
      await cdc.read(1);
      await db.query('UPDATE types SET id = 1');
      await cdc.read(2);
      expect(cdc.values().map(plain)).toEqual([
        { id: 1, ...expected },
        { id: 1, ...expected },
      ]);
      await cdc.die();
      await cdc.spec.dropped!(source(cdc.properties).context());
      expect((await db.query('SELECT * FROM pg_replication_slots')).rows).toEqual([]);
      expect((await db.query('SELECT * FROM pg_publication')).rows).toEqual([]);
    });
  });

  it('the stations of the CTA: objects with lower-case names and "order", on the topic of prefix and table', async () => {
    await db.query(`CREATE TABLE stations (stop_id int PRIMARY KEY, direction_id varchar(1) NOT NULL, stop_name varchar(70) NOT NULL,
      station_name varchar(70) NOT NULL, station_descriptive_name varchar(200) NOT NULL, station_id int NOT NULL, "order" int,
      red boolean NOT NULL, blue boolean NOT NULL, green boolean NOT NULL)`);
    await db.query(`INSERT INTO stations VALUES
      (40900, 'N', 'Howard', 'Howard', 'Howard (Red)', 40900, 0, true, false, false),
      (30004, 'W', 'Harlem (Terminal arrival)', 'Harlem/Lake', 'Harlem/Lake (Green Line)', 40020, NULL, false, false, true)`);
    const h = source({
      'connection.url': server.url.replace('postgres:', 'jdbc:postgresql:').replace('postgres:secret@', ''),
      'connection.user': 'postgres',
      'connection.password': 'secret',
      mode: 'incrementing',
      'incrementing.column.name': 'stop_id',
      'table.whitelist': 'stations',
      'topic.prefix': 'org.chicago.cta.',
      'batch.max.rows': '500',
    });
    await h.read(2);
    expect(h.written.map((r) => [r.topic, JSON.stringify(r.value), r.key])).toEqual([
      [
        'org.chicago.cta.stations',
        '{"stop_id":30004,"direction_id":"W","stop_name":"Harlem (Terminal arrival)","station_name":"Harlem/Lake","station_descriptive_name":"Harlem/Lake (Green Line)","station_id":40020,"order":null,"red":false,"blue":false,"green":true}',
        undefined,
      ],
      [
        'org.chicago.cta.stations',
        '{"stop_id":40900,"direction_id":"N","stop_name":"Howard","station_name":"Howard","station_descriptive_name":"Howard (Red)","station_id":40900,"order":0,"red":true,"blue":false,"green":false}',
        undefined,
      ],
    ]);
  });

  it('options that fit together badly are told before anything is asked', () => {
    const problem = (properties: Record<string, string>) =>
      postgresSource.check!(valuesOf(postgresSource.options, properties));
    expect(problem({ mode: 'cdc', table: 'a' })).toBeUndefined();
    expect(problem({ table: 'a', query: 'SELECT 1' })).toBe('Give table.whitelist or query, not both.');
    expect(problem({})).toBe('Say what is read: table.whitelist or query.');
    expect(problem({ query: 'SELECT 1' })).toBe('Mode cdc reads tables: give table.whitelist instead of query.');
    expect(problem({ mode: 'incrementing', table: 'a' })).toBe('Mode incrementing needs incrementing.column.name.');
    expect(problem({ mode: 'timestamp+incrementing', table: 'a', 'incrementing.column.name': 'id' })).toBe(
      'Mode timestamp+incrementing needs timestamp.column.name.',
    );
    expect(problem({ table: 'a', 'slot.name': 'No!' })).toBe(
      'slot.name has lower-case letters, digits and _, 63 at most.',
    );
    expect(postgresSource.guaranteeOf!(valuesOf(postgresSource.options, { mode: 'bulk' }))).toBe('at least once');
    expect(postgresSource.guaranteeOf!(valuesOf(postgresSource.options, { mode: 'cdc' }))).toBe('exactly once');
  });
});
