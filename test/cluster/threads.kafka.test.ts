import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { kafkaServices } from '../crash/support/kafka-service.js';
import { describeKafka } from '../kafka/support/broker.js';

const DEADLINE_MS = 240_000;
const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

describeKafka('a node with several threads', () => {
  const start = kafkaServices({ 'num.stream.threads': '2' });

  it(`shares the work among them, is killed and comes back: nothing lost, nothing twice (WEIR_CRASH_SEED=${seed})`, async () => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const { first, check, view, groups } = await start(seed, signal);
    await first.working(2, signal);
    await first.until('both threads are in every group', signal, async () => {
      const members = await view.members(groups);
      return members.length === groups.length * 2 || `${members.length} of ${groups.length * 2}`;
    });
    await first.kill();
    first.start();
    await first.ready(signal);
    await first.working(2, signal);
    expect(first.surprises).toEqual([]);
    await check(first);
  }, 300_000);
});
