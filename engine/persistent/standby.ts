import { messageOf } from '../base/errors.js';
import { changelogTopic } from '../dataflow/names.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import type { FetchedPartition, LogReader } from '../log/log.js';
import type { StandbyStatus } from '../observe/query-status.js';
import type { Store, TaskId } from '../stores/store.js';
import { applyChangelog, restoreStart } from './restore.js';
import type { StatefulTask } from './stateful-tasks.js';

/** How long a read waits where nothing new has been written. */
const WAIT_MS = 250;
/** After a failure all copies begin anew from what they hold. */
const RETRY_MS = 5000;

interface Copy {
  readonly task: TaskId;
  readonly names: readonly string[];
  readonly followed: Map<string, { readonly store: Store; readonly changelog: string; at: number }>;
  /** Settled once it is followed, or that has failed. */
  opening: Promise<void>;
}

/**
 * Copies of the state of tasks that run on other nodes: their changelogs are followed into this node's database, with the
 * offset that each store reflects. When the task comes here, it restores no more than what is missing since.
 */
export class Standbys {
  private readonly copies = new Map<string, Copy>();
  private readonly releasing = new Map<string, Promise<void>>();
  private reader: LogReader | null = null;
  private readonly aborter = new AbortController();
  private loop: Promise<void> | null = null;
  /** What the loop is just writing. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly services: RuntimeServices,
    private readonly queryId: string,
    /** Resolves when this node's former task on the partition has let go of its state. */
    private readonly free: (key: string) => Promise<void>,
  ) {}

  /** Makes the copies those that are wanted; what is no longer is kept as it is, and not followed. */
  follow(wanted: readonly StatefulTask[]): void {
    const keys = new Set(wanted.map((w) => w.key));
    for (const key of [...this.copies.keys()]) {
      if (!keys.has(key)) void this.release(key);
    }
    for (const { key, task, stores } of wanted) {
      if (this.copies.has(key) || this.aborter.signal.aborted) continue;
      const copy: Copy = { task, names: stores, followed: new Map(), opening: Promise.resolve() };
      this.copies.set(key, copy);
      copy.opening = this.begin(key, copy);
    }
  }

  /** Stops following a copy; resolves when its state may be another's. */
  release(key: string): Promise<void> {
    const copy = this.copies.get(key);
    if (copy === undefined) return this.releasing.get(key) ?? Promise.resolve();
    this.copies.delete(key);
    const released = this.letGo(copy).finally(() => {
      if (this.releasing.get(key) === released) this.releasing.delete(key);
    });
    this.releasing.set(key, released);
    return released;
  }

  private async letGo(copy: Copy): Promise<void> {
    for (const { changelog } of copy.followed.values()) this.reader?.unassign(changelog, copy.task.partition);
    await copy.opening;
    await this.writing.catch(() => undefined); // the loop is told
    this.services.state.release(copy.task);
  }

  statuses(): readonly StandbyStatus[] {
    return [...this.copies.values()].map((copy) => ({
      subtopology: copy.task.subtopology,
      partition: copy.task.partition,
      stores: copy.names.map((store) => {
        const f = copy.followed.get(store);
        const end = f === undefined ? -1 : (this.reader?.position(f.changelog, copy.task.partition)?.end ?? -1);
        return { store, at: f?.at ?? -1, end };
      }),
    }));
  }

  async close(): Promise<void> {
    this.aborter.abort(new Error('closed'));
    this.reader?.wakeup();
    await this.loop;
    for (const key of [...this.copies.keys()]) await this.release(key);
    await this.reader?.close();
    this.reader = null;
  }

  private async begin(key: string, copy: Copy): Promise<void> {
    const { log, state, serviceId } = this.services;
    try {
      await this.releasing.get(key);
      await this.free(key);
      for (const name of copy.names) {
        if (this.copies.get(key) !== copy) return;
        const changelog = changelogTopic(serviceId, this.queryId, name);
        const { from } = await restoreStart({ log, state, task: copy.task, store: name, changelog });
        if (this.copies.get(key) !== copy) return;
        this.reader ??= log.reader({ clientId: `standby-${this.queryId}` });
        copy.followed.set(name, { store: state.store(copy.task, name), changelog, at: from });
        this.reader.assign(changelog, copy.task.partition, from);
      }
      this.loop ??= this.run();
    } catch (e) {
      this.warn(e);
      void this.again(key, copy);
    }
  }

  private async again(key: string, copy: Copy): Promise<void> {
    const { signal } = this.aborter;
    await this.services.clock.sleep(RETRY_MS, signal).catch(() => undefined); // closing
    if (this.copies.get(key) === copy && !signal.aborted) copy.opening = this.begin(key, copy);
  }

  private async run(): Promise<void> {
    const { signal } = this.aborter;
    while (!signal.aborted) {
      try {
        if (this.reader === null) {
          await this.services.clock.sleep(WAIT_MS, signal); // until a copy can be followed again
          continue;
        }
        for (const part of await this.reader.poll(WAIT_MS)) await (this.writing = this.apply(part));
        this.catchUp();
      } catch (e) {
        if (signal.aborted) return;
        this.warn(e);
        await this.restart(signal);
      }
    }
  }

  private async apply(part: FetchedPartition): Promise<void> {
    const { state } = this.services;
    // Fetched before the copy began anew further back. To apply it would leave out what lies between.
    if ((this.reader?.position(part.topic, part.partition)?.next ?? -1) < part.nextOffset) return;
    for (const copy of this.copies.values()) {
      if (copy.task.partition !== part.partition) continue;
      for (const [name, f] of copy.followed) {
        if (f.changelog !== part.topic || f.at >= part.nextOffset) continue;
        applyChangelog(part.batches, f.store, `${part.topic}, partition ${part.partition}`);
        await state.write([...f.store.databaseOps(), state.checkpointOp(copy.task, name, part.nextOffset)]);
        f.store.committed();
        f.at = part.nextOffset;
      }
    }
  }

  /** Control batches are never fetched: the position moves past them. */
  private catchUp(): void {
    for (const { task, followed } of this.copies.values()) {
      for (const f of followed.values()) {
        f.at = Math.max(f.at, this.reader?.position(f.changelog, task.partition)?.next ?? f.at);
      }
    }
  }

  private async restart(signal: AbortSignal): Promise<void> {
    const dead = this.reader;
    this.reader = null;
    await dead?.close().catch((e: unknown) => this.warn(e));
    await this.services.clock.sleep(RETRY_MS, signal).catch(() => undefined); // closing
    if (signal.aborted) return;
    for (const [key, copy] of this.copies) {
      this.services.state.release(copy.task);
      copy.followed.clear();
      copy.opening = this.begin(key, copy);
      await copy.opening;
    }
  }

  private warn(e: unknown): void {
    const { queryId } = this;
    this.services.logger.warn({ queryId, error: messageOf(e) }, 'a standby copy could not be followed');
  }
}
