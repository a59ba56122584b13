import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Topology, WindowSpec } from '../../engine/plan/topology.js';
import type { LoggedRecord } from './fake-log.js';
import { randomSteps, type Step, Steps, takeSteps } from './steps.js';
import { bytes, groupByUser, row, show } from './support.js';

interface Event {
  readonly user: string;
  readonly amount: number | null;
  readonly ts: number;
}

const logged = (e: Event): LoggedRecord => ({ key: bytes(1), value: bytes(row(e.user, e.amount)), timestamp: e.ts });

/** The last value of each key of a topic, tombstones left out. */
function table(records: readonly LoggedRecord[], window?: 'time' | 'session'): Map<string, string> {
  const out = new Map<string, string>();
  for (const r of records) {
    const text = show(r, window);
    const [key, value] = text.split(' -> ') as [string, string];
    if (r.value === null) out.delete(key);
    else out.set(key, value.replace(/ \(.*/, ''));
  }
  return out;
}

const value = (n: number, total: number): string => `{"N":${n},"TOTAL":${total}}`;

function plainGroups(events: readonly Event[]): Map<string, string> {
  const groups = new Map<string, [number, number]>();
  for (const e of events) {
    const g = groups.get(`"${e.user}"`) ?? [0, 0];
    groups.set(`"${e.user}"`, [g[0] + 1, g[1] + (e.amount ?? 0)]);
  }
  return new Map([...groups].map(([k, [n, t]]) => [k, value(n, t)]));
}

function plainTumbling(events: readonly Event[], size: number, grace: number): Map<string, string> {
  const groups = new Map<string, [number, number]>();
  let streamTime = -1;
  for (const e of events) {
    streamTime = Math.max(streamTime, e.ts);
    const start = Math.floor(e.ts / size) * size;
    if (start + size <= streamTime - grace) continue;
    const key = `"${e.user}"@${start}`;
    const g = groups.get(key) ?? [0, 0];
    groups.set(key, [g[0] + 1, g[1] + (e.amount ?? 0)]);
  }
  return new Map([...groups].map(([k, [n, t]]) => [k, value(n, t)]));
}

interface Session {
  start: number;
  end: number;
  n: number;
  total: number;
}

/** All sessions, and those that EMIT FINAL gives in the course of it. */
function sessionsOf(
  events: readonly Event[],
  gap: number,
  grace: number,
  /** With EMIT FINAL nothing joins a session that has gone out. */
  isFinal = false,
): { all: Map<string, string>; final: string[] } {
  const byUser = new Map<string, Session[]>();
  const open = new Set<Session>();
  const final: string[] = [];
  const text = (user: string, s: Session): [string, string] => [`"${user}"@${s.start}-${s.end}`, value(s.n, s.total)];
  let streamTime = -1;
  for (const e of events) {
    streamTime = Math.max(streamTime, e.ts);
    const closed = streamTime - grace - gap;
    const all = byUser.get(e.user) ?? [];
    const isNear = (s: Session) => s.end >= e.ts - gap && s.start <= e.ts + gap;
    const near = all.filter((s) => isNear(s) && (!isFinal || s.end >= closed));
    const merged: Session = { start: e.ts, end: e.ts, n: 1, total: e.amount ?? 0 };
    for (const s of near) {
      merged.start = Math.min(merged.start, s.start);
      merged.end = Math.max(merged.end, s.end);
      merged.n += s.n;
      merged.total += s.total;
    }
    if (merged.end >= closed) {
      byUser.set(e.user, [...all.filter((s) => !near.includes(s)), merged]);
      for (const s of near) open.delete(s);
      open.add(merged);
    }
    for (const [user, sessions] of byUser) {
      for (const s of sessions) if (s.end < closed && open.delete(s)) final.push(text(user, s).join(' -> '));
    }
  }
  return { all: new Map([...byUser].flatMap(([user, all]) => all.map((s) => text(user, s)))), final };
}

const plainSessions = (events: readonly Event[]): Map<string, string> => sessionsOf(events, 7, 20).all;

/** Windows that are closed at the end. */
function finalWindows(events: readonly Event[]): string[] {
  const now = Math.max(...events.map((e) => e.ts));
  const closed = [...plainTumbling(events, 10, 15)].filter(([key]) => Number(key.split('@')[1]) + 10 <= now - 15);
  return closed.map((c) => c.join(' -> '));
}

const TUMBLING: WindowSpec = { kind: 'TUMBLING', sizeMs: 10, graceMs: 15, retentionMs: 10_000 };
const SESSION: WindowSpec = { kind: 'SESSION', gapMs: 7, graceMs: 20, retentionMs: 10_000 };

async function play(query: Steps, input: readonly Event[], batchSize: number, plan: readonly Step[]): Promise<void> {
  for (let i = 0; i < input.length; i += batchSize) {
    query.log.produce('in', 0, input.slice(i, i + batchSize).map(logged));
  }
  await takeSteps(query, plan);
  await query.finish();
}

const works: readonly {
  readonly name: string;
  readonly window: WindowSpec | null;
  readonly keys?: 'time' | 'session';
  readonly plain: (events: readonly Event[]) => Map<string, string>;
}[] = [
  { name: 'GROUP BY', window: null, plain: plainGroups },
  { name: 'a tumbling window', window: TUMBLING, keys: 'time', plain: (e) => plainTumbling(e, 10, 15) },
  { name: 'a session window', window: SESSION, keys: 'session', plain: plainSessions },
];

/** The same query with EMIT FINAL. */
const emitFinal = (plan: Topology): Topology => ({
  ...plan,
  subtopologies: plan.subtopologies.map((s) => ({
    ...s,
    nodes: s.nodes.map((n) => (n.kind === 'aggregate' ? { ...n, emit: 'final' } : n)),
  })),
});

const events = fc.array(
  fc.record({
    user: fc.constantFrom('a', 'b', 'c'),
    amount: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }),
    ts: fc.integer({ min: 0, max: 120 }),
  }),
  { minLength: 1, maxLength: 60 },
);

