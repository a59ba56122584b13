import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../browser/support/browser.js';
import { until } from '../runtime/nodes.js';
import { ExampleProcess } from './support.js';

const json = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init);
  return { status: response.status, body: (await response.json()) as never };
};

/** The whole system: trips in, files, REST and page out, killed in the middle. */
export function nycTaxiStreamingSuite(name: string, kafka: () => string | undefined): void {
  describe(name, () => {
    let example: ExampleProcess;
    let browser: Browser | string;
    beforeAll(async () => {
      browser = await launchBrowser();
      const broker = kafka();
      example = new ExampleProcess('nyc-taxi-streaming', {
        ...(broker === undefined ? {} : { kafka: broker }),
        options: { feed: 'off' },
      });
      await example.start();
    });
    afterAll(async () => {
      if (typeof browser !== 'string') await browser?.close();
      await example?.dispose();
    });

    const send = (value: string) =>
      json(`${example.address}/topics/taxi_trips/records`, {
        method: 'POST',
        body: JSON.stringify({ records: [{ value }] }),
      });
    /** The rows of all files, in the order of their offsets. */
    const rows = (): string[] => {
      const folder = join(example.dir, 'files', 'processed_trips');
      if (!existsSync(folder)) return [];
      const files = readdirSync(folder).filter((f) => f.endsWith('.json'));
      expect(files.filter((f) => !f.startsWith('part-'))).toEqual([]);
      return files.sort().flatMap((f) => readFileSync(join(folder, f), 'utf8').trimEnd().split('\n'));
    };
    const push = async (sql: string): Promise<unknown[]> => {
      const response = await fetch(`${example.address}/query-stream?shape=objects`, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: JSON.stringify({ sql }),
      });
      return (await response.json()) as unknown[];
    };
    const SAMPLE = [
      '{"trip_id":1001,"duration":15,"passenger_count":2}',
      '{"trip_id":1004,"duration":35,"passenger_count":4}',
      '{"trip_id":1010,"duration":50,"passenger_count":6}',
    ];

    it('answers 404 with the words of the original while there are no trips', async () => {
      expect(await json(`${example.address}/trip_data/`)).toEqual({
        status: 404,
        body: { detail: 'Processed trips data not found' },
      });
      const docs = await fetch(`${example.address}/docs`);
      expect([docs.status, docs.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    });

    it('puts the sample into files, and what is no trip on a topic with the reason, out of every query', async () => {
      await send(SAMPLE[0]!);
      for (const bad of ['hello', '{"trip_id":"x","duration":1,"passenger_count":1}', '[1]']) await send(bad);
      for (const trip of SAMPLE.slice(1)) await send(trip);
      await until('the files', () => rows().length === 3, 40_000);
      expect(rows()).toEqual(SAMPLE);
      await until('the table', async () => (await push('SELECT * FROM duration_by_passengers;')).length === 3);
      expect((await json(`${example.address}/trip_data/`)).body).toEqual(SAMPLE.map((t) => JSON.parse(t)));
      expect(await push('SELECT passenger_count FROM taxi_trips;')).toHaveLength(3);
      expect(await push('SELECT trip_id FROM taxi_trips WHERE duration > 0;')).toHaveLength(3);
      const letters = await until('the letters', async () => {
        const { body } = await json(`${example.address}/ksql`, {
          method: 'POST',
          body: JSON.stringify({ ksql: 'DESCRIBE CONNECTOR processed_trips;' }),
        });
        const [described] = body as [{ statistics: { rows: number; deadLetters: number } }];
        return described.statistics.deadLetters === 3 && described.statistics;
      });
      expect(letters.rows).toBe(3);
    });

    it('shows them on the page, which moves without a reload', async (context) => {
      if (typeof browser === 'string') return context.skip(browser);
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(e.message));
      await page.goto(example.address);
      await page.waitForFunction("document.querySelectorAll('#trips tbody tr').length === 3");
      expect(await page.title()).toBe('NYC Taxi Trips Data with Graphs');
      const durations = await page.$$eval('#statistics tbody tr', (trs) =>
        trs.map((tr) => [tr.children[0]!.textContent, tr.children[2]!.textContent]),
      );
      expect(durations).toEqual([
        ['count', '3'],
        ['mean', '33.333'],
        ['std', '17.559'],
        ['min', '15'],
        ['25%', '25'],
        ['50%', '35'],
        ['75%', '42.500'],
        ['max', '50'],
      ]);
      expect(await page.$$eval('h2', (hs) => hs.map((h) => h.textContent))).toEqual([
        'Basic Statistics',
        'Trip Duration Distribution',
        'Passenger Count Distribution',
        'Average Trip Duration by Passenger Count',
        'Trips',
      ]);
      await page.waitForFunction("document.querySelectorAll('.uplot canvas').length === 3");
      await send('{"trip_id":1011,"duration":20,"passenger_count":2}');
      await page.waitForFunction("document.querySelectorAll('#trips tbody tr').length === 4");
      expect(await page.$eval('#warning', (w) => (w as unknown as { hidden: boolean }).hidden)).toBe(true);
      expect(problems).toEqual([]);
      await page.close();
    });

    it('is killed in the middle of a hundred trips: each is in one file, once', async () => {
      for (let i = 1; i <= 100; i++) {
        await send(`{"trip_id":${i},"duration":20,"passenger_count":2}`);
        if (i === 30 || i === 70) {
          await example.kill();
          await example.start();
        }
      }
      await until('all trips in files', () => rows().length >= 104, 60_000);
      const ids = rows().map((line) => (JSON.parse(line) as { trip_id: number }).trip_id);
      expect([...ids].sort((a, b) => a - b)).toEqual([
        ...Array.from({ length: 100 }, (_, i) => i + 1),
        1001,
        1004,
        1010,
        1011,
      ]);
      expect((await json(`${example.address}/trip_data/`)).body).toHaveLength(104);
    }, 120_000);
  });
}
