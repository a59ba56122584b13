import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../../testing/postgres.js';
import { launchBrowser } from '../browser/support/browser.js';
import { until } from '../runtime/nodes.js';
import { ExampleProcess } from './support.js';

/** Trips of March 2019, where they are at hand: the project's own data goes with it, these do not. */
const DATA = join(import.meta.dirname, '../../../shared/data/nyc_taxis_2019_03.csv');
export const tripsMissing = (): string | undefined =>
  existsSync(DATA) ? undefined : 'the trips of March 2019 are not there';

interface Event {
  readonly TripID: string;
  readonly VendorID: number;
  readonly Datetime: string;
  readonly Latitude: number;
  readonly Longitude: number;
  readonly Status: 'start' | 'end';
  readonly Zone: string;
}

/** A start for each row with a pick-up zone, an end for each with a drop-off zone but every 200th row; in the order of their times. */
function events(): Event[] {
  const [head, ...lines] = readFileSync(DATA, 'utf8').trimEnd().split('\n');
  const names = head!.split(',');
  const out: Event[] = [];
  for (const [i, line] of lines.entries()) {
    // Zones have no commas in quotes here.
    const cells = line.split(',');
    const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
    const event = (status: 'start' | 'end', at: string, zone: string): Event => ({
      TripID: `id${2_000_000 + i}`,
      VendorID: 1 + (i % 2),
      Datetime: at,
      Latitude: 40.7 + (i % 100) / 1000,
      Longitude: -73.9 - (i % 100) / 1000,
      Status: status,
      Zone: zone,
    });
    if (cell('pickup_zone') !== '') out.push(event('start', cell('pickup'), cell('pickup_zone')));
    if (cell('dropoff_zone') !== '' && i % 200 !== 199) out.push(event('end', cell('dropoff'), cell('dropoff_zone')));
  }
  return out.sort((a, b) => (a.Datetime < b.Datetime ? -1 : a.Datetime > b.Datetime ? 1 : 0));
}

const BINS = [956, 1940, 1263, 823, 489, 316, 176, 117, 84, 66, 40, 33, 48];
const PICKUPS = [
  ['Midtown Center', 230],
  ['Upper East Side South', 211],
  ['Penn Station/Madison Sq West', 210],
  ['Clinton East', 208],
  ['Midtown East', 198],
];

