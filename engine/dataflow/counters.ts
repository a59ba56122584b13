import { explained } from '../base/errors.js';
import type { RefusedRecord } from '../log/log.js';
import type { ErrorRecord, ProcessingError } from '../observe/processing-error.js';
import type { CounterValues } from '../observe/query-status.js';
import { StepBook, type StepStats } from '../observe/step-stats.js';
import type { Lateness, OperatorContext, RecordPlace, WritePlace } from '../operators/operator.js';
import type { BatchCursor } from '../records/batch.js';
import type { StreamRecord } from '../records/record.js';
import { instantText } from '../values/temporal.js';
import type { RuntimeServices } from './runtime-services.js';

/** What a task does with a record that it could not process as it stands, besides counting it. */
export interface BadRecords {
  /** It is skipped: the record is under `place.cursor`. */
  undecodable(node: string, message: string, place: RecordPlace): void;
  /** An expression failed on the record that the task is at. */
  failed(node: string, message: string): void;
  /** A row came too late: that of the record that the task is at, or one that a step has held back. */
  late(node: string, message: string, why: Lateness, row: StreamRecord): void;
  /** A row that came of the record that the task is at could not be written. */
  unwritten(node: string, message: string, row: () => string, place: WritePlace): void;
}

/** Lines of one kind that a query sends to the processing log a second; the counters go on. */
const LOGGED_PER_SECOND = 100;
/** Of late records fewer: there may be very many, and the latest errors that are kept are to hold others too. */
const LATE_PER_SECOND = 10;

/** The counters of a query, and its way to the processing log. */
export class Counters implements OperatorContext {
  recordsIn = 0;
  recordsOut = 0;
  skippedRecords = 0;
  unwrittenRecords = 0;
  lateRecords = 0;
  evaluationErrors = 0;
  commits = 0;
  unlogged = 0;
  deadLettered = 0;
  watchdogRestarts = 0;
  restored = 0;
  lastError: string | null = null;
  private readonly errorLimit = new PerSecond(LOGGED_PER_SECOND);
  private readonly lateLimit = new PerSecond(LATE_PER_SECOND);
  private readonly steps = new StepBook();

  constructor(
    private readonly queryId: string,
    private readonly services: Pick<RuntimeServices, 'clock' | 'logger' | 'processingLog'>,
    private readonly time: () => number = () => -1,
  ) {}

  /** The same counters for one task, with its own stream time. */
  forTask(streamTime: () => number, bad: BadRecords | null = null): OperatorContext {
    return {
      evaluationError: (node, message, record) => {
        this.evaluationError(node, message, record);
        bad?.failed(node, message);
      },
      skipped: (node, message, place) => {
        this.skipped(node, message, place);
        bad?.undecodable(node, message, place);
      },
      late: (node, record, why) => {
        const message = this.late(node, record, why);
        bad?.late(node, message, why, record);
      },
      stats: (node, kind) => this.stats(node, kind),
      unwritten: (node, message, record, place) => {
        this.unwritten(node, message, record, place);
        bad?.unwritten(node, message, () => rowText(record), place);
      },
      streamTime,
    };
  }

  evaluationError(node: string, message: string, record: StreamRecord): void {
    this.evaluationErrors++;
    this.lastError = message;
    const { partition, offset } = record;
    this.report(
      { queryId: this.queryId, kind: 'evaluation', node, message, topic: null, partition, offset },
      { bytes: () => null, text: () => rowText(record) },
    );
  }

  skipped(node: string, message: string, place: RecordPlace): void {
    this.skippedRecords++;
    const { topic, partition, offset, target, cursor } = place;
    this.lastError = `${topic}-${partition}@${offset}: ${message}`;
    this.report(
      { queryId: this.queryId, kind: 'deserialization', node, message, topic, partition, offset, target },
      { bytes: () => (cursor === undefined ? null : bytesOf(cursor, target ?? 'value')), text: () => null },
    );
  }