const steps = randomSteps(2);

describe.each(works)('the result of $name equals a plain evaluation', ({ window, keys, plain }) => {
  it.each([
    ['embedded', '0'],
    ['embedded', '1000000'],
    ['kafka', '0'],
    ['kafka', '1000000'],
  ] as const)('on a log like %s with a cache of %s, whatever batches, commits and crashes are', async (kind, cache) => {
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 8 }), steps, async (input, batchSize, plan) => {
        const query = await new Steps(groupByUser(window), kind, { 'cache.max.bytes.buffering': cache }).start();
        await play(query, input, batchSize, plan);
        const seen = table(query.log.records('out'), keys);
        expect(Object.fromEntries([...seen].sort())).toEqual(Object.fromEntries([...plain(input)].sort()));
      }),
      { numRuns: 150 },
    );
  });
});

describe.each([
  ['a tumbling window', TUMBLING, 'time', finalWindows],
  ['a session window', SESSION, 'session', (e: readonly Event[]) => sessionsOf(e, 7, 20, true).final],
] as const)('EMIT FINAL over %s gives each window once it is closed, and once only', (_, window, keys, plain) => {
  it.each(['embedded', 'kafka'] as const)(
    'on a log like %s, whatever batches, commits and crashes are',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(events, fc.integer({ min: 1, max: 8 }), steps, async (input, batchSize, plan) => {
          const query = await new Steps(emitFinal(groupByUser(window)), kind, {}).start();
          await play(query, input, batchSize, plan);
          const seen = query.log.records('out').map((r) => show(r, keys).replace(/ \(\d+\)$/, ''));
          expect(seen.sort()).toEqual(plain(input).sort());
        }),
        { numRuns: 150 },
      );
    },
  );
});

