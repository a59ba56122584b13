import { expect } from 'vitest';
import { eventually, ksql, rowsOf } from './client.js';
import { sortRows } from './truth.js';

/** Joins end to end, with topics of different partition counts, so that rows have to travel. */

export interface JoinInput {
  readonly topic: string;
  readonly partitions: number;
  readonly records: readonly { readonly key: string; readonly value: string; readonly timestamp: number }[];
}

interface Trip {
  readonly id: string;
  readonly zone: string;
  readonly at: number;
  readonly fare: number;
}

const ZONES = Array.from({ length: 12 }, (_, i) => ({
  id: String(i + 1),
  borough: i % 3 === 0 ? 'Queens' : 'Manhattan',
}));
const TRIPS: readonly Trip[] = Array.from({ length: 240 }, (_, i) => ({
  id: `t${i}`,
  zone: String(1 + ((i * 7) % 15)), // 13 to 15 are in no zone table
  at: 1_600_000_000_000 + i * 1000,
  fare: (i % 40) + 0.5,
}));
/** The drop-off of a trip, where there is one: minutes after the pickup, some too late for the window. */
const dropOff = (t: Trip, i: number) => (i % 5 === 4 ? undefined : t.at + (i % 7) * 120_000);

export const JOIN_INPUTS: readonly JoinInput[] = [
  {
    topic: 'zones',
    partitions: 2,
    records: ZONES.map((z) => ({
      key: z.id,
      value: JSON.stringify({ borough: z.borough }),
      timestamp: 1_500_000_000_000,
    })),
  },
  {
    topic: 'pickups',
    partitions: 3,
    records: TRIPS.map((t) => ({ key: t.id, value: JSON.stringify({ zone: t.zone, fare: t.fare }), timestamp: t.at })),
  },
  {
    topic: 'dropoffs',
    partitions: 4,
    records: TRIPS.flatMap((t, i) => {
      const at = dropOff(t, i);
      return at === undefined ? [] : [{ key: `d${i}`, value: JSON.stringify({ trip: t.id }), timestamp: at }];
    }),
  },
];

export const CREATE_JOINS = `
  CREATE TABLE zones (id VARCHAR PRIMARY KEY, borough VARCHAR) WITH (KAFKA_TOPIC='zones', VALUE_FORMAT='JSON');
  CREATE STREAM pickups (id VARCHAR KEY, zone VARCHAR, fare DOUBLE) WITH (KAFKA_TOPIC='pickups', VALUE_FORMAT='JSON');
  CREATE STREAM dropoffs (id VARCHAR KEY, trip VARCHAR) WITH (KAFKA_TOPIC='dropoffs', VALUE_FORMAT='JSON');

  -- stream-table: the pickups are re-keyed by zone and travel to the zones' partitions
  CREATE STREAM with_borough AS
    SELECT p.zone AS zone, p.id AS trip, z.borough AS borough
    FROM pickups p LEFT JOIN zones z ON p.zone = z.id EMIT CHANGES;
  CREATE TABLE by_borough AS
    SELECT borough, COUNT(*) AS trips FROM with_borough GROUP BY borough EMIT CHANGES;

  -- stream-stream: the drop-offs are re-keyed by trip
  CREATE STREAM rides AS
    SELECT p.id AS id, p.fare AS fare, d.id AS dropoff
    FROM pickups p INNER JOIN dropoffs d WITHIN 5 MINUTES ON p.id = d.trip EMIT CHANGES;
  CREATE TABLE ridden AS SELECT id, COUNT(*) AS n, SUM(fare) AS fare FROM rides GROUP BY id EMIT CHANGES;

  -- table-table over two aggregates of different sources
  CREATE TABLE pickups_by_zone WITH (PARTITIONS=2) AS SELECT zone, COUNT(*) AS n FROM pickups GROUP BY zone EMIT CHANGES;
  CREATE TABLE zone_totals AS
    SELECT z.id AS zone, z.borough AS borough, p.n AS n
    FROM zones z LEFT JOIN pickups_by_zone p ON z.id = p.zone EMIT CHANGES;
`;

/** A join of tables whose topics differ in partitions: refused, with what to do. */
export const MISMATCHED = `
  CREATE TABLE by_zone_3 AS SELECT zone, COUNT(*) AS n FROM pickups GROUP BY zone EMIT CHANGES;
  CREATE TABLE no AS SELECT z.id AS zone, p.n AS n FROM zones z JOIN by_zone_3 p ON z.id = p.zone EMIT CHANGES;`;

/** Waits for the tables and compares them with plain code. */
export async function checkJoins(base: string, signal: AbortSignal): Promise<void> {
  const borough = new Map(ZONES.map((z) => [z.id, z.borough]));
  const count = <T>(items: readonly T[], key: (t: T) => string) => {
    const out = new Map<string, number>();
    for (const t of items) out.set(key(t), (out.get(key(t)) ?? 0) + 1);
    return out;
  };
  const expectRows = async (sql: string, wanted: readonly (readonly unknown[])[]) => {
    const sorted = sortRows(wanted);
    const got = await eventually(
      async () => sortRows(await rowsOf(base, sql)),
      (rows) => JSON.stringify(rows) === JSON.stringify(sorted),
      signal,
    );
    expect(got).toEqual(sorted);
  };
  // A trip outside of all zones has no borough, and a null group is dropped.
  const inZones = TRIPS.filter((t) => borough.has(t.zone));
  await expectRows('SELECT * FROM by_borough;', [...count(inZones, (t) => borough.get(t.zone)!)]);
  const ridden = TRIPS.filter((t, i) => {
    const at = dropOff(t, i);
    return at !== undefined && at - t.at <= 300_000;
  });
  await expectRows(
    'SELECT * FROM ridden;',
    ridden.map((t) => [t.id, 1, t.fare]),
  );
  const byZone = count(TRIPS, (t) => t.zone);
  await expectRows(
    'SELECT * FROM zone_totals;',
    ZONES.map((z) => [z.id, z.borough, byZone.get(z.id) ?? null]),
  );
  const queries = (await ksql(base, 'SHOW QUERIES;')) as unknown as { queries: { id: string; state: string }[] }[];
  expect(queries[0]!.queries.filter((q) => q.state !== 'RUNNING')).toEqual([]);
}
