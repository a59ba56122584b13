import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomSteps, type Step, Steps, takeSteps } from '../runtime/steps.js';
import { bytes, show } from '../runtime/support.js';
import {
  type Event,
  Feed,
  JOIN_TYPES,
  type JoinWord,
  keepsLeft,
  keepsRight,
  latest,
  logged,
  STREAMS,
  TABLES,
  topologyOf,
} from './joins-support.js';

/*
 * Whatever batches, commits, failures and restarts are, a join gives what a plain evaluation over its inputs gives: tables
 * the same latest rows, streams the same rows, each as often.
 */

const LOGS = [
  ['embedded', '0'],
  ['kafka', '1000000'],
] as const;

const RUNS = { numRuns: 100 };

const keys = fc.constantFrom('a', 'b', 'c');
const anyKey = fc.option(keys, { nil: null, freq: 8 });
const numbers = fc.option(fc.integer({ min: 0, max: 9 }), { nil: null, freq: 4 });

const eventsOf = (value: fc.Arbitrary<number | null>, key: fc.Arbitrary<string | null>): fc.Arbitrary<Event[]> =>
  fc.array(fc.record({ left: fc.boolean(), k: key, v: value, ts: fc.integer({ min: 0, max: 60 }) }), {
    minLength: 1,
    maxLength: 50,
  });

const batches = fc.integer({ min: 1, max: 6 });

function produce(query: Steps, topic: string, events: readonly Event[], batch: number): void {
  for (let i = 0; i < events.length; i += batch) {
    query.log.produce(topic, 0, events.slice(i, i + batch).map(logged));
  }
}

/** All output of a query over these inputs. */
async function outputs(
  sql: string,
  kind: 'embedded' | 'kafka',
  cache: string,
  events: readonly Event[],
  batch: number,
  plan: readonly Step[],
  last?: Event,
) {
  const topology = topologyOf(sql);
  const properties = { 'cache.max.bytes.buffering': cache };
  const query = await new Steps(topology, kind, properties, ['left', 'right', 'O']).start();
  const side = (left: boolean) => events.filter((e) => e.left === left);
  produce(query, 'left', side(true), batch);
  produce(query, 'right', side(false), batch);
  const subs = topology.subtopologies.length;
  await takeSteps(
    query,
    plan.map((s) => ({ ...s, sub: s.sub % subs })),
  );
  await query.finish();
  if (last !== undefined) {
    produce(query, last.left ? 'left' : 'right', [last], 1);
    await query.finish();
  }
  return query.log.records('O');
}

const pad = (v: number | null | undefined): string => (v === null || v === undefined ? 'null' : String(v));

describe.each(JOIN_TYPES)('a table-table %s JOIN equals a plain evaluation', (type) => {
  const key = type === 'FULL OUTER' ? 'ROWKEY' : type === 'RIGHT' ? 'r.k' : 'l.k';
  const sql = `${TABLES} CREATE TABLE o AS SELECT ${key} AS k, v, w FROM l ${type} JOIN r ON l.k = r.k;`;

  function plain(events: readonly Event[]): Record<string, string> {
    const [left, right] = [true, false].map((side) => {
      const rows = new Map<string, number>();
      for (const e of events) {
        if (e.left !== side || e.k === null) continue;
        if (e.v === null) rows.delete(e.k);
        else rows.set(e.k, e.v);
      }
      return rows;
    }) as [Map<string, number>, Map<string, number>];
    const out: [string, string][] = [];
    for (const k of ['a', 'b', 'c']) {
      if (!left.has(k) && (!keepsRight(type) || !right.has(k))) continue;
      if (!right.has(k) && (!keepsLeft(type) || !left.has(k))) continue;
      out.push([`"${k}"`, `{"V":${pad(left.get(k))},"W":${pad(right.get(k))}}`]);
    }
    return Object.fromEntries(out);
  }

  it.each(LOGS)('on a log like %s, cache %s', async (kind, cache) => {
    await fc.assert(
      fc.asyncProperty(eventsOf(numbers, anyKey), batches, randomSteps(2), async (events, batch, plan) => {
        expect(latest(await outputs(sql, kind, cache, events, batch, plan))).toEqual(plain(events));
      }),
      RUNS,
    );
  });
});

