import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { WeirError } from '../../engine/base/errors.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Topology } from '../../engine/plan/topology.js';
import { Runtime } from '../../engine/runtime.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { readAll, type StoredNode, until, write } from './nodes.js';
import { codecServices, groupByUser } from './support.js';

/** A database on a disk that is full where the test says so. */
export class FullDatabase extends LevelDatabase {
  isFull = false;
  refused = 0;

  override async batch(ops: Parameters<LevelDatabase['batch']>[0]): Promise<void> {
    this.check();
    return super.batch(ops);
  }

  override async room(): Promise<void> {
    this.check();
  }

  private check(): void {
    if (!this.isFull) return;
    this.refused++;
    throw new WeirError('DISK_FULL', 'There is no room on the disk');
  }
}

export function diskFullSuite(name: string, openNode: () => Promise<StoredNode & { database: FullDatabase }>): void {
  describe(name, () => {
    it('stops the tasks with a state that says so, and they go on by themselves', async () => {
      const node = await openNode();
      const id = randomUUID().slice(0, 8);
      const topics = [`in-${id}`, `out-${id}`];
      await node.log.createTopics(topics.map((t) => ({ name: t, partitions: 1 })));
      const runtime = new Runtime({
        ...codecServices,
        serviceId: id,
        log: node.log,
        state: node.state,
        clock: { now: () => systemClock.now() * 50, sleep: (ms, signal) => systemClock.sleep(ms / 50, signal) },
        logger: silentLogger,
      });
      onTestFinished(async () => {
        await runtime.stop();
        await node.dispose();
      });
      const plan = groupByUser(null);
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
        properties: { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5' },
      });
      const records = (from: number, n: number) =>
        Array.from({ length: n }, (_, i) => ({
          key: String(from + i),
          value: `{"USER":"u${(from + i) % 3}","AMOUNT":1}`,
          timestamp: from + i,
        }));
      const totals = async () =>
        Object.fromEntries((await readAll(node.log, topics[1]!)).map((r) => [r.key, r.value] as const));
      const counted = (n: number) =>
        until(`${3 * n} records are counted`, async () => {
          const found = await totals();
          return ['"u0"', '"u1"', '"u2"'].every((k) => found[k] === `{"N":${n},"TOTAL":${n}}`);
        });
      await write(node.log, topics[0]!, records(0, 30));
      await counted(10);
      // The next records are there before the disk fills up: on the embedded log they could not be written after.
      runtime.pauseQuery('Q');
      await write(node.log, topics[0]!, records(30, 30));
      node.database.isFull = true;
      await runtime.resumeQuery('Q');
      const query = runtime.query('Q')!;
      await until('it waits for room', () => query.state === 'DISK_FULL');
      expect(query.lastError()!.message).toContain('no room on the disk');
      // Far more attempts than failures that would make an ERROR.
      const { refused } = node.database;
      await until('it has tried many times', () => node.database.refused > refused + 12);
      expect(query.state).toBe('DISK_FULL');
      node.database.isFull = false;
      await counted(20);
      await until('it runs', () => query.state === 'RUNNING');
      // Nothing twice: on the way each group was counted up by its own rows alone.
      await write(node.log, topics[0]!, records(60, 3));
      await counted(21);
    });
  });
}
