import { randomInt } from 'node:crypto';
import { it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { describeKafka } from '../kafka/support/broker.js';
import { kafkaServices } from './support/kafka-service.js';
import { pause } from './support/kills.js';
import { QUERIES } from './support/queries.js';

const ROUNDS = 3;
const DEADLINE_MS = 300_000;
const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

describeKafka('a server on Kafka that is suspended', () => {
  // Uncached: each record changes the store, and each change goes out.
  const start = kafkaServices({ 'cache.max.bytes.buffering': '0' });

  it(`is fenced when it comes back after another one has taken over (WEIR_CRASH_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const { view, groups, first, addNode, check } = await start(seed, signal);
    let zombie = first;
    let other = await addNode();
    for (let round = 0; round < ROUNDS; round++) {
      await zombie.working(QUERIES, signal);
      await pause(random() * 1000);
      const before = new Set(await view.members(groups));
      zombie.suspend();
      other.start();
      await other.until('the groups go on without the zombie', signal, async () => {
        const members = await view.members(groups);
        return members.length === QUERIES && !members.some((m) => before.has(m));
      });
      await other.working(QUERIES, signal);
      await pause(random() * 500);
      zombie.goOn();
      await other.until('the zombie has joined anew', signal, async () => {
        const members = await view.members(groups);
        return members.length === 2 * QUERIES && !members.some((m) => before.has(m));
      });
      await pause(random() * 1500);
      if (random() < 0.5) [zombie, other] = [other, zombie];
      // The one that is left works on alone, and is suspended next.
      await other.kill();
      await zombie.until('the groups go on without the dead', signal, async () => {
        return (await view.members(groups)).length === QUERIES;
      });
    }
    await check(zombie);
  }, 360_000);
});
