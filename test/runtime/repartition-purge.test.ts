import { expect, it } from 'vitest';
import { silentLogger } from '../../engine/base/logger.js';
import type { TopicPartitionOffset } from '../../engine/log/log.js';
import { RepartitionPurge } from '../../engine/persistent/repartition-purge.js';

it('what is read of repartition topics is removed now and then, and of no other topic', async () => {
  let now = 0;
  const calls: (readonly TopicPartitionOffset[])[] = [];
  let broken = false;
  const log = {
    deleteRecords: async (before: readonly TopicPartitionOffset[]) => {
      calls.push(before);
      if (broken) throw new Error('no leader');
    },
  };
  const clock = { now: () => now, sleep: async () => {} };
  const purge = new RepartitionPurge({ log: log as never, clock, logger: silentLogger }, (t) => t === 'own');
  const at = (topic: string, partition: number, offset: number) => ({ topic, partition, offset });
  purge.committed([at('own', 0, 10), at('rides', 0, 99)]);
  now = 29_999;
  purge.committed([at('own', 1, 5)]);
  expect(calls).toEqual([]);
  now = 30_000;
  purge.committed([at('own', 0, 20)]);
  await purge.settled();
  expect(calls).toEqual([[at('own', 0, 20), at('own', 1, 5)]]);
  // A failure costs room, not results: the next offsets are tried at the next time.
  broken = true;
  now = 60_000;
  purge.committed([at('own', 0, 30)]);
  await purge.settled();
  expect(calls).toHaveLength(2);
  now = 60_001;
  purge.committed([at('own', 0, 31)]);
  expect(calls).toHaveLength(2);
});
