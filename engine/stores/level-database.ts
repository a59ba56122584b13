import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Level as AnyLevel } from 'level';
import { messageOf, WeirError } from '../base/errors.js';
import type { KeyValueOp } from '../log/log.js';
import { verifyLevel } from './level-verify.js';

/** In Node a `Level` is a `ClassicLevel`: its type leaves out what a browser's has not. */
type Level = AnyLevel<Uint8Array, Buffer> & {
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>;
};

export interface LevelOptions {
  readonly directory: string;
  /** Write through to the disk at each batch: survives a power cut too. Default false; see `LevelDatabase`. */
  readonly sync?: boolean;
  /** Bytes of uncompressed blocks kept in memory. Default 32 MiB. */
  readonly cacheBytes?: number;
  /** Bytes written before LevelDB makes a table of them; twice as much may be in memory. Default 16 MiB. */
  readonly writeBufferBytes?: number;
  /**
   * Set: a database that is damaged when it is opened is moved to `directory` + this suffix, never repaired in place,
   * and an empty one is opened (state that can be restored from changelogs). Unset: damage is an error.
   */
  readonly setAside?: {
    readonly suffix: () => string;
    readonly report: (movedTo: string, cause: Error) => void;
  };
  /** Whether all files are compared with their checksums before the database is opened. Default true. */
  readonly verify?: boolean;
}

/** What has to be free before a database that was full is written to again. */
const ROOM_BYTES = 8 * 1024 * 1024;

export interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly values?: boolean;
  /** Bytes read ahead at a time. Default 256 KiB. */
  readonly readAhead?: number;
}

/**
 * One LevelDB of a node: the state, and the embedded log where that is used.
 *
 * By default a batch is handed to the operating system and not forced to the disk. What was acknowledged then survives
 * the death of the process (`kill -9`), for the pages are the system's; only a crash of the machine can lose the last
 * moments, and then whole batches at the end. `sync` closes that gap at the price of one disk flush for each commit.
 */
export class LevelDatabase {
  private level: Level | undefined;
  /** A write has failed for want of room: none may follow it before the database has been opened anew. */
  private full = false;
  private reopening: Promise<void> | null = null;

  constructor(private readonly options: LevelOptions) {}

  get directory(): string {
    return this.options.directory;
  }

  /** @throws WeirError STATE_ERROR: another process has it, it is damaged, or the directory cannot be used. */
  async open(): Promise<void> {
    try {
      if (this.options.verify ?? true) await this.verify();
      this.level = await this.openLevel();
    } catch (e) {
      const { setAside, directory } = this.options;
      if (setAside === undefined || !isDamage(e)) throw explain(e, directory);
      const movedTo = directory + setAside.suffix();
      await rename(directory, movedTo);
      setAside.report(movedTo, e as Error);
      this.level = await this.openLevel().catch((again: unknown) => {
        throw explain(again, directory);
      });
    }
  }

  async close(): Promise<void> {
    // Whoever waits for room is told by its own call.
    await this.reopening?.catch(() => undefined);
    const level = this.level;
    this.level = undefined;
    await level?.close();
  }

  get(key: Uint8Array): Buffer | undefined {
    try {
      return this.opened().getSync(key);
    } catch (e) {
      throw explain(e, this.options.directory);
    }
  }

  /**
   * All of `ops` or none of them.
   * @throws WeirError DISK_FULL where there is no room: nothing is written, what is stored can be read, and the same call
   * works once there is room.
   */
  async batch(ops: readonly KeyValueOp[]): Promise<void> {
    if (ops.length === 0) return;
    await this.room();
    try {
      // A chained batch: for many operations several times cheaper than an array, each entry of which is cloned.
      const batch = this.opened().batch();
      for (const op of ops) {
        // Any bytes may be written; only what is read back is always a Buffer.
        if (op.type === 'put') batch.put(op.key, op.value as Buffer);
        else batch.del(op.key);
      }
      await batch.write({ sync: this.options.sync ?? false });
    } catch (e) {
      const error = explain(e, this.options.directory);
      if (error.code === 'DISK_FULL') this.full = true;
      throw error;
    }
  }

  /**
   * Resolves where writes are possible. Rejects with DISK_FULL where the last write found no room and there is still none.
   *
   * LevelDB refuses all writes after its background work has failed. After a failed write to its log it is wrong about its
   * place in that file: later batches are acknowledged, and could be lost at the next start. Opening it anew reads the log
   * up to the last whole batch, and begins a new one.
   */
  async room(): Promise<void> {
    if (!this.full) return;
    this.reopening ??= this.reopen().finally(() => {
      this.reopening = null;
    });
    await this.reopening;
  }

