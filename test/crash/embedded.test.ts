import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { freePorts } from '../../testing/kafka-broker.js';
import { ksql } from '../main-job/client.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';
import { behind, readAll, withEmbeddedLog } from './support/embedded.js';
import { killAgainAndAgain, pause } from './support/kills.js';
import { COMMIT_INTERVAL_MS, CREATE_QUERIES, createSource, QUERIES, SINKS, SOURCE } from './support/queries.js';
import { MAX_RIDES, RideSource } from './support/rides.js';
import { ServerProcess } from './support/server-process.js';
import { truthOf } from './support/truth.js';
import { checkPullQueries, checkTopics } from './support/verify.js';

const KILLS = 14;
const PARTITIONS = 3;
const SERVICE = 'crash_';
const DEADLINE_MS = 300_000;

let entry: string;
beforeAll(async () => {
  entry = await bundle('test/crash/support/entry.ts');
});
afterAll(() => removeDir(dirname(entry)));

/** Writes rides over HTTP as long as it may, and gives the numbers of those that were acknowledged. */
class Producer {
  readonly acknowledged: number[] = [];
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(address: string, seed: number) {
    this.done = this.run(address, new RideSource(seed), seededRandom(seed + 1));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(address: string, source: RideSource, random: () => number): Promise<void> {
    for (let sent = 0; !this.stopped && sent < MAX_RIDES; ) {
      const rides = Array.from({ length: 1 + Math.floor(random() * 120) }, () => source.next());
      sent += rides.length;
      // What was not acknowledged may be in the topic or not; it is not sent again, so that nothing is there twice.
      if (await post(`${address}/topics/${SOURCE}/records`, { records: rides.map(({ id: _, ...r }) => r) })) {
        this.acknowledged.push(...rides.map((r) => r.id));
        await pause(random() * 100);
      } else {
        while (!this.stopped && !(await isUp(address))) await pause(20);
      }
    }
  }
}

const isUp = (address: string): Promise<boolean> =>
  fetch(`${address}/readyz`).then(
    (r) => r.ok,
    () => false,
  );

async function post(url: string, body: object): Promise<boolean> {
  try {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // the server is down, or was killed with this request under way
  }
}

const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

test(`embedded log: after ${KILLS} kills nothing is lost and nothing counted twice (WEIR_CRASH_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const [port] = await freePorts(1);
  const dataDir = tempDir();
  const settings = { 'weir.log.level': 'error', 'commit.interval.ms': COMMIT_INTERVAL_MS, 'ksql.service.id': SERVICE };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const server = new ServerProcess({ entry, port: port!, dataDir, flags });
  server.start();
  await server.ready(signal);
  await ksql(server.address, createSource(PARTITIONS));
  await ksql(server.address, CREATE_QUERIES, { 'auto.offset.reset': 'earliest' });
  const groups = [...(await server.metrics()).keys()].map((id) => `_weir-${SERVICE}-${id}`);
  expect(groups).toHaveLength(QUERIES);

  const producer = new Producer(server.address, seed);
  onTestFinished(() => producer.stop());
  await killAgainAndAgain(server, { kills: KILLS, workMs: 1500 }, random, signal);
  await producer.stop();

  // Only a server that has stopped lets us see what was committed; a clean stop must lose nothing either.
  for (let left: string[] | undefined; left?.length !== 0; ) {
    await server.until('no query has any lag', signal, async () => {
      const all = [...(await server.metrics()).values()];
      return all.length === QUERIES && all.every((m) => m.running && m.lag === 0);
    });
    await server.stop();
    left = await withEmbeddedLog(dataDir, (log) => behind(log, groups));
    server.start();
  }
  await server.ready(signal);
  await server.stop();

  const { source, topics } = await withEmbeddedLog(dataDir, async (log) => ({
    source: await readAll(log, SOURCE),
    topics: new Map(await Promise.all(SINKS.map(async (sink) => [sink, await readAll(log, sink)] as const))),
  }));
  const stored = source.map((r) => (JSON.parse(r.value!) as { ride_id: number }).ride_id);
  const distinct = new Set(stored);
  expect(distinct.size, 'a record was stored twice').toBe(stored.length);
  const lost = producer.acknowledged.filter((id) => !distinct.has(id));
  expect(lost.length, `acknowledged and lost: ${lost.slice(0, 20)}`).toBe(0);
  expect(producer.acknowledged.length).toBeGreaterThan(1000);

  const truth = truthOf(source);
  checkTopics(topics, truth);
  server.start();
  await server.ready(signal);
  await checkPullQueries(server.address, truth, signal);
  expect(server.surprises).toEqual([]);
}, 360_000);
