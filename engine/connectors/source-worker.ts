import { orAborted } from '../base/or-aborted.js';
import type { SettingValues } from '../base/setting.js';
import type { DataSource } from '../catalog/index.js';
import type { LogWriter, RefusedRecord } from '../log/log.js';
import { BatchBuilder, BatchCursor } from '../records/batch.js';
import type { SOURCE_OPTIONS } from './common-options.js';
import {
  type BadRecord,
  ConnectorFailed,
  type JsonValue,
  type SourceBatch,
  type SourceConnectorSpec,
  type SourceRecord,
  type SourceTask,
} from './connector.js';
import { ConnectorLetters } from './letters.js';
import { positionTopic } from './services.js';
import { SourceRecords, UnfitRecord } from './source-records.js';
import { BAD_RECORD_HINT, type TaskWorker, type WorkerOptions, withOutside } from './worker.js';

/** A transaction ends this long after its first record has come, or when it holds so much. */
const COMMIT_MS = 100;
const COMMIT_RECORDS = 10_000;
const COMMIT_BYTES = 4 * 1024 * 1024;
const MOST_POSITION_BYTES = 1024 * 1024;
/** Between two removals of positions that are no longer needed. */
const TIDY_MS = 60_000;
const POSITION_KEY = Buffer.from('position', 'utf8');

export interface SourceWorkerOptions extends WorkerOptions {
  readonly spec: SourceConnectorSpec;
  readonly options: SettingValues<typeof SOURCE_OPTIONS>;
  readonly into: DataSource | undefined;
}

/**
 * Writes what a source gives. Its records, its position behind them and their dead letters are one transaction of a writer whose
 * transactional id is the connector's: whoever opens the next task ends what this one has left open, and goes on from the last position.
 */
export class SourceWorker implements TaskWorker {
  private task: SourceTask | undefined;
  private writer: LogWriter | undefined;
  private records: SourceRecords | undefined;
  private letters: ConnectorLetters | undefined;
  /** Why the log does not take records of this transaction. */
  private refusals: string[] = [];
  /** Records of this transaction. */
  private taken = 0;
  private readonly positions: string;
  /** The last position lies at this offset of its topic, or behind it. */
  private positionFrom = 0;
  private lastTidy = 0;

  constructor(private readonly options: SourceWorkerOptions) {
    this.positions = positionTopic(options.owner);
  }

  lag(): { readonly amount: number; readonly unit: 'records' | 'bytes' | 'ms' } | undefined {
    return this.task?.lag?.();
  }

  async run(stopping: AbortSignal, leave: AbortSignal): Promise<void> {
    await withOutside(this.options.services.clock, stopping, leave, async (outside) => {
      try {
        await this.open(outside);
        this.options.opened();
        await this.work(stopping);
      } finally {
        await this.close();
      }
    });
  }

  private async open(signal: AbortSignal): Promise<void> {
    const { services, spec, options, owner, connector, context, common, into } = this.options;
    const { log, clock, logger, serviceId } = services;
    // From here on no earlier task of this connector can commit.
    this.writer = await log.writer({
      clientId: owner,
      transactionalId: owner,
      refused: (record) => this.refused(record),
    });
    if (common.deadLetterTopic !== undefined) {
      const of = { serviceId, connector, logger };
      this.letters = await ConnectorLetters.open(log, common.deadLetterTopic, options.partitions, of);
    }
    this.records = await SourceRecords.open(services, {
      into,
      topic: options.topic,
      partitions: options.partitions,
      keyColumns: options.keyColumns,
      keepsKey: options.keepsKey,
    });
    this.lastTidy = clock.now();
    const target = into && { name: into.name, kind: into.kind, schema: into.schema };
    this.task = await spec.start({ ...context, signal, into: target }, await this.lastPosition());
  }

