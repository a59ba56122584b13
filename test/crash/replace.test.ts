import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { freePorts } from '../../testing/kafka-broker.js';
import { ksql } from '../main-job/client.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';
import { readAll, withEmbeddedLog } from './support/embedded.js';
import { pause } from './support/kills.js';
import { ServerProcess } from './support/server-process.js';

const ROUNDS = 8;
const KEYS = 30;

let entry: string;
beforeAll(async () => {
  entry = await bundle('test/crash/support/entry.ts');
});
afterAll(() => removeDir(dirname(entry)));

/** The table in a topic: the last value of each key. */
async function tableIn(dataDir: string, topic: string): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const { key, value } of await withEmbeddedLog(dataDir, (log) => readAll(log, topic))) {
    if (value === null) delete rows[String(key)];
    else rows[String(key)] = (JSON.parse(value) as { V: number }).V;
  }
  return rows;
}

test('embedded log: queries that are replaced, and killed in the midst of it, keep to the rule of tables', async () => {
  const random = seededRandom(7);
  const signal = AbortSignal.timeout(120_000);
  const [port] = await freePorts(1);
  const flags = [
    '--set',
    'weir.log.level=error',
    '--set',
    'commit.interval.ms=50',
    '--set',
    'ksql.service.id=replace_',
  ];
  const server = new ServerProcess({ entry, port: port!, dataDir: tempDir(), flags });
  const put = async (records: readonly { key: string; value: string }[]) => {
    const answer = await fetch(`${server.address}/topics/n/records`, {
      method: 'POST',
      body: JSON.stringify({ records, partitions: 3 }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const caughtUp = () =>
    server.until('no query has any lag', signal, async () => {
      const all = [...(await server.metrics()).values()];
      return all.length === 2 && all.every((m) => m.running && m.lag === 0);
    });

  server.start();
  await server.ready(signal);
  const filtered: Record<string, number> = {};
  const sums: Record<string, number> = {};
  const summed: Record<string, number> = {};
  let bound = 0;
  const statements = () =>
    `CREATE OR REPLACE TABLE t AS SELECT k, v FROM n WHERE v > ${bound};
     CREATE OR REPLACE TABLE s AS SELECT k, SUM(v) AS v FROM e GROUP BY k HAVING SUM(v) > ${bound * 2};`;
  await put([]);
  await ksql(
    server.address,
    `CREATE TABLE n (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');
     CREATE STREAM e (k STRING KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');
     ${statements()}`,
    { 'auto.offset.reset': 'earliest' },
  );
  for (let round = 0; round < ROUNDS; round++) {
    const records = Array.from({ length: 200 }, () => ({
      key: `k${Math.floor(random() * KEYS)}`,
      v: Math.floor(random() * 100) - 50,
    }));
    await put(records.map(({ key, v }) => ({ key, value: JSON.stringify({ V: v }) })));
    for (const { key, v } of records) {
      if (v > bound) filtered[key] = v;
      else delete filtered[key];
      sums[key] = (sums[key] ?? 0) + v;
      if (sums[key] > bound * 2) summed[key] = sums[key];
      else delete summed[key];
    }
    await pause(random() * 150);
    if (random() < 0.5) {
      await server.kill();
      server.start();
      await server.ready(signal);
    }
    await caughtUp();
    bound = Math.floor(random() * 60) - 30;
    await ksql(server.address, statements(), {});
    await pause(random() * 30);
    await server.kill();
    server.start();
    await server.ready(signal);
  }
  await caughtUp();
  await server.stop();
  expect(await tableIn(server.dataDir, 'T')).toEqual(filtered);
  expect(await tableIn(server.dataDir, 'S')).toEqual(summed);
  expect(server.surprises).toEqual([]);
}, 150_000);
