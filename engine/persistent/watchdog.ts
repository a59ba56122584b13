import type { Clock } from '../base/clock.js';
import { messageOf, WeirError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Log } from '../log/log.js';

/** A task that runs, as the watchdog looks at it. */
export interface WatchedTask {
  readonly key: string;
  readonly inputs: readonly {
    readonly topic: string;
    readonly partition: number;
    /** Next offset that the task would take, and the end as its reader knows it; -1 where it does not. */
    readonly next: number;
    readonly end: number;
  }[];
  /** Records are buffered, or a commit is on its way. */
  readonly busy: boolean;
  /** It waits for what another task has yet to write: that one is looked at. */
  readonly waits?: boolean;
  /** Grows with whatever the task gets done. */
  readonly done: number;
}

export interface WatchdogOptions {
  readonly log: Pick<Log, 'offsets' | 'describeTopic'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queryId: string;
  /** Partitions of the topics that the query reads and writes, as they were when it started. */
  readonly partitions: ReadonlyMap<string, number>;
  tasks(): readonly WatchedTask[];
}

/** Between two looks. */
const LOOK_MS = 2500;
/** After so long without progress the log itself is asked whether there is more: a reader that hangs does not know. */
const ASK_MS = 7500;
/** Input that waits so long, as far as is known, while nothing is done. With the above: noticed within 30 s. */
const STUCK_MS = 17_500;
/** How often topics are looked at. */
const TOPICS_MS = 30_000;
/** How long the log gets to answer. */
const ANSWER_MS = 2500;

/** A query makes no progress though input waits: its clients have to be built anew. */
export class Stuck extends WeirError {
  constructor(message: string) {
    super('LOG_ERROR', message);
    this.name = 'Stuck';
  }
}

interface Seen {
  done: string;
  /** How long without progress, and how long of that input has been known to wait. */
  idleMs: number;
  waitedMs: number;
  askedAt: number;
}

/**
 * Looks at the tasks of a query from outside its loop, which may itself hang, and finds those that do nothing while input
 * waits; and looks at its topics, which may be deleted or get more partitions. It measures by its own looks and not by the
 * clock: a machine that slept, or a process that was stopped, is no proof of anything.
 */
export class Watchdog {
  private readonly seen = new Map<string, Seen>();
  private sinceTopics = 0;
  private away = false;
  private signal = new AbortController().signal;

  constructor(private readonly options: WatchdogOptions) {}

  /** Resolves with what is wrong; rejects with the signal's reason. */
  async watch(signal: AbortSignal): Promise<Error> {
    this.signal = signal;
    for (;;) {
      await this.options.clock.sleep(LOOK_MS, signal);
      const problem = (await this.lookAtTasks()) ?? (await this.lookAtTopics());
      signal.throwIfAborted();
      if (problem !== undefined) return problem;
    }
  }

  private async lookAtTasks(): Promise<Error | undefined> {
    const tasks = this.options.tasks();
    const keys = new Set(tasks.map((t) => t.key));
    for (const key of this.seen.keys()) if (!keys.has(key)) this.seen.delete(key);
    const ends = new Map<string, Promise<ReadonlyMap<number, number> | undefined>>();
    for (const task of tasks) {
      const done = `${task.done} ${task.inputs.map((i) => i.next).join(' ')}`;
      const seen = this.seen.get(task.key);
      if (seen === undefined || seen.done !== done || task.waits === true) {
        this.seen.set(task.key, { done, idleMs: 0, waitedMs: 0, askedAt: 0 });
        continue;
      }
      seen.idleMs += LOOK_MS;
      const knows = task.busy || task.inputs.some((i) => i.end > i.next);
      if (!knows && seen.waitedMs === 0 && seen.idleMs - seen.askedAt < ASK_MS) continue;
      seen.askedAt = seen.idleMs;
      // Asked in any case: where the log itself is away, its clients are not at fault.
      const waiting = await this.waiting(task, ends);
      if (waiting === undefined) continue;
      if (!knows && waiting.records === 0) {
        seen.waitedMs = 0;
        continue;
      }
      seen.waitedMs += LOOK_MS;
      if (seen.waitedMs < STUCK_MS) continue;
      const what =
        task.busy && waiting.records === 0 ? 'a commit has not come back' : `${waiting.records} records wait`;
      return new Stuck(
        `No progress for ${Math.round(seen.idleMs / 1000)} s though ${what} (${waiting.where}): the clients of the query are rebuilt`,
      );
    }
    return undefined;
  }

  /** Records between what a task has taken and the end of the log; undefined where the log does not say. */
  private async waiting(
    task: WatchedTask,
    known: Map<string, Promise<ReadonlyMap<number, number> | undefined>>,
  ): Promise<{ readonly records: number; readonly where: string } | undefined> {
    let records = 0;
    const where: string[] = [];
    for (const { topic, partition, next } of task.inputs) {
      let asked = known.get(topic);
      if (asked === undefined) known.set(topic, (asked = this.endsOf(topic)));
      const ends = await asked;
      if (ends === undefined) return undefined;
      const n = Math.max(0, (ends.get(partition) ?? 0) - next);
      records += n;
      if (n > 0 || task.inputs.length === 1) where.push(`${topic}-${partition}@${next}`);
    }
    return { records, where: where.join(', ') };
  }

  private async endsOf(topic: string): Promise<ReadonlyMap<number, number> | undefined> {
    const offsets = await this.ask(() => this.options.log.offsets(topic));
    return offsets && new Map(offsets.map((o) => [o.partition, o.end]));
  }

  private async lookAtTopics(): Promise<Error | undefined> {
    this.sinceTopics += LOOK_MS;
    if (this.sinceTopics < TOPICS_MS) return undefined;
    this.sinceTopics = 0;
    for (const [name, partitions] of this.options.partitions) {
      const answer = await this.ask(async () => ({ topic: await this.options.log.describeTopic(name) }));
      if (answer === undefined) return undefined;
      const now = answer.topic?.partitions;
      if (now === undefined) return new WeirError('LOG_ERROR', `Topic ${name} was deleted while the query ran`);
      if (now !== partitions) {
        return new WeirError(
          'LOG_ERROR',
          `Topic ${name} had ${partitions} partitions when the query started and has ${now} now`,
          'The query is started anew; one with state cannot follow: its keys have moved between partitions.',
        );
      }
    }
    return undefined;
  }

  /** What the log answers in time; undefined where it does not. Said once. */
  private async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    const { clock, logger, queryId } = this.options;
    try {
      const answer = await withLimit(question(), clock, ANSWER_MS, this.signal);
      this.away = false;
      return answer;
    } catch (e) {
      this.signal.throwIfAborted();
      if (!this.away) logger.warn({ queryId, error: messageOf(e) }, 'the watchdog cannot ask the log');
      this.away = true;
      return undefined;
    }
  }
}

/** Waits for work that may never end: rejects with LOG_ERROR after `ms`, and as the signal does. The work itself goes on, and nobody hears of it. */
export async function withLimit<T>(
  work: Promise<T>,
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const aborter = new AbortController();
  const { signal: answered } = aborter;
  const late = clock.sleep(ms, signal === undefined ? answered : AbortSignal.any([answered, signal])).then(() => {
    throw new WeirError('LOG_ERROR', `No answer within ${ms} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    // The race has told of whichever came first.
    late.catch(() => undefined);
    work.catch(() => undefined);
    aborter.abort(new Error('answered'));
  }
}