describe.each(['INNER', 'LEFT'] as const)('a foreign-key %s JOIN equals a plain evaluation', (type) => {
  const sql = `
    CREATE TABLE l (id INT PRIMARY KEY, fk STRING, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE o AS SELECT id, v, w FROM l ${type} JOIN r ON l.fk = r.k;`;
  const lefts = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 90 }),
      row: fc.option(fc.record({ fk: anyKey, v: fc.integer({ min: 0, max: 9 }) }), { nil: null, freq: 4 }),
      ts: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 1, maxLength: 150 },
  );
  const rights = fc.array(fc.record({ k: keys, w: numbers, ts: fc.integer({ min: 0, max: 60 }) }), { maxLength: 20 });

  it.each(LOGS)('on a log like %s, cache %s', async (kind, cache) => {
    await fc.assert(
      fc.asyncProperty(lefts, rights, batches, randomSteps(3), async (left, right, batch, plan) => {
        // Its steps write to each other, and the clock of these tests stands still: nobody waits for anybody.
        const properties = { 'cache.max.bytes.buffering': cache, 'max.task.idle.ms': '-1' };
        const query = await new Steps(topologyOf(sql), kind, properties, ['left', 'right', 'O']).start();
        for (let i = 0; i < left.length; i += batch) {
          const part = left.slice(i, i + batch).map(({ id, row, ts }) => ({
            key: bytes(id),
            value: row === null ? null : bytes({ FK: row.fk, V: row.v }),
            timestamp: ts,
          }));
          query.log.produce('left', 0, part);
        }
        const events = right.map(({ k, w, ts }) => ({ left: false, k, v: w, ts }));
        produce(query, 'right', events, batch);
        await takeSteps(query, plan);
        await query.finish();
        const rows = new Map(left.map((l) => [l.id, l.row]));
        const table = new Map(right.map((r) => [r.k, r.w]));
        const expected: [string, string][] = [];
        for (const [id, row] of rows) {
          if (row === null) continue;
          const w = row.fk === null ? null : (table.get(row.fk) ?? null);
          if (w !== null || type === 'LEFT') expected.push([String(id), `{"V":${row.v},"W":${pad(w)}}`]);
        }
        expect(latest(query.log.records('O'))).toEqual(Object.fromEntries(expected.sort()));
      }),
      RUNS,
    );
  });
});

describe.each(['INNER', 'LEFT'] as const)('a stream-table %s JOIN equals a plain evaluation', (type) => {
  const sql = `
    CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
    CREATE TABLE r (k STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='right', FORMAT='JSON', PARTITIONS=1);
    CREATE STREAM o AS SELECT l.k AS k, v, w FROM l ${type} JOIN r ON l.k = r.k;`;

  it.each(LOGS)('on a log like %s, cache %s', async (kind, cache) => {
    await fc.assert(
      fc.asyncProperty(eventsOf(numbers, anyKey), batches, randomSteps(1), async (input, batch, plan) => {
        // The table's rows come first in time, and each batch of the log holds all of them.
        const query = await new Steps(topologyOf(sql), kind, { 'cache.max.bytes.buffering': cache }, [
          'left',
          'right',
          'O',
        ]).start();
        const rights = input.filter((e) => !e.left);
        const lefts = input.filter((e) => e.left).map((e) => ({ ...e, ts: e.ts + 100 }));
        if (rights.length > 0) produce(query, 'right', rights, rights.length);
        produce(query, 'left', lefts, batch);
        await takeSteps(query, plan);
        await query.finish();
        const table = new Map(rights.filter((e) => e.k !== null).map((e) => [e.k, e.v]));
        const expected = lefts.flatMap(({ k, v, ts }) => {
          if (v === null) return [];
          const w = k === null ? null : (table.get(k) ?? null);
          return w === null && type === 'INNER' ? [] : [`${key(k)} -> {"V":${v},"W":${pad(w)}} (${ts})`];
        });
        expect(query.log.records('O').map((r) => show(r))).toEqual(expected);
      }),
      RUNS,
    );
  });
});