  private async reopen(): Promise<void> {
    const { directory } = this.options;
    const probe = join(directory, 'room.tmp');
    try {
      // Opening writes a log and a manifest. Without room for them the database stays as it is, and can be read.
      await writeFile(probe, Buffer.alloc(ROOM_BYTES)).finally(() => rm(probe, { force: true }));
      const old = this.level;
      this.level = undefined;
      await old?.close();
      this.level = await this.openLevel();
      this.full = false;
    } catch (e) {
      throw explain(e, directory);
    }
  }

  /** Entries in key order, some at a time, as they are when the call is made: a snapshot. */
  async *scan(range: Range): AsyncGenerator<readonly (readonly [Uint8Array, Buffer])[]> {
    const { readAhead = 256 * 1024, ...bounds } = range;
    const iterator = this.opened().iterator({ ...bounds, fillCache: false, highWaterMarkBytes: readAhead });
    try {
      for (;;) {
        const entries = await iterator.nextv(1000);
        if (entries.length === 0) return;
        yield entries;
      }
    } catch (e) {
      throw explain(e, this.options.directory);
    } finally {
      await iterator.close();
    }
  }

  /** Bytes of the files that hold these keys, about. */
  async approximateBytes(gte: Uint8Array, lt: Uint8Array): Promise<number> {
    try {
      return await this.opened().approximateSize(gte, lt);
    } catch (e) {
      throw explain(e, this.options.directory);
    }
  }

  async clear(gte: Uint8Array, lt: Uint8Array): Promise<void> {
    await this.room();
    try {
      await this.opened().clear({ gte, lt });
    } catch (e) {
      const error = explain(e, this.options.directory);
      if (error.code === 'DISK_FULL') this.full = true;
      throw error;
    }
  }

  /** LevelDB looks at few of its checksums by itself: see `verifyLevel`. */
  private async verify(): Promise<void> {
    const { directory } = this.options;
    const { damage } = await verifyLevel(directory);
    if (damage === undefined) return;
    // Files that another process works on need not add up.
    await this.tryLock();
    throw Object.assign(new Error(damage), { code: 'LEVEL_CORRUPTION' });
  }

  /**
   * Rejects where another process has the database. That is found out without touching it: an empty database is opened whose
   * lock file is a link to this one's.
   */
  private async tryLock(): Promise<void> {
    const probe = await mkdtemp(`${this.options.directory}.probe-`);
    try {
      await symlink(resolve(this.options.directory, 'LOCK'), join(probe, 'LOCK'));
      const level = new AnyLevel(probe);
      await level.open();
      await level.close();
    } finally {
      await rm(probe, { recursive: true, force: true });
    }
  }

  private opened(): Level {
    if (this.level === undefined) {
      // It is closed only while it is opened anew: the caller tries again.
      if (this.full) throw new WeirError('DISK_FULL', `The database ${this.directory} waits for room on the disk`);
      throw new WeirError('STATE_ERROR', `The database ${this.directory} is not open`);
    }
    return this.level;
  }

  private async openLevel(): Promise<Level> {
    const level = new AnyLevel<Uint8Array, Buffer>(this.options.directory, {
      keyEncoding: 'view',
      valueEncoding: 'buffer',
      cacheSize: this.options.cacheBytes ?? 32 * 1024 * 1024,
      writeBufferSize: this.options.writeBufferBytes ?? 16 * 1024 * 1024,
      maxFileSize: 8 * 1024 * 1024,
    }) as Level;
    await level.open();
    return level;
  }
}

/** The innermost code of an error of classic-level, which wraps what LevelDB said. */
function codeOf(e: unknown): string {
  let code = '';
  for (let at: unknown = e; at instanceof Error; at = at.cause) {
    const own = (at as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
  }
  return code;
}

function isDamage(e: unknown): boolean {
  return codeOf(e) === 'LEVEL_CORRUPTION';
}

/** LevelDB gives the system's words, without a number. */
const isFull = (e: unknown): boolean => /ENOSPC|no space left on device|disk quota exceeded/i.test(messageOf(e));

function explain(e: unknown, directory: string): WeirError {
  if (e instanceof WeirError) return e;
  const cause = { cause: e };
  let inner = e;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (isFull(inner)) {
    return new WeirError(
      'DISK_FULL',
      `There is no room on the disk of ${directory}`,
      'Nothing is lost: queries go on by themselves once there is room.',
      cause,
    );
  }
  switch (codeOf(e)) {
    case 'LEVEL_LOCKED':
      return new WeirError(
        'STATE_ERROR',
        `The data directory ${directory} is in use`,
        'Another Weir runs on this data directory: stop it, or give this one a directory of its own.',
        cause,
      );
    case 'LEVEL_CORRUPTION':
      return new WeirError(
        'STATE_ERROR',
        `The database ${directory} is damaged: ${messageOf(inner)}`,
        'Nothing was changed. Put back a copy of the directory, or move it away to begin anew without its data.',
        cause,
      );
    default:
      return new WeirError(
        'STATE_ERROR',
        `The database ${directory} failed: ${messageOf(inner)}`,
        'Check that the directory can be written and that the disk is not full.',
        cause,
      );
  }
}
