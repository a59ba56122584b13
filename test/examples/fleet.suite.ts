import { AwsClient } from 'aws4fetch';
import { parquetReadObjects } from 'hyparquet';
import type pg from 'pg';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetRecords } from '../../examples/fleet/records.js';
import { type Moto, startMoto } from '../../testing/moto.js';
import { type Postgres, startPostgres } from '../../testing/postgres.js';
import { launchBrowser } from '../browser/support/browser.js';
import { until } from '../runtime/nodes.js';
import { ExampleProcess } from './support.js';

const COUNT = 5000;

interface Row {
  readonly vehicle_id: string;
  readonly timestamp: string;
  readonly speed: number | null;
  readonly fuel_consumption_liters: number | null;
  readonly distance_traveled_km: number | null;
}

/** What plain code makes of a record's text. */
const read = (text: string): Row => JSON.parse(text.replaceAll(':NaN', ':null')) as Row;

export function fleetSuite(name: string, kafka: () => string | undefined): void {
  describe(name, () => {
    let example: ExampleProcess;
    let postgres: Postgres;
    let moto: Moto;
    let s3: AwsClient;
    let db: pg.Client;
    let browser: Browser | string;
    const records: string[] = [];
    const moving = () => records.map(read).filter((r) => r.speed !== null && r.speed > 0);

    beforeAll(async () => {
      browser = await launchBrowser();
      [postgres, moto] = await Promise.all([startPostgres(), startMoto()]);
      s3 = new AwsClient({
        accessKeyId: 'key',
        secretAccessKey: 'secret',
        service: 's3',
        region: 'us-east-1',
        retries: 0,
      });
      const broker = kafka();
      example = new ExampleProcess('fleet', {
        ...(broker === undefined ? {} : { kafka: broker }),
        env: { WEIR_POSTGRES: postgres.url, WEIR_S3: moto.url },
        options: { feed: 'off' },
      });
      await example.start();
      const generated = fleetRecords(42, Date.UTC(2026, 7, 1));
      for (let i = 0; i < COUNT; i++) records.push(generated.next().value as string);
    });
    afterAll(async () => {
      if (typeof browser !== 'string') await browser?.close();
      await example?.dispose();
      await db?.end().catch(() => {}); // Postgres was killed
      await postgres?.stop();
      await moto?.stop();
    });

    const send = async (values: readonly string[]): Promise<boolean> => {
      try {
        const response = await fetch(`${example.address}/topics/fleet-data/records`, {
          method: 'POST',
          body: JSON.stringify({ records: values.map((value) => ({ value })) }),
        });
        return response.ok;
      } catch {
        return false; // it was killed a moment ago
      }
    };
    const get = async (path: string) => {
      const response = await fetch(example.address + path);
      return response.ok ? ((await response.json()) as Record<string, number>[]) : [];
    };
    const rows = async (sql: string): Promise<unknown[][]> =>
      (await db.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;

    it('takes five thousand records, with Weir and then Postgres killed in the middle', async () => {
      expect(records.some((r) => r.includes('NaN'))).toBe(true);
      for (let i = 0; i < COUNT; i += 250) {
        await until('the records are taken', () => send(records.slice(i, i + 250)), 60_000);
        if (i === 1500) {
          await example.kill();
          await example.start();
        }
        if (i === 3000) {
          await postgres.kill();
          await postgres.start();
        }
      }
      db = await postgres.connect();
      const wanted = moving();
      await until(
        'all rows',
        async () => Number((await rows('SELECT count(*) FROM fleet_stream_processed'))[0]![0]) >= wanted.length,
        60_000,
      );
      expect(wanted.length).toBeLessThan(COUNT);
      const [[count, distinct, km]] = (await rows(
        `SELECT count(*), count(DISTINCT (vehicle_id, "timestamp")), round(sum(distance_traveled_km)::numeric, 1) FROM fleet_stream_processed`,
      )) as [string[]];
      expect([Number(count), Number(distinct)]).toEqual([
        wanted.length,
        new Set(wanted.map((r) => `${r.vehicle_id} ${r.timestamp}`)).size,
      ]);
      expect(Number(km)).toBeCloseTo(
        wanted.reduce((n, r) => n + (r.distance_traveled_km ?? 0), 0),
        0,
      );
      const [columns] = await rows(
        "SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'fleet_stream_processed'",
      );
      expect(columns).toEqual([44]);
      expect(await rows('SELECT count(*)::int FROM fleet_stream_processed WHERE speed IS NULL OR speed <= 0')).toEqual([
        [0],
      ]);
    }, 180_000);

    it('computes what fuel a kilometer takes, and takes timestamps with and without a fraction', async () => {
      const base = read(records[0]!);
      const own = (speed: number, timestamp: string) =>
        JSON.stringify({
          ...base,
          vehicle_id: 'OWN',
          timestamp,
          speed,
          fuel_consumption_liters: 9.32,
          distance_traveled_km: 28.7,
        });
      await send([
        own(40, '2026-07-31T10:00:00'),
        own(50, '2026-07-31T10:00:00.123456'),
        own(0, '2026-07-31T10:00:01'),
      ]);
      await until(
        'both',
        async () => (await rows("SELECT 1 FROM fleet_stream_processed WHERE vehicle_id = 'OWN'")).length === 2,
        60_000,
      );
      expect(
        await rows(
          `SELECT "timestamp", fuel_efficiency_l_per_km FROM fleet_stream_processed WHERE vehicle_id = 'OWN' ORDER BY speed`,
        ),
      ).toEqual([
        ['2026-07-31T10:00:00', 0.325],
        ['2026-07-31T10:00:00.123456', 0.325],
      ]);
    });

    it('counts each record in five windows, once', async () => {
      const unique = new Set(
        [
          ...records.map(read),
          ...['2026-07-31T10:00:00', '2026-07-31T10:00:00.123456', '2026-07-31T10:00:01'].map((timestamp) => ({
            vehicle_id: 'OWN',
            timestamp,
          })),
        ].map((r) => `${r.vehicle_id} ${r.timestamp}`),
      );
      const total = async () =>
        (await get('/api/telemetry_metrics_vehicle_5m?select=row_count')).reduce((n, r) => n + r['ROW_COUNT']!, 0);
      await until('all windows', async () => (await total()) >= unique.size * 5, 60_000);
      await send(records.slice(0, 100)); // they come twice
      const again = await until(
        'the others',
        async () => (await get('/api/board_activity')).reduce((n, r) => n + r['RECORDS']!, 0) > moving().length + 2,
      );
      expect(again).toBe(true);
      expect(await total()).toBe(unique.size * 5);
      const [own] = await get('/api/telemetry_metrics_vehicle_5m?vehicle_id=OWN&order=windowstart&limit=1');
      expect(own).toMatchObject({ ROW_COUNT: 3, AVG_SPEED_TRIMMED: 30 });
      expect(own!['IDLE_RATIO']).toBeCloseTo(1 / 3, 10);
    }, 130_000);

    it('has every processed record in the bucket once, and overwrites no object', async () => {
      const keys = async (): Promise<string[]> => {
        const list = await (await s3.fetch(`${moto.url}/fleet?list-type=2&prefix=fleet/`)).text();
        return [...list.matchAll(/<Key>([^<]*\.parquet)<\/Key>/g)].map(([, key]) => key!);
      };
      const contents = async () => {
        const found: Record<string, unknown>[] = [];
        for (const key of await keys()) {
          const file = await (await s3.fetch(`${moto.url}/fleet/${key}`)).arrayBuffer();
          found.push(...(await parquetReadObjects({ file })));
        }
        return found;
      };
      const wanted =
        moving().length +
        2 +
        records
          .slice(0, 100)
          .map(read)
          .filter((r) => r.speed !== null && r.speed > 0).length;
      await until('all records', async () => (await contents()).length >= wanted, 60_000);
      const found = await contents();
      expect(found.length).toBe(wanted);
      const km = found.reduce((n, r) => n + Number(r['distance_traveled_km'] ?? 0), 0);
      const [[sum]] = (await rows('SELECT sum(distance_traveled_km) FROM fleet_stream_processed')) as [number[]];
      expect(km).toBeCloseTo(Number(sum), 3);
    }, 130_000);

    it('sends what is no record to the dead letters, and goes on', async () => {
      await send(['no record', '{"vehicle_id":1e400}', '{"speed":"fast"}']);
      const letters = await until(
        'the letters',
        async () => {
          const response = await fetch(`${example.address}/query`, {
            method: 'POST',
            body: JSON.stringify({ ksql: "PRINT 'bad_fleet_data' FROM BEGINNING LIMIT 2;" }),
          });
          const text = await response.text();
          return text.includes('no record') && text;
        },
        60_000,
      );
      expect(letters).toContain('no record');
    });

    it('shows five boards, which move without a reload', async (context) => {
      if (typeof browser === 'string') return context.skip(browser);
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(e.message));
      await page.goto(example.address);
      await page.waitForFunction("document.querySelectorAll('tbody tr').length >= 17");
      await page.waitForFunction("document.querySelectorAll('.uplot canvas').length === 5");
      const before = Number((await page.textContent('#records'))!.replaceAll(',', ''));
      await send([records.find((r) => (read(r).speed ?? 0) > 0)!]);
      await page.waitForFunction(
        `Number(document.getElementById('records').textContent.replaceAll(',', '')) === ${before + 1}`,
      );
      expect(problems).toEqual([]);
      await page.close();
    });
  });
}