const BACK = 4;
const AHEAD = 7;

/** Rows of two streams that are in time of each other, and what is left over; nothing is late. */
function plainStreams(type: JoinWord, events: readonly Event[]): string[] {
  const rows = events.filter((e) => e.v !== null);
  const out: string[] = [];
  const matched = new Set<Event>();
  for (const l of rows.filter((e) => e.left && e.k !== null)) {
    for (const r of rows.filter((e) => !e.left && e.k === l.k)) {
      if (r.ts < l.ts - BACK || r.ts > l.ts + AHEAD) continue;
      matched.add(l).add(r);
      out.push(`"${l.k}" -> {"V":${l.v},"W":${r.v}} (${Math.max(l.ts, r.ts)})`);
    }
  }
  for (const e of rows) {
    if (matched.has(e) || !(e.left ? keepsLeft(type) : keepsRight(type))) continue;
    out.push(`${key(e.k)} -> {"V":${e.left ? e.v : null},"W":${e.left ? null : e.v}} (${e.ts})`);
  }
  return out.sort();
}

const key = (k: string | null): string => (k === null ? 'null' : `"${k}"`);

const streamJoin = (type: JoinWord, { before, after, grace }: Within) => {
  const column = type === 'FULL OUTER' ? 'ROWKEY' : type === 'RIGHT' ? 'r.k' : 'l.k';
  return `${STREAMS} CREATE STREAM o AS SELECT ${column} AS k, v, w FROM l ${type} JOIN r
    WITHIN (${before} MILLISECONDS, ${after} MILLISECONDS)
    ${grace === null ? '' : `GRACE PERIOD ${grace} MILLISECONDS`} ON l.k = r.k;`;
};

/** Nothing is late. */
const PATIENT: Within = { before: BACK, after: AHEAD, grace: 60_000 };

describe.each(JOIN_TYPES)('a stream-stream %s JOIN equals a plain evaluation', (type) => {
  it.each(LOGS)('on a log like %s, cache %s', async (kind, cache) => {
    const sql = streamJoin(type, PATIENT);
    const last: Event = { left: !keepsLeft(type), k: 'z', v: 1, ts: 1_000_000 };
    await fc.assert(
      fc.asyncProperty(eventsOf(numbers, anyKey), batches, randomSteps(1), async (events, batch, plan) => {
        const seen = (await outputs(sql, kind, cache, events, batch, plan, last)).map((r) => show(r)).sort();
        expect(seen).toEqual(plainStreams(type, events));
      }),
      RUNS,
    );
  });

  it('keys with many rows are read from their pages', async () => {
    const events = fc.array(
      fc.record({
        left: fc.boolean(),
        k: fc.constant('a'),
        v: fc.integer({ min: 0, max: 9 }),
        ts: fc.integer({ min: 0, max: 3000 }),
      }),
      { minLength: 200, maxLength: 600, size: 'max' },
    );
    const sql = streamJoin(type, PATIENT);
    const last: Event = { left: !keepsLeft(type), k: 'z', v: 1, ts: 1_000_000 };
    await fc.assert(
      fc.asyncProperty(events, randomSteps(1), async (input, plan) => {
        const seen = (await outputs(sql, 'kafka', '0', input, 37, plan, last)).map((r) => show(r)).sort();
        expect(seen).toEqual(plainStreams(type, input));
      }),
      { numRuns: 15 },
    );
  });
});

