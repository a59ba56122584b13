import { randomInt } from 'node:crypto';
import { it } from 'vitest';
import { kafkaServices } from '../crash/support/kafka-service.js';
import { describeKafka } from '../kafka/support/broker.js';

const DEADLINE_MS = 240_000;
const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

describeKafka('a service that grows and shrinks', () => {
  const start = kafkaServices({ 'num.standby.replicas': '1' });

  it(`from one node to three and back, under load, one of them killed: nothing lost, nothing twice (WEIR_CRASH_SEED=${seed})`, async () => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const { first, addNode, check, view, groups } = await start(seed, signal);
    const joined = async (count: number): Promise<void> =>
      first.until(`${count} nodes are in every group`, signal, async () => {
        const members = await view.members(groups);
        return members.length === groups.length * count || `${members.length} of ${groups.length * count}`;
      });
    await first.working(2, signal);
    const [second, third] = [await addNode(), await addNode()];
    second.start();
    await second.ready(signal);
    await joined(2);
    await second.working(1, signal);
    third.start();
    await third.ready(signal);
    await joined(3);
    await first.working(1, signal);
    await second.kill();
    await joined(2);
    await first.working(2, signal);
    await third.stop();
    await joined(1);
    await first.working(2, signal);
    await check(first);
  }, 300_000);
});
