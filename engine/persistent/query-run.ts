import { isDiskFull, messageOf } from '../base/errors.js';
import { orAborted } from '../base/or-aborted.js';
import type { Properties } from '../base/properties.js';
import { SteadyClock } from '../base/steady-clock.js';
import type { Counters } from '../dataflow/counters.js';
import { drive, type Worker } from '../dataflow/driver.js';
import { isBehind } from '../dataflow/input-set.js';
import { sourcesOf, storesOf, targetsOf } from '../dataflow/names.js';
import type { QuerySettings } from '../dataflow/query-settings.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { GroupMember, LogReader, MemberHandler, Placement, TopicPartition } from '../log/log.js';
import type { RestoreProgress } from '../observe/query-status.js';
import type { Topology } from '../plan/topology.js';
import { AbandonedState } from './abandoned-state.js';
import { InputFlow } from './input-flow.js';
import type { QueryTopics } from './internal-topics.js';
import type { LostPositions } from './lost-positions.js';
import { RepartitionPurge } from './repartition-purge.js';
import {
  backoff,
  DISK_FULL_PAUSE_MS,
  isAway,
  isFenced,
  isHopeless,
  MAX_FAILURES,
  newSlot,
  notConfirmed,
  type Slot,
  slotKey,
  TaskFailure,
} from './slot.js';
import { Standbys } from './standby.js';
import { isInputOf, statefulTasks } from './stateful-tasks.js';
import type { Task } from './task.js';
import { TaskFactory } from './task-factory.js';
import { isAhead, watchedTasks } from './waiting-tasks.js';
import { type WatchedTask, withLimit } from './watchdog.js';

/** A reader that has nothing waits this long; rebalances and commits wake it. */
const POLL_MS = 100;
/** Between two lines of the log about state that is restored. */
const RESTORE_SAY_MS = 5000;
/** What a run that is given up gets to let go of its clients. */
const LET_GO_MS = 5000;
/** How long a fenced task waits to be taken away. */
const FENCED_PAUSE_MS = 10_000;

export interface QueryRunOptions {
  readonly services: RuntimeServices;
  readonly queryId: string;
  readonly topology: Topology;
  readonly properties: Properties;
  readonly settings: QuerySettings;
  readonly counters: Counters;
  readonly topics: QueryTopics;
  /** Of a RESUME … FROM; null: what is lost is an error. */
  readonly lost: LostPositions | null;
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
  /** Who has what since the last rebalance. */
  placement: Placement | undefined;
  readonly standbys: Standbys;
  /** For all pauses and intervals. */
  private readonly clock: SteadyClock;
  private readonly reader: LogReader;
  private readonly flow: InputFlow;
  private readonly member: GroupMember;
  private readonly factory: TaskFactory;
  private readonly purge: RepartitionPurge;
  private readonly abandoned: AbandonedState;
  /** Tasks of lost partitions that are still being closed, by slot: the next one on the same state waits for them. */
  private readonly closing = new Map<string, Promise<void>>();
  private fatal: Error | null = null;
  private giveUp: (error: Error) => void = () => {};
  private readonly givenUp = new Promise<never>((_, reject) => {
    this.giveUp = reject;
  });
  private broken = false;
  private wake: () => void = () => {};