  unwritten(node: string, message: string, record: StreamRecord, { topic, target }: WritePlace): void {
    this.unwrittenRecords++;
    const { partition, offset } = record;
    this.lastError = `${topic}: ${message}`;
    this.report(
      { queryId: this.queryId, kind: 'serialization', node, message, topic, partition, offset, target },
      { bytes: () => null, text: () => rowText(record) },
    );
  }

  /** The log does not take a record. */
  refused(node: string, { topic, partition, error }: RefusedRecord): void {
    this.unwrittenRecords++;
    const message = explained(error);
    this.lastError = message;
    this.report(
      { queryId: this.queryId, kind: 'production', node, message, topic, partition, offset: -1 },
      { bytes: () => null, text: () => null },
    );
  }

  /** Gives what the log says of it. */
  late(node: string, record: StreamRecord, why: Lateness): string {
    this.lateRecords++;
    const message = latenessText(record.timestamp, why);
    const { processingLog } = this.services;
    if (processingLog === undefined || !this.lateLimit.allows(this.services.clock.now())) return message;
    const { partition, offset } = record;
    processingLog(
      { queryId: this.queryId, kind: 'late', node, message, topic: null, partition, offset },
      { bytes: () => null, text: () => rowText(record) },
    );
    return message;
  }

  stats(node: string, kind: StepStats['kind']): StepStats {
    return this.steps.of(node, kind);
  }

  streamTime(): number {
    return this.time();
  }

  values(): CounterValues {
    return {
      recordsIn: this.recordsIn,
      recordsOut: this.recordsOut,
      skipped: this.skippedRecords,
      unwritten: this.unwrittenRecords,
      late: this.lateRecords,
      evaluationErrors: this.evaluationErrors,
      lastError: this.lastError,
      commits: this.commits,
      unlogged: this.unlogged,
      deadLettered: this.deadLettered,
      watchdogRestarts: this.watchdogRestarts,
      restored: this.restored,
      steps: this.steps.values(),
    };
  }

  private report(error: ProcessingError, record: ErrorRecord): void {
    const { clock, logger, processingLog } = this.services;
    if (!this.errorLimit.allows(clock.now())) {
      if (this.errorLimit.refused === 1) {
        logger.warn(
          { queryId: this.queryId },
          'too many bad records: those of this second that follow are only counted',
        );
      }
      this.unlogged++;
      return;
    }
    logger.warn(error, 'record not processed as it stands');
    processingLog?.(error, record);
  }
}

/** Lets so many through in each second. */
class PerSecond {
  /** In this second. */
  refused = 0;
  private allowed = 0;
  private since = Number.NEGATIVE_INFINITY;

  constructor(private readonly most: number) {}

  allows(now: number): boolean {
    if (now - this.since >= 1000) {
      this.since = now;
      this.allowed = 0;
      this.refused = 0;
    }
    if (this.allowed < this.most) {
      this.allowed++;
      return true;
    }
    this.refused++;
    return false;
  }
}

const latenessText = (timestamp: number, { windowStart, windowEnd, streamTime, graceMs }: Lateness): string =>
  `Late: a record of ${instantText(timestamp)} came after its window, ${instantText(windowStart)} to ${instantText(windowEnd)}, and ` +
  `the grace of ${graceMs} ms were over: stream time is ${instantText(streamTime)}`;

function bytesOf(cursor: BatchCursor, target: 'key' | 'value'): Uint8Array | null {
  const start = target === 'key' ? cursor.keyStart : cursor.valueStart;
  return start < 0 ? null : cursor.buffer.subarray(start, target === 'key' ? cursor.keyEnd : cursor.valueEnd);
}

/** A row for people to read: not the format of any topic. */
export function rowText({ key, value }: StreamRecord): string {
  return JSON.stringify({ key, value }, (_, v: unknown) =>
    typeof v === 'bigint' || v instanceof Uint8Array ? v.toString() : v instanceof Map ? Object.fromEntries(v) : v,
  );
}
