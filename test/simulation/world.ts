import { groupName, sourcesOf } from '../../engine/dataflow/names.js';
import { Broker, type Producer, type Sabotage } from './broker.js';
import { checkSink, checkState, contentOf, type Findings, noFindings } from './check.js';
import { SimDisk } from './disk.js';
import { type FaultKind, Faults } from './faults.js';
import { grouped } from './grouped.js';
import { Groups } from './groups.js';
import { batchOf, type Inputs, PARTITIONS, type Row, randomHistory, randomInputs } from './inputs.js';
import { SERVICE_ID, SimNode } from './node.js';
import { Given } from './oracle.js';
import { type PageCounts, Pages } from './pages.js';
import { planOf } from './plans.js';
import { QUERIES, type ReferenceQuery } from './queries.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';

/** A phase that is not done after so much virtual time never will be. */
const PATIENCE_MS = 10 * 60_000;
const MAX_EVENTS = 300_000;
/** After an event, that tables are looked at. */
const PAGE_CHANCE = 0.002;

export interface RunOptions {
  readonly sabotage?: Sabotage;
  /** A part of a reference query's name; else the seed chooses. */
  readonly query?: string;
}

export interface RunResult {
  readonly seed: number;
  readonly query: string;
  readonly guarantee: string;
  readonly findings: Findings;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Records that went in. */
  readonly records: number;
  /** Entries of state that were compared. */
  readonly stateEntries: number;
  /** What pages on the tables were told. */
  readonly pages: PageCounts;
  readonly events: number;
  readonly virtualMs: number;
  /** The same in each run of the seed. */
  readonly trace: string;
  /** What happened last, and what the nodes logged. */
  readonly story: () => string;
}

export const failed = (r: RunResult): boolean => r.findings.texts.length > 0;

/** Runs one seed. */
export function simulate(seed: number, options: RunOptions = {}): Promise<RunResult> {
  return new World(seed, options).run();
}

class World {
  private readonly random: Random;
  private readonly scheduler: Scheduler;
  private readonly faults: Faults;
  private readonly broker: Broker;
  private readonly groups: Groups;
  private readonly nodes: SimNode[];
  private readonly query: ReferenceQuery;
  private readonly inputs: Inputs;
  private readonly exactlyOnce: boolean;
  private readonly cached: boolean;
  private readonly findings = noFindings();
  private readonly pages: Pages;
  /** Rows of the inputs that are on the log, or on their way. */
  private toProduce = 0;
  private healed = false;
  private skipped = 0;
  private stateEntries = 0;

  constructor(
    private readonly seed: number,
    options: RunOptions,
  ) {
    const random = new Random(seed);
    this.random = random;
    this.scheduler = new Scheduler(random.fork());
    this.faults = new Faults(random.fork());
    this.broker = new Broker(this.scheduler, this.faults, options.sabotage ?? null);
    this.groups = new Groups(this.scheduler, random.fork(), (topic) => this.broker.topics.get(topic)?.length ?? 0);
    const { query } = options;
    this.query = random.pick(query === undefined ? QUERIES : QUERIES.filter((q) => q.name.includes(query)));
    this.exactlyOnce = !this.query.repeatable || random.chance(0.7);
    this.cached = random.chance(0.5);
    const inputs = this.query.history ? randomHistory : randomInputs;
    this.inputs = inputs(random.fork(), this.query.reads);
    const properties = {
      'auto.offset.reset': 'earliest',
      'processing.guarantee': this.exactlyOnce ? 'exactly_once_v2' : 'at_least_once',
      'commit.interval.ms': String(random.pick([5, 30, 100])),
      'num.standby.replicas': String(random.int(0, 1)),
      'cache.max.bytes.buffering': this.cached ? '1000000' : '0',
    };
    const { scheduler, faults, broker, groups } = this;
    const { queries, tables } = planOf(this.query);
    const skipped = () => {
      this.skipped++;
    };
    this.nodes = Array.from({ length: random.int(1, 3) }, (_, i) => {
      const name = `n${i + 1}`;
      return new SimNode({
        name,
        scheduler,
        random: random.fork(),
        broker,
        groups,
        faults,
        queries,
        properties,
        skipped,
        snapshotFromTopic: () => this.pages.counts.fellBack++,
        nodes: () => this.nodes,
      });
    });
    this.pages = new Pages({
      tables: this.exactlyOnce ? tables : [],
      nodes: () => this.nodes,
      ...{ broker, scheduler, findings: this.findings },
      random: random.fork(),
    });
  }

