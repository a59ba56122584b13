import { EvaluationError } from './evaluation-error.js';
import { DAY_MS } from './temporal.js';
import { compileParts } from './temporal-pattern-compile.js';
import { fixedParser } from './temporal-pattern-fixed.js';
import { formatParts, type Moment } from './temporal-pattern-format.js';
import { type Parsed, parseParts } from './temporal-pattern-parse.js';
import { daysOrDefault, type Resolved, resolve, saysDate, timeOrDefault } from './temporal-pattern-resolve.js';
import { instantOf, UTC, type Zone } from './temporal-zone.js';

/**
 * Patterns of Java's DateTimeFormatter in English (https://docs.oracle.com: java.time.format.DateTimeFormatter), with its
 * smart resolver. Parsing takes letters in any case. All of `parse…` throw an EvaluationError.
 */
export interface TemporalPattern {
  formatTimestamp(epochMs: number, zone?: Zone): string;
  formatDate(days: number): string;
  formatTime(ms: number): string;
  /** `zone` holds where the text names none; what it leaves out is that of 1970-01-01T00:00:00. */
  parseTimestamp(text: string, zone?: Zone): number;
  /** A whole date, and nothing behind. */
  parseDate(text: string): number;
  /** The date that a text begins with; what it leaves out is that of 1970-01-01, and a time must be midnight. */
  parseDatePrefix(text: string): number;
  /** A time without any part of a date. */
  parseTime(text: string): number;
}

const CACHE_SIZE = 256;
const cache = new Map<string, TemporalPattern>();

/** Throws an EvaluationError on a pattern that Java refuses too. Compiled patterns are kept. */
export function temporalPattern(pattern: string): TemporalPattern {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compilePattern(pattern);
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value!);
  cache.set(pattern, compiled);
  return compiled;
}

function compilePattern(pattern: string): TemporalPattern {
  const parts = compileParts(pattern);
  const short = fixedParser(pattern);
  const format = (moment: Moment) => formatParts(parts, moment);
  const parse = (text: string, whole = true): Parsed & { readonly resolved: Resolved } => {
    const parsed: Parsed = { values: new Map(), offset: undefined, zone: undefined };
    const end = parseParts(parts, text, 0, parsed);
    if (end < 0 || (whole && end !== text.length)) {
      const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
      throw new EvaluationError(`Text '${shown}' could not be parsed with the pattern '${pattern}'`);
    }
    return { ...parsed, resolved: resolve(parsed.values) };
  };
  return {
    formatTimestamp(epochMs, zone = UTC) {
      const offset = zone.offsetAt(epochMs);
      return format({ localMs: epochMs + offset, epochMs, offset, zone, has: 'all' });
    },
    formatDate: (days) => format({ localMs: days * DAY_MS, epochMs: days * DAY_MS, offset: 0, zone: UTC, has: 'date' }),
    formatTime: (ms) => format({ localMs: ms, epochMs: ms, offset: 0, zone: UTC, has: 'time' }),
    parseTimestamp(text, zone = UTC) {
      const local = short === undefined ? Number.NaN : short(text);
      // What the short way does not read, the long one reads or says why not.
      if (!Number.isNaN(local)) return instantOf(local, zone);
      const { resolved, offset, zone: own } = parse(text);
      const localMs = daysOrDefault(resolved) * DAY_MS + timeOrDefault(resolved);
      return offset === undefined ? instantOf(localMs, own ?? zone) : localMs - offset;
    },
    parseDate(text) {
      const { resolved } = parse(text);
      if (resolved.days === undefined) throw new EvaluationError(`The pattern '${pattern}' does not make a whole date`);
      return daysOrDefault(resolved);
    },
    parseDatePrefix(text) {
      const { resolved } = parse(text, false);
      if (timeOrDefault(resolved) !== 0) throw new EvaluationError(`Date contains a time of the day: '${text}'`);
      return daysOrDefault(resolved);
    },
    parseTime(text) {
      const { resolved } = parse(text);
      if (saysDate(resolved)) throw new EvaluationError(`Time format contains a field of a date: '${pattern}'`);
      if (resolved.time === undefined) throw new EvaluationError(`The pattern '${pattern}' does not make a whole time`);
      return resolved.time;
    },
  };
}
