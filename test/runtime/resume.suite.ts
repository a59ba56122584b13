import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { ProcessingError } from '../../engine/observe/processing-error.js';
import type { Topology } from '../../engine/plan/topology.js';
import { type Properties, Runtime } from '../../engine/runtime.js';
import { readAll, type StoredNode, until, write } from './nodes.js';
import { codecServices, groupByUser, sink, source, topology } from './support.js';

const EARLY: Properties = { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5' };

/** Queries in ERROR, and what RESUME makes of them, on any log. */
export function resumeSuite(name: string, openNode: () => Promise<StoredNode>): void {
  describe(name, () => {
    let node: StoredNode;
    let runtime: Runtime;
    let errors: ProcessingError[];
    let id: string;
    let topic: string;

    beforeAll(async () => {
      node = await openNode();
    });
    afterAll(() => node.dispose());
    beforeEach(async () => {
      id = randomUUID().slice(0, 8);
      topic = `in-${id}`;
      errors = [];
      runtime = new Runtime({
        ...codecServices,
        serviceId: id,
        log: node.log,
        state: node.state,
        // A fast clock: pauses between attempts are none of these tests' subject.
        clock: { now: () => systemClock.now() * 50, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
        logger: silentLogger,
        processingLog: (e) => errors.push(e),
      });
      await node.log.createTopics([
        { name: topic, partitions: 1 },
        { name: `out-${id}`, partitions: 1 },
      ]);
    });
    afterEach(() => runtime.stop());

    const own = (plan: Topology): Topology => ({
      version: 1,
      subtopologies: plan.subtopologies.map((s) => ({
        ...s,
        nodes: s.nodes.map((n) =>
          n.kind === 'sink' || (n.kind === 'source' && !n.internal) ? { ...n, topic: `${n.topic}-${id}` } : n,
        ),
      })),
    });
    const counts = () => own(groupByUser(null));
    const start = (plan: Topology) => runtime.startQuery({ queryId: id, topology: plan, properties: EARLY });
    const put = (...amounts: readonly number[]) =>
      write(
        node.log,
        topic,
        amounts.map((n) => ({ key: String(n), value: `{"USER":"u","AMOUNT":${n}}`, timestamp: n })),
      );
    const state = (wanted: string) =>
      until(`the query is ${wanted}`, async () => runtime.query(id)!.state === wanted, 20_000);
    const total = (n: number, sum: number) =>
      until(`${n} rows make ${sum}`, async () => {
        const last = (await readAll(node.log, `out-${id}`)).at(-1);
        return last?.value != null && JSON.parse(last.value).N === n && JSON.parse(last.value).TOTAL === sum;
      });
    /** Processes 1 and 2; then 3 and 4 come and 1 to 3 are deleted while it does not look. */
    const loseOne = async () => {
      await start(counts());
      await put(1);
      await put(2);
      await total(2, 3);
      await runtime.stopQuery(id);
      await put(3);
      await put(4);
      const range = (await node.log.offsets(topic))[0]!;
      await node.log.deleteRecords([{ topic, partition: 0, offset: range.end - 1 }]);
      await start(counts());
    };

    it('a position that is lost ends in ERROR, with a hint; RESUME alone does not skip anything', async () => {
      await loseOne();
      await state('ERROR');
      const [last] = runtime.query(id)!.errors().slice(-1);
      expect(last!.message).toMatch(/out of range.*RESUME .* FROM EARLIEST/s);
      expect(runtime.query(id)!.errors().length).toBeGreaterThan(1);
      expect(errors.filter((e) => e.kind === 'failure').at(-1)!.message).toBe(last!.message);
      await runtime.resumeQuery(id);
      await state('ERROR');
    });

    it('FROM EARLIEST goes on with what is left, and keeps the state', async () => {
      await loseOne();
      await state('ERROR');
      await runtime.resumeQuery(id, 'earliest');
      await total(3, 7);
      await put(5);
      await total(4, 12);
      expect(runtime.query(id)!.state).toBe('RUNNING');
      // It is committed: a restart stands behind it.
      await runtime.stopQuery(id);
      await start(counts());
      await put(6);
      await total(5, 18);
    });

    it('FROM LATEST goes on with what comes', async () => {
      await loseOne();
      await state('ERROR');
      await runtime.resumeQuery(id, 'latest');
      await state('RUNNING');
      await put(10);
      await total(3, 13);
    });

    it('FROM is for the loss that was met, not for later ones', async () => {
      await loseOne();
      await state('ERROR');
      await runtime.resumeQuery(id, 'earliest');
      await total(3, 7);
      await runtime.stopQuery(id);
      await put(5);
      await put(6);
      const range = (await node.log.offsets(topic))[0]!;
      await node.log.deleteRecords([{ topic, partition: 0, offset: range.end - 1 }]);
      await start(counts());
      await state('ERROR');
    });

    it('after its cause has gone, RESUME goes on', async () => {
      await node.log.deleteTopics([`out-${id}`]);
      await start(own(topology([source(), sink('source', source().key, source().value)])));
      await put(1);
      await state('ERROR');
      expect(runtime.query(id)!.lastError()!.message).toContain(`Topic out-${id} does not exist`);
      await node.log.createTopics([{ name: `out-${id}`, partitions: 1 }]);
      await runtime.resumeQuery(id);
      await until('the row is there', async () => (await readAll(node.log, `out-${id}`)).length === 1);
      expect(runtime.query(id)!.state).toBe('RUNNING');
    });
  });
}
