import { explained, isDiskFull, messageOf, WeirError } from '../base/errors.js';
import { orAborted } from '../base/or-aborted.js';
import { Counters } from '../dataflow/counters.js';
import { groupName } from '../dataflow/names.js';
import { querySettings } from '../dataflow/query-settings.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { Placement } from '../log/log.js';
import type {
  CounterValues,
  Held,
  QueryFailure,
  QueryState,
  QueryStatus,
  StandbyStatus,
  TaskStatus,
} from '../observe/query-status.js';
import type { TableReadPlan } from '../plan/pull-plan.js';
import type { Topology } from '../plan/topology.js';
import type { PullReader, RowBatches } from '../pull/rows.js';
import { LocalTableRows } from '../pull/table-read.js';
import { internalTopics, prepareTopics, type QueryTopics } from './internal-topics.js';
import { LostPositions, type ResumeFrom } from './lost-positions.js';
import type { QuerySpec } from './query-handle.js';
import { heldOf, KEPT_FAILURES, lagOf, type QueryHandle } from './query-handle.js';
import { QueryRun } from './query-run.js';
import { backoff, DISK_FULL_PAUSE_MS, isAway, isWrong, MAX_FAILURES, TaskFailure } from './slot.js';
import { Stuck, Watchdog } from './watchdog.js';

/**
 * A persistent query on this node. What fails as a whole (a missing topic, the group, a task again and again) is started anew
 * after a pause; what goes on failing puts the query into ERROR, with the reason.
 */
export class QueryRunner implements QueryHandle {
  readonly queryId: string;
  private readonly counts: Counters;
  private phase: 'stopped' | 'running' | 'error' = 'stopped';
  private run: QueryRun | null = null;
  private topics: QueryTopics | undefined;
  private lastPlacement: Placement | undefined;
  private paused = false;
  /** The last run ended for want of room on the disk. */
  private diskFull = false;
  /** Failures of the whole without a commit between them. */
  private failures = 0;
  private error: QueryFailure | null = null;
  private readonly latestErrors: QueryFailure[] = [];
  /** Of the last RESUME … FROM, until the query has made progress. */
  private lost: LostPositions | null = null;
  private aborter = new AbortController();
  private supervisor: Promise<void> = Promise.resolve();

  constructor(
    private readonly services: RuntimeServices,
    private readonly spec: QuerySpec,
  ) {
    this.queryId = spec.queryId;
    this.counts = new Counters(spec.queryId, services);
  }

  get topology(): Topology {
    return this.spec.topology;
  }

  /** Starts, or starts again after ERROR. What fails later is in `status`. */
  start(): void {
    if (this.phase === 'running') return;
    this.phase = 'running';
    this.failures = 0;
    this.error = null;
    this.aborter = new AbortController();
    this.supervisor = this.supervise(this.aborter.signal);
  }

  /** Commits what was processed and lets go of everything. */
  async stop(): Promise<void> {
    this.aborter.abort(new Error('stopped'));
    this.run?.wakeUp();
    await this.supervisor;
    this.phase = 'stopped';
  }

  /** Stops, and removes all that the query owns: internal topics, group, state. */
  async drop(): Promise<void> {
    await this.stop();
    await dropTopics(this.services, this.spec);
    await left(this.services, this.queryId, 'state', () => this.services.state.dropQuery(this.queryId));
  }

  /** Commits and processes nothing until `resume`; the partitions stay here. */
  pause(): void {
    this.paused = true;
    this.run?.wakeUp();
  }

  resume(from?: ResumeFrom): void {
    // A query that runs has lost nothing, and the statement does not cover a loss that comes later.
    if (from !== undefined && this.state !== 'RUNNING') this.lost = new LostPositions(from);
    this.paused = false;
    this.run?.wakeUp();
    if (this.phase === 'error') this.start();
  }

  get state(): QueryState {
    if (this.phase === 'stopped') return 'STOPPED';
    if (this.phase === 'error') return 'ERROR';
    if (this.paused) return 'PAUSED';
    if (this.diskFull || this.run?.diskFull === true) return 'DISK_FULL';
    if (this.run?.joined !== true) return 'STARTING';
    for (const slot of this.run.slots.values()) if (slot.task === null) return 'REBALANCING';
    return 'RUNNING';
  }

  /** Who has what in the query's group, as far as this node has been told. */
  get placement(): Placement | undefined {
    return this.run?.placement ?? this.lastPlacement;
  }

  /** How many partitions one of its topics has; 0: not known yet. */
  partitions(topic: string): number {
    return this.topics?.partitions.get(topic) ?? 0;
  }

  allPartitions(): ReadonlyMap<string, number> {
    return this.topics?.partitions ?? new Map();
  }

  /** What this node has of a task's state: the task itself, a copy that is so far behind, or nothing that can be read. */
  holds(subtopology: number, partition: number): Held {
    return heldOf(this.tasks(), this.standbys(), subtopology, partition);
  }

  /** The copies of other nodes' tasks that are kept here. */
  standbys(): readonly StandbyStatus[] {
    return this.run?.standbys.statuses() ?? [];
  }

  async *openPartitions(read: TableReadPlan, reader: PullReader, partitions: readonly number[]): RowBatches {
    if (reader.upToDate === true) await this.confirm(read.subtopology, partitions);
    yield* new LocalTableRows(this.services).openPartitions(read, reader, partitions);
  }

  counters(): CounterValues {
    return this.counts.values();
  }

  stateBytes(): Promise<number> {
    return this.services.state.bytes(this.queryId);
  }