describe('two streams over one topic', () => {
  it('join each record with itself, once, whatever commits and crashes are', async () => {
    const sql = `
      CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE STREAM r (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE STREAM o AS SELECT l.k AS k, l.v AS v, r.v AS w FROM l JOIN r WITHIN 5 MILLISECONDS ON l.k = r.k;`;
    await fc.assert(
      fc.asyncProperty(eventsOf(numbers, anyKey), batches, randomSteps(1), async (input, batch, plan) => {
        const events = input.map((e) => ({ ...e, left: true }));
        const rows = events.filter((e) => e.k !== null && e.v !== null);
        const expected = rows.flatMap((l) =>
          rows
            .filter((r) => r.k === l.k && Math.abs(r.ts - l.ts) <= 5)
            .map((r) => `"${l.k}" -> {"V":${l.v},"W":${r.v}} (${Math.max(l.ts, r.ts)})`),
        );
        const seen = await outputs(sql, 'kafka', '0', events, batch, plan);
        expect(seen.map((r) => show(r)).sort()).toEqual(expected.sort());
      }),
      RUNS,
    );
  });
});

/** A row in the plain model of a join whose records may be late. */
interface Waiting extends Event {
  /** Stream time beyond which it is padded. */
  readonly over: number;
  waits: boolean;
}

interface Within {
  readonly before: number;
  readonly after: number;
  /** Null: no GRACE PERIOD, so a day and padded results at once. */
  readonly grace: number | null;
}

/** The output of each record, as the contract of the join says, by looking at all rows each time. */
function sequential(type: JoinWord, events: readonly Event[], { before, after, grace }: Within): string[][] {
  const rows: Waiting[] = [];
  let time = -1;
  const graceMs = grace ?? 24 * 60 * 60 * 1000;
  const keptMs = before + after + graceMs;
  const padded = (e: Event) => `${key(e.k)} -> {"V":${e.left ? e.v : null},"W":${e.left ? null : e.v}} (${e.ts})`;
  return events.map((e) => {
    if (e.v === null) return [];
    const outer = e.left ? keepsLeft(type) : keepsRight(type);
    if (e.k === null) return outer ? [padded(e)] : [];
    const out: string[] = [];
    time = Math.max(time, e.ts);
    const over = e.ts + (e.left ? after : before) + graceMs;
    if (e.ts === time) {
      for (const row of rows) {
        if (!row.waits || row.over >= time) continue;
        row.waits = false;
        out.push(padded(row));
      }
    }
    let matched = false;
    for (const row of rows) {
      const [l, r] = e.left ? [e, row] : [row, e];
      if (row.left === e.left || row.k !== e.k || row.ts + keptMs < time) continue;
      if (r.ts < l.ts - before || r.ts > l.ts + after) continue;
      matched = true;
      row.waits = false;
      out.push(`${key(e.k)} -> {"V":${l.v},"W":${r.v}} (${Math.max(l.ts, r.ts)})`);
    }
    const waits = outer && !matched && grace !== null && over >= time;
    if (outer && !matched && !waits) out.push(padded(e));
    rows.push({ ...e, over, waits });
    return out.sort();
  });
}

const spans = fc.integer({ min: 0, max: 12 });
const within: fc.Arbitrary<Within> = fc.record({
  before: spans,
  after: spans,
  grace: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null, freq: 5 }),
});

describe.each(JOIN_TYPES)('a stream-stream %s JOIN gives at each record what its contract says', (type) => {
  it('whatever WITHIN, grace and order are', () => {
    const atOnce = { 'ksql.streams.__emit.interval.ms.kstreams.outer.join.spurious.results.fix__': '0' };
    fc.assert(
      fc.property(within, eventsOf(numbers, anyKey), (w, events) => {
        const feed = new Feed(streamJoin(type, w), atOnce);
        expect(events.map((e) => feed.event(e).sort())).toEqual(sequential(type, events, w));
      }),
      { numRuns: 400 },
    );
  });
});
