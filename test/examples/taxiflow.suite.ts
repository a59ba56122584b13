import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../browser/support/browser.js';
import { until } from '../runtime/nodes.js';
import { ExampleProcess } from './support.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

export function taxiflowSuite(name: string, kafka: () => string | undefined): void {
  describe(name, () => {
    let example: ExampleProcess;
    let browser: Browser | string;
    beforeAll(async () => {
      browser = await launchBrowser();
      const broker = kafka();
      example = new ExampleProcess('taxiflow', {
        ...(broker === undefined ? {} : { kafka: broker }),
        options: { feed: 'off' },
      });
      await example.start();
    });
    afterAll(async () => {
      if (typeof browser !== 'string') await browser?.close();
      await example?.dispose();
    });

    const send = (values: readonly string[], partition?: number) =>
      fetch(`${example.address}/topics/taxi-trips/records`, {
        method: 'POST',
        body: JSON.stringify({ records: values.map((value) => ({ value, partition })) }),
      });
    const lines = (): string[] => {
      const folder = join(example.dir, 'files', 'processed-taxi-trips');
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .filter((f) => f.endsWith('.jsonl'))
        .flatMap((f) => readFileSync(join(folder, f), 'utf8').trimEnd().split('\n'));
    };
    const objects = async (sql: string): Promise<readonly Record<string, never>[]> => {
      const response = await fetch(`${example.address}/query-stream?shape=objects`, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: JSON.stringify({ sql, properties: { 'auto.offset.reset': 'earliest' } }),
      });
      return (await response.json()) as never;
    };

    it('adds the price of the surge, keeps what nobody declared, and reads all partitions', async () => {
      const trip = '{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75}';
      await send([trip], 0);
      await send(['{"trip_id":"1235","pickup_time":"2025-02-18T10:00:05","fare":10,"tip":1.50,"driver":{"id":7}}'], 1);
      await send(['{"trip_id":"1236","pickup_time":"2025-02-18T11:00:05","fare":20}'], 2);
      await until('three trips in files', () => lines().length === 3, 60_000);
      expect(lines().sort()).toEqual([
        '{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75,"surge_price":18.9}',
        '{"trip_id":"1235","pickup_time":"2025-02-18T10:00:05","fare":10.0,"tip":1.50,"driver":{"id":7},"surge_price":12.0}',
        '{"trip_id":"1236","pickup_time":"2025-02-18T11:00:05","fare":20.0,"surge_price":24.0}',
      ]);
    });

    it('shows them on its page, which moves without a reload', async (context) => {
      if (typeof browser === 'string') return context.skip(browser);
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(e.message));
      page.on('console', (m) => void (m.type() === 'warning' && problems.push(m.text())));
      await page.goto(example.address);
      await page.waitForFunction("document.getElementById('surge').textContent === '54.90'");
      await page.waitForFunction("document.querySelectorAll('#latest tr').length === 3");
      await send(['{"trip_id":"1237","pickup_time":"2025-02-18T11:00:05","fare":10}']);
      await page.waitForFunction("document.getElementById('surge').textContent === '66.90'");
      expect(await page.textContent('#trips')).toBe('4');
      expect(problems).toEqual([]);
      await page.close();
    });

    it('counts five hundred rides as plain code does', async () => {
      const broker = kafka();
      const to = broker === undefined ? ['--server', example.address] : ['--bootstrap-server', broker];
      await promisify(execFile)(process.execPath, [
        MAIN,
        'datagen',
        'rides',
        '--count',
        '500',
        '--rate',
        '0',
        '--start',
        '2020-07-01T00:00:00Z',
        '--quiet',
        ...to,
      ]);
      const counts = async (column: string) => {
        const rows = await objects(`SELECT ${column} AS c FROM ride_streams;`);
        const found = new Map<string, number>();
        for (const row of rows) found.set(row['C']!, (found.get(row['C']!) ?? 0) + 1);
        return found;
      };
      await until('all rides', async () => (await objects('SELECT vendorid FROM ride_streams;')).length === 500);
      const vendors = await counts('vendorid');
      expect([vendors.get('1'), vendors.get('2')]).toEqual([168, 332]);
      const types = await counts('payment_type');
      expect([types.get('1'), types.get('2')]).toEqual([358, 135]);
    }, 60_000);

    it('is killed in the middle: each trip is in a file, once', async () => {
      const before = lines().length;
      for (let i = 0; i < 60; i++) {
        await send([`{"trip_id":"k${i}","pickup_time":"2025-02-18T12:00:00","fare":1}`]);
        if (i === 20 || i === 40) {
          await example.kill();
          await example.start();
        }
      }
      const killed = () => lines().filter((l) => l.includes('"trip_id":"k'));
      await until('all trips', () => killed().length >= 60, 60_000);
      expect(new Set(killed()).size).toBe(60);
      expect(killed().length).toBe(60);
      expect(lines().length).toBeGreaterThanOrEqual(before + 60);
    }, 120_000);
  });
}