  async run(): Promise<RunResult> {
    this.createTopics();
    const { phases, healedFrom } = this.inputs;
    if (this.query.history) this.produce(phases[0]!, true);
    for (const node of this.nodes) node.start();
    let alive = true;
    for (let i = 0; alive && i < phases.length; i++) {
      if (i === healedFrom) alive = await this.continueOnOne();
      if (i > 0 || !this.query.history) this.produce(phases[i]!);
      alive = alive && (await this.until(`phase ${i} is done`, () => this.toProduce === 0 && this.drained()));
    }
    // Without input in its partition a task may still be restoring: what it has then is a beginning of its changelog.
    const ready = () => this.nodes.every((n) => n.allRunning);
    alive = alive && (await this.until('all tasks run', ready, true));
    alive = alive && (await this.until('all pages have all changes', () => this.pages.caughtUp, true));
    // The state follows the transaction: it is there when the node has stopped.
    alive = alive && (await this.stopAll());
    if (alive) this.check();
    else this.findings.texts.push(...this.nodes.flatMap((n) => n.logged.slice(-5)));
    for (const node of this.nodes) node.process.kill();
    return this.result();
  }

  private createTopics(): void {
    const { sinks } = planOf(this.query);
    for (const topic of [...this.query.reads, ...[...sinks.values()].map((s) => s.topic)]) {
      this.broker.createTopic(topic, PARTITIONS);
    }
  }

  /** A producer writes rows in batches, at random times or at once; an answer that is lost makes it send a batch again. */
  private produce(rows: readonly Row[], atOnce = false): void {
    const { random, scheduler, broker } = this;
    for (const list of grouped(rows, (r) => `${r.topic}/${r.partition}`).values()) {
      const { topic, partition } = list[0]!;
      const producer: Producer = { id: `input ${topic}/${partition}/${list[0]!.phase}`, epoch: 0, state: null };
      let at = 0;
      for (let i = 0, sequence = 1; i < list.length; sequence++) {
        const part = list.slice(i, i + random.int(1, 5));
        i += part.length;
        at += random.next() * 40;
        if (atOnce) {
          void broker.append(producer, topic, partition, batchOf(part), sequence);
          continue;
        }
        const send = (delay: number, counts: boolean) => {
          const number = sequence;
          scheduler.after(delay, `input ${topic}/${partition}`, () => {
            if (counts) this.toProduce--;
            void broker.append(producer, topic, partition, batchOf(part), number);
          });
        };
        this.toProduce++;
        send(at, true);
        if (this.faults.ofRequest('batch delivered twice', 0.05)) send(at + random.next() * 50, false);
      }
    }
  }

  /** All is well from now on: every node stops, and one goes on with everything, on its disk or on an empty one. */
  private async continueOnOne(): Promise<boolean> {
    const { nodes, random } = this;
    this.faults.heal();
    this.healed = true;
    for (const node of nodes) {
      node.disk.full = false;
      node.process.resume();
    }
    if (!(await this.stopAll())) return false;
    const last = random.pick(nodes);
    if (random.chance(0.5)) last.disk = new SimDisk();
    nodes.splice(0, nodes.length, last);
    last.start();
    return true;
  }

  private stopAll(): Promise<boolean> {
    let running = 0;
    for (const node of this.nodes) {
      if (!node.running) continue;
      running++;
      void node.stop().then(() => running--);
    }
    // Their last commits are decided; they are seen once their markers are written.
    return this.until('all nodes have stopped', () => running === 0 && this.broker.idle, true);
  }

  /** Everything that was written for the queries to read has been read and committed, and nothing is open. */
  private drained(): boolean {
    const { broker } = this;
    if (!broker.idle) return false;
    return planOf(this.query).queries.every(({ id, topology }) => {
      const offsets = broker.offsets.get(groupName(SERVICE_ID, id));
      return topology.subtopologies.every((sub) =>
        sourcesOf(sub, SERVICE_ID, id).every((topic) =>
          broker.topics.get(topic)?.every((p) => p.readTo(offsets?.get(`${topic}/${p.partition}`)?.offset ?? 0)),
        ),
      );
    });
  }

  /** Lets time pass until a condition holds that depends on what the broker keeps, or, `always`, on anything. */
  private async until(what: string, condition: () => boolean, always = false): Promise<boolean> {
    const { scheduler, broker } = this;
    const deadline = scheduler.now + PATIENCE_MS;
    let changes = -1;
    for (;;) {
      if (always || changes !== broker.changes || this.toProduce > 0) {
        changes = broker.changes;
        if (condition()) return true;
      }
      const goesOn = (await scheduler.step()) || this.restartFailed();
      if (scheduler.now > deadline || scheduler.events > MAX_EVENTS || !goesOn) {
        const states = this.nodes.map((n) => `${n.name} ${n.running ? 'runs' : 'is down'}`).join(', ');
        this.findings.texts.push(`Not within ${PATIENCE_MS} ms of virtual time: ${what} (${states})`);
        return false;
      }
      this.afterEvent();
    }
  }