  /** What the last transaction that was committed says. */
  private async lastPosition(): Promise<JsonValue | undefined> {
    const { services, owner } = this.options;
    const { log } = services;
    const [range] = await log.offsets(this.positions);
    const kept = (await log.committed(owner, [this.positions])).find((o) => o.partition === 0)?.offset ?? 0;
    if (range === undefined || range.end <= range.earliest) return undefined;
    const from = Math.min(Math.max(kept, range.earliest), range.end);
    this.positionFrom = from;
    let last: Buffer | undefined;
    const reader = log.reader({ clientId: `${owner}-position` });
    try {
      reader.assign(this.positions, 0, from);
      const cursor = new BatchCursor();
      for (let next = from; next < range.end; ) {
        for (const { batches, nextOffset } of await reader.poll(1000)) {
          for (const batch of batches) {
            cursor.reset(batch);
            while (cursor.next()) last = Buffer.from(cursor.buffer.subarray(cursor.valueStart, cursor.valueEnd));
          }
          next = nextOffset;
        }
      }
    } finally {
      await reader.close();
    }
    if (last === undefined) return undefined;
    const { parse } = await import('lossless-json');
    return parse(last.toString('utf8'), undefined, exactNumber) as JsonValue;
  }

  private async work(stopping: AbortSignal): Promise<void> {
    const { clock } = this.options.services;
    const task = this.task!;
    let waiting: SourceBatch[] = [];
    let count = 0;
    let since = 0;
    let polling: Promise<SourceBatch | undefined> | undefined;
    while (!stopping.aborted) {
      polling ??= quiet(task.poll());
      const batch = await this.orDue(polling, waiting.length === 0 ? undefined : since + COMMIT_MS, stopping);
      if (batch !== 'due') {
        polling = undefined;
        if (batch !== undefined) {
          if (waiting.length === 0) since = clock.now();
          waiting.push(batch);
          count += batch.records.length;
          await this.take(batch);
        }
      }
      const full = count >= COMMIT_RECORDS || this.records!.bytes >= COMMIT_BYTES || task.ended === true;
      if (waiting.length > 0 && (full || clock.now() >= since + COMMIT_MS)) {
        // While it is on its way the origin is asked for more.
        if (task.ended !== true) polling ??= quiet(task.poll());
        await this.commit(waiting);
        waiting = [];
        count = 0;
      }
      if (task.ended === true && waiting.length === 0 && polling === undefined) return;
    }
    if (waiting.length > 0) await this.commit(waiting);
  }

  /** What `polling` gives; `due`: the time has come before, or the task is to stop. */
  private async orDue<T>(polling: Promise<T>, at: number | undefined, stopping: AbortSignal): Promise<T | 'due'> {
    const { clock } = this.options.services;
    const timer = new AbortController();
    const waits: Promise<T | 'due'>[] = [
      orAborted(polling, stopping).catch((e: unknown) => {
        if (stopping.aborted) return 'due' as const;
        throw e;
      }),
    ];
    if (at !== undefined) {
      const ms = Math.max(0, at - clock.now());
      const due = (): 'due' => 'due';
      waits.push(clock.sleep(ms, timer.signal).then(due, due));
    }
    try {
      return await Promise.race(waits);
    } finally {
      timer.abort(new Error('it has come'));
    }
  }

  private async take(batch: SourceBatch): Promise<void> {
    for (const record of batch.records) {
      if ('bad' in record) this.isBad(record.bad.reason, record);
      else {
        try {
          await this.records!.add(record);
          this.taken++;
        } catch (e) {
          if (!(e instanceof UnfitRecord)) throw e;
          this.isBad(e.message, record);
        }
      }
      // What is written while more is taken in need not wait for the end of the transaction.
      if (this.records!.bytes >= COMMIT_BYTES) {
        this.records!.drain(this.writer!);
        await this.writer!.ready();
      }
    }
    this.records!.drain(this.writer!);
    await this.writer!.ready();
  }

  private async commit(batches: readonly SourceBatch[]): Promise<void> {
    const { services, owner, member, counters, progressed } = this.options;
    const writer = this.writer!;
    const { position } = batches.at(-1)!;
    this.records!.drain(writer);
    await this.settle();
    const { stringify } = await import('lossless-json');
    const text = Buffer.from(stringify(position) ?? 'null', 'utf8');
    if (text.length > MOST_POSITION_BYTES) {
      throw new ConnectorFailed(
        `The position of the source takes ${text.length} bytes; ${MOST_POSITION_BYTES} are let pass.`,
      );
    }
    const builder = new BatchBuilder();
    builder.add(services.clock.now(), POSITION_KEY, 0, POSITION_KEY.length, text, 0, text.length);
    writer.append(this.positions, 0, builder.finish()!);
    const before = this.positionFrom;
    // Where the next reader of positions begins: no later than this one.
    const offsets = [{ topic: this.positions, partition: 0, offset: before }];
    const { ends } = await writer.commit({ group: owner, offsets, member, state: [] });
    const end = ends.find((e) => e.topic === this.positions && e.partition === 0)?.offset;
    if (end !== undefined) this.positionFrom = Math.max(before, end - 1);
    counters.rows += this.taken;
    this.taken = 0;
    progressed();
    for (const batch of batches) await this.task!.committed?.(batch.position);
    await this.tidy(before);
  }

