import { messageOf } from '../base/errors.js';
import { parseTimestamp } from '../values/temporal.js';
import { temporalPattern } from '../values/temporal-pattern.js';
import type { Value } from '../values/value.js';

/** The bounds of event time: milliseconds since 1970 that a double has exactly. Kafka takes no negative ones. */
export const isEventTime = (ms: number): boolean => ms >= 0 && ms <= Number.MAX_SAFE_INTEGER;

/** Why a number that was read is none. */
export const whyNoEventTime = (ms: number | bigint): string =>
  ms < 0 ? `the timestamp ${ms} is negative` : `the timestamp ${ms} is beyond ${Number.MAX_SAFE_INTEGER}`;

/**
 * Reads event time from a column: BIGINT and TIMESTAMP are milliseconds already, a STRING is read with its
 * TIMESTAMP_FORMAT (a pattern of java.time.format.DateTimeFormatter) or, without one, as ISO 8601; without a zone in UTC.
 * The result is -1 and `reason` says why where there is none.
 */
export class TimestampReader {
  reason = '';
  private readonly parse: (text: string) => number;

  constructor(pattern: string | null) {
    this.parse = pattern === null ? parseTimestamp : temporalPattern(pattern).parseTimestamp;
  }

  read(value: Value): number {
    if (typeof value === 'number') return this.inRange(value);
    if (typeof value === 'bigint') return this.inRange(Number(value), value);
    if (value === null) return this.fail('the timestamp column is null');
    if (typeof value !== 'string') return this.fail('the timestamp column holds no time');
    try {
      return this.inRange(this.parse(value));
    } catch (e) {
      return this.fail(`'${value.slice(0, 100)}' is no timestamp: ${messageOf(e)}`);
    }
  }

  private inRange(ms: number, exact: number | bigint = ms): number {
    return isEventTime(ms) ? ms : this.fail(whyNoEventTime(exact));
  }

  private fail(reason: string): number {
    this.reason = reason;
    return -1;
  }
}
