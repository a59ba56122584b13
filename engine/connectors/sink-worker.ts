import type { SettingValues } from '../base/setting.js';
import type { DataSource } from '../catalog/index.js';
import type { LogReader, LogWriter, PartitionOffsets } from '../log/log.js';
import type { ResumeFrom } from '../persistent/lost-positions.js';
import type { SINK_OPTIONS } from './common-options.js';
import { ConnectorFailed, type SinkConnectorSpec, type SinkRow, type SinkSource, type SinkTask } from './connector.js';
import { ConnectorLetters } from './letters.js';
import { type BadRow, SinkRows } from './sink-rows.js';
import { BAD_RECORD_HINT, type TaskWorker, type WorkerOptions, withOutside } from './worker.js';

const FETCH_BYTES = 4 * 1024 * 1024;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Between two commits of the group's offset, and two calls of `flush`. */
const COMMIT_MS = 1000;

export interface SinkWorkerOptions extends WorkerOptions {
  readonly spec: SinkConnectorSpec;
  readonly options: SettingValues<typeof SINK_OPTIONS>;
  /** The stream or table over the topic; undefined: its records are read as bytes. */
  readonly over: DataSource | undefined;
  readonly source: Omit<SinkSource, 'topicId'>;
  readonly partition: number;
  /** Of RESUME CONNECTOR … FROM: where to go on if the records that come next are gone; undefined: that is a failure. */
  readonly lost: ResumeFrom | undefined;
}

/**
 * Reads one partition and hands its rows to the sink. Whatever the sink says is durable becomes the group's offset; where the sink keeps
 * offsets in its target, those count.
 */
export class SinkWorker implements TaskWorker {
  private task: SinkTask | undefined;
  private reader: LogReader | undefined;
  private writer: LogWriter | undefined;
  private letters: ConnectorLetters | undefined;
  /** All below is in the target for good. */
  private durable = -1;
  private committed = -1;
  private lastCommit = 0;
  /** Rows of this batch. */
  private rejected = 0;

  constructor(private readonly options: SinkWorkerOptions) {}

  lag(): { readonly amount: number; readonly unit: 'records' } | undefined {
    const { source, partition } = this.options;
    const end = this.reader?.position(source.topic, partition)?.end ?? -1;
    return end < 0 || this.durable < 0 ? undefined : { amount: Math.max(0, end - this.durable), unit: 'records' };
  }

  async run(stopping: AbortSignal, leave: AbortSignal): Promise<void> {
    await withOutside(this.options.services.clock, stopping, leave, async (outside) => {
      const wake = (): void => this.reader?.wakeup();
      stopping.addEventListener('abort', wake);
      try {
        const start = await this.open(outside);
        this.options.opened();
        const rows = this.rowsFrom(start);
        while (!stopping.aborted) await this.turn(rows);
        if (!leave.aborted) await this.finish();
      } finally {
        stopping.removeEventListener('abort', wake);
        await this.close();
      }
    });
  }

  private rowsFrom(start: number): SinkRows {
    const { services, source, partition, over } = this.options;
    this.reader!.assign(source.topic, partition, start);
    return new SinkRows(partition, over, source.topic, services, start);
  }

  /** @returns the offset to begin with */
  private async open(signal: AbortSignal): Promise<number> {
    const { services, spec, options, owner, source, partition, context, common } = this.options;
    const { log, clock, logger } = services;
    const offsets = await log.offsets(source.topic);
    const range = offsets.find((o) => o.partition === partition);
    if (range === undefined) throw new Error(`There is no partition ${partition} of topic ${source.topic}.`);
    const kept = (await log.committed(owner, [source.topic])).find((o) => o.partition === partition)?.offset;
    const clientId = `${owner}-${partition}`;
    this.writer = await log.writer({ clientId, refused: (record) => this.letters?.refused(record) ?? false });
    const topic = common.deadLetterTopic;
    if (topic !== undefined) {
      const { serviceId } = services;
      const of = { serviceId, connector: this.options.connector, logger };
      this.letters = await ConnectorLetters.open(log, topic, offsets.length, of);
    }
    const { earliest, end } = range;
    const topicId = await log.topicId?.(source.topic);
    this.task = await spec.start({
      ...context,
      signal,
      source: { ...source, topicId },
      partition,
      committed: kept,
      earliest,
      end,
    });
    const first = (await this.task.position?.()) ?? kept;
    const start = this.startAt(first ?? (options.offsetReset === 'latest' ? end : earliest), range);
    this.durable = start;
    this.committed = kept ?? -1;
    this.lastCommit = clock.now();
    // Who begins at the end begins there once: what comes before its first commit is not to be skipped after a restart.
    if (kept !== start) await this.commit();
    this.reader = log.reader({ clientId, bufferBytes: FETCH_BYTES });
    return start;
  }

