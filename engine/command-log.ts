import type { CommandStatus } from './api.js';
import { applyCommand, type Catalog, type Command, emptyCatalog } from './catalog/index.js';
import type { Log, LogReader, LogWriter } from './log/log.js';
import { BatchBuilder, BatchCursor } from './types/batch.js';
import type { Clock } from './types/clock.js';
import { messageOf, WeirError } from './types/errors.js';
import type { Logger } from './types/logger.js';

/** One entry of the command topic: what was asked, and what it does to the catalog. */
interface Entry {
  readonly version: 1;
  /** Unique: whoever appended it recognises it when it comes back. */
  readonly id: string;
  readonly at: number;
  readonly sql: string;
  readonly command: Command;
  /** What it is known by on the wire, and what is said of it when it has been applied. */
  readonly answer?: CommandAnswer;
}

export interface CommandAnswer {
  /** ``stream/`NAME`/create``. */
  readonly id: string;
  readonly message: string;
  readonly queryId?: string | null;
}

export interface Applied {
  readonly sequence: number;
  readonly before: Catalog;
  readonly after: Catalog;
}

type Waiter = { resolve(a: Applied): void; reject(e: Error): void };

/** Commands whose outcome is remembered. */
const MAX_STATUSES = 1000;
/** Bytes of one command: a topology over very many columns stays far below it. */
const MAX_COMMAND_BYTES = 8 * 1024 * 1024;

/**
 * The command log: one topic with one partition that every node of a service follows in order. A command has happened
 * when this node has read it back and applied it, so that all nodes make the same decisions in the same order: two that
 * conflict are both appended, and the second is refused everywhere.
 */
export class CommandLog {
  private state: Catalog = emptyCatalog();
  private next = 0;
  private readonly waiting = new Map<string, Waiter>();
  private readonly outcomes = new Map<string, CommandStatus>();
  private writer: LogWriter | undefined;
  private reader: LogReader | undefined;
  private following: Promise<void> | undefined;
  private stopped = false;
  private serial = 0;
  private failure: Error | undefined;

  constructor(
    private readonly deps: {
      readonly log: Log;
      readonly serviceId: string;
      readonly nodeId: string;
      readonly clock: Clock;
      readonly logger: Logger;
      /** Called for each command that is applied after `open`, in order, before its `append` resolves. */
      readonly onApplied: (applied: Applied) => void;
    },
  ) {}

  get topic(): string {
    return `_weir_${this.deps.serviceId}_command_topic`;
  }

  get catalog(): Catalog {
    return this.state;
  }

  /** Offset of the next command. */
  get sequence(): number {
    return this.next;
  }

  /** What became of the last commands, by their id on the wire; the newest last. */
  get statuses(): ReadonlyMap<string, CommandStatus> {
    return this.outcomes;
  }

  /** False when the topic could not be followed: statements are refused, running queries go on. */
  get healthy(): boolean {
    return this.failure === undefined;
  }

  /** Reads everything there is, then follows. */
  async open(): Promise<void> {
    const { log } = this.deps;
    await log.createTopics([
      { name: this.topic, partitions: 1, config: { 'retention.ms': '-1', 'cleanup.policy': 'delete' } },
    ]);
    const [offsets] = await log.offsets(this.topic);
    if (offsets === undefined) throw new WeirError('LOG_ERROR', `The command topic ${this.topic} has no partition.`);
    if (offsets.earliest > 0) {
      throw new WeirError(
        'STATE_ERROR',
        `The command topic ${this.topic} has lost its first ${offsets.earliest} commands.`,
        'Restore the topic from a backup, or start with another ksql.service.id.',
      );
    }
    this.reader = log.reader({ clientId: `${this.deps.nodeId}-commands` });
    this.reader.assign(this.topic, 0, 0);
    while (this.next < offsets.end) await this.read(1000, false);
    this.writer = await log.writer({ clientId: `${this.deps.nodeId}-commands` });
    this.following = this.follow();
  }

