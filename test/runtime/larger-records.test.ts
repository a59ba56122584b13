import { expect, test } from 'vitest';
import { silentLogger } from '../../engine/base/logger.js';
import type { Log, RefusedRecord } from '../../engine/log/log.js';
import { LargerRecords } from '../../engine/persistent/larger-records.js';

const MIB = 1024 * 1024;
const refused = (topic: string, bytes: number, tooLarge = true) =>
  ({ topic, partition: 0, bytes, tooLarge }) as unknown as RefusedRecord;

function setup(raise: (topic: string, bytes: number) => Promise<void> = async () => {}) {
  const asked: [string, number][] = [];
  const clock = { time: 0, now: () => clock.time, sleep: async () => {} };
  const log = {
    raiseMessageLimit: (topic: string, bytes: number) => {
      asked.push([topic, bytes]);
      return raise(topic, bytes);
    },
  } as unknown as Log;
  const larger = new LargerRecords({ log, logger: silentLogger, clock }, ['changelog', 'repartition']);
  return { larger, asked, clock };
}

test('topics of the query are raised to twice what was refused; others, and what is not too large, are left alone', async () => {
  const { larger, asked } = setup();
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(true);
  expect(larger.takes(refused('repartition', 40 * MIB))).toBe(true);
  expect(larger.takes(refused('sink', 3 * MIB))).toBe(false);
  expect(larger.takes(refused('changelog', 3 * MIB, false))).toBe(false);
  expect(larger.takes(refused('changelog', 65 * MIB))).toBe(false);
  await larger.settled();
  expect(asked).toEqual([
    ['changelog', 6 * MIB],
    ['repartition', 64 * MIB],
  ]);
});

test('a broker that hears of it late may refuse the record once more; later the record is what is wrong', async () => {
  const { larger, asked, clock } = setup();
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(true);
  await larger.settled();
  clock.time = 9_999;
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(true);
  clock.time = 10_000;
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(false);
  expect(larger.takes(refused('changelog', 7 * MIB))).toBe(true);
  await larger.settled();
  expect(asked.map(([, bytes]) => bytes)).toEqual([6 * MIB, 14 * MIB]);
});

test('where it is not allowed, it is asked for once', async () => {
  const { larger, asked } = setup(() => Promise.reject(new Error('not allowed')));
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(true);
  await larger.settled();
  expect(larger.takes(refused('changelog', 3 * MIB))).toBe(false);
  expect(asked).toHaveLength(1);
});

test('a log that takes every record has nothing to raise', () => {
  const services = { log: {} as Log, logger: silentLogger, clock: { now: () => 0, sleep: async () => {} } };
  expect(new LargerRecords(services, ['changelog']).takes(refused('changelog', 3 * MIB))).toBe(false);
});
