import type { FetchedPartition, GroupMember, LogReader, MemberHandler, TopicPartition } from '../log/log.js';
import { messageOf } from '../types/errors.js';
import type { SubTopology, Topology } from '../types/topology.js';
import { Counters, type CounterValues } from './counters.js';
import { isBehind } from './input-queue.js';
import type { RestoreProgress } from './restore.js';
import type { Properties, RuntimeServices } from './services.js';
import { type QuerySettings, querySettings } from './settings.js';
import type { Task } from './task.js';
import { TaskFactory } from './task-factory.js';
import { internalTopics, prepareTopics, sourcesOf } from './topics.js';
import { yieldToLoop } from './yield.js';

export interface QuerySpec {
  readonly queryId: string;
  readonly topology: Topology;
  /** The statement's properties over the server's. */
  readonly properties: Properties;
}

export type QueryState = 'STARTING' | 'REBALANCING' | 'RUNNING' | 'PAUSED' | 'ERROR' | 'STOPPED';

export interface TaskStatus {
  readonly subtopology: number;
  readonly partition: number;
  readonly state: 'opening' | 'running' | 'waiting';
  readonly restore: RestoreProgress | null;
  readonly streamTime: number;
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to be processed, and the end that is known; -1 where it is not. */
  readonly position: number;
  readonly end: number;
}

export interface QueryStatus {
  readonly queryId: string;
  readonly state: QueryState;
  /** Why the query is in ERROR, or what the last failure was. */
  readonly error: string | null;
  readonly counters: CounterValues;
  readonly tasks: readonly TaskStatus[];
  readonly lag: readonly PartitionLag[];
}

/** Failures in a row, without a commit between them, after which a query gives up. */
const MAX_FAILURES = 5;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15_000;
/** How long a fenced task waits to be taken away. */
const FENCED_PAUSE_MS = 10_000;
/** A slice of one task; the event loop runs between two slices. */
const SLICE_MS = 8;
/** A reader that has nothing waits this long; rebalances and commits wake it. */
const POLL_MS = 100;
/** Fetched bytes of an input at which it is paused, and at which it goes on. */
const PAUSE_BYTES = 4 * 1024 * 1024;
const RESUME_BYTES = 1024 * 1024;

/** A task's place: opened, failed and opened again, until its partition goes. */
interface Slot {
  readonly sub: SubTopology;
  readonly partition: number;
  readonly topics: readonly string[];
  readonly aborter: AbortController;
  task: Task | null;
  opening: Promise<void> | null;
  restore: RestoreProgress | null;
  /** When to try again; meaningful without a task. */
  retryAt: number;
  lastCommit: number;
}

/**
 * A persistent query on this node: a member of the query's group, with one task for each partition that it is given, all in
 * one loop of poll, slices and commits. What fails is built anew from the committed state, after a pause; what fails again
 * and again puts the query into ERROR, with the reason.
 */
export class QueryRunner {
  readonly queryId: string;
  private readonly settings: QuerySettings;
  private readonly counts: Counters;
  private readonly slots = new Map<string, Slot>();
  /** Tasks of lost partitions that are still being closed, by slot: the next one on the same state waits for them. */
  private readonly closing = new Map<string, Promise<void>>();
  private phase: 'stopped' | 'starting' | 'running' | 'error' = 'stopped';
  private paused = false;
  private failures = 0;
  private error: { readonly at: number; readonly message: string } | null = null;
  private aborter = new AbortController();
  private supervisor: Promise<void> = Promise.resolve();
  private reader: LogReader | null = null;
  private factory: TaskFactory | null = null;
  private member: GroupMember | null = null;
  private membershipError: Error | null = null;
  private wake: () => void = () => {};

  /** Throws BAD_STATEMENT for properties that make no sense. */
  constructor(
    private readonly services: RuntimeServices,
    private readonly spec: QuerySpec,
  ) {
    this.queryId = spec.queryId;
    this.settings = querySettings(spec.properties, 'latest');
    this.counts = new Counters(spec.queryId, services);
  }

  /** Starts, or starts again after ERROR. What fails later is in `status`. */
  start(): void {
    if (this.phase === 'starting' || this.phase === 'running') return;
    this.phase = 'starting';
    this.failures = 0;
    this.error = null;
    this.aborter = new AbortController();
    this.supervisor = this.supervise(this.aborter.signal);
  }

  /** Commits what was processed and lets go of everything. */
  async stop(): Promise<void> {
    this.aborter.abort(new Error('stopped'));
    this.wakeUp();
    await this.supervisor;
    this.phase = 'stopped';
  }

