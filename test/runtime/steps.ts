import fc from 'fast-check';
import { silentLogger } from '../../engine/base/logger.js';
import { Counters } from '../../engine/dataflow/counters.js';
import { querySettings } from '../../engine/dataflow/query-settings.js';
import type { RuntimeServices } from '../../engine/dataflow/runtime-services.js';
import { prepareTopics } from '../../engine/persistent/internal-topics.js';
import type { Task } from '../../engine/persistent/task.js';
import { TaskFactory } from '../../engine/persistent/task-factory.js';
import type { Topology } from '../../engine/plan/topology.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { FakeLog, type Fault } from './fake-log.js';
import { codecServices } from './support.js';

/**
 * A query over a fake log, step by step: what is fed, processed, committed and crashed is the test's to say. A task that
 * fails is built anew from what was committed, as the runner does.
 */
export class Steps {
  readonly log: FakeLog;
  readonly state: MemoryState;
  private readonly tasks = new Map<number, Task>();
  private factory!: TaskFactory;
  restored = 0;

  constructor(
    private readonly topology: Topology,
    kind: 'embedded' | 'kafka',
    private readonly properties: Record<string, string>,
    private readonly external: readonly string[] = ['in', 'out'],
  ) {
    this.state = new MemoryState();
    this.log = new FakeLog(kind, this.state);
  }

  async start(): Promise<this> {
    const services: RuntimeServices = {
      ...codecServices,
      serviceId: 'test',
      log: this.log,
      state: this.state,
      clock: { now: () => 0, sleep: async () => {} },
      logger: silentLogger,
    };
    await this.log.createTopics(this.external.map((name) => ({ name, partitions: 1 })));
    this.factory = new TaskFactory({
      services,
      queryId: 'Q',
      properties: this.properties,
      settings: querySettings({ 'auto.offset.reset': 'earliest', ...this.properties }),
      topics: await prepareTopics(services, 'Q', this.topology),
      counters: new Counters('Q', services),
      behind: () => false,
    });
    return this;
  }

  async task(sub: number): Promise<Task> {
    let task = this.tasks.get(sub);
    if (task === undefined) {
      task = await this.factory.open(this.topology.subtopologies[sub]!, 0, new AbortController().signal, () => {
        this.restored++;
      });
      this.tasks.set(sub, task);
    }
    return task;
  }

  /** Reads at most `batches` batches of each input and processes them; false: there was none. */
  async process(sub: number, batches: number): Promise<boolean> {
    const task = await this.task(sub);
    let found = false;
    for (const input of task.inputs) {
      const fetched = this.log.read(input.source.topic, 0, input.next, batches);
      if (fetched === undefined) continue;
      input.add(fetched);
      found = true;
    }
    while (task.hasInput) task.run(1);
    return found;
  }

  /** Processes one slice of what is there, some hundred records, and leaves the rest. */
  async slice(sub: number): Promise<void> {
    const task = await this.task(sub);
    for (const input of task.inputs) {
      const fetched = input.empty ? this.log.read(input.source.topic, 0, input.next, 1000) : undefined;
      if (fetched !== undefined) input.add(fetched);
    }
    task.run(0);
  }

  async commit(sub: number): Promise<void> {
    const task = await this.task(sub);
    try {
      await task.commit();
    } catch {
      await this.crash(sub);
    }
  }

  async crash(sub: number): Promise<void> {
    const task = this.tasks.get(sub);
    this.tasks.delete(sub);
    await task?.close();
  }

  /** Everything there is to do, committed without faults. */
  async finish(): Promise<void> {
    this.log.nextFault = () => 'none';
    for (let sub = 0; sub < this.topology.subtopologies.length; sub++) {
      while (await this.process(sub, 3));
      await this.commit(sub);
    }
  }
}

/** What may happen between two batches: work, commits that do or do not work, crashes. */
export interface Step {
  readonly do: 'process' | 'commit' | 'crash';
  readonly sub: number;
  readonly batches: number;
  readonly fault: Fault;
}

/** Steps in sub-topologies 0 to `subs` - 1. */
export const randomSteps = (subs: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      do: fc.constantFrom('process' as const, 'process' as const, 'commit' as const, 'crash' as const),
      sub: fc.integer({ min: 0, max: subs - 1 }),
      batches: fc.integer({ min: 1, max: 3 }),
      fault: fc.constantFrom<Fault>('none', 'none', 'refused', 'unknown'),
    }),
    { maxLength: 40 },
  );

export async function takeSteps(query: Steps, plan: readonly Step[]): Promise<void> {
  for (const step of plan) {
    query.log.nextFault = () => step.fault;
    if (step.do === 'process') await query.process(step.sub, step.batches);
    else if (step.do === 'commit') await query.commit(step.sub);
    else await query.crash(step.sub);
  }
}
