import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeIndex } from '../../engine/operators/time-index.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { Steps } from '../runtime/steps.js';
import { show } from '../runtime/support.js';
import { type Event, logged, STREAMS, topologyOf } from './joins-support.js';

const TASK = { queryId: 'Q', subtopology: 0, partition: 0 };

const join = (type: string, grace: string) =>
  topologyOf(`${STREAMS}
    CREATE STREAM o AS SELECT l.k AS k, v, w FROM l ${type} JOIN r WITHIN 10 MILLISECONDS ${grace} ON l.k = r.k;`);

const started = async (type: string, grace: string): Promise<Steps> =>
  new Steps(join(type, grace), 'kafka', {}, ['left', 'right', 'O']).start();

const feed = (query: Steps, ...events: readonly Event[]): void => {
  for (const e of events) query.log.produce(e.left ? 'left' : 'right', 0, [logged(e)]);
};

async function entries(query: Steps, store: string): Promise<number> {
  let n = 0;
  for await (const _ of query.state.reader(TASK, store).range(undefined, undefined)) n++;
  return n;
}

describe('the state of a stream-stream join', () => {
  it('remembers stream time over a restart: what was late stays late', async () => {
    const query = await started('LEFT', 'GRACE PERIOD 5 MILLISECONDS');
    feed(query, { left: false, k: 'b', v: 1, ts: 72 }, { left: true, k: 'a', v: 2, ts: 100 });
    await query.finish();
    await query.crash(0);
    feed(query, { left: true, k: 'b', v: 3, ts: 82 });
    await query.finish();
    expect(query.log.records('O').map((r) => show(r))).toEqual(['"b" -> {"V":3,"W":null} (82)']);
    feed(query, { left: false, k: 'a', v: 4, ts: 91 });
    await query.finish();
    expect(query.log.records('O').map((r) => show(r))).toContain('"a" -> {"V":2,"W":4} (100)');
  });

  it('gives each padded result once, before a restart or after it', async () => {
    const query = await started('LEFT', 'GRACE PERIOD 5 MILLISECONDS');
    feed(query, { left: true, k: 'a', v: 1, ts: 0 }, { left: true, k: 'b', v: 2, ts: 3 });
    await query.finish();
    await query.crash(0);
    feed(query, { left: false, k: 'c', v: 1, ts: 17 });
    await query.finish();
    await query.crash(0);
    feed(query, { left: false, k: 'c', v: 1, ts: 100 });
    await query.finish();
    await query.crash(0);
    feed(query, { left: false, k: 'c', v: 1, ts: 200 });
    await query.finish();
    expect(query.log.records('O').map((r) => show(r))).toEqual([
      '"a" -> {"V":1,"W":null} (0)',
      '"b" -> {"V":2,"W":null} (3)',
    ]);
  });

  it.each([
    ['INNER', 'GRACE PERIOD 20 MILLISECONDS'],
    ['LEFT', 'GRACE PERIOD 20 MILLISECONDS'],
  ])('%s: is bounded by the window and the grace, whatever keys come', async (type, grace) => {
    const query = await started(type, grace);
    const sizes: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 100; i++) {
        const n = round * 100 + i;
        feed(
          query,
          { left: true, k: `only-${n}`, v: n, ts: n },
          { left: true, k: 'hot', v: n, ts: n },
          { left: false, k: 'hot', v: n, ts: n },
        );
      }
      while (await query.process(0, 50));
      await query.commit(0);
      sizes.push((await entries(query, 'Join-Left-Rows')) + (await entries(query, 'Join-Right-Rows')));
    }
    expect(sizes[0]).toBeGreaterThan(30);
    expect(Math.max(...sizes)).toBeLessThan(250);
  });
});

describe('a topic that a query reads twice', () => {
  it('is committed at one place, though slices end anywhere and times are in no order', async () => {
    const topology = topologyOf(`
      CREATE STREAM l (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE STREAM r (k STRING KEY, v INT) WITH (KAFKA_TOPIC='left', FORMAT='JSON', PARTITIONS=1);
      CREATE STREAM o AS SELECT l.k AS k, l.v AS v, r.v AS w FROM l JOIN r WITHIN 0 MILLISECONDS ON l.k = r.k;`);
    const query = await new Steps(topology, 'kafka', {}, ['left', 'O']).start();
    const events = Array.from({ length: 1000 }, (_, v) => ({ left: true, k: `k${v}`, v, ts: (v * 7919) % 1009 }));
    query.log.produce('left', 0, events.map(logged));
    for (let i = 0; i < 3; i++) {
      await query.slice(0);
      await query.commit(0);
      await query.crash(0);
    }
    await query.finish();
    const expected = events.map((e) => `"${e.k}" -> {"V":${e.v},"W":${e.v}} (${e.ts})`);
    expect(
      query.log
        .records('O')
        .map((r) => show(r))
        .sort(),
    ).toEqual(expected.sort());
  });
});

describe('the index by time', () => {
  const adding = fc.record({
    do: fc.constant('add' as const),
    time: fc.integer({ min: 0, max: 300 }),
    key: fc.integer({ min: 0, max: 5 }),
  });
  const taking = fc.record({ do: fc.constant('take' as const), limit: fc.integer({ min: 0, max: 300 }) });
  const ending = fc.record({ do: fc.constantFrom('commit' as const, 'restart' as const, 'abort' as const) });

  it('gives what is due in order, each at least once, and after restarts what was not committed as taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 5, arbitrary: adding }, { weight: 2, arbitrary: taking }, ending), {
          maxLength: 80,
        }),
        fc.integer({ min: 1, max: 50 }),
        (steps, width) => {
          const store = new MemoryState().store(TASK, 's');
          let index = new TimeIndex(store, 7, width);
          let open = new Set<string>();
          let committed = new Set<string>();
          for (const step of steps) {
            if (step.do === 'add') {
              index.add(step.time, Buffer.from([step.key]));
              open.add(`${String(step.time).padStart(3, '0')}-${step.key}`);
            } else if (step.do === 'take') {
              const seen: string[] = [];
              const earliest = index.earliest();
              index.take(step.limit, (time, key) => seen.push(`${String(time).padStart(3, '0')}-${key[0]}`));
              expect(seen).toEqual([...new Set(seen)].sort());
              for (const s of seen) expect(Number(s.split('-')[0])).toBeLessThan(step.limit);
              const due = [...open].filter((s) => Number(s.split('-')[0]) < step.limit).sort();
              if (due.length > 0) expect(earliest).toBeLessThanOrEqual(Number(due[0]!.split('-')[0]));
              expect(due.filter((s) => !seen.includes(s))).toEqual([]);
              open = new Set([...open].filter((s) => !due.includes(s)));
            } else if (step.do === 'abort') {
              store.discard();
              index = new TimeIndex(store, 7, width);
              open = new Set(committed);
            } else {
              index.flush();
              store.committed();
              committed = new Set(open);
              if (step.do === 'restart') index = new TimeIndex(store, 7, width);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves nothing of what is over', async () => {
    const state = new MemoryState();
    const store = state.store(TASK, 's');
    const index = new TimeIndex(store, 7, 10);
    for (let t = 0; t < 20_000; t++) {
      index.add(t, Buffer.from(`key number ${t}`));
      if (t % 100 === 0) {
        index.take(t - 50, () => {});
        index.flush();
        store.committed();
      }
    }
    let n = 0;
    for await (const _ of state.reader(TASK, 's').range(undefined, undefined)) n++;
    expect(n).toBeLessThan(25);
  });
});