  /** Stops, and removes all that the query owns: internal topics, group, state. */
  async drop(): Promise<void> {
    await this.stop();
    const { log, state, logger } = this.services;
    const { queryId, topology } = this.spec;
    const steps: [string, () => Promise<void>][] = [
      ['topics', () => log.deleteTopics(internalTopics(this.services, queryId, topology))],
      ['group', () => log.deleteGroup(new TaskFactory(this.factoryOptions()).group)],
      ['state', () => state.dropQuery(queryId)],
    ];
    for (const [what, step] of steps) {
      // The query is gone for its user whatever remains; what remains is named.
      await step().catch((e: unknown) =>
        logger.warn({ queryId, what, error: messageOf(e) }, 'left behind by a dropped query'),
      );
    }
  }

  /** Commits and processes nothing until `resume`; the partitions stay here. */
  pause(): void {
    this.paused = true;
    this.wakeUp();
  }

  resume(): void {
    this.paused = false;
    this.wakeUp();
    if (this.phase === 'error') this.start();
  }

  get state(): QueryState {
    if (this.phase === 'stopped') return 'STOPPED';
    if (this.phase === 'error') return 'ERROR';
    if (this.paused) return 'PAUSED';
    if (this.phase === 'starting') return 'STARTING';
    for (const slot of this.slots.values()) if (slot.task === null) return 'REBALANCING';
    return 'RUNNING';
  }

  get topology(): Topology {
    return this.spec.topology;
  }

  counters(): CounterValues {
    return this.counts.values();
  }

  lag(): number {
    return this.status().lag.reduce((n, p) => n + (p.end < 0 ? 0 : Math.max(0, p.end - p.position)), 0);
  }

  lastError(): { readonly at: number; readonly message: string } | undefined {
    return this.error ?? undefined;
  }

  status(): QueryStatus {
    const slots = [...this.slots.values()];
    return {
      queryId: this.queryId,
      state: this.state,
      error: this.error?.message ?? null,
      counters: this.counters(),
      tasks: slots.map((s) => ({
        subtopology: s.sub.id,
        partition: s.partition,
        state: s.task !== null ? 'running' : s.opening !== null ? 'opening' : 'waiting',
        restore: s.restore,
        streamTime: s.task?.streamTime ?? -1,
      })),
      lag: slots.flatMap((s) =>
        (s.task?.inputs ?? []).map((i) => ({
          topic: i.source.topic,
          partition: i.partition,
          position: i.next,
          end: this.reader?.position(i.source.topic, i.partition)?.end ?? -1,
        })),
      ),
    };
  }