  lag(): number {
    return lagOf(this.status());
  }

  lastError(): QueryFailure | undefined {
    return this.error ?? undefined;
  }

  errors(): readonly QueryFailure[] {
    return this.latestErrors;
  }

  status(): QueryStatus {
    const slots = [...(this.run?.slots.values() ?? [])];
    return {
      queryId: this.queryId,
      toRestore: slots.reduce((n, { restore }) => n + (restore === null ? 0 : restore.to - restore.at), 0),
      state: this.state,
      error: this.error?.message ?? null,
      counters: this.counters(),
      tasks: this.tasks(),
      lag: slots.flatMap((s) =>
        (s.task?.inputs ?? []).map(({ source, partition, next }) => ({
          topic: source.topic,
          partition,
          position: next,
          end: this.run!.endOf(source.topic, partition),
        })),
      ),
    };
  }

  /** See `QueryRun.confirm`. Where the log commits state itself, state and topics are never apart. */
  private async confirm(subtopology: number, partitions: readonly number[]): Promise<void> {
    if (this.services.log.kind === 'embedded') return;
    const { run } = this;
    if (run === null) throw new WeirError('NOT_READY', `Query ${this.queryId} does not run here now.`);
    await Promise.all(partitions.map((p) => run.confirm(subtopology, p)));
  }

  private tasks(): readonly TaskStatus[] {
    return [...(this.run?.slots.values() ?? [])].map((s) => ({
      subtopology: s.sub.id,
      partition: s.partition,
      state: s.task !== null ? 'running' : s.opening !== null ? 'opening' : 'waiting',
      restore: s.restore,
      streamTime: s.task?.streamTime ?? -1,
    }));
  }

  /** Lives as long as the query: runs it, and after a failure of the whole runs it again. */
  private async supervise(signal: AbortSignal): Promise<void> {
    const { clock } = this.services;
    while (!signal.aborted) {
      try {
        await this.runOnce(signal);
      } catch (e) {
        if (signal.aborted) return;
        if (!isDiskFull(e) || !this.diskFull) this.failed(e, { queryId: this.queryId });
        this.diskFull = isDiskFull(e);
        if (this.diskFull || e instanceof Stuck) {
          // Neither failure says anything about the query, so it is started again as often as it takes.
          if (!this.diskFull) this.counts.watchdogRestarts++;
          await clock.sleep(this.diskFull ? DISK_FULL_PAUSE_MS : backoff(1), signal).catch(() => {});
          continue;
        }
        this.failures++;
        if (e instanceof TaskFailure || isWrong(e) || (this.failures >= MAX_FAILURES && !isAway(e))) {
          this.phase = 'error';
          return;
        }
        // Only `stop` ends the pause early.
        await clock.sleep(backoff(this.failures), signal).catch(() => {});
      }
    }
  }

  private async runOnce(signal: AbortSignal): Promise<void> {
    const { services, spec } = this;
    // The log may be of another version, in which a setting could have other values.
    const settings = querySettings(spec.properties);
    const letters = [settings.deadLetterTopic, settings.lateTopic];
    const topics = await orAborted(prepareTopics(services, spec.queryId, spec.topology, letters), signal);
    const run = new QueryRun({
      ...spec,
      services,
      settings,
      counters: this.counts,
      topics,
      paused: () => this.paused,
      failed: (e, place) => this.failed(e, place),
      lost: this.lost,
      progressed: () => {
        this.failures = 0;
        this.lost = null;
      },
    });
    this.run = run;
    this.topics = topics;
    this.diskFull = false;
    const ended = new AbortController();
    const watching = this.watch(run, topics, ended.signal);
    try {
      await run.run(signal);
    } finally {
      ended.abort(new Error('the run has ended'));
      this.lastPlacement = run.placement;
      this.run = null;
      await watching;
    }
  }

  /** Ends a run that is stuck, or whose topics are not what they were. */
  private async watch(run: QueryRun, { partitions }: QueryTopics, ended: AbortSignal): Promise<void> {
    const { log, clock, logger } = this.services;
    const { queryId } = this;
    const watchdog = new Watchdog({ log, clock, logger, queryId, partitions, tasks: () => run.watched() });
    try {
      run.break(await watchdog.watch(ended));
    } catch (e) {
      if (!ended.aborted) run.break(e instanceof Error ? e : new Error(messageOf(e)));
    }
  }

  private failed(e: unknown, place: object): void {
    const { clock, logger, processingLog } = this.services;
    const message = explained(e);
    this.error = { at: clock.now(), message };
    this.latestErrors.push(this.error);
    if (this.latestErrors.length > KEPT_FAILURES) this.latestErrors.shift();
    logger.error({ ...place, error: message }, 'a query failed');
    const { queryId } = this;
    processingLog?.({ queryId, kind: 'failure', node: 'task', message, topic: null, partition: -1, offset: -1 });
  }
}

/** Removes what a stopped query owns on the log: internal topics and group. */
export async function dropTopics(services: RuntimeServices, { queryId, topology }: QuerySpec): Promise<void> {
  const { log, serviceId } = services;
  await left(services, queryId, 'topics', () => log.deleteTopics(internalTopics(services, queryId, topology)));
  await left(services, queryId, 'group', () => log.deleteGroup(groupName(serviceId, queryId)));
}

/** The query is gone for its user whatever remains; what remains is named. */
async function left(
  { logger }: RuntimeServices,
  queryId: string,
  what: string,
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await remove();
  } catch (e) {
    logger.warn({ queryId, what, error: messageOf(e) }, 'left behind by a dropped query');
  }
}
