import type { FetchedPartition, GroupMember, LogReader, MemberHandler, TopicPartition } from '../log/log.js';
import { messageOf, WeirError } from '../types/errors.js';
import type { SubTopology, Topology } from '../types/topology.js';
import type { Counters } from './counters.js';
import { isBehind } from './input-queue.js';
import { RepartitionPurge } from './repartition-purge.js';
import type { RestoreProgress } from './restore.js';
import type { Properties, RuntimeServices } from './services.js';
import type { QuerySettings } from './settings.js';
import type { Task } from './task.js';
import { TaskFactory } from './task-factory.js';
import { type QueryTopics, sourcesOf } from './topics.js';
import { yieldToLoop } from './yield.js';

/** A slice of one task; the event loop runs between two slices. */
const SLICE_MS = 8;
/** A reader that has nothing waits this long; rebalances and commits wake it. */
const POLL_MS = 100;
/** Fetched bytes of an input at which it is paused, and at which it goes on. */
const PAUSE_BYTES = 4 * 1024 * 1024;
const RESUME_BYTES = 1024 * 1024;
/** Failures of one task in a row, without a commit between them, after which the query gives up. */
export const MAX_FAILURES = 5;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15_000;
/** How long a fenced task waits to be taken away. */
const FENCED_PAUSE_MS = 10_000;

/** The pause before the next attempt after so many failures in a row. */
export const backoff = (failures: number): number => Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);

/** A task's place: opened, failed and opened again, until its partition goes. */
export interface Slot {
  readonly key: string;
  readonly sub: SubTopology;
  readonly partition: number;
  readonly topics: readonly string[];
  readonly aborter: AbortController;
  task: Task | null;
  opening: Promise<void> | null;
  restore: RestoreProgress | null;
  /** Failures without a commit between them. */
  failures: number;
  /** When to try again; meaningful without a task. */
  retryAt: number;
  lastCommit: number;
}

export interface QueryRunOptions {
  readonly services: RuntimeServices;
  readonly queryId: string;
  readonly topology: Topology;
  readonly properties: Properties;
  readonly settings: QuerySettings;
  readonly counters: Counters;
  readonly topics: QueryTopics;
  /** The user has paused the query. */
  readonly paused: () => boolean;
  /** Something failed, and will be tried again. */
  readonly failed: (e: unknown, place: object) => void;
  /** A task has committed: the query makes progress. */
  readonly progressed: () => void;
}

/**
 * One membership of a query in its group, from joining to leaving: a task for each partition that the group gives, all in one
 * loop of poll, slices and commits. A task that fails is built anew from the committed state, after a pause.
 */
export class QueryRun {
  readonly slots = new Map<string, Slot>();
  joined = false;
  private readonly reader: LogReader;
  private readonly member: GroupMember;
  private readonly factory: TaskFactory;
  private readonly purge: RepartitionPurge;
  /** Tasks of lost partitions that are still being closed, by slot: the next one on the same state waits for them. */
  private readonly closing = new Map<string, Promise<void>>();
  private fatal: Error | null = null;
  private wake: () => void = () => {};

  constructor(private readonly options: QueryRunOptions) {
    const { services, topics } = options;
    const behind = (topic: string, partition: number) => isBehind(this.reader.position(topic, partition));
    this.factory = new TaskFactory({ ...options, behind });
    const own = new Set(topics.internal);
    this.purge = new RepartitionPurge(services, (topic) => own.has(topic));
    const { group } = this.factory;
    this.reader = services.log.reader({ clientId: group });
    this.member = services.log.member({
      group,
      clientId: group,
      topics: topics.sources,
      copartitioned: topics.copartitioned,
    });
  }