  /** Lives as long as the query: runs it, and after a failure of the whole runs it again. */
  private async supervise(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.runOnce(signal);
      } catch (e) {
        if (signal.aborted) return;
        this.failed(e, { queryId: this.queryId });
        if (this.failures >= MAX_FAILURES) {
          this.phase = 'error';
          return;
        }
        this.phase = 'starting';
        await this.services.clock.sleep(backoff(this.failures), signal).catch(() => {});
      }
    }
  }

  private async runOnce(signal: AbortSignal): Promise<void> {
    const { services, spec } = this;
    this.membershipError = null;
    const topics = await prepareTopics(services, spec.queryId, spec.topology);
    this.factory = new TaskFactory({ ...this.factoryOptions(), topics });
    const clientId = this.factory.group;
    this.reader = services.log.reader({ clientId });
    const member = services.log.member({
      group: this.factory.group,
      clientId,
      topics: topics.sources,
      copartitioned: topics.copartitioned,
    });
    this.member = member;
    try {
      await member.join(this.handler());
      this.phase = 'running';
      await this.loop(signal);
    } finally {
      await this.tearDown(member);
    }
  }

  private factoryOptions() {
    const topics = { partitions: new Map<string, number>(), sources: [], copartitioned: [], internal: [] };
    const { services, settings, counts, spec } = this;
    const behind = (topic: string, partition: number) => isBehind(this.reader?.position(topic, partition));
    return { services, settings, counters: counts, topics, behind, queryId: spec.queryId, properties: spec.properties };
  }

  private handler(): MemberHandler {
    return {
      assigned: async (partitions) => {
        for (const slot of this.slotsFor(partitions)) this.open(slot);
        this.wakeUp();
      },
      revoked: async (partitions) => {
        await Promise.all(this.takeSlots(partitions).map((slot) => this.release(slot, true)));
      },
      lost: (partitions) => {
        for (const slot of this.takeSlots(partitions)) this.letGo(slot);
      },
      failed: (error) => {
        this.membershipError = error;
        this.wakeUp();
      },
    };
  }

  /** New slots for partitions that have none. */
  private slotsFor(partitions: readonly TopicPartition[]): Slot[] {
    const added: Slot[] = [];
    for (const { topic, partition } of partitions) {
      for (const sub of this.spec.topology.subtopologies) {
        const key = keyOf(sub, partition);
        const topics = sourcesOf(sub, this.services.serviceId, this.queryId);
        if (!topics.includes(topic) || this.slots.has(key)) continue;
        const slot: Slot = {
          sub,
          partition,
          topics,
          aborter: new AbortController(),
          task: null,
          opening: null,
          restore: null,
          retryAt: 0,
          lastCommit: 0,
        };
        this.slots.set(key, slot);
        added.push(slot);
      }
    }
    return added;
  }

  private takeSlots(partitions: readonly TopicPartition[]): Slot[] {
    const taken: Slot[] = [];
    for (const [key, slot] of this.slots) {
      if (!partitions.some((p) => p.partition === slot.partition && slot.topics.includes(p.topic))) continue;
      this.slots.delete(key);
      taken.push(slot);
    }
    return taken;
  }

  private open(slot: Slot): void {
    const { signal } = slot.aborter;
    const { clock } = this.services;
    const progress = (p: RestoreProgress) => {
      slot.restore = p;
    };
    const { factory, member } = this;
    const former = this.closing.get(keyOf(slot.sub, slot.partition)) ?? Promise.resolve();
    const opening = former.then(() => factory!.open(slot.sub, slot.partition, signal, progress, member ?? undefined));
    const opened = opening.then(
      async (task) => {
        slot.opening = null;
        if (signal.aborted) {
          await this.close(slot, task);
          return;
        }
        slot.task = task;
        slot.restore = null;
        slot.lastCommit = clock.now();
        for (const input of task.inputs) this.reader!.assign(input.source.topic, input.partition, input.next);
        this.wakeUp();
      },
      (e: unknown) => {
        slot.opening = null;
        if (!signal.aborted) this.taskFailed(slot, e);
      },
    );
    slot.opening = opened;
  }

  private async release(slot: Slot, commit: boolean): Promise<void> {
    slot.aborter.abort(new Error('the partition was given up'));
    const { task } = slot;
    if (task === null) {
      await slot.opening;
      return;
    }
    slot.task = null;
    this.unassign(task);
    if (commit) {
      try {
        if (await task.commit()) this.counts.commits++;
      } catch (e) {
        // Whoever takes over starts from the commit before: nothing is lost.
        this.services.logger.warn(this.place(slot, e), 'the last commit of a task failed');
      }
    }
    await this.close(slot, task);
  }

  private letGo(slot: Slot): void {
    const key = keyOf(slot.sub, slot.partition);
    const closed = this.release(slot, false).finally(() => {
      if (this.closing.get(key) === closed) this.closing.delete(key);
    });
    this.closing.set(key, closed);
  }

  private async close(slot: Slot, task: Task): Promise<void> {
    try {
      await task.close();
    } catch (e) {
      this.services.logger.warn(this.place(slot, e), 'a task did not close cleanly');
    }
  }

  private async loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.membershipError !== null) throw this.membershipError;
      if (this.paused) {
        await this.whilePaused(signal);
        continue;
      }
      const fetched = await this.reader!.poll(this.waitMs());
      this.distribute(fetched);
      for (const slot of [...this.slots.values()]) await this.serve(slot);
      if (signal.aborted) return;
    }
  }

  /** A slice of work for a task, its commit, or another attempt to open it. */
  private async serve(slot: Slot): Promise<void> {
    const { clock } = this.services;
    const { task } = slot;
    const now = clock.now();
    if (task === null) {
      if (slot.opening === null && !slot.aborter.signal.aborted && now >= slot.retryAt) this.open(slot);
      return;
    }
    if (task.committing) return;
    try {
      if (task.hasInput) {
        const before = task.recordsIn;
        const written = task.recordsOut;
        task.run(now + SLICE_MS);
        this.counts.recordsIn += task.recordsIn - before;
        this.counts.recordsOut += task.recordsOut - written;
        this.flow(task);
        await yieldToLoop();
        await task.ready();
      }
      if (slot.task !== task) return;
      if (task.full || (clock.now() - slot.lastCommit >= this.settings.commitIntervalMs && task.dirty)) {
        void this.commit(slot, task);
      }
    } catch (e) {
      if (slot.task === task) this.taskFailed(slot, e);
    }
  }

  private async commit(slot: Slot, task: Task): Promise<void> {
    try {
      const written = task.recordsOut;
      if (await task.commit()) {
        this.counts.commits++;
        this.failures = 0;
      }
      this.counts.recordsOut += task.recordsOut - written;
      slot.lastCommit = this.services.clock.now();
      this.wakeUp();
    } catch (e) {
      if (slot.task === task) this.taskFailed(slot, e);
    }
  }

  /** Gives up a task; a new one is built from the committed state after a pause. */
  private taskFailed(slot: Slot, e: unknown): void {
    const { task } = slot;
    const now = this.services.clock.now();
    slot.task = null;
    if (isFenced(e)) {
      // Another member works on it: the group will say so. Opening it again at once would fence that one in turn.
      this.services.logger.warn(this.place(slot, e), 'a task was fenced');
      slot.retryAt = now + FENCED_PAUSE_MS;
    } else {
      this.failed(e, this.place(slot, e));
      slot.retryAt = now + backoff(this.failures);
    }
    if (this.failures >= MAX_FAILURES) {
      this.membershipError = e instanceof Error ? e : new Error(messageOf(e));
    }
    if (task !== null) {
      this.unassign(task);
      const closing = this.close(slot, task).then(() => {
        slot.opening = null;
      });
      slot.opening = closing;
    }
    this.wakeUp();
  }

  private failed(e: unknown, place: object): void {
    this.failures++;
    this.error = { at: this.services.clock.now(), message: messageOf(e) };
    this.services.logger.error({ ...place, error: this.error.message, failures: this.failures }, 'a query failed');
  }

  private distribute(fetched: readonly FetchedPartition[]): void {
    for (const part of fetched) {
      for (const slot of this.slots.values()) {
        if (slot.partition !== part.partition || slot.task === null) continue;
        for (const input of slot.task.inputs) if (input.source.topic === part.topic) input.add(part);
        this.flow(slot.task);
      }
    }
  }

  /** Stops fetching an input that has enough, and goes on when that is worked off. Never all for one: a task may wait for another. */
  private flow(task: Task): void {
    for (const input of task.inputs) {
      if (input.paused ? input.bufferedBytes > RESUME_BYTES : input.bufferedBytes < PAUSE_BYTES) continue;
      input.paused = !input.paused;
      const { topic } = input.source;
      if (input.paused) this.reader!.pause(topic, input.partition);
      else this.reader!.resume(topic, input.partition);
    }
  }

  private unassign(task: Task): void {
    for (const { source, partition } of task.inputs) this.reader?.unassign(source.topic, partition);
  }

  /** How long the next poll may wait: not at all while there is work, else until a commit or a retry is due. */
  private waitMs(): number {
    const now = this.services.clock.now();
    let wait = POLL_MS;
    for (const slot of this.slots.values()) {
      const { task } = slot;
      if (task === null) {
        if (slot.opening === null) wait = Math.min(wait, slot.retryAt - now);
      } else if (!task.committing) {
        if (task.hasInput) return 0;
        if (task.dirty) wait = Math.min(wait, slot.lastCommit + this.settings.commitIntervalMs - now);
      }
    }
    return Math.max(wait, 0);
  }

  private async whilePaused(signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.slots.values()].map(async (slot) => {
        if (slot.task !== null) await this.commit(slot, slot.task);
      }),
    );
    if (!this.paused || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private async tearDown(member: GroupMember): Promise<void> {
    try {
      await member.leave();
    } catch (e) {
      this.services.logger.warn({ queryId: this.queryId, error: messageOf(e) }, 'the group was not left cleanly');
    }
    const left = [...this.slots.values()];
    this.slots.clear();
    await Promise.all([...left.map((slot) => this.release(slot, false)), ...this.closing.values()]);
    await this.reader?.close();
    this.reader = null;
  }

  private wakeUp(): void {
    this.reader?.wakeup();
    this.wake();
  }

  private place(slot: Slot, e: unknown): object {
    return { queryId: this.queryId, subtopology: slot.sub.id, partition: slot.partition, error: messageOf(e) };
  }
}

const keyOf = (sub: SubTopology, partition: number): string => `${sub.id}-${partition}`;

const backoff = (failures: number): number => Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);

const isFenced = (e: unknown): boolean => e instanceof Error && (e as { fenced?: unknown }).fenced === true;
