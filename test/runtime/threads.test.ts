import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { TableReadPlan } from '../../engine/plan/pull-plan.js';
import type { FromThread, ToThread } from '../../engine/runtime.js';
import { type NodeServices, Runtime, type Thread, ThreadHost, ThreadPool } from '../../engine/runtime.js';
import { LevelState } from '../../engine/stores/level.js';
import { BIGINT, STRING } from '../../engine/values/sql-type.js';
import { embeddedNode, type StoredNode, write } from './nodes.js';
import { AGG_VALUE, aggregate, codecServices, col, groupByUser, row, USER_KEY } from './support.js';

const PARTITIONS = 4;
const PROPERTIES = { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5', 'num.stream.threads': '2' };

let node: StoredNode;
let runtime: Runtime;
let threads: InProcessThread[];
let services: NodeServices;

/** A thread's inside without the thread: what passes between them is copied as between real ones. */
class InProcessThread implements Thread {
  private toHost: (m: ToThread) => void = () => {};
  private toPool: (m: FromThread) => void = () => {};
  private tell: (reason: string) => void = () => {};
  private ended = false;

  constructor() {
    const state = new LevelState(node.database);
    const port = {
      post: (m: FromThread) => void (this.ended || this.toPool(structuredClone(m))),
      onMessage: (take: (m: ToThread) => void) => void (this.toHost = take),
    };
    new ThreadHost({ ...services, state, processingLog: () => {} }, port, async () => {});
  }

  post(message: ToThread): void {
    if (!this.ended) this.toHost(structuredClone(message));
  }

  onMessage(take: (m: FromThread) => void): void {
    this.toPool = take;
  }

  onExit(tell: (reason: string) => void): void {
    this.tell = tell;
  }

  async end(): Promise<void> {
    this.ended = true;
  }

  /** Its tasks stop, as a thread's that has died; the pool is told. */
  async die(): Promise<void> {
    await new Promise<void>((resolve) => {
      const { toPool } = this;
      this.toPool = (m) => {
        if (m.kind === 'answer' && m.id === 0) resolve();
        else toPool(m);
      };
      this.toHost({ id: 0, kind: 'end' });
    });
    this.ended = true;
    this.tell('a test has ended it');
  }
}

const read: TableReadPlan = {
  source: 'T',
  queryId: 'Q',
  subtopology: 1,
  node: aggregate('repartitioned', null),
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
};

async function counts(): Promise<Record<string, unknown>> {
  const columns = read.columns.map((c, i) => ({ name: `C${i}`, type: c.type, key: false }));
  const query = await runtime.openPull({
    queryId: 'pull',
    plan: { root: { kind: 'table', read }, columns },
    properties: {},
  });
  const out: Record<string, unknown> = {};
  for (let batch = await query.next(); batch !== undefined; batch = await query.next()) {
    for (const [user, n] of batch.rows) out[String(user)] = n;
  }
  return out;
}

/** `n` rides of each of eight users, over all partitions. */
async function ride(n: number): Promise<void> {
  for (let p = 0; p < PARTITIONS; p++) {
    const records = Array.from({ length: (8 * n) / PARTITIONS }, (_, i) => ({
      key: String(i),
      value: JSON.stringify(row(`u${(i * PARTITIONS + p) % 8}`, 1)),
      timestamp: i,
    }));
    await write(node.log, 'in', records, p);
  }
}

const each = (n: number) => Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`u${i}`, n]));

beforeEach(async () => {
  node = await embeddedNode();
  threads = [];
  services = {
    ...codecServices,
    serviceId: 's',
    log: node.log,
    state: node.state,
    clock: { now: () => systemClock.now() * 20, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) },
    logger: silentLogger,
  };
  const pool = new ThreadPool({
    spawn: () => {
      const thread = new InProcessThread();
      threads.push(thread);
      return thread;
    },
    clock: services.clock,
    logger: silentLogger,
    badRecord: () => {},
  });
  runtime = new Runtime({ ...services, threads: pool });
  await node.log.createTopics([
    { name: 'in', partitions: PARTITIONS },
    { name: 'out', partitions: PARTITIONS },
  ]);
  await runtime.startQuery({ queryId: 'Q', topology: groupByUser(null), properties: PROPERTIES });
});
afterEach(async () => {
  await runtime.stop();
  await node.dispose();
});

const query = () => runtime.query('Q')!;
const running = () => until(() => query().state === 'RUNNING' && query().status().tasks.length === 2 * PARTITIONS);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(5);
}

describe('a query on two threads', () => {
  it('is one query to its node: its tasks, counters and rows are those of both', async () => {
    await running();
    expect(threads).toHaveLength(2);
    await ride(10);
    await until(() => query().counters().commits > 0 && query().lag() === 0);
    // A table shows what is committed: each of its tasks commits for itself.
    await until(async () => Object.values(await counts()).filter((n) => n === 10).length === 8);
    expect(await counts()).toEqual(each(10));
    await until(() => query().counters().recordsIn === 160);
    // Results alone: one a record at most. The rows on their way to the aggregate are none.
    expect(query().counters().recordsOut).toBeLessThanOrEqual(80);
    expect(
      query()
        .status()
        .tasks.map((t) => t.partition),
    ).toHaveLength(2 * PARTITIONS);
  });

  it('goes on when a thread dies: another has its work, and the thread comes back', async () => {
    await running();
    await ride(10);
    await threads[0]!.die();
    await ride(10);
    await until(
      async () => Object.values(await counts().catch(() => ({}))).reduce((n: number, v) => n + Number(v), 0) === 160,
    );
    await until(() => threads.length === 3);
    await running();
    expect(await counts()).toEqual(each(20));
  });

  it('is paused and resumed, stopped and dropped on both', async () => {
    await running();
    await runtime.pauseQuery('Q');
    await until(() => query().state === 'PAUSED');
    await runtime.resumeQuery('Q');
    await running();
    await runtime.dropQuery('Q');
    expect(runtime.query('Q')).toBeUndefined();
    expect((await node.log.listTopics()).map((t) => t.name).filter((n) => n.startsWith('_weir-'))).toEqual([]);
  });
});