  /** Joins, works until the signal says so, commits and leaves. Rejects where the query cannot go on as it is. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.member.join(this.handler());
      this.joined = true;
      await this.loop(signal);
    } finally {
      await this.tearDown();
    }
  }

  wakeUp(): void {
    this.reader.wakeup();
    this.wake();
  }

  /** Last known end of a partition; -1 where it is not known. */
  endOf(topic: string, partition: number): number {
    return this.reader.position(topic, partition)?.end ?? -1;
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
        this.fatal = error;
        this.wakeUp();
      },
    };
  }

  /** New slots for partitions that have none. */
  private slotsFor(partitions: readonly TopicPartition[]): Slot[] {
    const { topology, services, queryId } = this.options;
    const added: Slot[] = [];
    for (const { topic, partition } of partitions) {
      for (const sub of topology.subtopologies) {
        const key = `${sub.id}-${partition}`;
        const topics = sourcesOf(sub, services.serviceId, queryId);
        if (!topics.includes(topic) || this.slots.has(key)) continue;
        const slot: Slot = {
          key,
          sub,
          partition,
          topics,
          aborter: new AbortController(),
          task: null,
          opening: null,
          restore: null,
          failures: 0,
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
    const progress = (p: RestoreProgress) => {
      slot.restore = p;
    };
    const former = this.closing.get(slot.key) ?? Promise.resolve();
    slot.opening = former
      .then(() => this.factory.open(slot.sub, slot.partition, signal, progress, this.member))
      .then(
        async (task) => {
          slot.opening = null;
          if (signal.aborted) {
            await this.close(slot, task);
            return;
          }
          slot.task = task;
          slot.restore = null;
          slot.lastCommit = this.options.services.clock.now();
          for (const input of task.inputs) this.reader.assign(input.source.topic, input.partition, input.next);
          this.wakeUp();
        },
        (e: unknown) => {
          slot.opening = null;
          if (!signal.aborted) this.taskFailed(slot, e);
        },
      );
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
        if (await task.commit()) this.options.counters.commits++;
      } catch (e) {
        // Whoever takes over starts from the commit before: nothing is lost.
        this.options.services.logger.warn(this.place(slot, e), 'the last commit of a task failed');
      }
    }
    await this.close(slot, task);
  }

  private letGo(slot: Slot): void {
    const closed = this.release(slot, false).finally(() => {
      if (this.closing.get(slot.key) === closed) this.closing.delete(slot.key);
    });
    this.closing.set(slot.key, closed);
  }

  private async close(slot: Slot, task: Task): Promise<void> {
    try {
      await task.close();
    } catch (e) {
      this.options.services.logger.warn(this.place(slot, e), 'a task did not close cleanly');
    }
  }

  private async loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.fatal !== null) throw this.fatal;
      if (this.options.paused()) {
        await this.whilePaused(signal);
        continue;
      }
      this.distribute(await this.reader.poll(this.waitMs()));
      for (const slot of [...this.slots.values()]) await this.serve(slot);
    }
  }

  /** A slice of work for a task, its commit, or another attempt to open it. */
  private async serve(slot: Slot): Promise<void> {
    const { services, counters, settings } = this.options;
    const { clock } = services;
    const { task } = slot;
    const now = clock.now();
    if (task === null) {
      if (slot.opening === null && !slot.aborter.signal.aborted && now >= slot.retryAt) this.open(slot);
      return;
    }
    if (task.committing) return;
    try {
      if (task.hasInput) {
        const { recordsIn, recordsOut, deadLettered } = task;
        task.run(now + SLICE_MS);
        counters.recordsIn += task.recordsIn - recordsIn;
        counters.recordsOut += task.recordsOut - recordsOut;
        counters.deadLettered += task.deadLettered - deadLettered;
        this.flow(task);
        await yieldToLoop(clock);
        await task.ready();
      }
      if (slot.task !== task || task.committing) return;
      if (task.full || (clock.now() - slot.lastCommit >= settings.commitIntervalMs && task.dirty)) {
        void this.commit(slot, task);
      }
    } catch (e) {
      if (slot.task === task) this.taskFailed(slot, e);
    }
  }

  private async commit(slot: Slot, task: Task): Promise<void> {
    const { services, counters, progressed } = this.options;
    try {
      const { recordsOut } = task;
      if (await task.commit()) {
        counters.commits++;
        slot.failures = 0;
        progressed();
        this.purge.committed(task.committedInputs());
      }
      counters.recordsOut += task.recordsOut - recordsOut;
      slot.lastCommit = services.clock.now();
      this.wakeUp();
    } catch (e) {
      if (slot.task === task) this.taskFailed(slot, e);
    }
  }

  /** Gives up a task; a new one is built from the committed state after a pause. */
  private taskFailed(slot: Slot, e: unknown): void {
    const { clock, logger } = this.options.services;
    const { task } = slot;
    slot.task = null;
    if (isFenced(e)) {
      // Another member works on it: the group will say so. Opening it again at once would fence that one in turn.
      logger.warn(this.place(slot, e), 'a task was fenced');
      slot.retryAt = clock.now() + FENCED_PAUSE_MS;
    } else if (++slot.failures >= MAX_FAILURES && !isAway(e)) {
      this.fatal = new TaskFailure(e);
    } else {
      this.options.failed(e, this.place(slot, e));
      slot.retryAt = clock.now() + backoff(slot.failures);
    }
    if (task !== null) {
      this.unassign(task);
      slot.opening = this.close(slot, task).then(() => {
        slot.opening = null;
      });
    }
    this.wakeUp();
  }

  private distribute(fetched: readonly FetchedPartition[]): void {
    for (const part of fetched) {
      const position = this.reader.position(part.topic, part.partition);
      // Fetched for a task that has failed meanwhile, and whose successor begins further back.
      if (position === undefined || position.next < part.nextOffset) continue;
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
      if (input.paused) this.reader.pause(topic, input.partition);
      else this.reader.resume(topic, input.partition);
    }
  }

  private unassign(task: Task): void {
    for (const { source, partition } of task.inputs) this.reader.unassign(source.topic, partition);
  }

  /** How long the next poll may wait: not at all while there is work, else until a commit or a retry is due. */
  private waitMs(): number {
    const now = this.options.services.clock.now();
    let wait = POLL_MS;
    for (const slot of this.slots.values()) {
      const { task } = slot;
      if (task === null) {
        if (slot.opening === null) wait = Math.min(wait, slot.retryAt - now);
      } else if (!task.committing) {
        if (task.hasInput) return 0;
        if (task.dirty) wait = Math.min(wait, slot.lastCommit + this.options.settings.commitIntervalMs - now);
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
    if (!this.options.paused() || signal.aborted || this.fatal !== null) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private async tearDown(): Promise<void> {
    const { logger } = this.options.services;
    try {
      await this.member.leave();
    } catch (e) {
      logger.warn({ queryId: this.options.queryId, error: messageOf(e) }, 'the group was not left cleanly');
    }
    const left = [...this.slots.values()];
    this.slots.clear();
    await Promise.all([...left.map((slot) => this.release(slot, false)), ...this.closing.values()]);
    await this.purge.settled();
    await this.reader.close();
  }

  private place(slot: Slot, e: unknown): object {
    const { queryId } = this.options;
    return { queryId, subtopology: slot.sub.id, partition: slot.partition, error: messageOf(e) };
  }
}

/** A task has failed so often that the query as a whole gives up. */
export class TaskFailure extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

const isFenced = (e: unknown): boolean => e instanceof Error && (e as { fenced?: unknown }).fenced === true;

/** The schema registry cannot be asked now. What the query does is right: it waits, for however long that takes. */
const isAway = (e: unknown): boolean => e instanceof WeirError && e.code === 'REGISTRY_ERROR';
