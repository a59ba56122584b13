import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import type { Topology, WindowSpec } from '../../engine/plan/topology.js';
import { Runtime } from '../../engine/runtime.js';
import { describeKafka } from '../kafka/support/broker.js';
import { kafkaNode, readAll, type StoredNode, until, write } from './nodes.js';
import { codecServices, groupByUser } from './support.js';

describeKafka('state on Kafka', (kafka) => {
  let node: StoredNode;
  let runtime: Runtime;
  let id: string;
  let lines: { readonly message: string; readonly facts: object }[];
  afterEach(async () => {
    await runtime.stop();
    await node.dispose();
  });

  function open(speed = 1): void {
    lines = [];
    const log = (facts: object, message: string) => lines.push({ facts, message });
    runtime = new Runtime({
      ...codecServices,
      serviceId: id,
      log: node.log,
      state: node.state,
      clock: { now: () => systemClock.now() * speed, sleep: (ms, signal) => systemClock.sleep(ms / speed, signal) },
      logger: { debug() {}, info: log, warn: log, error: log },
    });
  }
  const start = (window: WindowSpec | null) => {
    const plan = groupByUser(window);
    const own: Topology = {
      version: 1,
      subtopologies: plan.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) =>
          n.kind === 'sink' || (n.kind === 'source' && !n.internal) ? { ...n, topic: `${n.topic}-${id}` } : n,
        ),
      })),
    };
    return runtime.startQuery({
      queryId: 'Q',
      topology: own,
      properties: { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '20' },
    });
  };
  const fresh = async (speed = 1) => {
    id = randomUUID().slice(0, 8);
    node = await kafkaNode(kafka.bootstrap);
    await node.log.createTopics([
      { name: `in-${id}`, partitions: 1 },
      { name: `out-${id}`, partitions: 1 },
    ]);
    open(speed);
  };
  const changelog = () => `_weir-${id}-Q-agg-changelog`;
  const records = (n: number, step = 1) =>
    Array.from({ length: n }, (_, i) => ({
      key: String(i),
      value: `{"USER":"u${i}","AMOUNT":1}`,
      timestamp: i * step,
    }));
  const entries = async (n: number) =>
    until(`${n} entries are in the changelog`, async () => {
      if ((await node.log.describeTopic(changelog())) === undefined) return false;
      const all = await readAll(node.log, changelog());
      return all.length >= n && all;
    });
  const running = () => until('it runs', () => runtime.query('Q')!.state === 'RUNNING');

  describe('restoring', () => {
    it('reads nothing after a clean restart, and only what is missing else', async () => {
      await fresh();
      await write(node.log, `in-${id}`, records(50));
      await start(null);
      await entries(50);
      await runtime.stop();
      await node.reopen();
      open();
      await start(null);
      await running();
      expect(runtime.query('Q')!.counters().restored).toBe(0);
      expect(lines.filter((l) => l.message === 'restoring state')).toEqual([]);

      // The machine comes back without its disk: all of it is read, and how far it is is told.
      await runtime.stop();
      await node.state.dropQuery('Q');
      open();
      await start(null);
      await running();
      expect(runtime.query('Q')!.counters().restored).toBe(50);
      expect(runtime.query('Q')!.status().toRestore).toBe(0);
      expect(lines.filter((l) => l.message === 'restoring state').at(-1)?.facts).toMatchObject({
        queryId: 'Q',
        store: 'agg',
        records: 50,
      });
      await write(node.log, `in-${id}`, records(1));
      const out = await until('it goes on from what was restored', async () => {
        const rows = await readAll(node.log, `out-${id}`);
        return rows.length > 50 && rows;
      });
      expect(out.at(-1)).toMatchObject({ key: '"u0"', value: '{"N":2,"TOTAL":2}' });
    });

    it('fails loudly where something else has written to the changelog', async () => {
      await fresh(50);
      await write(node.log, `in-${id}`, records(3));
      await start(null);
      await entries(3);
      await runtime.stop();
      await write(node.log, changelog(), [{ key: 'k', value: 'foreign', headers: [{ key: 'h', value: '1' }] }]);
      open(50);
      await start(null);
      await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
      expect(runtime.query('Q')!.lastError()!.message).toMatch(
        new RegExp(`^Changelog ${changelog()}, partition 0, offset \\d+: a record with headers`),
      );
    });
  });

  it('has changelogs that are compacted and never deleted by age, and repartition topics that are kept', async () => {
    await fresh();
    await write(node.log, `in-${id}`, records(2));
    await start({ kind: 'TUMBLING', sizeMs: 10, graceMs: 0, retentionMs: 1000 });
    await entries(2);
    expect(await node.log.topicConfig!(changelog())).toMatchObject({
      'cleanup.policy': 'compact',
      'retention.ms': '-1',
    });
    expect(await node.log.topicConfig!(`_weir-${id}-Q-by-user-repartition`)).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
    });
  });

  it('loses the windows that are past their retention, from the store and by tombstones from the changelog', async () => {
    // 30 s between two sweeps are 60 ms.
    await fresh(500);
    await start({ kind: 'TUMBLING', sizeMs: 10, graceMs: 0, retentionMs: 1000 });
    await running();
    for (let i = 0; i < 40; i++) {
      await write(node.log, `in-${id}`, [{ key: '1', value: '{"USER":"u","AMOUNT":1}', timestamp: i * 500 }]);
      await entries(i + 1);
    }
    const live = (all: Awaited<ReturnType<typeof readAll>>) => {
      const last = new Map(all.map((r) => [r.key, r.value]));
      return [...last.values()].filter((v) => v !== null).length;
    };
    let more = 40;
    await until('old windows are gone', async () => {
      await write(node.log, `in-${id}`, [{ key: '1', value: '{"USER":"u","AMOUNT":1}', timestamp: more++ * 500 }]);
      const inChangelog = live(await readAll(node.log, changelog()));
      let inStore = 0;
      const reader = node.state.reader({ queryId: 'Q', subtopology: 1, partition: 0 }, 'agg');
      for await (const _ of reader.range(undefined, undefined)) inStore++;
      return inStore < 20 && inChangelog < 20;
    });
  });
});