describe('a commit', () => {
  const start = async (kind: 'embedded' | 'kafka', cache: string) =>
    new Steps(groupByUser(null), kind, { 'cache.max.bytes.buffering': cache }).start();
  const feed = (q: Steps, ...es: Event[]) => q.log.produce('in', 0, es.map(logged));
  const out = (q: Steps) => q.log.records('out').map((r) => show(r));

  it('with a cache emits one row a changed key, without one each update', async () => {
    const [cached, plain] = [await start('embedded', '1000000'), await start('embedded', '0')];
    for (const q of [cached, plain]) {
      feed(q, { user: 'a', amount: 1, ts: 5 }, { user: 'b', amount: 1, ts: 1 }, { user: 'a', amount: 2, ts: 3 });
      await q.finish();
    }
    expect(out(cached)).toEqual(['"a" -> {"N":2,"TOTAL":3} (5)', '"b" -> {"N":1,"TOTAL":1} (1)']);
    expect(out(plain)).toEqual([
      '"a" -> {"N":1,"TOTAL":1} (5)',
      '"b" -> {"N":1,"TOTAL":1} (1)',
      '"a" -> {"N":2,"TOTAL":3} (5)',
    ]);
  });

  it('shows nothing of what was not committed', async () => {
    const q = await start('embedded', '0');
    feed(q, { user: 'a', amount: 1, ts: 5 });
    await q.process(0, 1);
    expect([...q.log.groups.values()]).toEqual([]);
    await q.crash(0);
    await q.finish();
    expect(out(q)).toEqual(['"a" -> {"N":1,"TOTAL":1} (5)']);
  });

  it('that failed after it took effect is not repeated, and the state is restored from the changelog', async () => {
    const q = await start('kafka', '0');
    feed(q, { user: 'a', amount: 1, ts: 5 });
    await q.process(0, 1);
    await q.commit(0);
    await q.process(1, 1);
    q.log.nextFault = () => 'unknown';
    await q.commit(1);
    feed(q, { user: 'a', amount: 1, ts: 6 });
    await q.finish();
    expect(out(q)).toEqual(['"a" -> {"N":1,"TOTAL":1} (5)', '"a" -> {"N":2,"TOTAL":2} (6)']);
    expect(q.restored).toBe(1);
  });

  it('of sessions with a cache has tombstones only for bounds that had gone out', async () => {
    const q = await new Steps(groupByUser(SESSION), 'embedded', { 'cache.max.bytes.buffering': '1000000' }).start();
    const sessions = () => q.log.records('out').map((r) => show(r, 'session'));
    feed(q, { user: 'a', amount: 1, ts: 0 }, { user: 'a', amount: 1, ts: 5 }, { user: 'a', amount: 1, ts: 20 });
    await q.finish();
    expect(sessions()).toEqual(['"a"@0-5 -> {"N":2,"TOTAL":2} (5)', '"a"@20-20 -> {"N":1,"TOTAL":1} (20)']);
    feed(q, { user: 'a', amount: 1, ts: 12 }, { user: 'a', amount: 1, ts: 14 });
    await q.finish();
    expect(sessions().slice(2)).toEqual([
      '"a"@20-20 -> null (20)',
      '"a"@0-5 -> null (5)',
      '"a"@0-20 -> {"N":5,"TOTAL":5} (20)',
    ]);
  });

  it.each([
    ['windows', { kind: 'TUMBLING', sizeMs: 10, graceMs: 0, retentionMs: 20 }],
    ['sessions', { kind: 'SESSION', gapMs: 10, graceMs: 0, retentionMs: 20 }],
  ] as const)('takes %s that have outlived their retention out of store and changelog', async (_, window) => {
    const q = await new Steps(groupByUser(window), 'kafka', {}).start();
    const keys = async () => {
      const found: string[] = [];
      for await (const [key] of q.state
        .reader({ queryId: 'Q', subtopology: 1, partition: 0 }, 'agg')
        .range(undefined, undefined)) {
        if (key.length > 0) found.push(Buffer.from(key).toString('latin1', 1, 2));
      }
      return found;
    };
    for (const [user, ts] of [
      ['a', 5],
      ['b', 990],
      ['c', 1000],
    ] as const) {
      feed(q, { user, amount: 1, ts });
      await q.finish();
    }
    // The sweep runs beside the processing: some turns of the event loop, and it is through.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    feed(q, { user: 'd', amount: 1, ts: 1001 });
    await q.finish();
    expect(await keys()).toEqual(['b', 'c', 'd']);
    const changelog = q.log.records('_weir-test-Q-agg-changelog');
    expect(changelog.filter((r) => r.value === null).map((r) => r.key!.toString('latin1', 1, 2))).toEqual(['a']);
  });
});
