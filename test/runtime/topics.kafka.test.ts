import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Topology } from '../../engine/plan/topology.js';
import { Runtime } from '../../engine/runtime.js';
import { describeKafka } from '../kafka/support/broker.js';
import { kafkaNode, readAll, type StoredNode, until, write } from './nodes.js';
import { codecServices, groupByUser, KEY, sink, source, topology, VALUE } from './support.js';

describeKafka('topics of a running query', (kafka) => {
  let node: StoredNode;
  let runtime: Runtime;
  let id: string;
  beforeEach(async () => {
    id = randomUUID().slice(0, 8);
    node = await kafkaNode(kafka.bootstrap);
    runtime = new Runtime({
      ...codecServices,
      serviceId: id,
      log: node.log,
      state: node.state,
      // The 30 s between two looks at the topics are one.
      clock: { now: () => systemClock.now() * 30, sleep: (ms, signal) => systemClock.sleep(ms / 30, signal) },
      logger: silentLogger,
    });
    await node.log.createTopics([
      { name: `in-${id}`, partitions: 1 },
      { name: `out-${id}`, partitions: 1 },
    ]);
  });
  afterEach(async () => {
    await runtime.stop();
    await node.dispose();
  });

  const start = async (plan: Topology) => {
    const own: Topology = {
      version: 1,
      subtopologies: plan.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) =>
          n.kind === 'sink' || (n.kind === 'source' && !n.internal) ? { ...n, topic: `${n.topic}-${id}` } : n,
        ),
      })),
    };
    await runtime.startQuery({
      queryId: 'Q',
      topology: own,
      properties: { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '20' },
    });
    await until('it runs', () => runtime.query('Q')!.state === 'RUNNING', 60_000);
  };
  const through = topology([source(), sink('source', KEY, VALUE)]);
  const good = (n: number) => ({ key: String(n), value: `{"USER":"u","AMOUNT":${n}}`, timestamp: n });
  const inError = () => until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR', 60_000);

  async function grow(): Promise<void> {
    const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: `in-${id}`, count: 3 }] });
    await admin.disconnect();
  }

  it('that are deleted put it into ERROR, with the name', async () => {
    await start(through);
    await node.log.deleteTopics([`in-${id}`]);
    await inError();
    expect(runtime.query('Q')!.lastError()!.message).toContain(`in-${id}`);
  });

  it('may grow where it has no state: it reads the new partitions too', async () => {
    await start(through);
    await grow();
    await write(node.log, `in-${id}`, [good(1), good(2)], 2);
    const out = await until(
      'the rows of the new partition are there',
      async () => {
        const rows = await readAll(node.log, `out-${id}`);
        return rows.length >= 2 && rows;
      },
      60_000,
    );
    expect(out.map((r) => r.key)).toEqual(['1', '2']);
  });

  it('that grow under its state put it into ERROR: its keys have moved', async () => {
    await start(groupByUser(null));
    await grow();
    await inError();
    expect(runtime.query('Q')!.lastError()!.message).toMatch(/partitions/);
  });
});