  constructor(private readonly options: QueryRunOptions) {
    const { services, topics } = options;
    const behind = (topic: string, partition: number) => isBehind(this.reader.position(topic, partition));
    this.clock = new SteadyClock(services.clock);
    this.factory = new TaskFactory({ ...options, behind, clock: this.clock });
    const own = new Set(topics.internal);
    this.purge = new RepartitionPurge({ ...services, clock: this.clock }, (topic) => own.has(topic));
    const { group } = this.factory;
    this.reader = services.log.reader({ clientId: group });
    this.flow = new InputFlow(this.reader, () => this.slots.values());
    this.abandoned = new AbandonedState({
      ...services,
      clock: this.clock,
      delayMs: options.settings.stateCleanupDelayMs,
    });
    this.standbys = new Standbys(services, options.queryId, async (key) => {
      await this.closing.get(key);
      await this.abandoned.taken(key);
    });
    const { standbyReplicas } = options.settings;
    const stateful = options.topology.subtopologies.filter((s) => storesOf(s).length > 0);
    this.member = services.log.member({
      group,
      clientId: group,
      topics: topics.sources,
      copartitioned: topics.copartitioned,
      address: services.peers?.self ?? '',
      // Where the log commits state itself there is no changelog to follow.
      ...(standbyReplicas > 0 && services.log.kind === 'kafka'
        ? {
            standbys: {
              copies: standbyReplicas,
              topics: stateful.flatMap((s) => sourcesOf(s, services.serviceId, options.queryId)),
            },
          }
        : {}),
    });
  }

  /** Joins, works until the signal says so, commits and leaves. Rejects where the query cannot go on as it is. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.race([this.work(signal), this.givenUp]);
    } finally {
      await this.tearDown();
    }
  }

  private async work(signal: AbortSignal): Promise<void> {
    // A join waits for the group, which may wait for a member that was killed.
    await orAborted(this.member.join(this.handler()), signal);
    this.joined = true;
    await this.loop(signal);
  }

  /** Ends the run with this error, whatever it is waiting for: one of its clients may never answer again. */
  break(error: Error): void {
    this.broken = true;
    this.fatal ??= error;
    this.giveUp(error);
    this.wakeUp();
  }

  /** A task waits for room on the disk. */
  get diskFull(): boolean {
    for (const slot of this.slots.values()) if (slot.diskFull) return true;
    return false;
  }

  /** The running tasks, for the watchdog. */
  watched(): readonly WatchedTask[] {
    if (this.options.paused()) return [];
    return watchedTasks(this.slots, this.reader);
  }

  wakeUp(): void {
    this.reader.wakeup();
    this.wake();
  }

  /**
   * Commits a task once more. A member whose place another one has taken cannot commit. So once the commit has come through,
   * the task's state holds all that anybody had committed before the call.
   * @throws NOT_READY where there is no such task here, or the commit fails
   */
  async confirm(subtopology: number, partition: number): Promise<void> {
    const slot = this.slots.get(slotKey(subtopology, partition));
    if (slot === undefined) throw notConfirmed(this.options.queryId, partition);
    await (slot.confirming ??= this.confirmed(slot));
  }

  /** Last known end of a partition; -1 where it is not known. */
  endOf(topic: string, partition: number): number {
    return this.reader.position(topic, partition)?.end ?? -1;
  }

