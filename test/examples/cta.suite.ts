import { join } from 'node:path';
import type pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { SCHEMAS } from '../../examples/cta/schemas.js';
import { Simulation } from '../../examples/cta/simulation.js';
import { type Postgres, startPostgres } from '../../testing/postgres.js';
import { launchBrowser } from '../browser/support/browser.js';
import { until } from '../runtime/nodes.js';
import { ExampleProcess } from './support.js';

type Row = Readonly<Record<string, string | number | readonly string[]>>;

/** The whole system: stations of a real PostgreSQL, trains and turnstiles as Avro, the weather over REST, the page. */
export function ctaSuite(name: string, settings: () => { readonly kafka?: string; readonly registry?: string }): void {
  describe(name, () => {
    let example: ExampleProcess;
    let postgres: Postgres;
    let db: pg.Client;
    let browser: Browser | string;
    let page: Page | undefined;
    const problems: string[] = [];
    beforeAll(async () => {
      browser = await launchBrowser();
      postgres = await startPostgres();
      const { kafka, registry } = settings();
      example = new ExampleProcess('cta', {
        ...(kafka === undefined ? {} : { kafka }),
        env: { WEIR_POSTGRES: postgres.url, WEIR_REGISTRY: registry ?? 'http://127.0.0.1:1' },
        options: { feed: 'off' },
      });
      await example.start();
      db = await postgres.connect();
    });
    afterAll(async () => {
      if (typeof browser !== 'string') await browser?.close();
      await example?.dispose();
      await db?.end().catch(() => {}); // Postgres goes next
      await postgres?.stop();
    });

    const get = async (path: string): Promise<readonly Row[]> => {
      const response = await fetch(example.address + path);
      return response.ok ? ((await response.json()) as Row[]) : [];
    };
    const post = async (
      topic: string,
      kind: keyof typeof SCHEMAS,
      version: 'v1' | 'v2',
      values: readonly object[],
      more: object = {},
      at = 1_785_000_000_000,
    ) => {
      const { key, value } = SCHEMAS[kind];
      const response = await fetch(`${example.address}/topics/${topic}`, {
        method: 'POST',
        headers: { 'content-type': `application/vnd.kafka.avro.${version}+json` },
        body: JSON.stringify({
          key_schema: JSON.stringify(key),
          value_schema: JSON.stringify(value),
          ...more,
          records: values.map((v) => ({ key: { timestamp: at }, value: v, timestamp: at })),
        }),
      });
      expect(await response.json()).toMatchObject({ offsets: values.map(() => ({ error: null })) });
    };
    const arrival = (train: string, station: number, direction: string, line: number, before?: number) => ({
      station_id: station,
      train_id: train,
      direction,
      line,
      train_status: 1,
      prev_station_id: before === undefined ? null : { int: before },
      prev_direction: before === undefined ? null : { string: direction },
    });
    const ARRIVALS = 'org.chicago.cta.station.arrivals';
    /** Rows of the page: line, station, both directions, entries. */
    const shown = (): Promise<string[][]> =>
      page!.$$eval('#stations tr', (trs) => trs.map((tr) => [...tr.children].map((td) => td.textContent ?? '')));
    const pageHas = (what: string, probe: (rows: readonly string[][]) => boolean): Promise<unknown> =>
      until(what, async () => probe(await shown()), 40_000);

    it('has the stations of PostgreSQL: 33, 28 and 33 of three lines, some on two', async () => {
      const byLine = async () => {
        const counts: Record<string, number> = {};
        for (const { LINE } of await get('/api/stations')) counts[LINE as string] = (counts[LINE as string] ?? 0) + 1;
        return counts;
      };
      await until(
        'all stations',
        async () => {
          const { blue, green, red } = await byLine();
          return blue === 33 && green === 28 && red === 33;
        },
        60_000,
      );
      expect((await get('/api/stations?station_id=40380&order=line')).map((r) => r['LINE'])).toEqual(['blue', 'green']);
      expect((await get('/api/stations?station_id=40090')).map((r) => r['LINE'])).toEqual(['unknown']);
      const transformed = await get('/api/stations_transformed?station_id=40090&limit=1');
      expect(transformed).toMatchObject([{ STATION_NAME: expect.any(String), STATION_ID: 40090, LINE: 'unknown' }]);
    }, 90_000);

    it('shows them on the page', async (context) => {
      if (typeof browser === 'string') return context.skip(browser);
      page = await browser.newPage();
      page.on('pageerror', (e) => problems.push(e.message));
      await page.goto(example.address);
      expect(await page.textContent('h1')).toBe('Welcome to the CTA Status Page!');
      await pageHas('94 rows', (rows) => rows.length === 94);
      const rows = await shown();
      expect([...new Set(rows.map((r) => r[0]))]).toEqual(['blue', 'green', 'red']);
      expect(rows.every((r) => r[2] === '---' && r[3] === '---' && r[4] === '0')).toBe(true);
      expect(await page.textContent('#weather')).toBe('70° | Sunny');
    });

    it('has the weather by both versions of the REST Proxy; the later time counts, not the later record', async (context) => {
      const at = 1_785_000_000_000;
      await post('weather', 'weather', 'v1', [{ temperature: 70.9, status: 'sunny' }], {}, at);
      const report = async () => (await get('/api/weather_now'))[0]?.['REPORT'] as readonly string[] | undefined;
      await until('the first', async () => (await report())?.[2] === 'sunny');
      await post('weather', 'weather', 'v2', [{ temperature: 60, status: 'partly_cloudy' }], {}, at + 60_000);
      await until('the second', async () => (await report())?.[2] === 'partly_cloudy');
      await post('weather', 'weather', 'v2', [{ temperature: 10, status: 'windy' }], {}, at + 30_000);
      if (page === undefined) return context.skip('no browser');
      await until('it is on the page', async () => (await page!.textContent('#weather')) === '60° | Partly Cloudy');
      expect((await report())?.[2]).toBe('partly_cloudy');
    });

    it('moves a train in one step, with line and status as numbers and as words', async (context) => {
      await post(ARRIVALS, 'arrival', 'v2', [arrival('BL000', 40890, 'a', 0)]);
      await until('it is there', async () => (await get('/api/trains?train_id=BL000'))[0]?.['STATION_ID'] === 40890);
      const { registry } = settings();
      if (registry !== undefined) {
        // Words in the place of numbers are no schema that its rule would take.
        const answer = await fetch(`${registry}/config`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ compatibility: 'NONE' }),
        });
        expect(answer.status).toBe(200);
      }
      await post(ARRIVALS, 'arrival', 'v2', [arrival('BL000', 40820, 'a', 0, 40890)], {});
      const value = {
        ...SCHEMAS.arrival.value,
        fields: SCHEMAS.arrival.value.fields.map((f) =>
          f.name === 'line' || f.name === 'train_status' ? { ...f, type: 'string' } : f,
        ),
      };
      await post(
        `${ARRIVALS}`,
        'arrival',
        'v2',
        [{ ...arrival('RL000', 40900, 'b', 2), line: 'red', train_status: 'broken_down' }],
        { value_schema: JSON.stringify({ ...value, name: 'arrival.words' }) },
      );
      await until('both', async () => (await get('/api/trains')).length === 2);
      expect(await get('/api/trains?train_id=BL000')).toMatchObject([
        { STATION_ID: 40820, LINE: 'blue', DIRECTION: 'a', STATUS: 'in_service' },
      ]);
      expect(await get('/api/trains?train_id=RL000')).toMatchObject([
        { STATION_ID: 40900, LINE: 'red', DIRECTION: 'b', STATUS: 'broken_down' },
      ]);
      if (page === undefined) return context.skip('no browser');
      await pageHas('both trains, each once', (rows) => {
        const cells = rows.flatMap((r) => r.slice(2, 4)).filter((c) => c !== '---');
        return cells.length === 2 && cells.includes('BL000 In Service') && cells.includes('RL000 Broken Down');
      });
    }, 60_000);

    it('counts two ticks of the city as plain code does, with Weir killed in between', async (context) => {
      const simulation = new Simulation(join(import.meta.dirname, '../../examples/cta'), seededRandom(7));
      const counts = new Map<number, number>();
      for (const tick of [0, 1, 2]) {
        for (const { path, version, body } of simulation.tick(1_785_000_000_000 + tick)) {
          const response = await fetch(example.address + path, {
            method: 'POST',
            headers: { 'content-type': `application/vnd.kafka.avro.${version}+json` },
            body: JSON.stringify(body),
          });
          expect(response.status).toBe(200);
          if (!path.endsWith('turnstiles')) continue;
          for (const { value } of body.records as { value: { station_id: number } }[])
            counts.set(value.station_id, (counts.get(value.station_id) ?? 0) + 1);
        }
        if (tick === 1) {
          await example.kill();
          await example.start();
        }
      }
      const wanted = JSON.stringify([...counts].sort((a, b) => a[0] - b[0]));
      expect(counts.size).toBeGreaterThan(0);
      const summary = async () =>
        JSON.stringify(
          (await get('/api/turnstile_summary'))
            .map((r) => [Number(r['STATION']), Number(r['COUNT'])] as const)
            .sort((a, b) => a[0] - b[0]),
        );
      await until('all entries', async () => (await summary()) === wanted, 60_000).catch(() => {}); // shown below
      expect(await summary()).toBe(wanted);
      expect((await get('/api/turnstile_summary?limit=1'))[0]).toHaveProperty('STATION_ID');
      if (page === undefined) return context.skip('no browser');
      await page.goto(example.address);
      await pageHas('thirty trains, none twice', (rows) => {
        const trains = rows
          .flatMap((r) => r.slice(2, 4))
          .filter((c) => c !== '---')
          .flatMap((c) => c.split(', ').map((t) => t.slice(0, 5)));
        return trains.length === 30 && new Set(trains).size === 30;
      });
    }, 120_000);

    it('shows a change of PostgreSQL within seconds, without a reload', async (context) => {
      await db.query("UPDATE stations SET station_name = 'Weir Junction' WHERE station_id = 40010");
      await until(
        'the change',
        async () => (await get('/api/stations?station_id=40010'))[0]?.['NAME'] === 'Weir Junction',
        40_000,
      );
      if (page === undefined) return context.skip('no browser');
      await pageHas('it is on the page', (rows) => rows.some((r) => r[1] === 'Weir Junction'));
      expect(problems).toEqual([]);
    }, 90_000);

    it('a tombstone and what is no Avro do no harm', async () => {
      const before = await get('/api/stations');
      await fetch(`${example.address}/topics/org.chicago.cta.stations/records`, {
        method: 'POST',
        body: JSON.stringify({ records: [{ key: '1', value: null }] }),
      });
      await fetch(`${example.address}/topics/${ARRIVALS}/records`, {
        method: 'POST',
        body: JSON.stringify({ records: [{ value: 'no avro' }] }),
      });
      await post(ARRIVALS, 'arrival', 'v2', [arrival('GL009', 40020, 'b', 1)]);
      await until(
        'it goes on',
        async () => (await get('/api/trains?train_id=GL009'))[0]?.['STATION_ID'] === 40020,
        40_000,
      );
      expect((await get('/api/stations')).length).toBe(before.length);
    }, 60_000);
  });
}
