import { messageOf } from '../types/errors.js';
import { DAY_MS, daysInMonth, daysOf, parseTimestamp } from '../types/temporal.js';
import { temporalPattern } from '../types/temporal-pattern.js';
import type { Value } from '../types/value.js';

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
    this.parse = pattern === null ? parseTimestamp : patternParser(pattern);
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

/** A pattern's parser: patterns of fixed-width numbers, which most are, have a short way. */
export function patternParser(pattern: string): (text: string) => number {
  const { parseTimestamp: slow } = temporalPattern(pattern);
  const fields = fixedFields(pattern);
  if (fields === undefined) return slow;
  return (text) => {
    const ms = parseFixed(fields, text);
    return Number.isNaN(ms) ? slow(text) : ms;
  };
}

type Fixed =
  | { readonly field: 'y' | 'M' | 'd' | 'H' | 'm' | 's' | 'S'; readonly width: number }
  | { readonly text: string };

const FIXED: Readonly<Record<string, 'y' | 'M' | 'd' | 'H' | 'm' | 's' | 'S'>> = {
  yyyy: 'y',
  uuuu: 'y',
  MM: 'M',
  dd: 'd',
  HH: 'H',
  mm: 'm',
  ss: 's',
  SSS: 'S',
};

function fixedFields(pattern: string): readonly Fixed[] | undefined {
  const fields: Fixed[] = [];
  let dated = 0;
  for (const [part] of pattern.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+/g)) {
    if (part.startsWith("'")) fields.push({ text: part === "''" ? "'" : part.slice(1, -1).replaceAll("''", "'") });
    else if (!/[a-zA-Z]/.test(part)) {
      // Brackets and the like have a meaning of their own in a pattern.
      if (/[[\]{}#]/.test(part)) return undefined;
      fields.push({ text: part });
    } else {
      const field = FIXED[part];
      if (field === undefined) return undefined;
      if (field === 'y' || field === 'M' || field === 'd') dated++;
      fields.push({ field, width: part.length });
    }
  }
  return dated === 3 ? fields : undefined;
}

/** NaN where the text does not fit: the other parser then says why. */
function parseFixed(fields: readonly Fixed[], text: string): number {
  let p = 0;
  let year = 0;
  let month = 0;
  let day = 0;
  let ms = 0;
  for (const f of fields) {
    if ('text' in f) {
      if (!text.startsWith(f.text, p)) return Number.NaN;
      p += f.text.length;
      continue;
    }
    let v = 0;
    for (const end = p + f.width; p < end; p++) {
      const digit = text.charCodeAt(p) - 48;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      v = v * 10 + digit;
    }
    if (f.field === 'y') year = v;
    else if (f.field === 'M') month = v;
    else if (f.field === 'd') day = v;
    else if (f.field === 'H') {
      if (v > 23) return Number.NaN;
      ms += v * 3_600_000;
    } else if (f.field === 'm') {
      if (v > 59) return Number.NaN;
      ms += v * 60_000;
    } else if (f.field === 's') {
      if (v > 59) return Number.NaN;
      ms += v * 1000;
    } else ms += v;
  }
  if (p !== text.length || year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return Number.NaN;
  return daysOf(year, month, day) * DAY_MS + ms;
}
