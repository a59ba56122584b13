import type { OperatorContext, RecordPlace } from '../operators/operator.js';
import type { StreamRecord } from '../types/record.js';
import type { ProcessingError, RuntimeServices } from './services.js';

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
  lastError: string | null = null;
  private logged = 0;
  private loggedSince = 0;

  constructor(
    private readonly queryId: string,
    private readonly services: Pick<RuntimeServices, 'clock' | 'logger' | 'processingLog'>,
    private readonly time: () => number = () => -1,
  ) {}

  /** The same counters for one task, with its own stream time. */
  forTask(streamTime: () => number): OperatorContext {
    return {
      evaluationError: (node, message, record) => this.evaluationError(node, message, record),
      skipped: (node, message, place) => this.skipped(node, message, place),
      late: () => this.late(),
      streamTime,
    };
  }

  evaluationError(node: string, message: string, record: StreamRecord): void {
    this.evaluationErrors++;
    this.lastError = message;
    const { partition, offset } = record;
    this.report({ queryId: this.queryId, kind: 'evaluation', node, message, topic: null, partition, offset });
  }

  skipped(node: string, message: string, place: RecordPlace): void {
    this.skippedRecords++;
    this.lastError = `${place.topic}-${place.partition}@${place.offset}: ${message}`;
    this.report({ queryId: this.queryId, kind: 'deserialization', node, message, ...place });
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
    };
  }

  private report(error: ProcessingError): void {
    const { clock, logger, processingLog } = this.services;
    const now = clock.now();
    if (now - this.loggedSince >= 1000) {
      this.loggedSince = now;
      this.logged = 0;
    }
    if (this.logged++ >= LOGGED_PER_SECOND) return;
    logger.warn(error, 'record not processed as it stands');
    processingLog?.(error);
  }
}
