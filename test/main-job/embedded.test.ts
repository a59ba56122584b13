import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RideGenerator } from '../../cli/rides.js';
import { loadConfig } from '../../server/config.js';
import { launch } from '../../server/main.js';
import type { RunningServer } from '../../server/server.js';
import { tempDir } from '../support/temp.js';
import { ksql, rowsOf } from './client.js';
import {
  CREATE_RIDES,
  CREATE_SESSIONS,
  checkPush,
  checkSessions,
  checkShell,
  checkSurge,
  createSurge,
  surgeInputs,
} from './play.js';
import type { RideRecord } from './truth.js';

const T0 = Date.UTC(2020, 6, 1, 10);
const running: RunningServer[] = [];
afterEach(async () => {
  for (const s of running.splice(0)) await s.stop();
});

async function server(dataDir: string, settings: Record<string, string> = {}): Promise<RunningServer> {
  const config = loadConfig(
    { listeners: 'http://127.0.0.1:0', 'weir.data.dir': dataDir, 'weir.log.level': 'error', ...settings },
    {},
  );
  const s = await launch(config);
  running.push(s);
  return s;
}

/** Rides with pauses of over a minute in each payment type, so that sessions close. */
function makeRides(n: number): RideRecord[] {
  const generator = new RideGenerator(11);
  let at = T0;
  return Array.from({ length: n }, (_, i) => {
    at += i % 97 === 96 ? 200_000 : 1500;
    return { value: JSON.stringify(generator.next(at)), timestamp: at };
  });
}

async function produce(base: string, topic: string, records: readonly object[], partitions = 4): Promise<void> {
  const response = await fetch(`${base}/topics/${topic}/records`, {
    method: 'POST',
    body: JSON.stringify({ records, partitions }),
  });
  expect(await response.json()).toMatchObject({ count: records.length });
}

describe('the main job on the embedded log', () => {
  it('answers the six statements over HTTP, WebSocket and the shell as plain code does', async ({ signal }) => {
    const { address } = await server(tempDir());
    const rides = makeRides(1500);
    await produce(address, 'rides', rides);
    await ksql(address, CREATE_RIDES);
    await ksql(address, CREATE_SESSIONS, { 'auto.offset.reset': 'earliest' });
    await checkPush(address, rides);
    await checkSessions(address, rides, signal);
    await checkShell(address, rides);

    await createSurge(address);
    await produce(
      address,
      'taxi-trips',
      surgeInputs.map((t) => ({ value: JSON.stringify(t) })),
    );
    const lines: string[] = [];
    const response = await fetch(`${address}/query-stream`, {
      method: 'POST',
      body: JSON.stringify({ sql: `PRINT 'processed-taxi-trips' FROM BEGINNING LIMIT ${surgeInputs.length};` }),
    });
    for (const l of (await response.text()).split('\n')) {
      const m = /, value: (\{.*\}), partition: \d+$/.exec(l);
      if (m !== null) lines.push(m[1]!);
    }
    checkSurge(lines);
  });

  it('deploys queries/ once, and goes on with the same counts after a restart', async ({ signal }) => {
    const dir = tempDir();
    const queries = tempDir();
    writeFileSync(
      join(queries, '01.sql'),
      `SET 'auto.offset.reset'='earliest';\n${CREATE_RIDES}\n-- a comment\n${CREATE_SESSIONS}`,
    );
    const rides = makeRides(800);
    const first = await server(dir);
    await produce(first.address, 'rides', rides.slice(0, 400));
    await running.pop()!.stop();

    const settings = { 'ksql.queries.file': queries };
    const second = await server(dir, settings);
    await checkSessions(second.address, rides.slice(0, 400), signal);
    await running.pop()!.stop();

    const third = await server(dir, settings);
    // What was committed is there before anything new is processed.
    await checkSessions(third.address, rides.slice(0, 400), signal);
    await produce(third.address, 'rides', rides.slice(400));
    await checkSessions(third.address, rides, signal);
    expect(await ksql(third.address, 'SHOW QUERIES;')).toMatchObject([
      { queries: [{ id: 'CTAS_PAYMENT_TYPE_SESSIONS_0' }] },
    ]);
    await running.pop()!.stop();

    writeFileSync(
      join(queries, '02.sql'),
      "CREATE STREAM ride_streams (other INT) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');",
    );
    await expect(server(dir, settings)).rejects.toThrow(/02\.sql:1: RIDE_STREAMS is made twice: in .*01\.sql as well/);
  });

  it('refuses a script whole when one of its statements is wrong', async () => {
    const { address } = await server(tempDir());
    await produce(address, 'rides', []);
    await expect(
      ksql(address, `${CREATE_RIDES} CREATE TABLE t AS SELECT nope FROM ride_streams GROUP BY nope;`),
    ).rejects.toThrow(/NOPE/);
    expect(await ksql(address, 'SHOW STREAMS;')).toMatchObject([{ streams: [] }]);
    expect(await rowsOf(address, 'SHOW STREAMS;').catch((e: Error) => e.message)).toMatch(
      /not supported for this resource/,
    );
  });
});
