import type { Clock } from '../base/clock.js';
import { messageOf, WeirError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { type Call, type FromThread, type Port, type QueryReport, received, type ToThread } from './protocol.js';

/** A thread that was started: `end` stops it at once, `onExit` tells that it is gone, with the reason where it failed. */
export interface Thread extends Port<FromThread, ToThread> {
  onExit(tell: (reason: string) => void): void;
  end(): Promise<void>;
}

export interface ThreadPoolOptions {
  /** Starts the thread with this number, from 0 on. */
  readonly spawn: (index: number) => Thread;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly badRecord: (line: Extract<FromThread, { kind: 'bad-record' }>) => void;
}

/** A query that a thread runs, and runs again where the thread had to be started anew. */
export interface ThreadedPart {
  /** The call that starts it, as it is now. */
  startCall(): Call;
  report(report: QueryReport): void;
  /** The thread is gone; a new one will have it. */
  lost(reason: string): void;
}

/** What a thread may take for its last commits. */
const END_MS = 15_000;
/** A thread that ended by itself is started again after this. */
const RESPAWN_MS = 1000;

/** The threads of a node beside the main one. Each is made when a query first needs it, and made anew where it dies. */
export class ThreadPool {
  private readonly threads: PooledThread[] = [];

  constructor(private readonly options: ThreadPoolOptions) {}

  thread(index: number): PooledThread {
    while (this.threads.length <= index) {
      this.threads.push(new PooledThread(this.options, this.threads.length));
    }
    return this.threads[index]!;
  }

  /** Commits and ends all queries on all threads, and the threads. */
  async close(): Promise<void> {
    await Promise.all(this.threads.splice(0).map((t) => t.close()));
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(e: Error): void;
}

export class PooledThread {
  /** Null between its death and its new start. */
  private thread: Thread | null;
  private readonly parts = new Map<string, ThreadedPart>();
  private readonly waiting = new Map<number, Waiting>();
  private serial = 0;
  private closed = false;

  constructor(
    private readonly options: ThreadPoolOptions,
    private readonly index: number,
  ) {
    this.thread = this.spawn();
  }

  /** The thread has the query from here on, until `remove`. */
  add(queryId: string, part: ThreadedPart): Promise<unknown> {
    this.parts.set(queryId, part);
    return this.call(part.startCall());
  }

  remove(queryId: string): void {
    this.parts.delete(queryId);
  }

  /** Rejects with what the thread says of it, with NOT_READY where the thread dies. */
  call(call: Call): Promise<unknown> {
    const id = ++this.serial;
    const { thread } = this;
    if (thread === null) return Promise.reject(this.gone('it is being started again'));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      thread.post({ id, ...call });
    });
  }

  async close(): Promise<void> {
    const { clock, logger } = this.options;
    this.closed = true;
    const patience = new AbortController();
    const ended = this.call({ kind: 'end' });
    const late = clock.sleep(END_MS, patience.signal).then(
      () => logger.warn({ thread: this.index }, 'a thread did not end by itself'),
      () => {}, // it did
    );
    await Promise.race([ended, late]).catch((e: unknown) =>
      logger.warn({ thread: this.index, error: messageOf(e) }, 'a thread did not end cleanly'),
    );
    patience.abort(new Error('it has ended'));
    await this.thread?.end();
  }

  private spawn(): Thread {
    const thread = this.options.spawn(this.index);
    thread.onMessage((message) => this.take(message));
    thread.onExit((reason) => {
      if (thread === this.thread) this.died(reason);
    });
    return thread;
  }

  private take(message: FromThread): void {
    switch (message.kind) {
      case 'answer':
        this.settle(message.id)?.resolve(message.value);
        break;
      case 'failure':
        this.settle(message.id)?.reject(received(message.error));
        break;
      case 'report':
        for (const q of message.queries) this.parts.get(q.status.queryId)?.report(q);
        break;
      case 'bad-record':
        this.options.badRecord(message);
        break;
    }
  }

  private gone(reason: string): WeirError {
    return new WeirError('NOT_READY', `Thread ${this.index} has ended: ${reason}`);
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private died(reason: string): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    this.thread = null;
    for (const w of waiting) w.reject(this.gone(reason));
    if (this.closed) return;
    const { clock, logger } = this.options;
    logger.error({ thread: this.index, reason }, 'a thread has died; it is started again');
    for (const part of this.parts.values()) part.lost(reason);
    void clock.sleep(RESPAWN_MS).then(() => {
      if (this.closed) return;
      this.thread = this.spawn();
      for (const [queryId, part] of this.parts) {
        this.call(part.startCall()).catch((e: unknown) =>
          logger.error({ queryId, thread: this.index, error: messageOf(e) }, 'a query did not start on its new thread'),
        );
      }
    });
  }
}