/** The whole system on real trips: in by POST, joined, on the page and in PostgreSQL; Weir and Postgres are killed in the middle. */
export function nycTlcSuite(name: string, kafka: () => string | undefined): void {
  describe(name, () => {
    let example: ExampleProcess;
    let postgres: Postgres;
    let db: pg.Client;
    let browser: Browser | string;
    beforeAll(async () => {
      browser = await launchBrowser();
      postgres = await startPostgres();
      const broker = kafka();
      example = new ExampleProcess('nyc-tlc', {
        ...(broker === undefined ? {} : { kafka: broker }),
        env: { WEIR_POSTGRES: postgres.url },
        options: { feed: 'off' },
      });
      await example.start();
    });
    afterAll(async () => {
      if (typeof browser !== 'string') await browser?.close();
      await example?.dispose();
      await db?.end().catch(() => {}); // Postgres was killed
      await postgres?.stop();
    });

    const get = async (path: string) => {
      const response = await fetch(example.address + path);
      return { status: response.status, body: (await response.json()) as never };
    };
    const post = async (path: string, body: unknown) => {
      const text = JSON.stringify(body);
      const response = await fetch(example.address + path, { method: 'POST', body: text });
      return { status: response.status, text: await response.text(), sent: text };
    };
    const table = async (sql: string): Promise<Record<string, number>> => {
      const { status, body } = await get(sql);
      if (status !== 200) return {}; // its state is on its way to where it is read
      return Object.fromEntries(
        (body as readonly Record<string, string | number>[]).map((row) => {
          const [key, value] = Object.values(row);
          return [String(key), Number(value)];
        }),
      );
    };

    const comesTo = async (what: string, read: () => Promise<unknown>, wanted: unknown): Promise<void> => {
      await until(what, async () => JSON.stringify(await read()) === JSON.stringify(wanted)).catch(() => {}); // shown below
      expect(await read(), what).toEqual(wanted);
    };

    it('echoes a trip, and finds no trip that has not started', async () => {
      const trip = {
        TripID: 'mine',
        VendorID: 1,
        Datetime: '2019-03-01 00:00:17',
        Latitude: 1.5,
        Longitude: 2,
        Status: 'start',
        Zone: 'Nowhere',
      };
      const answer = await post('/completeTrip', { TripID: 'mine', StartTime: 'a', EndTime: 'b', Status: 'complete' });
      expect([answer.status, answer.text]).toEqual([200, answer.sent]);
      expect((await post('/trip', { ...trip, Status: 'lost' })).status).toBe(400);
      expect(await get('/trip/mine')).toEqual({ status: 404, body: { detail: 'trip not found' } });
    });

    it('joins all trips of a month, with Weir and Postgres killed in the middle', async () => {
      const all = events();
      const size = 500;
      for (let i = 0; i < all.length; i += size) {
        await until(
          'the events are taken',
          async () => (await post('/trip', all.slice(i, i + size)).catch(() => ({ status: 0 }))).status === 200,
        );
        if (i === 3000 || i === 9000) {
          await example.kill();
          await example.start();
        }
        if (i === 6000) {
          await postgres.kill();
          await postgres.start();
        }
      }
      // One comes twice, which does no harm.
      await post('/trip', all.slice(0, 1));
      await until(
        'all trips',
        async () => JSON.stringify(await table('/api/totals?order=state')) === '{"completed":6351,"ongoing":56}',
        60_000,
      );
      // Each table follows in its own time.
      await comesTo('durations', async () => Object.values(await table('/api/durations?order=bin')), BINS);
      await comesTo('pick-ups', async () => Object.entries(await table('/api/pickups?order=-trips&limit=5')), PICKUPS);
      await comesTo('the first of March', async () => (await table('/api/daily'))['2019-03-01'], 238);
      await comesTo('months', () => table('/api/monthly?order=month'), { '2019-02': 1, '2019-03': 6350 });
      await comesTo('ISO weeks', () => table('/api/weekly?order=week'), {
        '2019-W09': 604,
        '2019-W10': 1481,
        '2019-W11': 1510,
        '2019-W12': 1390,
        '2019-W13': 1366,
      });
      await comesTo('the first hour', async () => (await table('/api/started_by_hour'))['00'], 203);
    }, 240_000);

    it('has all events in PostgreSQL, each once', async () => {
      db = await postgres.connect();
      const count = async (of: string) => Number((await db.query(`SELECT count(*) AS n FROM "${of}"`)).rows[0].n);
      await until('all starts', async () => (await count('tripStart')) === 6407, 60_000);
      await until('all ends', async () => (await count('tripEnd')) === 6356, 60_000);
      const { rows } = await db.query(`SELECT * FROM "tripStart" WHERE "tripID" = 'id2000000'`);
      expect(rows).toMatchObject([
        {
          tripID: 'id2000000',
          vendorID: 1,
          startTime: '2019-03-23 20:21:09',
          startLat: '40.700000',
          status: 'start',
          startZone: 'Lenox Hill West',
        },
      ]);
    }, 130_000);

    it('joins a start that comes after its end', async () => {
      const event = (TripID: string, Status: string, Datetime: string) => ({
        TripID,
        VendorID: 1,
        Datetime,
        Latitude: 1,
        Longitude: 1,
        Status,
        Zone: 'X',
      });
      await post('/trip', [event('late1', 'end', '2019-04-01 10:05:00'), event('other', 'end', '2019-04-01 12:30:00')]);
      await post('/trip', [event('late1', 'start', '2019-04-01 10:00:00')]);
      await until(
        'it is joined',
        async () =>
          (await get('/trip/late1')).status === 200 &&
          ((await get('/trip/late1')).body as { Seconds: number | null }).Seconds === 300,
      );
      expect((await get('/trip/other')).status).toBe(404);
    });

    it('shows it on the page, which moves without a reload', async (context) => {
      if (typeof browser === 'string') return context.skip(browser);
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(e.message));
      await page.goto(example.address);
      await page.waitForFunction("document.getElementById('completed').textContent === '6,352'");
      expect(await page.textContent('#ongoing')).toBe('56');
      await page.waitForFunction(
        "document.getElementById('durations').dataset.bins && document.getElementById('pickups').dataset.top",
      );
      const bins = async () => JSON.parse((await page.getAttribute('#durations', 'data-bins'))!) as number[];
      await comesTo(
        'bins of the page',
        bins,
        BINS.map((n, i) => (i === 1 ? n + 1 : n)),
      );
      const top = async () => (JSON.parse((await page.getAttribute('#pickups', 'data-top'))!) as unknown[]).slice(0, 5);
      await comesTo('pick-ups of the page', top, PICKUPS);
      await page.waitForFunction("document.querySelectorAll('.uplot canvas').length === 4");
      await post('/trip', {
        TripID: 'new',
        VendorID: 1,
        Datetime: '2019-04-02 10:00:00',
        Latitude: 1,
        Longitude: 1,
        Status: 'start',
        Zone: 'X',
      });
      await page.waitForFunction("document.getElementById('ongoing').textContent === '57'");
      expect(problems).toEqual([]);
      await page.close();
    });
  });
}
