import { Writable } from 'node:stream';
import { expect } from 'vitest';
import { systemClock } from '../../shell/clock.js';
import { Output } from '../../shell/output.js';
import { Shell } from '../../shell/shell.js';
import { theme } from '../../shell/theme.js';
import { eventually, ksql, rowsOf, socketRows, stream, until } from './client.js';
import { countBy, type RideRecord, rideRows, sessions, sortRows } from './truth.js';

/** The statements of the TaxiFlow system, to the letter. */
export const CREATE_RIDES = `CREATE STREAM ride_streams (
    VendorId varchar, 
    trip_distance double,
    payment_type varchar
)  WITH (KAFKA_TOPIC='rides',
        VALUE_FORMAT='JSON');`;
export const SELECT_ALL = `SELECT * FROM RIDE_STREAMS 
EMIT CHANGES;`;
export const COUNT_BY_VENDOR = `SELECT VENDORID, count(*) FROM RIDE_STREAMS 
GROUP BY VENDORID
EMIT CHANGES;`;
export const COUNT_BY_PAYMENT = `SELECT payment_type, count(*) FROM RIDE_STREAMS 
WHERE payment_type IN ('1', '2')
GROUP BY payment_type
EMIT CHANGES;`;
export const CREATE_SESSIONS = `CREATE TABLE payment_type_sessions AS
  SELECT payment_type,
         count(*)
  FROM  RIDE_STREAMS 
  WINDOW SESSION (60 SECONDS)
  GROUP BY payment_type
  EMIT CHANGES;`;
export const SELECT_SESSIONS = `SELECT * FROM payment_type_sessions WHERE payment_type = '1';`;

const EARLIEST = { 'auto.offset.reset': 'earliest' };

async function take(rows: AsyncIterable<unknown[]>, n: number): Promise<unknown[][]> {
  const out: unknown[][] = [];
  for await (const row of rows) {
    out.push(row);
    if (out.length === n) return out;
  }
  throw new Error(`the query has ended after ${out.length} of ${n} rows`);
}

/** The push queries, over HTTP and over WebSocket, against what the rides in the topic say. */
export async function checkPush(base: string, rides: readonly RideRecord[]): Promise<void> {
  const byVendor = countBy(rides, 'VendorID');
  const byPayment = countBy(rides, 'payment_type', (p) => p === '1' || p === '2');
  for (const rows of [stream, socketRows]) {
    expect(sortRows(await take(rows(base, SELECT_ALL, EARLIEST), rides.length))).toEqual(sortRows(rideRows(rides)));
    expect(await until(rows(base, COUNT_BY_VENDOR, EARLIEST), byVendor)).toEqual(byVendor);
    expect(await until(rows(base, COUNT_BY_PAYMENT, EARLIEST), byPayment)).toEqual(byPayment);
  }
}

/** The session table by pull queries: all of it, and by key. */
export async function checkSessions(base: string, rides: readonly RideRecord[], signal: AbortSignal): Promise<void> {
  const all = sessions(rides, 60_000);
  const rowOf = (s: (typeof all)[number]) => [s.key, s.start, s.end, s.count];
  const wanted = sortRows(all.map(rowOf));
  const got = await eventually(
    async () => sortRows(await rowsOf(base, 'SELECT * FROM payment_type_sessions;')),
    (rows) => JSON.stringify(rows) === JSON.stringify(wanted),
    signal,
  );
  expect(got).toEqual(wanted);
  const one = sortRows(await rowsOf(base, SELECT_SESSIONS));
  expect(one).toEqual(sortRows(all.filter((s) => s.key === '1').map(rowOf)));
}