  /** Removes positions below the one that a reader begins with. */
  private async tidy(before: number): Promise<void> {
    const { clock, log, logger } = this.options.services;
    if (before <= 0 || clock.now() - this.lastTidy < TIDY_MS) return;
    this.lastTidy = clock.now();
    try {
      await log.deleteRecords([{ topic: this.positions, partition: 0, offset: before }]);
    } catch (e) {
      logger.warn({ err: e, topic: this.positions }, 'old positions could not be removed');
    }
  }

  /** All records and letters of the transaction have been taken by the log, or have become letters of it. */
  private async settle(): Promise<void> {
    const writer = this.writer!;
    do {
      this.letters?.drain(writer);
      await writer.flush();
      for (const reason of this.refusals.splice(0)) this.counted(reason);
    } while (this.letters !== undefined && this.letters.bytes > 0);
  }

  private refused(record: RefusedRecord): boolean {
    if (this.letters?.refused(record) === true) return true;
    if (record.topic === this.positions) return false;
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = record.cursor;
    const copy = (start: number, end: number) => (start < 0 ? null : Buffer.from(buffer.subarray(start, end)));
    this.letters?.add({
      key: copy(keyStart, keyEnd),
      value: copy(valueStart, valueEnd),
      timestamp,
      headers: record.cursor.headers(),
      place: { origin: undefined },
      stage: 'WRITE',
      reason: record.error.message,
    });
    this.refusals.push(record.error.message);
    return true;
  }

  private isBad(reason: string, record: SourceRecord | BadRecord): void {
    this.counted(
      record.origin === undefined || reason.includes(record.origin) ? reason : `${record.origin}: ${reason}`,
    );
    if (this.letters === undefined) return;
    const { key, value } = bytesOf(record);
    const timestamp = ('timestamp' in record ? record.timestamp : undefined) ?? this.options.services.clock.now();
    const headers = 'headers' in record ? (record.headers ?? []) : [];
    this.letters.add({ key, value, timestamp, headers, place: { origin: record.origin }, stage: 'RECORD', reason });
  }

  /** Counts a bad record and tells of it. @throws ConnectorFailed where such records are not to be left out */
  private counted(reason: string): void {
    const { common, counters, services, connector } = this.options;
    const place = { topic: null, partition: -1, offset: -1 };
    services.processingLog?.({
      queryId: connector,
      kind: 'deserialization',
      node: 'connector',
      message: reason,
      ...place,
    });
    if (this.letters !== undefined) counters.deadLetters++;
    else if (common.tolerance === 'all') counters.skipped++;
    else throw new ConnectorFailed(`A record of the source cannot be taken: ${reason}`, BAD_RECORD_HINT);
  }

  /** Each lets go, whatever becomes of the others. */
  private async close(): Promise<void> {
    const { logger } = this.options.services;
    for (const part of [this.task, this.writer]) {
      try {
        await part?.close();
      } catch (e) {
        logger.warn({ err: e, connector: this.options.connector }, 'a part of a connector did not close cleanly');
      }
    }
  }
}

/** Nobody may be there to hear of a failure: who awaits it hears of it all the same. */
function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Whole numbers that a double does not hold are bigint. */
function exactNumber(text: string): number | bigint {
  const n = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(n) ? BigInt(text) : n;
}

/** What a dead letter holds: bytes as they came, a row as JSON. */
function bytesOf(record: SourceRecord | BadRecord): {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
} {
  if ('bad' in record) return { key: null, value: record.bad.payload };
  const bytes = (side: unknown): Uint8Array | null =>
    side == null ? null : side instanceof Uint8Array ? side : Buffer.from(JSON.stringify(side, shown), 'utf8');
  return { key: bytes(record.key), value: bytes(record.value) };
}

const shown = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  const lossless = value as { isLosslessNumber?: boolean } | null;
  return typeof value === 'object' && lossless?.isLosslessNumber === true ? String(value) : value;
};
