import { afterAll, beforeAll, expect, it } from 'vitest';
import { valuesOf } from '../../engine/base/setting.js';
import { configOf, connect, sqlState } from '../../engine/connectors/postgres/connection.js';
import { meant, quoted, writtenTable } from '../../engine/connectors/postgres/identifiers.js';
import { CONNECTION_OPTIONS } from '../../engine/connectors/postgres/options.js';
import { type Postgres, postgresMissing, startPostgres } from '../../testing/postgres.js';
import { describeWith } from './support/require.js';

const config = (options: Record<string, string>) => configOf(valuesOf(CONNECTION_OPTIONS, options));

it('reads addresses as libpq and JDBC write them', () => {
  expect(config({ 'connection.url': 'postgres://ann:p%40ss@db.example:6432/fleet_db' })).toMatchObject({
    host: 'db.example',
    port: 6432,
    user: 'ann',
    password: 'p@ss',
    database: 'fleet_db',
  });
  expect(
    config({
      'connection.url': 'jdbc:postgresql://[::1]/fleet?user=ann&password=x&sslmode=require&currentSchema=My%20own',
      'connection.password': 'y',
    }),
  ).toMatchObject({
    host: '::1',
    port: 5432,
    user: 'ann',
    password: 'y',
    database: 'fleet',
    ssl: { rejectUnauthorized: false },
    options: expect.stringMatching(/-c search_path=My\\ own$/),
  });
});

it('an address that is none is not shown', () => {
  for (const url of ['mysql://ann:geheim@db/x', 'geheim'])
    expect(() => config({ 'connection.url': url })).toThrow(
      /^connection.url is no address of a PostgreSQL database\.$/,
    );
});

it('tables and columns are found by their names', () => {
  expect(writtenTable('trips')).toEqual({ schema: undefined, name: 'trips' });
  expect(writtenTable('Fleet."My ""own"".trips"')).toEqual({ schema: 'Fleet', name: 'My "own".trips' });
  expect(writtenTable('a.b.c')).toBeUndefined();
  expect(quoted('a"b')).toBe('"a""b"');
  const all = [{ name: 'a' }, { name: 'A' }, { name: 'trip_id' }];
  expect(['A', 'TRIP_ID', 'x'].map((n) => meant(n, all)?.name)).toEqual(['A', 'trip_id', undefined]);
  expect(meant('Ab', [{ name: 'AB' }, { name: 'ab' }])).toBeUndefined();
});

describeWith('postgres', postgresMissing(), 'a connection to Postgres', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());

  it('is in UTC, and knows what the zone was', async () => {
    const admin = await postgres.connect();
    await admin.query("ALTER ROLE postgres SET TimeZone TO 'Europe/Berlin'");
    await admin.end();
    const c = await connect(config({ 'connection.url': postgres.url }), new AbortController().signal);
    expect(c.timezone).toBe('Europe/Berlin');
    expect((await c.client.query('SHOW TimeZone')).rows).toEqual([{ TimeZone: 'UTC' }]);
    await c.close();
  });

  it('a sign-in that is refused for good says so; one that is away may come back', async () => {
    const never = connect(
      config({ 'connection.url': postgres.url.replace(/postgres$/, 'nowhere') }),
      new AbortController().signal,
    );
    await expect(never).rejects.toMatchObject({
      name: 'ConnectorFailed',
      message: 'Postgres refuses the connection: database "nowhere" does not exist',
      hint: 'Check the name of the database in connection.url.',
    });
  });

  it('its end cuts what waits, and so does the death of the server', async () => {
    const abort = new AbortController();
    const c = await connect(config({ 'connection.url': postgres.url }), abort.signal);
    const waits = c.client.query('SELECT pg_sleep(600)');
    abort.abort();
    await expect(waits).rejects.toThrow(/terminated|closed|destroyed/);

    for (const end of [postgres.kill, postgres.stopAtOnce]) {
      const d = await connect(config({ 'connection.url': postgres.url }), new AbortController().signal);
      const asked = d.client.query('SELECT pg_sleep(600)').catch((e: unknown) => e);
      await end();
      expect(await asked).toBeInstanceOf(Error);
      await expect(
        connect(config({ 'connection.url': postgres.url }), new AbortController().signal),
      ).rejects.not.toMatchObject({ name: 'ConnectorFailed' });
      await postgres.start();
      expect(sqlState(await d.client.query('SELECT 1').catch((e: unknown) => e))).toBeUndefined();
    }
  });
});