  private handler(): MemberHandler {
    const { services } = this.options;
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
      placed: (placement) => {
        this.placement = placement;
        const tasks = statefulTasks(this.options);
        const mine = placement.members[placement.self]?.standby ?? [];
        const copies = tasks.filter((t) => !this.slots.has(t.key) && mine.some((p) => isInputOf(p, t)));
        this.standbys.follow(copies);
        // On the log that commits state itself it is the only one there is.
        if (services.log.kind === 'kafka') {
          this.abandoned.set(tasks.filter((t) => !this.slots.has(t.key) && !copies.includes(t)));
        }
      },
    };
  }

  /** New slots for partitions that have none. */
  private slotsFor(partitions: readonly TopicPartition[]): Slot[] {
    const { topology, services, queryId } = this.options;
    const added: Slot[] = [];
    for (const { topic, partition } of partitions) {
      for (const sub of topology.subtopologies) {
        const key = slotKey(sub.id, partition);
        const topics = sourcesOf(sub, services.serviceId, queryId);
        if (!topics.includes(topic) || this.slots.has(key)) continue;
        const slot = newSlot(sub, partition, topics, targetsOf(sub, services.serviceId, queryId));
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
    const progress = (p: RestoreProgress) => this.restoring(slot, p);
    const former = this.closing.get(slot.key) ?? Promise.resolve();
    const { state } = this.options.services;
    slot.opening = Promise.all([former, this.standbys.release(slot.key), this.abandoned.taken(slot.key)])
      .then(() => (slot.diskFull ? state.room?.() : undefined))
      .then(() => this.factory.open(slot.sub, slot.partition, signal, progress, this.member))
      .then(
        async (task) => {
          slot.opening = null;
          if (signal.aborted) {
            await this.close(slot, task);
            return;
          }
          slot.task = task;
          slot.diskFull = false;
          slot.restore = null;
          slot.lastCommit = this.clock.now();
          for (const { topic, partition, offset } of task.positions()) this.reader.assign(topic, partition, offset);
          this.wakeUp();
        },
        (e: unknown) => {
          slot.opening = null;
          if (!signal.aborted) this.taskFailed(slot, e);
        },
      );
  }

  /** Counts what is restored, and says every few seconds how far it is. */
  private restoring(slot: Slot, p: RestoreProgress): void {
    const { services, counters, queryId } = this.options;
    const before = slot.restore?.store === p.store && slot.restore.from === p.from ? slot.restore.records : 0;
    counters.restored += p.records - before;
    slot.restore = p;
    const now = this.clock.now();
    // Behind the last record there may be the end of its transaction alone.
    if (p.records === 0 || (p.at < p.to && now - slot.restoreSaid < RESTORE_SAY_MS)) return;
    slot.restoreSaid = now;
    services.logger.info({ queryId, subtopology: slot.sub.id, partition: slot.partition, ...p }, 'restoring state');
  }

  private async release(slot: Slot, commit: boolean): Promise<void> {
    slot.aborter.abort(new Error('the partition was given up'));
    const { task } = slot;
    if (task === null) {
      await slot.opening;
      return;
    }
    slot.task = null;
    this.flow.release(task);
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

  private loop(signal: AbortSignal): Promise<void> {
    return drive(
      {
        reader: this.reader,
        goesOn: async () => {
          while (!signal.aborted && this.fatal === null && this.options.paused()) await this.whilePaused(signal);
          if (!signal.aborted && this.fatal !== null) throw this.fatal;
          return !signal.aborted;
        },
        waitMs: () => this.waitMs(),
        distribute: (fetched) => {
          this.flow.distribute(fetched);
          this.abandoned.sweep();
          return this.workers();
        },
      },
      this.clock,
    );
  }

  /** Gives the tasks that are open, one by one; opens those that are to be opened again. */
  private *workers(): Generator<Worker> {
    for (const slot of [...this.slots.values()]) {
      const { task } = slot;
      if (task === null) {
        const due = slot.opening === null && !slot.aborter.signal.aborted && this.clock.now() >= slot.retryAt;
        if (due) this.open(slot);
      } else if (!task.committing) yield this.worker(slot, task);
    }
  }

  private worker(slot: Slot, task: Task): Worker {
    const { counters, settings } = this.options;
    return {
      hasWork: task.hasInput && !isAhead(slot, this.slots),
      slice: (untilMs) => {
        const { recordsIn, recordsOut, deadLettered } = task;
        task.run(untilMs);
        counters.recordsIn += task.recordsIn - recordsIn;
        counters.recordsOut += task.recordsOut - recordsOut;
        counters.deadLettered += task.deadLettered - deadLettered;
        this.flow.balance(task);
      },
      ready: () => task.ready(),
      commit: () => {
        if (slot.task !== task || task.committing) return;
        const due = this.clock.now() - slot.lastCommit >= settings.commitIntervalMs;
        if (task.full || task.owesEnd || (due && task.dirty)) void this.commit(slot, task);
      },
      failed: (e) => {
        if (slot.task === task) this.taskFailed(slot, e);
      },
    };
  }

  private async confirmed(slot: Slot): Promise<void> {
    // A commit that is on its way may have begun too early; who asks from here on waits for another one.
    await slot.task?.settled();
    slot.confirming = null;
    const { task } = slot;
    if (task !== null) await this.commit(slot, task, true);
    if (task === null || slot.task !== task) throw notConfirmed(this.options.queryId, slot.partition);
  }

  private async commit(slot: Slot, task: Task, always = false): Promise<void> {
    const { counters, progressed } = this.options;
    try {
      const { recordsOut, deadLettered } = task;
      if (await task.commit(always)) {
        counters.commits++;
        slot.failures = 0;
        progressed();
        this.purge.committed(task.committedInputs());
      }
      counters.recordsOut += task.recordsOut - recordsOut;
      counters.deadLettered += task.deadLettered - deadLettered;
      slot.lastCommit = this.clock.now();
      this.wakeUp();
    } catch (e) {
      if (slot.task === task) this.taskFailed(slot, e);
    }
  }

  /** Gives up a task; a new one is built from the committed state after a pause. */
  private taskFailed(slot: Slot, e: unknown): void {
    const { clock } = this;
    const { logger } = this.options.services;
    const { task } = slot;
    slot.task = null;
    if (isFenced(e)) {
      // Another member works on it: the group will say so. Opening it again at once would fence that one in turn.
      logger.warn(this.place(slot, e), 'a task was fenced');
      slot.retryAt = clock.now() + FENCED_PAUSE_MS;
    } else if (isDiskFull(e)) {
      // Nothing is lost, and nothing is wrong with the query: it goes on when there is room.
      if (!this.diskFull) this.options.failed(e, this.place(slot, e));
      slot.diskFull = true;
      slot.retryAt = clock.now() + DISK_FULL_PAUSE_MS;
    } else if (isHopeless(e) || (++slot.failures >= MAX_FAILURES && !isAway(e))) {
      this.fatal = new TaskFailure(e);
    } else {
      this.options.failed(e, this.place(slot, e));
      slot.retryAt = clock.now() + backoff(slot.failures);
    }
    if (task !== null) {
      this.flow.release(task);
      slot.opening = this.close(slot, task).then(() => {
        slot.opening = null;
      });
    }
    this.wakeUp();
  }

  /** How long the next poll may wait: not at all while there is work, else until a commit or a retry is due. */
  private waitMs(): number {
    const now = this.clock.now();
    let wait = POLL_MS;
    for (const slot of this.slots.values()) {
      const { task } = slot;
      if (task === null) {
        if (slot.opening === null) wait = Math.min(wait, slot.retryAt - now);
      } else if (!task.committing) {
        if (task.hasInput && !isAhead(slot, this.slots)) return 0;
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
    for (const { task } of this.slots.values()) task?.restarted();
  }

  private async tearDown(): Promise<void> {
    const { logger } = this.options.services;
    if (this.broken) {
      // Clients that do not answer are left alone. Their successors fence them.
      for (const slot of this.slots.values()) {
        slot.task?.abandon();
        this.letGo(slot);
      }
      this.slots.clear();
    }
    try {
      await this.inTime(this.member.leave());
    } catch (e) {
      logger.warn({ queryId: this.options.queryId, error: messageOf(e) }, 'the group was not left cleanly');
    }
    const left = [...this.slots.values()];
    this.slots.clear();
    const steps = [
      () => this.standbys.close(),
      () => Promise.all([...left.map((slot) => this.release(slot, false)), ...this.closing.values()]),
      () => this.purge.settled(),
      () => this.abandoned.settled(),
      () => this.reader.close(),
    ];
    for (const step of steps) {
      if (!this.broken) await step();
      else {
        await this.inTime(step()).catch((e: unknown) =>
          logger.warn({ queryId: this.options.queryId, error: messageOf(e) }, 'a client was left behind'),
        );
      }
    }
  }

  /** What a broken run waits for has an end. */
  private async inTime(work: Promise<unknown>): Promise<void> {
    if (this.broken) await withLimit(work, this.options.services.clock, LET_GO_MS);
    else await work;
  }

  private place(slot: Slot, e: unknown): object {
    const { queryId } = this.options;
    return { queryId, subtopology: slot.sub.id, partition: slot.partition, error: messageOf(e) };
  }
}