  /** Appends a command and resolves when it has been applied; rejects where it no longer applies. */
  async append(command: Command, sql: string, answer: CommandAnswer): Promise<Applied> {
    if (this.failure !== undefined || this.writer === undefined) {
      throw new WeirError(
        'NOT_READY',
        'The command log is not available.',
        messageOf(this.failure ?? 'It is not open.'),
      );
    }
    const id = `${this.deps.nodeId}-${this.deps.clock.now()}-${this.serial++}`;
    const entry: Entry = { version: 1, id, at: this.deps.clock.now(), sql, command, answer };
    const value = Buffer.from(JSON.stringify(entry), 'utf8');
    if (value.length > MAX_COMMAND_BYTES) {
      throw new WeirError(
        'LIMIT_EXCEEDED',
        `The statement's plan has ${value.length} bytes; at most ${MAX_COMMAND_BYTES} are taken.`,
      );
    }
    const key = Buffer.from(id, 'utf8');
    const batch = new BatchBuilder(value.length + 256);
    batch.add(entry.at, key, 0, key.length, value, 0, value.length);
    const applied = new Promise<Applied>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    try {
      this.writer.append(this.topic, 0, batch.finish()!);
      await this.writer.flush();
      this.reader?.wakeup();
    } catch (e) {
      this.waiting.delete(id);
      applied.catch(() => undefined); // nobody waits for it any more
      // A writer that has failed is dead; the entry may be in the log all the same, then it is applied when it is read.
      await this.renewWriter();
      throw e;
    }
    return applied;
  }

  async close(): Promise<void> {
    this.stopped = true;
    this.reader?.wakeup();
    await this.following;
    await this.reader?.close();
    await this.writer?.close();
    for (const w of this.waiting.values()) w.reject(new WeirError('SHUTTING_DOWN', 'The server is shutting down.'));
    this.waiting.clear();
  }

  private async renewWriter(): Promise<void> {
    const dead = this.writer;
    this.writer = undefined;
    try {
      await dead?.close();
    } catch (e) {
      this.deps.logger.warn({ err: e }, 'closing the command writer failed');
    }
    this.writer = await this.deps.log.writer({ clientId: `${this.deps.nodeId}-commands` });
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.read(500, true);
      } catch (e) {
        this.failure = e instanceof Error ? e : new Error(messageOf(e));
        this.deps.logger.error({ err: e }, 'the command topic cannot be followed: statements are refused from now on');
        for (const w of this.waiting.values()) w.reject(this.failure);
        this.waiting.clear();
        return;
      }
    }
  }

  private async read(maxWaitMs: number, live: boolean): Promise<void> {
    const cursor = new BatchCursor();
    for (const fetched of await this.reader!.poll(maxWaitMs)) {
      for (const batch of fetched.batches) {
        cursor.reset(batch);
        while (cursor.next()) {
          if (cursor.valueStart >= 0) {
            this.apply(cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd), cursor.offset, live);
          }
          this.next = cursor.offset + 1;
        }
      }
      this.next = Math.max(this.next, fetched.nextOffset);
    }
  }

  private apply(text: string, sequence: number, live: boolean): void {
    const entry = parseEntry(text, sequence);
    const waiter = this.waiting.get(entry.id);
    this.waiting.delete(entry.id);
    const before = this.state;
    try {
      this.state = applyCommand(before, entry.command);
    } catch (e) {
      // It was valid when it was appended, and another came first: refused here as on every other node.
      this.deps.logger.info({ sequence, sql: entry.sql, reason: messageOf(e) }, 'command refused');
      this.remember(entry, { status: 'ERROR', message: messageOf(e), queryId: null });
      waiter?.reject(e as Error);
      return;
    }
    const { message = '', queryId = null } = entry.answer ?? {};
    this.remember(entry, { status: 'SUCCESS', message, queryId });
    const applied = { sequence, before, after: this.state };
    if (live) this.deps.onApplied(applied);
    waiter?.resolve(applied);
  }

  private remember({ answer }: Entry, outcome: CommandStatus): void {
    if (answer === undefined) return;
    this.outcomes.delete(answer.id); // its last command counts
    this.outcomes.set(answer.id, outcome);
    if (this.outcomes.size > MAX_STATUSES) this.outcomes.delete(this.outcomes.keys().next().value!);
  }
}

function parseEntry(text: string, sequence: number): Entry {
  let entry: Entry;
  try {
    entry = JSON.parse(text) as Entry;
  } catch (e) {
    throw new WeirError('STATE_ERROR', `Command ${sequence} of the command topic is damaged: ${messageOf(e)}`);
  }
  if (entry.version !== 1) {
    throw new WeirError(
      'STATE_ERROR',
      `Command ${sequence} of the command topic has version ${String(entry.version)}; this Weir knows 1.`,
      'A newer Weir has written it: upgrade this node.',
    );
  }
  return entry;
}
