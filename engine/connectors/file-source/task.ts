import { link, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BadRecord, JsonValue, SourceBatch, SourceContext, SourceRecord, SourceTask } from '../connector.js';
import type { AllowedPath } from '../files/folders.js';
import type { Listing } from './listing.js';
import type { FileSourceOptions } from './options.js';
import { Pace } from './pace.js';
import type { Position } from './position.js';
import type { Step } from './walk.js';

const BATCH_ROWS = 5000;
const BATCH_BYTES = 1024 * 1024;
const WAIT_MS = 1000;
const GATHER_MS = 20;

/** Gives what the walk gives, in batches; reads ahead by one of them. */
export class FileSourceTask implements SourceTask {
  private readonly ready: Step[] = [];
  private readyBytes = 0;
  private walkEnded = false;
  private failure: { readonly cause: unknown } | undefined;
  /** Wakes who waits for the walk, and the walk. */
  private wake: () => void = () => {};
  private goOn: () => void = () => {};
  /** Files that are finished with a batch of this number, or one before. */
  private readonly finished: { readonly batch: number; readonly name: string }[] = [];
  private batch = 0;
  private readonly pace: Pace | undefined;
  private readonly walking: Promise<void>;

  constructor(
    private readonly context: SourceContext<FileSourceOptions>,
    steps: AsyncGenerator<Step>,
    private readonly position: Position,
    private readonly listing: Listing,
    private readonly places: { readonly from: AllowedPath; readonly finished: AllowedPath | undefined },
    private readonly stop: AbortController,
  ) {
    const { rowsPerSecond } = context.options;
    this.pace = rowsPerSecond === undefined ? undefined : new Pace(rowsPerSecond, context.clock.now());
    this.walking = this.walk(steps);
  }

  get ended(): boolean {
    return this.walkEnded && this.failure === undefined && this.ready.length === 0;
  }

  async poll(): Promise<SourceBatch | undefined> {
    if (this.ready.length === 0) await this.wait(WAIT_MS, () => this.ready.length > 0);
    // A row that has come is seldom alone.
    if (this.ready.length > 0) await this.wait(GATHER_MS, () => this.isAhead());
    let most = BATCH_ROWS;
    if (this.pace !== undefined) {
      const { clock } = this.context;
      const pause = this.pace.pauseMs(clock.now());
      if (pause > 0) await clock.sleep(Math.min(pause, WAIT_MS), this.stop.signal).catch(() => {}); // the task ends
      most = this.pace.rows(clock.now());
    }
    const records = this.take(most);
    if (records === undefined) {
      if (this.failure !== undefined) throw this.failure.cause;
      return undefined;
    }
    this.pace?.took(records.length);
    this.batch++;
    for (const f of this.ends.splice(0)) this.finished.push({ batch: this.batch, name: f });
    const position = { ...(this.position.toJson() as object), batch: this.batch } as JsonValue;
    return { records, position };
  }

  async committed(position: JsonValue): Promise<void> {
    const { batch } = position as { readonly batch: number };
    while (this.finished[0] !== undefined && this.finished[0].batch <= batch) {
      await this.tidy(this.finished.shift()!.name);
    }
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.goOn();
    await this.walking;
  }

  /** Names of files whose end has been taken. */
  private readonly ends: string[] = [];

  /** Removes what is ready, and says where that leads; undefined: there is nothing that can be said so. */
  private take(most: number): (SourceRecord | BadRecord)[] | undefined {
    const records: (SourceRecord | BadRecord)[] = [];
    let [bytes, count, steps, size] = [0, 0, 0, 0];
    for (const [i, step] of this.ready.entries()) {
      if (count >= most || bytes >= BATCH_BYTES) break;
      if (step.kind === 'row') {
        count++;
        bytes += step.bytes;
      }
      // What has no place of its own goes with what comes next.
      if (step.kind !== 'row' || step.place !== undefined) [steps, size] = [i + 1, bytes];
    }
    if (steps === 0) return undefined;
    let isNews = false;
    for (const step of this.ready.splice(0, steps)) {
      if (step.kind === 'names') {
        this.position.keepOnly(step.names);
        continue;
      }
      isNews = true;
      if (step.kind === 'row') {
        records.push(step.record);
        if (step.place !== undefined) this.position.file = step.place;
      } else if (step.goesOn) this.position.file = undefined;
      else {
        this.position.finish(step.name);
        this.ends.push(step.name);
      }
    }
    this.readyBytes -= size;
    this.goOn();
    return isNews ? records : undefined;
  }

  private async walk(steps: AsyncGenerator<Step>): Promise<void> {
    try {
      for await (const step of steps) {
        this.ready.push(step);
        if (step.kind === 'row') this.readyBytes += step.bytes;
        this.wake();
        while (this.isAhead() && !this.stop.signal.aborted) {
          await new Promise<void>((resolve) => {
            this.goOn = resolve;
          });
        }
        if (this.stop.signal.aborted) break;
      }
    } catch (cause) {
      if (!this.stop.signal.aborted && !this.context.signal.aborted) this.failure = { cause };
    }
    this.walkEnded = true;
    this.wake();
  }

  /** Rows without a place of their own must not keep out what they wait for. */
  private isAhead(): boolean {
    const last = this.ready.at(-1);
    if (last?.kind === 'row' && last.place === undefined) return false;
    return this.ready.length >= BATCH_ROWS || this.readyBytes >= BATCH_BYTES;
  }

  /** Until the walk has come so far, or has ended; so many milliseconds at most. */
  private async wait(ms: number, isFar: () => boolean): Promise<void> {
    if (this.walkEnded || isFar()) return;
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.stop.signal, this.context.signal]);
    const far = new Promise<void>((resolve) => {
      this.wake = () => {
        if (this.walkEnded || isFar()) resolve();
      };
    });
    await Promise.race([far, this.context.clock.sleep(ms, signal).catch(() => {})]); // woken early
    this.wake = () => {};
    done.abort();
  }

  private async tidy(name: string): Promise<void> {
    const { finished } = this.context.options;
    if (finished === 'keep' || this.listing.single !== undefined) return;
    const path = this.listing.pathOf(name);
    await this.places.from.check(path);
    const { finished: folder } = this.places;
    if (folder !== undefined) {
      const to = folder.join(name);
      await mkdir(dirname(to), { recursive: true });
      await folder.check(to);
      // A link takes no other file's place; where the file is gone, it has been moved before.
      await link(path, to).catch((e: NodeJS.ErrnoException) => {
        if (e.code !== 'ENOENT')
          throw new Error(`${name} cannot be moved to ${folder.path}: ${e.message}`, { cause: e });
      });
    }
    await rm(path, { force: true });
  }

  /** Tidies what was done before, and could not be tidied then. */
  async tidyDone(): Promise<void> {
    if (this.context.options.finished === 'keep' || this.listing.single !== undefined) return;
    for (const name of await this.listing.names()) if (this.position.isDone(name)) await this.tidy(name);
  }
}
