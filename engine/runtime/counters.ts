import type { OperatorContext, RecordPlace } from '../operators/operator.js';
import type { BatchCursor } from '../types/batch.js';
import type { StreamRecord } from '../types/record.js';
import type { ErrorRecord, ProcessingError, RuntimeServices } from './services.js';

/** What a query has done and met since it started on this node. */
export interface CounterValues {
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that could not be read. */
  readonly skipped: number;
  /** Records behind their window's grace. */
  readonly late: number;
  readonly evaluationErrors: number;
  /** The last thing that went wrong with a record. */
  readonly lastError: string | null;
  readonly commits: number;
  /** Errors that came so fast that neither the server's log nor the processing log has a line of them. */
  readonly unlogged: number;
  /** Records that went to the dead-letter topic, those of aborted attempts included. */
  readonly deadLettered: number;
  /** How often the watchdog has rebuilt the query's clients. */
  readonly watchdogRestarts: number;
  /** Records that were read from changelogs to restore state. */
  readonly restored: number;
}

/** What a task does with a record that it could not process as it stands, besides counting it. */
export interface BadRecords {
  /** It is skipped: the record is under `place.cursor`. */
  undecodable(node: string, message: string, place: RecordPlace): void;
  /** An expression failed on the record that the task is at. */
  failed(node: string, message: string): void;
}

/** Lines of one kind that a query sends to the processing log a second; the counters go on. */
const LOGGED_PER_SECOND = 100;

/** The counters of a query, and its way to the processing log. */
export class Counters implements OperatorContext {
  recordsIn = 0;
  recordsOut = 0;
  skippedRecords = 0;
  lateRecords = 0;
  evaluationErrors = 0;
  commits = 0;
  unlogged = 0;
  deadLettered = 0;
  watchdogRestarts = 0;
  restored = 0;
  lastError: string | null = null;
  private logged = 0;
  private loggedSince = 0;

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
      late: () => this.late(),
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

  late(): void {
    this.lateRecords++;
  }

  streamTime(): number {
    return this.time();
  }

  values(): CounterValues {
    return {
      recordsIn: this.recordsIn,
      recordsOut: this.recordsOut,
      skipped: this.skippedRecords,
      late: this.lateRecords,
      evaluationErrors: this.evaluationErrors,
      lastError: this.lastError,
      commits: this.commits,
      unlogged: this.unlogged,
      deadLettered: this.deadLettered,
      watchdogRestarts: this.watchdogRestarts,
      restored: this.restored,
    };
  }

  private report(error: ProcessingError, record: ErrorRecord): void {
    const { clock, logger, processingLog } = this.services;
    const now = clock.now();
    if (now - this.loggedSince >= 1000) {
      this.loggedSince = now;
      this.logged = 0;
    }
    if (this.logged++ >= LOGGED_PER_SECOND) {
      if (this.logged === LOGGED_PER_SECOND + 1) {
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

function bytesOf(cursor: BatchCursor, target: 'key' | 'value'): Uint8Array | null {
  const start = target === 'key' ? cursor.keyStart : cursor.valueStart;
  return start < 0 ? null : cursor.buffer.subarray(start, target === 'key' ? cursor.keyEnd : cursor.valueEnd);
}

/** A row for people to read: not the format of any topic. */
function rowText({ key, value }: StreamRecord): string {
  return JSON.stringify({ key, value }, (_, v: unknown) =>
    typeof v === 'bigint' || v instanceof Uint8Array ? v.toString() : v instanceof Map ? Object.fromEntries(v) : v,
  );
}