  /** Lets something happen to a node, where the seed says so. */
  private afterEvent(): void {
    const { scheduler, random, groups, faults } = this;
    if (scheduler.events % 64 === 0) this.restartFailed();
    if (random.chance(PAGE_CHANCE)) this.pages.openAll();
    const fault = faults.ofNode();
    if (fault === undefined) return;
    if (fault === 'rebalance') {
      faults.count(fault);
      scheduler.note('fault: rebalance');
      groups.shuffle();
      return;
    }
    const node = random.pick(this.nodes);
    if (!node.running || node.process.pausedSince !== undefined) return;
    faults.count(fault);
    scheduler.note(`fault: ${node.name} ${fault}`);
    const { process, disk } = node;
    const back = (most: number, run: () => void) => scheduler.after(random.next() * most, `${node.name} is back`, run);
    switch (fault) {
      case 'crash':
      case 'crash with a torn tail':
        node.crash();
        if (fault === 'crash') disk.sync();
        else disk.tear(random.int(1, Math.max(1, Math.min(6, disk.unsyncedBatches))));
        back(random.chance(0.5) ? 100 : 8000, () => {
          if (node.running || this.healed) return;
          faults.count('restart');
          node.start();
        });
        return;
      case 'zombie':
        node.pause();
        back(random.chance(0.3) ? 500 : 9000, () => process.resume());
        return;
      case 'expelled while alive':
        groups.expel(process);
        return;
      case 'disk full':
        disk.full = true;
        back(random.chance(0.5) ? 300 : 12_000, () => {
          disk.full = false;
        });
        return;
      case 'clock jumps forward':
        process.skewMs += random.pick([500, 60_000, 86_400_000]);
        return;
      case 'clock jumps backward':
        process.skewMs -= random.pick([500, 60_000, 86_400_000]);
        return;
    }
  }

  /**
   * A query that has failed again and again stops in ERROR until its user resumes it. Five requests in a row that are refused
   * may bring it there; a full disk may not: it has to wait for room by itself. False where there was none.
   */
  private restartFailed(): boolean {
    let restarted = false;
    for (const node of this.nodes) {
      for (const { id, error } of node.failed()) {
        if (error.includes('No room')) this.findings.texts.push(`${node.name} gave up ${id}: ${error}`);
        this.scheduler.note(`${node.name} resumes ${id}`);
        void node.runtime.resumeQuery(id);
        restarted = true;
      }
    }
    return restarted;
  }

  private check(): void {
    const { query, broker, findings } = this;
    const plan = planOf(query);
    const rows = this.inputs.phases.flat();
    const given = new Given(rows);
    for (const [name, { topic, window }] of plan.sinks) {
      const expected = query.expected[name]!(given);
      const partitions = broker.topic(topic);
      checkSink({ name, partitions, window, expected, cached: this.cached, repeats: !this.exactlyOnce }, findings);
    }
    for (const topic of query.reads) {
      const written = broker.topic(topic).reduce((n, p) => n + contentOf(p).length, 0);
      const wanted = rows.filter((r) => r.topic === topic).length;
      if (written !== wanted)
        findings.texts.push(`${topic} has ${written} records, not ${wanted}: the simulation is wrong`);
    }
    if (rows.some((r) => r.damaged) && this.skipped === 0) findings.texts.push('A damaged record was not reported');
    this.pages.check();
    this.stateEntries = checkState(plan.queries, broker, this.nodes[0]!.disk, findings);
  }

  private result(): RunResult {
    const { scheduler, faults, nodes } = this;
    scheduler.note(this.findings.texts.join('\n'));
    return {
      seed: this.seed,
      query: this.query.name,
      guarantee: this.exactlyOnce ? 'exactly_once_v2' : 'at_least_once',
      findings: this.findings,
      faults: faults.counts,
      records: this.inputs.phases.reduce((n, p) => n + p.length, 0),
      stateEntries: this.stateEntries,
      pages: this.pages.counts,
      events: scheduler.events,
      virtualMs: Math.round(scheduler.now),
      trace: scheduler.traceHash,
      story: () => [...scheduler.recent.slice(-150), ...nodes.flatMap((n) => n.logged)].join('\n'),
    };
  }
}
