import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Log } from '../../engine/log/log.js';
import type { TableReadPlan } from '../../engine/plan/pull-plan.js';
import type { Topology, WindowSpec } from '../../engine/plan/topology.js';
import { BatchBuilder, BatchCursor, partitionOf } from '../../engine/records/batch.js';
import {
  type NodeServices,
  type ProcessingError,
  type Properties,
  type RowStream,
  Runtime,
} from '../../engine/runtime.js';
import type { StateDatabase } from '../../engine/stores/store.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import {
  AGG_VALUE,
  AMOUNT,
  aggregate,
  bytes,
  codecServices,
  col,
  filter,
  greater,
  groupByUser,
  KEY,
  literal,
  rekeyByUser,
  result,
  row,
  show,
  sink,
  source,
  topology,
  USER,
  USER_KEY,
  VALUE,
} from './support.js';

const PARTITIONS = 3;
const EARLY: Properties = { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5' };

/** A log and a state database that keep what they hold over `reopen`. */
export interface Node {
  readonly log: Log;
  readonly state: StateDatabase;
  reopen(): Promise<void>;
  dispose(): Promise<void>;
}

let node: Node;
let runtime: Runtime;
let errors: ProcessingError[];
/** Topics of this test, and its service: tests share a broker. */
let suffix: string;
let service: string;

function open(): void {
  errors = [];
  const services: NodeServices = {
    ...codecServices,
    serviceId: service,
    log: node.log,
    state: node.state,
    // A fast clock: pauses between attempts are none of these tests' subject.
    clock: { now: () => systemClock.now() * 50, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
    logger: silentLogger,
    processingLog: (e) => errors.push(e),
  };
  runtime = new Runtime(services);
}

async function restart(): Promise<void> {
  await runtime.stop();
  await node.reopen();
  open();
}

/** A plan over this test's own topics. */
const own = (plan: Topology): Topology => ({
  version: 1,
  subtopologies: plan.subtopologies.map((s) => ({
    ...s,
    nodes: s.nodes.map((n) =>
      n.kind === 'sink' || (n.kind === 'source' && !n.internal) ? { ...n, topic: n.topic + suffix } : n,
    ),
  })),
});

const topicNames = async (): Promise<string[]> =>
  (await node.log.listTopics())
    .map((t) => t.name)
    .filter((n) => n.includes(suffix) || n.includes(service))
    .sort();

async function produce(records: readonly { user: string; amount: number; ts?: number }[]): Promise<void> {
  const builders = Array.from({ length: PARTITIONS }, () => new BatchBuilder());
  records.forEach((r, i) => {
    const key = bytes(i)!;
    const value = bytes(row(r.user, r.amount))!;
    builders[partitionOf(key, 0, key.length, PARTITIONS)]!.add(r.ts ?? i, key, 0, key.length, value, 0, value.length);
  });
  await append(
    `in${suffix}`,
    builders.map((b) => b.finish()),
  );
}

async function append(topic: string, batches: readonly (Buffer | undefined)[]): Promise<void> {
  const writer = await node.log.writer({ clientId: 'test' });
  batches.forEach((b, p) => {
    if (b !== undefined) writer.append(topic, p, b);
  });
  await writer.flush();
  await writer.close();
}

async function read(topic: string, window?: 'time' | 'session'): Promise<string[]> {
  const reader = node.log.reader({ clientId: 'test' });
  const out: string[] = [];
  const cursor = new BatchCursor();
  for (const { partition, earliest, end } of await node.log.offsets(topic)) {
    reader.assign(topic, partition, earliest);
    for (let at = earliest; at < end; ) {
      for (const f of await reader.poll(100)) {
        for (const batch of f.batches) {
          cursor.reset(batch);
          const copy = (s: number, e: number) => (s < 0 ? null : Buffer.from(cursor.buffer.subarray(s, e)));
          while (cursor.next()) {
            const key = copy(cursor.keyStart, cursor.keyEnd);
            const value = copy(cursor.valueStart, cursor.valueEnd);
            out.push(show({ key, value, timestamp: cursor.timestamp }, window));
          }
        }
        at = f.nextOffset;
      }
    }
    reader.unassign(topic, partition);
  }
  await reader.close();
  return out;
}

async function until<T>(what: string, probe: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await systemClock.sleep(5);
  }
}

/** The last row of each key in `out`. */
async function table(window?: 'time' | 'session'): Promise<Record<string, string>> {
  const rows = (await read(`out${suffix}`, window)).map(
    (r) => r.replace(/ \(\d+\)$/, '').split(' -> ') as [string, string],
  );
  return Object.fromEntries([...new Map(rows)].filter(([, v]) => v !== 'null').sort());
}

/** A commit shows partition by partition: the offsets may be there some moments before the rows. */
const tableIs = (rows: Readonly<Record<string, string>>) =>
  expect.poll(() => table(), { timeout: 20_000, interval: 5 }).toEqual(rows);

const start = (queryId: string, plan: Topology, properties: Properties = EARLY) =>
  runtime.startQuery({ queryId, topology: own(plan), properties });

const settled = (queryId: string, records: number) =>
  until(`${records} records of ${queryId} are committed`, async () => {
    const committed = await node.log.committed(`_weir-${service}-${queryId}`, [`in${suffix}`]);
    const sum = committed.reduce((n, c) => n + c.offset, 0);
    const inner = await node.log.offsets(`_weir-${service}-${queryId}-by-user-repartition`).catch(() => []);
    const done = await node.log.committed(`_weir-${service}-${queryId}`, [
      `_weir-${service}-${queryId}-by-user-repartition`,
    ]);
    const end = inner.reduce((n, o) => n + o.end, 0);
    return sum === records && done.reduce((n, c) => n + c.offset, 0) === end;
  });

const rides = (n: number) => Array.from({ length: n }, (_, i) => ({ user: `u${i % 7}`, amount: i }));

function plain(n: number): Record<string, string> {
  const groups = new Map<string, [number, number]>();
  for (const { user, amount } of rides(n)) {
    const [count, total] = groups.get(user) ?? [0, 0];
    groups.set(user, [count + 1, total + amount]);
  }
  return Object.fromEntries([...groups].map(([u, [c, t]]) => [`"${u}"`, `{"N":${c},"TOTAL":${t}}`]).sort());
}

/** All rows until `n` have come, or the end. */
async function rows(stream: RowStream, n = Number.POSITIVE_INFINITY): Promise<readonly (readonly Value[])[]> {
  const out: (readonly Value[])[] = [];
  while (out.length < n) {
    const batch = await stream.next();
    if (batch === undefined) break;
    out.push(...batch.rows);
  }
  return out;
}

/** Persistent, push and pull queries, whatever log is under them. */
export function querySuite(name: string, make: () => Promise<Node>): void {
  describe(name, { timeout: 60_000 }, () => {
    beforeAll(async () => {
      node = await make();
    }, 120_000);
    afterAll(() => node?.dispose());

    beforeEach(async () => {
      suffix = `-${randomUUID().slice(0, 8)}`;
      service = `s${suffix}`;
      await node.log.createTopics([
        { name: `in${suffix}`, partitions: PARTITIONS },
        { name: `out${suffix}`, partitions: PARTITIONS },
      ]);
      open();
    });
    afterEach(async () => {
      await runtime.stop();
      await node.state.dropQuery('Q');
    });

    persistentQueries();
    pushQueries();
    pullQueries();
  });
}

function persistentQueries(): void {
  describe('a persistent query', () => {
    it('runs over all partitions, and goes on where it stopped after a restart', async () => {
      await produce(rides(500));
      await start('Q', groupByUser(null));
      await settled('Q', 500);
      await tableIs(plain(500));
      expect(runtime.query('Q')!.state).toBe('RUNNING');
      expect(runtime.query('Q')!.lag()).toBe(0);
      await restart();
      await produce(rides(700).slice(500));
      await start('Q', groupByUser(null));
      await settled('Q', 700);
      await tableIs(plain(700));
    });

    it('begins at the end by default', async () => {
      await produce(rides(10));
      await start('Q', groupByUser(null), { 'commit.interval.ms': '5' });
      await until(
        'it has committed where it begins',
        async () => (await node.log.committed(`_weir-${service}-Q`, [`in${suffix}`])).length === PARTITIONS,
      );
      await produce([{ user: 'late', amount: 1 }]);
      await settled('Q', 11);
      await tableIs({ '"late"': '{"N":1,"TOTAL":1}' });
    });

    it('counts and logs what it cannot read', async () => {
      const builder = new BatchBuilder();
      const bad = Buffer.from('{"USER":');
      builder.add(0, null, -1, -1, bad, 0, bad.length);
      await append(`in${suffix}`, [builder.finish()]);
      await produce(rides(5));
      await start('Q', groupByUser(null));
      await settled('Q', 6);
      expect(runtime.query('Q')!.counters()).toMatchObject({ recordsIn: 10, skipped: 1 });
      expect(errors).toMatchObject([{ queryId: 'Q', kind: 'deserialization', topic: `in${suffix}`, offset: 0 }]);
      await tableIs(plain(5));
    });

    it('pauses and resumes', async () => {
      await produce(rides(20));
      await start('Q', groupByUser(null));
      await settled('Q', 20);
      await runtime.pauseQuery('Q');
      expect(runtime.query('Q')!.state).toBe('PAUSED');
      await produce(rides(30).slice(20));
      expect((await node.log.committed(`_weir-${service}-Q`, [`in${suffix}`])).reduce((n, c) => n + c.offset, 0)).toBe(
        20,
      );
      await runtime.resumeQuery('Q');
      await settled('Q', 30);
      await tableIs(plain(30));
    });

    it('leaves nothing behind when it is dropped', async () => {
      await produce(rides(20));
      await start('Q', groupByUser(null));
      await settled('Q', 20);
      await runtime.dropQuery('Q');
      expect(runtime.query('Q')).toBeUndefined();
      expect(await topicNames()).toEqual([`in${suffix}`, `out${suffix}`]);
      expect(await node.log.committed(`_weir-${service}-Q`, [`in${suffix}`])).toEqual([]);
      await start('Q', groupByUser(null));
      await settled('Q', 20);
      await tableIs(plain(20));
    });

    it('gives up where one record fails each time, and names it', async () => {
      const timed = source({ timestamp: { from: 'value', index: 0, format: 'yyyy-MM-dd' } });
      await produce([{ user: '2020-01-01', amount: 1 }]);
      await start('Q', topology([timed, sink('source', KEY, VALUE)]), {
        ...EARLY,
        'ksql.timestamp.throw.on.invalid': 'true',
      });
      await until('the first record is committed', async () => (await read(`out${suffix}`)).length === 1);
      await produce([{ user: 'yesterday', amount: 1 }]);
      await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
      expect(runtime.query('Q')!.lastError()!.message).toContain("'yesterday' is no timestamp");
      expect(await read(`out${suffix}`)).toHaveLength(1);
    });

    it('is in ERROR with the reason after repeated failures, and can be started again', async () => {
      const plan = groupByUser(null);
      await node.log.deleteTopics([`out${suffix}`]);
      await start('Q', plan);
      await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
      expect(runtime.query('Q')!.lastError()).toMatchObject({
        message: expect.stringContaining(`out${suffix} does not exist`),
      });
      await node.log.createTopics([{ name: `out${suffix}`, partitions: PARTITIONS }]);
      await produce(rides(5));
      await runtime.resumeQuery('Q');
      await settled('Q', 5);
      await tableIs(plain(5));
    });
  });
}

function pushQueries(): void {
  describe('a push query', () => {
    const columns = [col(0, STRING, 'key'), col(0, BIGINT), col(1, BIGINT)];
    const grouped = topology([
      source(),
      rekeyByUser('source'),
      aggregate('rekey', null),
      result('aggregate', columns, { table: true }),
    ]);

    it('gives rows as they come, from its start on', async () => {
      await produce(rides(5));
      const q = await runtime.openPush({
        queryId: 'P',
        topology: own(topology([source(), result('source', [USER, AMOUNT])])),
        properties: {},
      });
      expect(q.columns.map((c) => c.name)).toEqual(['R0', 'R1']);
      await until('it waits at the end', () => q.progress().atEnd);
      expect(q.progress()).toMatchObject({ earlier: 5, recordsIn: 0 });
      await produce([{ user: 'x', amount: 9 }]);
      expect(await rows(q, 1)).toEqual([['x', 9]]);
      await q.close();
      expect(await q.next()).toBeUndefined();
    });

    it('says why it is silent', async () => {
      await produce(rides(5));
      const q = await runtime.openPush({
        queryId: 'P',
        topology: own(topology([source(), filter('source', greater(AMOUNT, 100)), result('filter', [USER])])),
        properties: {},
      });
      await produce(rides(10));
      const bad = new BatchBuilder();
      bad.add(7, null, 0, 0, Buffer.from('{'), 0, 1);
      await append(`in${suffix}`, [bad.finish()]);
      await until('all is read', () => q.progress().recordsIn === 10 && q.progress().undecodable === 1);
      expect(q.progress()).toMatchObject({
        ...{ rowsOut: 0, filtered: 10, late: 0, earlier: 5, atEnd: true, lag: 0, streamTime: 9, heldBack: 0 },
        firstError: expect.stringMatching(/^in.*-0@\d+: /),
      });
      await q.close();
    });

    it('over all partitions takes what is there in the order of event time', async () => {
      await produce(rides(300));
      const q = await runtime.openPush({
        queryId: 'P',
        topology: own(
          topology([source(), filter('source', greater(AMOUNT, 9)), result('filter', [AMOUNT], { limit: 250 })]),
        ),
        properties: EARLY,
      });
      expect((await rows(q)).map((r) => r[0])).toEqual(Array.from({ length: 250 }, (_, i) => i + 10));
      expect(q.end).toBe('limit');
      await q.close();
    });

    it('aggregates without a topic of its own, and shows changes soon', async () => {
      await produce(rides(70));
      const q = await runtime.openPush({ queryId: 'P', topology: own(grouped), properties: EARLY });
      const last = new Map<Value, Value>();
      await until('all groups are complete', async () => {
        for (const [user, n] of await rows(q, 1)) last.set(user!, n!);
        return last.size === 7 && [...last.values()].every((n) => n === 10);
      });
      await q.close();
      expect(await topicNames()).toEqual([`in${suffix}`, `out${suffix}`]);
    });

    it('waits for a slow reader', async () => {
      await produce(rides(20_000));
      const q = await runtime.openPush({
        queryId: 'P',
        topology: own(topology([source(), result('source', [AMOUNT])])),
        properties: EARLY,
      });
      const read = await until('rows wait', () => q.progress().recordsIn >= 5000 && q.progress().recordsIn);
      expect(read).toBeLessThan(6000);
      expect(await rows(q, 20_000)).toHaveLength(20_000);
      await q.close();
    });

    it('fails where its topic does not exist', async () => {
      const plan = topology([source({ topic: 'nowhere' }), result('source', [USER])]);
      await expect(runtime.openPush({ queryId: 'P', topology: own(plan), properties: {} })).rejects.toMatchObject({
        code: 'LOG_ERROR',
      });
    });

    it('bounded, is complete at the end', async () => {
      await produce(rides(50));
      const plan = { source: 'IN', topology: own(grouped) };
      const q = await runtime.openPull({ queryId: 'P', plan, properties: {} });
      const all = await rows(q);
      expect(q.end).toBe('completed');
      expect(all).toHaveLength(7);
      await q.close();
    });
  });
}

function pullQueries(): void {
  describe('a pull query', () => {
    const pull = (window: WindowSpec | null, over: Partial<TableReadPlan> = {}): TableReadPlan => ({
      source: 'T',
      queryId: 'Q',
      subtopology: 1,
      node: aggregate('repartitioned', window),
      steps: [],
      keyColumns: USER_KEY,
      valueColumns: AGG_VALUE,
      valueFormat: { name: 'JSON', properties: {} },
      window: null,
      keys: { kind: 'scan' },
      windowStart: {},
      windowEnd: {},
      where: null,
      columns: [col(0, STRING, 'key'), col(0, BIGINT)],
      limit: null,
      ...over,
    });
    const windowColumns: TableReadPlan['columns'] = [
      col(0, STRING, 'key'),
      { kind: 'pseudo', name: 'WINDOWSTART', type: BIGINT },
      { kind: 'pseudo', name: 'WINDOWEND', type: BIGINT },
      col(0, BIGINT),
    ];
    const point = (user: string): TableReadPlan['keys'] => ({ kind: 'points', keys: [[literal(user, STRING)]] });
    const ask = async (read: TableReadPlan) => {
      const columns = read.columns.map((c, i) => ({ name: `C${i}`, type: c.type, key: false }));
      const plan = { root: { kind: 'table', read }, columns } as const;
      return rows(await runtime.openPull({ queryId: 'pull', plan, properties: {} }));
    };

    it('reads keys, scans, filters and limits', async () => {
      await produce(rides(70));
      await start('Q', groupByUser(null));
      await settled('Q', 70);
      expect(await ask(pull(null, { keys: point('u3') }))).toEqual([['u3', 10]]);
      expect(await ask(pull(null, { keys: point('nobody') }))).toEqual([]);
      expect((await ask(pull(null))).map((r) => r[0]).sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6']);
      expect(await ask(pull(null, { limit: 2 }))).toHaveLength(2);
      const where = greater(col(1, BIGINT), 350);
      expect((await ask(pull(null, { where }))).map((r) => r[0]).sort()).toEqual(['u4', 'u5', 'u6']);
    });

    it('reads the windows of a key', async () => {
      const window: WindowSpec = { kind: 'TUMBLING', sizeMs: 10, graceMs: 1000, retentionMs: 10_000 };
      await produce(rides(70));
      await start('Q', groupByUser(window));
      await settled('Q', 70);
      const columns = windowColumns;
      const all = await ask(pull(window, { keys: point('u0'), columns }));
      expect(all.map((r) => r.slice(1, 3))).toEqual([
        [0, 10],
        [10, 20],
        [20, 30],
        [30, 40],
        [40, 50],
        [50, 60],
        [60, 70],
      ]);
      expect(await ask(pull(window, { keys: point('u0'), columns, windowStart: { from: 5, to: 20 } }))).toEqual([
        ['u0', 10, 20, 1],
        ['u0', 20, 30, 2],
      ]);
      expect(await ask(pull(window, { keys: point('u0'), columns, windowEnd: { to: 10 } }))).toEqual([
        ['u0', 0, 10, 2],
      ]);
      expect(await ask(pull(window, { columns }))).toHaveLength(
        new Set(rides(70).map((r, i) => `${r.user}@${Math.floor(i / 10)}`)).size,
      );
    });

    it('reads the sessions of a key', async () => {
      const window: WindowSpec = { kind: 'SESSION', gapMs: 10, graceMs: 1000, retentionMs: 10_000 };
      await produce([0, 5, 100, 101].map((ts) => ({ user: 'a', amount: 1, ts })));
      await start('Q', groupByUser(window));
      await settled('Q', 4);
      expect(await ask(pull(window, { keys: point('a'), columns: windowColumns }))).toEqual([
        ['a', 0, 5, 2],
        ['a', 100, 101, 2],
      ]);
      expect(await table('session')).toEqual({ '"a"@0-5': '{"N":2,"TOTAL":2}', '"a"@100-101': '{"N":2,"TOTAL":2}' });
    });

    it('of a query that does not run here is refused', async () => {
      await expect(ask(pull(null))).rejects.toMatchObject({ code: 'NOT_READY' });
    });
  });
}