/** All six statements through the shell, as a person types them: what it prints, and its exit. */
export async function checkShell(base: string, rides: readonly RideRecord[]): Promise<void> {
  const lines: string[] = [];
  const errors: string[] = [];
  const into = (list: string[]) =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, taken) => {
        list.push(...text.split('\n'));
        taken();
      },
    });
  const plain = theme(false);
  const out = new Output(into(lines), into(errors), false, plain, plain, 100);
  const shell = new Shell({ base, authorization: undefined }, out, {
    clock: systemClock,
    variables: {},
    properties: {},
    format: 'table',
    rowLimit: Number.POSITIVE_INFINITY,
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  const run = async (sql: string, stopWhen?: () => boolean): Promise<string[]> => {
    lines.length = 0;
    const stop = new AbortController();
    const watch = setInterval(() => stopWhen?.() && stop.abort(), 5);
    expect(await shell.runScript(sql, stop.signal), errors.join('\n')).toBe(true);
    clearInterval(watch);
    return [...lines];
  };
  await run("SET 'auto.offset.reset'='earliest';");
  const cells = (l: string) =>
    l
      .split('|')
      .slice(1, -1)
      .map((c) => c.trim());
  const dataRows = (all: string[]) =>
    all
      .filter((l) => l.startsWith('| '))
      .slice(1)
      .map(cells);

  const some = await run(SELECT_ALL.replace('EMIT CHANGES;', 'EMIT CHANGES LIMIT 7;'));
  expect(dataRows(some)).toHaveLength(7);
  const known = new Set(rideRows(rides).map((r) => String(r[0]) + String(r[2])));
  for (const [vendor, , payment] of dataRows(some)) expect(known.has(vendor! + payment!)).toBe(true);

  // Ctrl-C ends a push query and not the shell: here it is pressed once every vendor has its final count.
  const byVendor = countBy(rides, 'VendorID');
  const final = () =>
    [...byVendor].every(([k, n]) => lines.some((l) => cells(l)[0] === k && cells(l)[1] === String(n)));
  expect(dataRows(await run(COUNT_BY_VENDOR, final)).length).toBeGreaterThanOrEqual(byVendor.size);
  const byPayment = countBy(rides, 'payment_type', (p) => p === '1' || p === '2');
  const done = () =>
    [...byPayment].every(([k, n]) => lines.some((l) => cells(l)[0] === k && cells(l)[1] === String(n)));
  await run(COUNT_BY_PAYMENT, done);

  const vertical = await run(SELECT_SESSIONS.replace(';', '\\G'));
  expect(vertical.filter((l) => l.includes('PAYMENT_TYPE: 1')).length).toBe(
    sessions(rides, 60_000).filter((s) => s.key === '1').length,
  );

  expect(await shell.runScript('SELECT nothing FROM ride_streams EMIT CHANGES;', new AbortController().signal)).toBe(
    false,
  );
  expect(errors.join('\n')).toContain('NOTHING');
}

/** The surge-price transform as SQL; what its topic must hold. */
export async function createSurge(base: string): Promise<void> {
  await ksql(
    base,
    `CREATE STREAM taxi_trips (trip_id VARCHAR, pickup_time VARCHAR, fare DOUBLE)
       WITH (KAFKA_TOPIC='taxi-trips', VALUE_FORMAT='JSON', PARTITIONS=3);
     CREATE STREAM processed_taxi_trips WITH (KAFKA_TOPIC='processed-taxi-trips') AS
       SELECT *, fare * 1.2 AS surge_price FROM taxi_trips EMIT CHANGES;`,
    EARLIEST,
  );
}

export const surgeInputs = Array.from({ length: 50 }, (_, i) => ({
  trip_id: String(1234 + i),
  pickup_time: '2025-02-18T10:00:00',
  fare: Math.round((5 + i * 1.37) * 100) / 100,
}));

export function checkSurge(values: readonly string[]): void {
  const got = values.map((v) => JSON.parse(v) as Record<string, unknown>);
  const wanted = surgeInputs.map((t) => ({
    TRIP_ID: t.trip_id,
    PICKUP_TIME: t.pickup_time,
    FARE: t.fare,
    SURGE_PRICE: t.fare * 1.2,
  }));
  const byId = (a: Record<string, unknown>, b: Record<string, unknown>) => Number(a['TRIP_ID']) - Number(b['TRIP_ID']);
  expect([...got].sort(byId)).toEqual(wanted);
}
