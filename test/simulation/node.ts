import type { Logger } from '../../engine/base/logger.js';
import { formatByName } from '../../engine/formats/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import type { Topology } from '../../engine/plan/topology.js';
import { type ProcessingError, type Properties, Runtime } from '../../engine/runtime.js';
import { LevelState } from '../../engine/stores/level.js';
import { breakableChain, breakableState } from './broken-calls.js';
import type { Broker } from './broker.js';
import { SimDisk } from './disk.js';
import type { Faults } from './faults.js';
import type { Groups } from './groups.js';
import { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import { SimLog } from './sim-log.js';
import { SimPeers } from './sim-peers.js';

export const FUNCTIONS = new FunctionRegistry(BUILT_IN_FUNCTIONS);
export const SERVICE_ID = 'sim';

export interface NodeOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly broker: Broker;
  readonly groups: Groups;
  readonly faults: Faults;
  readonly queries: readonly { readonly id: string; readonly topology: Topology }[];
  readonly properties: Properties;
  readonly skipped: (error: ProcessingError) => void;
  /** The state could not be read for a snapshot. */
  readonly snapshotFromTopic: () => void;
  /** All nodes of the service. */
  readonly nodes: () => readonly SimNode[];
}

/** A machine: its disk, and one process after another that runs the engine's real runtime on it. */
export class SimNode {
  disk = new SimDisk();
  process: SimProcess;
  runtime!: Runtime;
  /** What the engine has logged as errors and warnings, the last of it. */
  readonly logged: string[] = [];
  private lives = 0;

  constructor(private readonly options: NodeOptions) {
    this.process = this.newProcess();
    this.process.kill();
  }

  get name(): string {
    return this.options.name;
  }

  get running(): boolean {
    return this.process.alive;
  }

  start(): void {
    const { broker, groups, faults, queries, properties, skipped, nodes } = this.options;
    const process = this.newProcess();
    this.process = process;
    const { disk } = this;
    const log = new SimLog({ broker, groups, faults, process, writeState: (ops) => disk.write(ops) });
    this.runtime = new Runtime({
      serviceId: SERVICE_ID,
      log,
      state: breakableState(new LevelState(disk.open(process)), faults),
      format: formatByName,
      functions: FUNCTIONS,
      clock: process.clock,
      logger: this.logger(process),
      random: () => process.random.next(),
      uuid: () => `${process.random.next()}`,
      processingLog: skipped,
      peers: new SimPeers(this.name, process, nodes),
      chainBuilt: (chain) => breakableChain(chain, faults),
    });
    for (const { id: queryId, topology } of queries) void this.runtime.startQuery({ queryId, topology, properties });
  }

  /** The process is gone, at whatever it waited for. */
  crash(): void {
    this.process.kill();
    this.options.groups.silent(this.process);
  }

  pause(): void {
    this.process.pause();
    this.options.groups.silent(this.process);
  }

  /** Commits, leaves its groups and ends. */
  async stop(): Promise<void> {
    await this.runtime.stop();
    this.process.kill();
  }

  /** Queries that have given up, with the reason. */
  failed(): { readonly id: string; readonly error: string }[] {
    if (!this.running) return [];
    return this.options.queries.flatMap(({ id }) => {
      const query = this.runtime.query(id);
      return query?.state === 'ERROR' ? [{ id, error: query.lastError()?.message ?? '' }] : [];
    });
  }

  /** Each query has all tasks that are this node's, with all of their state. */
  get allRunning(): boolean {
    return this.options.queries.every(({ id }) => this.runtime.query(id)?.state === 'RUNNING');
  }

  private newProcess(): SimProcess {
    const { name, scheduler, random } = this.options;
    const process = new SimProcess(`${name}.${++this.lives}`, scheduler, random.fork());
    process.skewMs = random.int(-5000, 5000);
    return process;
  }

  private logger(process: SimProcess): Logger {
    const { snapshotFromTopic } = this.options;
    const keep = (facts: object, message: string) => {
      if (!process.alive) return;
      process.scheduler.note(`${process.name} logs ${message}`);
      this.logged.push(`${process.scheduler.now.toFixed(1)} ${process.name} ${message} ${JSON.stringify(facts)}`);
      if (this.logged.length > 50) this.logged.shift();
    };
    const debug = (_: object, message: string) => {
      if (message === 'a snapshot is read from its topic') snapshotFromTopic();
    };
    return { debug, info() {}, warn: keep, error: keep };
  }
}
