import { logContract } from '../contract/log.contract.js';
import { Broker } from './broker.js';
import { Faults } from './faults.js';
import { Groups } from './groups.js';
import { SimProcess } from './process.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { SimLog } from './sim-log.js';

/** The contract's tests live in real time: so many milliseconds of virtual time pass in one of theirs. */
const SPEED = 3;

/** What the simulation runs on is a log as the others are, as long as nothing goes wrong. */
logContract('The simulated log', async () => {
  const random = new Random(1);
  const scheduler = new Scheduler(random.fork());
  const faults = new Faults(random.fork());
  faults.heal();
  const broker = new Broker(scheduler, faults, null);
  const groups = new Groups(scheduler, random.fork(), (topic) => broker.topics.get(topic)?.length ?? 0);
  let lives = 0;
  const start = (): { process: SimProcess; log: SimLog } => {
    const process = new SimProcess(`p${++lives}`, scheduler, random.fork());
    return { process, log: new SimLog({ broker, groups, faults, process, writeState: () => {} }) };
  };
  let now = start();
  let closed = false;
  const began = performance.now();
  const pump = async (): Promise<void> => {
    while (!closed) {
      if (scheduler.next <= (performance.now() - began) * SPEED) await scheduler.step();
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const pumping = pump();
  return {
    get log() {
      return now.log;
    },
    reopen: async () => {
      now.process.kill();
      groups.silent(now.process);
      now = start();
      return now.log;
    },
    dispose: async () => {
      closed = true;
      await pumping;
    },
  };
});
