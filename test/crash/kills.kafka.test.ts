import { randomInt } from 'node:crypto';
import { it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { describeKafka } from '../kafka/support/broker.js';
import { kafkaServices } from './support/kafka-service.js';
import { killAgainAndAgain } from './support/kills.js';

const KILLS = 9;
const DEADLINE_MS = 300_000;
const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

describeKafka('a server on Kafka that dies', () => {
  const start = kafkaServices();

  it(`loses nothing and counts nothing twice after ${KILLS} kills, one with the state lost (WEIR_CRASH_SEED=${seed})`, async () => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const service = await start(seed, signal);
    const plan = { kills: KILLS, loseStateAfter: 5, workMs: 3000 };
    await killAgainAndAgain(service.first, plan, seededRandom(seed), signal);
    await service.check(service.first);
  }, 360_000);
});
