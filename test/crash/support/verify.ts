import { expect } from 'vitest';
import { eventually, rowsOf } from '../../main-job/client.js';
import { type Sink, TABLES, WINDOW_MS } from './queries.js';
import type { TopicRecord } from './topic-record.js';
import { cents, line, type Truth } from './truth.js';

const STATE_WRITE_MS = 10_000;

type Table = (typeof TABLES)[number];

/** One record of a table's topic: a row, or a tombstone. */
interface Update {
  /** Identity of the row: key and window. */
  readonly id: string;
  /** As in `Truth.rows`; null: a tombstone. */
  readonly row: string | null;
  readonly n: number;
  /** Rides that the row can count at most. */
  readonly atMost: number;
}

/** All tables by pull queries over HTTP. */
export async function checkPullQueries(base: string, truth: Truth, signal: AbortSignal): Promise<void> {
  for (const table of TABLES) {
    const wanted = truth.rows[table];
    const ask = async () => {
      const rows = await rowsOf(base, `SELECT * FROM ${table};`);
      return rows.map((r) => (table === 'by_zone' ? line(r[0], r[1], cents(r[2] as number)) : line(...r))).sort();
    };
    // State is written just after the commit that its offsets are read from: right soon, or never.
    const soon = AbortSignal.any([signal, AbortSignal.timeout(STATE_WRITE_MS)]);
    const got = await eventually(ask, (rows) => rows.join() === wanted.join() || soon.aborted, soon);
    expectSame(got, wanted, `pull query on ${table}`);
  }
}

/** The sinks' topics, by what an independent reader found in them. */
export function checkTopics(topics: ReadonlyMap<string, readonly TopicRecord[]>, truth: Truth): void {
  const filtered = topics.get('long_rides' satisfies Sink)!.map((r) => {
    const v = JSON.parse(r.value!) as { RIDE_ID: number; PAY: string; DOUBLED: number };
    return line(v.RIDE_ID, v.PAY, v.DOUBLED, r.timestamp);
  });
  expectSame(filtered.sort(), truth.filtered, 'the topic of the filter');
  for (const table of TABLES) checkTable(table, topics.get(table)!, truth);
}

function checkTable(table: Table, records: readonly TopicRecord[], truth: Truth): void {
  const last = new Map<string, Update>();
  const highest = new Map<string, number>();
  const faults: string[] = [];
  for (const r of records) {
    const update = decode[table](r, truth);
    last.set(update.id, update);
    if (update.row === null) continue;
    if (update.n > update.atMost) faults.push(`counted too much: ${update.row} of ${update.atMost} at ${place(r)}`);
    // Work that a crash took back must not be seen: each row counts more than the one before it.
    if (update.n <= (highest.get(update.id) ?? 0)) {
      faults.push(`counted again: ${update.row} after ${highest.get(update.id)} at ${place(r)}`);
    }
    highest.set(update.id, Math.max(update.n, highest.get(update.id) ?? 0));
  }
  expect(some(faults), `history of the topic ${table}`).toEqual([]);
  const rows = [...last.values()].flatMap((u) => (u.row === null ? [] : [u.row]));
  expectSame(rows.sort(), truth.rows[table], `last values of the topic ${table}`);
}

const place = (r: TopicRecord): string => `${r.partition}/${r.offset}`;

const decode: Record<Table, (r: TopicRecord, truth: Truth) => Update> = {
  by_zone: (r, truth) => {
    const zone = r.key!.readInt32BE(0);
    const v = r.value === null ? null : (JSON.parse(r.value) as { N: number; FARES: number });
    return {
      id: String(zone),
      row: v && line(zone, v.N, cents(v.FARES)),
      n: v?.N ?? 0,
      atMost: truth.rides('zone', String(zone), 0, Number.POSITIVE_INFINITY),
    };
  },
  // The key's bytes, then the session's end and start.
  pay_sessions: (r, truth) => {
    const at = r.key!.length - 16;
    const type = r.key!.toString('utf8', 0, at);
    const end = Number(r.key!.readBigInt64BE(at));
    const start = Number(r.key!.readBigInt64BE(at + 8));
    const v = r.value === null ? null : (JSON.parse(r.value) as { N: number; TOTAL: number });
    return {
      id: line(type, start, end),
      row: v && line(type, start, end, v.N, v.TOTAL),
      n: v?.N ?? 0,
      atMost: truth.rides('payment', type, start, end),
    };
  },
  // The key's bytes, then the window's start.
  busy: (r, truth) => {
    const passengers = r.key!.readInt32BE(0);
    const start = Number(r.key!.readBigInt64BE(4));
    const v = r.value === null ? null : (JSON.parse(r.value) as { N: number; TOTAL: number });
    return {
      id: line(passengers, start),
      row: v && line(passengers, start, start + WINDOW_MS, v.N, v.TOTAL),
      n: v?.N ?? 0,
      atMost: truth.rides('passengers', String(passengers), start, start + WINDOW_MS - 1),
    };
  },
};

/** A diff of thousands of lines helps nobody, and takes minutes to be made. */
const some = (lines: readonly string[]): readonly string[] =>
  lines.length <= 20 ? lines : [...lines.slice(0, 20), `… and ${lines.length - 20} more`];

/** Of long lists, what differs. */
function expectSame(got: readonly string[], wanted: readonly string[], what: string): void {
  const differences = { missing: some(minus(wanted, got)), tooMany: some(minus(got, wanted)) };
  expect(differences, what).toEqual({ missing: [], tooMany: [] });
}

/** Multiset difference. */
function minus(a: readonly string[], b: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const x of b) counts.set(x, (counts.get(x) ?? 0) + 1);
  return a.filter((x) => {
    const n = counts.get(x) ?? 0;
    if (n > 0) counts.set(x, n - 1);
    return n === 0;
  });
}