  /** Nothing is skipped silently. */
  private startAt(position: number, { earliest, end }: PartitionOffsets): number {
    if (position >= earliest && position <= end) return position;
    const { lost, connector, source, partition } = this.options;
    if (lost !== undefined) return lost === 'earliest' ? earliest : end;
    throw new ConnectorFailed(
      `Partition ${partition} of topic ${source.topic} holds offsets ${earliest} to ${end}, and the connector is at ${position}: ` +
        (position < earliest
          ? 'records were deleted before they were written.'
          : 'it is another topic, or has lost records.'),
      `Nothing was skipped. Go on by RESUME CONNECTOR ${connector} FROM EARLIEST (with what is left) or FROM LATEST (with what comes).`,
    );
  }

  private async turn(rows: SinkRows): Promise<void> {
    const { services, options, common, source, partition } = this.options;
    const { clock } = services;
    if (rows.empty) {
      const wait = Math.max(0, Math.min(COMMIT_MS, this.lastCommit + COMMIT_MS - clock.now()));
      for (const fetched of await this.reader!.poll(this.isBehind() ? wait : COMMIT_MS)) rows.add(fetched);
    }
    if (!rows.empty) {
      const taken = await rows.take(
        options.batchRows,
        BATCH_BYTES,
        this.letters === undefined && common.tolerance === 'none',
      );
      await this.settle(taken.bad);
      this.durable = await this.task!.write({
        rows: taken.rows,
        from: taken.from,
        next: taken.next,
        partition: { topic: source.topic, partition },
        reject: (row, reason) => this.reject(row, reason),
      });
      this.options.counters.rows += taken.rows.length - this.rejected;
      this.rejected = 0;
      if (taken.rows.length > 0) this.options.progressed();
    }
    if (clock.now() - this.lastCommit < COMMIT_MS) return;
    this.durable = (await this.task!.flush?.(false)) ?? this.durable;
    await this.commit();
  }

  /** Not all that was read is committed. */
  private isBehind(): boolean {
    const { source, partition } = this.options;
    const next = this.reader!.position(source.topic, partition)?.next ?? -1;
    return this.committed < next;
  }

  private async commit(): Promise<void> {
    const { services, owner, source, partition, member } = this.options;
    this.lastCommit = services.clock.now();
    if (this.durable === this.committed) return;
    const offsets = [{ topic: source.topic, partition, offset: this.durable }];
    await this.writer!.commit({ group: owner, offsets, member, state: [] });
    this.committed = this.durable;
  }

  private async finish(): Promise<void> {
    this.durable = (await this.task!.flush?.(true)) ?? this.durable;
    await this.commit();
  }

  private async settle(bad: readonly BadRow[]): Promise<void> {
    for (const row of bad) {
      const stage = row.target === undefined ? 'RECORD' : row.target === 'key' ? 'KEY' : 'VALUE';
      this.isBad(row.offset, 'cannot be read', row.reason, row.target);
      this.letters?.add({ ...row, place: this.placeOf(row.offset), stage });
    }
    await this.send();
  }

  private async reject(row: SinkRow, reason: string): Promise<void> {
    this.isBad(row.offset, 'is not taken by the target', reason, undefined);
    this.rejected++;
    const { keyBytes: key, valueBytes: value, timestamp, headers } = row;
    this.letters?.add({ key, value, timestamp, headers, place: this.placeOf(row.offset), stage: 'WRITE', reason });
    await this.send();
  }

  private placeOf(offset: number): { readonly topic: string; readonly partition: number; readonly offset: number } {
    return { topic: this.options.source.topic, partition: this.options.partition, offset };
  }

  /** Counts and tells of it. @throws ConnectorFailed where such records are not to be left out */
  private isBad(offset: number, what: string, reason: string, target: 'key' | 'value' | undefined): void {
    const { common, counters, services, connector, source, partition } = this.options;
    services.processingLog?.({
      queryId: connector,
      kind: what === 'cannot be read' ? 'deserialization' : 'production',
      node: 'connector',
      message: reason,
      topic: source.topic,
      partition,
      offset,
      target,
    });
    if (this.letters !== undefined) counters.deadLetters++;
    else if (common.tolerance === 'all') counters.skipped++;
    else {
      const place = `offset ${offset} of partition ${partition} of topic ${source.topic}`;
      throw new ConnectorFailed(`The record at ${place} ${what}: ${reason}`, BAD_RECORD_HINT);
    }
  }

  /** The letters are durable when it resolves. */
  private async send(): Promise<void> {
    while (this.letters !== undefined && this.letters.bytes > 0) {
      this.letters.drain(this.writer!);
      await this.writer!.flush();
    }
  }

  /** Each lets go, whatever becomes of the others. */
  private async close(): Promise<void> {
    const { logger } = this.options.services;
    for (const part of [this.task, this.reader, this.writer]) {
      try {
        await part?.close();
      } catch (e) {
        logger.warn({ err: e, connector: this.options.connector }, 'a part of a connector did not close cleanly');
      }
    }
  }
}
