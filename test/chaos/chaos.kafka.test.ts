/**
 * Three nodes of one service under kills, suspensions and restarts of brokers, while rides flow. At the end every result is
 * compared, as Java's read-committed consumer sees it, with what a plain evaluation of the rides gives.
 *
 * `WEIR_CHAOS_KILLS` (30 by default) and `WEIR_CHAOS_BROKERS` (1; 3: three replicas, two of which must be in sync) make it
 * longer; `WEIR_CRASH_SEED` chooses the faults.
 */
import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { kafkaServices } from '../crash/support/kafka-service.js';
import { pause } from '../crash/support/kills.js';
import type { ServerProcess } from '../crash/support/server-process.js';
import { describeKafka } from '../kafka/support/broker.js';

const KILLS = Number(process.env.WEIR_CHAOS_KILLS ?? 30);
const BROKERS = Number(process.env.WEIR_CHAOS_BROKERS ?? 1);
const NODES = 3;
/** Beyond the session timeout of `kafkaServices`: the group goes on without it, and it comes back as a zombie. */
const SUSPENDED_MS = 2_500;
/** Of kills between a suspension, and between restarts of a broker, clean and hard in turn. */
const SUSPEND_EVERY = 6;
const RESTART_EVERY = 10;
/** A node that begins while there is no broker ends again. */
const NO_BROKER = /Kafka could not connect|ECONNREFUSED/;
const PATIENCE_MS = 5_000;
const DEADLINE_MS = 240_000 + KILLS * 20_000;
const seed = Number(process.env.WEIR_CRASH_SEED ?? randomInt(1_000_000));

/** Until any of the nodes has processed something, or for a while; what is left of the others' waits ends with it. */
async function anyWorks(nodes: readonly ServerProcess[], signal: AbortSignal): Promise<void> {
  const found = new AbortController();
  const either = AbortSignal.any([signal, found.signal, AbortSignal.timeout(PATIENCE_MS)]);
  // None that works is no failure here: all may be starting, and the end of the test tells.
  await Promise.any(nodes.map((n) => n.working(1, either))).catch(() => signal.throwIfAborted());
  found.abort();
}

describeKafka('nodes of a service', () => {
  // As many rides as a longer run may have, over all of it.
  const start = kafkaServices({}, BROKERS, Math.max(120, KILLS * 4));

  it(
    `lose nothing and count nothing twice over ${KILLS} kills, zombies and restarts of brokers (WEIR_CRASH_SEED=${seed})`,
    async () => {
      const random = seededRandom(seed);
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const { first, addNode, brokers, check, openTransactions } = await start(seed, signal);
      const nodes = [first];
      while (nodes.length < NODES) {
        const node = await addNode();
        nodes.push(node);
        node.start();
      }
      for (const node of nodes) node.excused = NO_BROKER;
      const faults = { kills: 0, zombies: 0, brokersStopped: 0, brokersKilled: 0 };
      let revived = 0;
      const pick = () => nodes[Math.floor(random() * nodes.length)]!;
      while (faults.kills < KILLS) {
        // Half of the kills meet nodes that start or take over work, the others come while they work.
        if (random() < 0.5) await anyWorks(nodes, signal);
        await pause(random() * 1500);
        const victim = pick();
        await victim.kill();
        faults.kills++;
        if (faults.kills % SUSPEND_EVERY === 0) {
          const zombie = nodes.find((n) => n !== victim)!;
          zombie.suspend();
          await pause(SUSPENDED_MS);
          zombie.goOn();
          faults.zombies++;
        }
        victim.start();
        if (faults.kills % RESTART_EVERY === 0) {
          const broker = brokers[Math.floor(random() * brokers.length)]!;
          if ((faults.kills / RESTART_EVERY) % 2 === 0) {
            await broker.kill();
            faults.brokersKilled++;
          } else faults.brokersStopped++;
          await broker.restart();
        }
      }
      await anyWorks(nodes, signal);
      for (const node of nodes) if (node.revive()) revived++;
      const last = pick();
      for (const node of nodes) if (node !== last) await node.kill();
      const checked = await check(last);
      expect(await openTransactions()).toEqual([]);
      console.log(
        `CHAOS ${JSON.stringify({ nodes: NODES, brokers: BROKERS, seed, ...faults, revived, ...checked, lost: 0, twice: 0, hanging: 0 })}`,
      );
    },
    DEADLINE_MS + 60_000,
  );
});
