import type { CommandStatus } from '../api/engine-api.js';
import type { Clock } from '../base/clock.js';
import { messageOf, WeirError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { applyCommand, type Catalog, type Command, emptyCatalog } from '../catalog/index.js';
import type { Log, LogReader, LogWriter } from '../log/log.js';
import { BatchBuilder, BatchCursor } from '../records/batch.js';
import { type CommandAnswer, type CommandEntry, damaged, parseEntry } from './command-entry.js';

export type { CommandAnswer } from './command-entry.js';

export interface Applied {
  readonly sequence: number;
  readonly command: Command;
  readonly before: Catalog;
  readonly after: Catalog;
}

export interface CommandLogOptions {
  readonly log: Log;
  readonly serviceId: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For the ids of entries, which no two nodes may give alike. */
  readonly uuid: () => string;
  /** Called for each command that is applied after `open`, in order, before its `append` resolves. */
  readonly onApplied: (applied: Applied) => void;
}

type Waiter = { resolve(a: Applied): void; reject(e: Error): void };

/** Commands whose outcome is remembered. */
const MAX_STATUSES = 1000;
/** Entries whose ids are remembered: copies of an entry stand near each other, for its writer repeats it within a minute. */
const MAX_SEEN = 10_000;
/** Bytes of one command: a topology over very many columns stays far below it. */
const MAX_COMMAND_BYTES = 8 * 1024 * 1024;
/** Attempts to write an entry; all have the same id, so that it counts once however many of them arrive. */
const WRITE_ATTEMPTS = 3;
const RETRY_MS = 500;
/** What an entry that has been written may take to be read back. */
const APPLY_TIMEOUT_MS = 60_000;
/** How often the topic is looked at while nothing comes; its first entry is read again at every `FIRST_EVERY`th look. */
const VERIFY_MS = 5000;
const FIRST_EVERY = 6;

/**
 * The command log: one topic with one partition that every node of a service follows in order. A command has happened
 * when this node has read it back and applied it, so that all nodes make the same decisions in the same order: two that
 * conflict are both appended, and the second is refused everywhere.
 *
 * A topic that is damaged (an entry that cannot be read, or of a newer version; a lost beginning; a topic that was truncated,
 * deleted or made anew) is acted on no further: what was applied before stays, and statements are refused.
 */
export class CommandLog {
  private state: Catalog = emptyCatalog();
  private next = 0;
  private readonly waiting = new Map<string, Waiter>();
  private readonly outcomes = new Map<string, CommandStatus>();
  private readonly seen = new Set<string>();
  private writer: LogWriter | undefined;
  private reader: LogReader | undefined;
  private following: Promise<void> | undefined;
  private readonly closing = new AbortController();
  private serial = 0;
  /** The key of the first entry: another one there is another topic. */
  private first: string | undefined;
  private lastLook = 0;
  private looks = 0;
  /** Final: nothing more is applied. */
  private damage: Error | undefined;
  /** The topic cannot be read at the moment. */
  private outage: Error | undefined;

  constructor(private readonly deps: CommandLogOptions) {}

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

  /** False when the topic is damaged or cannot be followed: statements are refused, running queries go on. */
  get healthy(): boolean {
    return this.problem === undefined;
  }

  /** Why it is not healthy. */
  get problem(): Error | undefined {
    return this.damage ?? this.outage;
  }

  /**
   * Reads everything there is, then follows. Of a damaged topic it applies what comes before the damage, and nothing where the
   * beginning is lost; that it is damaged is no rejection but in `healthy`.
   */
  async open(): Promise<void> {
    const { log } = this.deps;
    const existing = await log.describeTopic(this.topic);
    if (existing === undefined) {
      await log.createTopics([
        { name: this.topic, partitions: 1, config: { 'retention.ms': '-1', 'cleanup.policy': 'delete' } },
      ]);
    }
    try {
      if (existing !== undefined && existing.partitions !== 1) {
        throw damaged(`The command topic ${this.topic} has ${existing.partitions} partitions instead of 1.`);
      }
      const end = await this.look();
      this.openReader();
      while (this.next < end) await this.read(1000, false);
    } catch (e) {
      if (!isDamage(e)) throw e;
      this.break(e);
      return;
    }
    this.writer = await this.newWriter();
    this.following = this.follow();
  }

  /** Appends a command and resolves when it has been applied; rejects where it no longer applies. */
  async append(command: Command, sql: string, answer: CommandAnswer): Promise<Applied> {
    this.check();
    const { clock, nodeId, uuid } = this.deps;
    const id = `${nodeId}-${clock.now()}-${this.serial++}-${uuid()}`;
    const entry: CommandEntry = { version: 1, id, at: clock.now(), sql, command, answer };
    const value = Buffer.from(JSON.stringify(entry), 'utf8');
    if (value.length > MAX_COMMAND_BYTES) {
      throw new WeirError(
        'LIMIT_EXCEEDED',
        `The statement's plan has ${value.length} bytes; at most ${MAX_COMMAND_BYTES} are taken.`,
      );
    }
    await this.look().catch((e: unknown) => {
      if (isDamage(e)) this.break(e);
      throw e;
    });
    const applied = new Promise<Applied>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    applied.catch(() => undefined); // it may be decided while the entry is still being written
    try {
      await this.write(entry, value);
      return await this.inTime(applied);
    } finally {
      this.waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new WeirError('SHUTTING_DOWN', 'The server is shutting down.'));
    this.reader?.wakeup();
    await this.following;
    await this.reader?.close();
    await this.writer?.close();
    for (const w of this.waiting.values()) w.reject(this.closing.signal.reason as Error);
    this.waiting.clear();
  }

  private check(): void {
    if (this.damage !== undefined) {
      throw new WeirError(
        'COMMAND_LOG_DAMAGED',
        `The command topic is damaged: statements are refused, running queries go on. ${this.damage.message}`,
        (this.damage as { hint?: string }).hint,
      );
    }
    if (this.outage !== undefined || this.following === undefined) {
      throw new WeirError(
        'NOT_READY',
        'The command log is not available.',
        messageOf(this.outage ?? 'It is not open.'),
      );
    }
  }

  /** Writes an entry, again where that failed: whoever reads it passes over copies. */
  private async write(entry: CommandEntry, value: Buffer): Promise<void> {
    const { clock, logger } = this.deps;
    const key = Buffer.from(entry.id, 'utf8');
    for (let attempt = 1; this.waiting.has(entry.id); attempt++) {
      const batch = new BatchBuilder();
      batch.add(entry.at, key, 0, key.length, value, 0, value.length);
      try {
        this.writer ??= await this.newWriter();
        this.writer.append(this.topic, 0, batch.finish()!);
        await this.writer.flush();
        this.reader?.wakeup();
        return;
      } catch (e) {
        // A writer that has failed is dead; the entry may be in the log all the same, then it is applied when it is read.
        await this.dropWriter();
        if (attempt >= WRITE_ATTEMPTS) throw e;
        logger.warn({ err: e, sql: entry.sql }, 'a command could not be written: it is tried again');
        await clock.sleep(RETRY_MS * attempt, this.closing.signal);
      }
    }
  }

  private async inTime(applied: Promise<Applied>): Promise<Applied> {
    const late = new AbortController();
    const timeout = this.deps.clock.sleep(APPLY_TIMEOUT_MS, late.signal).then(() => {
      throw new WeirError(
        'COMMAND_TIMEOUT',
        `The statement was written to the command topic, and not read back within ${APPLY_TIMEOUT_MS / 1000} seconds.`,
        'It may still be applied: see /status.',
      );
    });
    timeout.catch(() => undefined); // the race has been decided otherwise
    try {
      return await Promise.race([applied, timeout]);
    } finally {
      late.abort(new Error('in time'));
    }
  }

  private newWriter(): Promise<LogWriter> {
    return this.deps.log.writer({ clientId: `${this.deps.nodeId}-commands` });
  }

  private openReader(): void {
    this.reader = this.deps.log.reader({ clientId: `${this.deps.nodeId}-commands` });
    this.reader.assign(this.topic, 0, this.next);
  }

  private async dropWriter(): Promise<void> {
    const dead = this.writer;
    this.writer = undefined;
    try {
      await dead?.close();
    } catch (e) {
      this.deps.logger.warn({ err: e }, 'closing the command writer failed');
    }
  }

  private async follow(): Promise<void> {
    const { clock, logger } = this.deps;
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        if (this.reader === undefined) this.openReader();
        await this.read(500, true);
        if (clock.now() - this.lastLook >= VERIFY_MS) await this.look();
        this.outage = undefined;
      } catch (e) {
        if (signal.aborted) return;
        const damage = isDamage(e) ? e : await this.damageBehind();
        if (damage !== undefined) {
          this.break(damage);
          return;
        }
        if (this.outage === undefined) {
          logger.error({ err: e }, 'the command topic cannot be read: statements are refused until it can');
        }
        this.outage = e instanceof Error ? e : new Error(messageOf(e));
        await this.dropReader();
        await clock.sleep(RETRY_MS, signal).catch(() => undefined); // closing: the loop ends
      }
    }
  }

  /** After a failed read: whether it is the topic that is at fault. */
  private async damageBehind(): Promise<Error | undefined> {
    try {
      await this.look();
      return undefined;
    } catch (e) {
      // Who cannot look either meets an outage.
      return isDamage(e) ? e : undefined;
    }
  }

  private async dropReader(): Promise<void> {
    const dead = this.reader;
    this.reader = undefined;
    try {
      await dead?.close();
    } catch (e) {
      this.deps.logger.warn({ err: e }, 'closing the command reader failed');
    }
  }

  /** From here on nothing is applied. */
  private break(e: Error): void {
    this.damage = e;
    this.deps.logger.error({ err: e }, 'the command topic is damaged: statements are refused from now on');
    for (const w of this.waiting.values()) w.reject(e);
    this.waiting.clear();
  }

  /**
   * Whether the topic is still the one that was followed.
   * @returns its end
   * @throws WeirError COMMAND_LOG_DAMAGED where it is not
   */
  private async look(): Promise<number> {
    const { log, clock } = this.deps;
    this.lastLook = clock.now();
    if ((await log.describeTopic(this.topic)) === undefined) {
      throw damaged(`The command topic ${this.topic} has been deleted.`);
    }
    let range = await this.range();
    if (range.end < this.next) {
      // A leader that is new may not know the end yet.
      await clock.sleep(RETRY_MS, this.closing.signal);
      range = await this.range();
    }
    if (range.earliest > 0) {
      throw damaged(`The command topic ${this.topic} has lost its first ${range.earliest} commands.`);
    }
    if (range.end < this.next) {
      throw damaged(
        `The command topic ${this.topic} ends at ${range.end}, and ${this.next} commands were read: it was truncated or made anew.`,
      );
    }
    if (this.first !== undefined && this.looks++ % FIRST_EVERY === 0) await this.compareFirst(this.first);
    return range.end;
  }

  private async range(): Promise<{ readonly earliest: number; readonly end: number }> {
    const [offsets] = await this.deps.log.offsets(this.topic);
    if (offsets === undefined) throw damaged(`The command topic ${this.topic} has no partition.`);
    return offsets;
  }

  private async compareFirst(known: string): Promise<void> {
    const { log, nodeId } = this.deps;
    const reader = log.reader({ clientId: `${nodeId}-commands-first`, bufferBytes: 1024 * 1024 });
    try {
      reader.assign(this.topic, 0, 0);
      const cursor = new BatchCursor();
      const batch = (await reader.poll(1000))[0]?.batches[0];
      if (batch === undefined) return; // not within that time: at the next look
      cursor.reset(batch);
      if (cursor.next() && keyOf(cursor) !== known) {
        throw damaged(`The command topic ${this.topic} has another first command than before: it was made anew.`);
      }
    } finally {
      await reader.close();
    }
  }

  private async read(maxWaitMs: number, live: boolean): Promise<void> {
    const cursor = new BatchCursor();
    for (const fetched of await this.reader!.poll(maxWaitMs)) {
      for (const batch of fetched.batches) {
        cursor.reset(batch);
        while (cursor.next()) {
          if (cursor.offset < this.next) continue;
          if (cursor.offset === 0) this.first = keyOf(cursor);
          const { buffer, valueStart, valueEnd, offset } = cursor;
          this.apply(valueStart < 0 ? null : buffer.toString('utf8', valueStart, valueEnd), offset, live);
          this.next = offset + 1;
        }
      }
      this.next = Math.max(this.next, fetched.nextOffset);
    }
  }

  private apply(text: string | null, sequence: number, live: boolean): void {
    const entry = parseEntry(text, sequence);
    if (this.seen.has(entry.id)) return; // a copy, of an append that was repeated
    const before = this.state;
    try {
      const after = applyCommand(before, entry.command) as Catalog | undefined;
      if (after === undefined) throw damaged(`Command ${sequence} is of the unknown kind '${entry.command.kind}'.`);
      this.state = after;
    } catch (e) {
      if (isDamage(e)) throw e;
      if (!(e instanceof WeirError)) throw damaged(`Command ${sequence} of the command topic: ${messageOf(e)}`);
      // It was valid when it was appended, and another came first: refused here as on every other node.
      this.deps.logger.info({ sequence, sql: entry.sql, reason: e.message }, 'command refused');
      this.remember(entry, { status: 'ERROR', message: e.message, queryId: null });
      this.take(entry.id)?.reject(e);
      return;
    }
    const { message = '', queryId = null } = entry.answer ?? {};
    this.remember(entry, { status: 'SUCCESS', message, queryId });
    const applied = { sequence, command: entry.command, before, after: this.state };
    if (live) this.deps.onApplied(applied);
    this.take(entry.id)?.resolve(applied);
  }

  private take(id: string): Waiter | undefined {
    const waiter = this.waiting.get(id);
    this.waiting.delete(id);
    return waiter;
  }

  private remember({ id, answer }: CommandEntry, outcome: CommandStatus): void {
    this.seen.add(id);
    if (this.seen.size > MAX_SEEN) this.seen.delete(this.seen.values().next().value!);
    if (answer === undefined) return;
    this.outcomes.delete(answer.id); // its last command counts
    this.outcomes.set(answer.id, outcome);
    if (this.outcomes.size > MAX_STATUSES) this.outcomes.delete(this.outcomes.keys().next().value!);
  }
}

const isDamage = (e: unknown): e is WeirError => e instanceof WeirError && e.code === 'COMMAND_LOG_DAMAGED';

const keyOf = ({ buffer, keyStart, keyEnd }: BatchCursor): string =>
  keyStart < 0 ? '' : buffer.toString('utf8', keyStart, keyEnd);
