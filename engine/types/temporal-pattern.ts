import { EvaluationError } from './evaluation-error.js';
import { DAY_MS, daysInMonth, daysOf } from './temporal.js';
import { formatField, type Moment } from './temporal-pattern-format.js';
import { emptyFields, type Fields, parseField } from './temporal-pattern-parse.js';
import { instantOf, UTC, type Zone } from './temporal-zone.js';

/**
 * Patterns of Java's DateTimeFormatter in English (https://docs.oracle.com: java.time.format.DateTimeFormatter).
 * Parsing takes letters in any case, and what a pattern leaves out is that of 1970-01-01T00:00:00, as in ksqlDB.
 */
export interface TemporalPattern {
  formatTimestamp(epochMs: number, zone?: Zone): string;
  formatDate(days: number): string;
  formatTime(ms: number): string;
  /** Throws an EvaluationError. `zone` holds where the text names none. */
  parseTimestamp(text: string, zone?: Zone): number;
  parseDate(text: string): number;
  /** As `parseDate`, but what stands behind the date is left alone. */
  parseDatePrefix(text: string): number;
  parseTime(text: string): number;
}

/** A run of one pattern letter, a literal, or a part in brackets that may be missing. */
export type PatternPart =
  | { readonly kind: 'field'; readonly letter: string; readonly count: number; readonly reserved: number }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'optional'; readonly parts: readonly PatternPart[] };

const LETTERS = /[GuyYDdMLQqwWEecFaBhHkKmsSAnNVvzOXxZ]/;
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
  const parts = tokenize(pattern);
  const format = (moment: Moment) => formatParts(parts, moment);
  const parse = (text: string, whole = true): Fields => {
    const fields = emptyFields();
    const end = parseParts(parts, text, 0, fields);
    if (end < 0 || (whole && end !== text.length)) {
      const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
      throw new EvaluationError(`Text '${shown}' could not be parsed with the pattern '${pattern}'`);
    }
    return fields;
  };
  return {
    formatTimestamp(epochMs, zone = UTC) {
      const offset = zone.offsetAt(epochMs);
      return format({ localMs: epochMs + offset, epochMs, offset, zone, has: 'all' });
    },
    formatDate: (days) => format({ localMs: days * DAY_MS, epochMs: days * DAY_MS, offset: 0, zone: UTC, has: 'date' }),
    formatTime: (ms) => format({ localMs: ms, epochMs: ms, offset: 0, zone: UTC, has: 'time' }),
    parseTimestamp(text, zone = UTC) {
      const f = parse(text);
      const localMs = daysOfFields(f) * DAY_MS + timeOfFields(f);
      if (f.offset !== undefined) return localMs - f.offset;
      return instantOf(localMs, f.zone ?? zone);
    },
    parseDate: (text) => daysOfFields(parse(text)),
    parseDatePrefix: (text) => daysOfFields(parse(text, false)),
    parseTime: (text) => timeOfFields(parse(text)),
  };
}

function tokenize(pattern: string): PatternPart[] {
  let at = 0;
  const read = (depth: number): PatternPart[] => {
    const parts: PatternPart[] = [];
    const literal = (text: string) => {
      const last = parts.at(-1);
      if (last?.kind === 'literal') parts[parts.length - 1] = { kind: 'literal', text: last.text + text };
      else parts.push({ kind: 'literal', text });
    };
    while (at < pattern.length) {
      const c = pattern[at]!;
      if (LETTERS.test(c)) {
        const from = at;
        while (pattern[at] === c) at++;
        parts.push({ kind: 'field', letter: c, count: at - from, reserved: 0 });
      } else if (/[A-Za-z]/.test(c)) throw new EvaluationError(`Unknown pattern letter: ${c}`);
      else if (c === "'") literal(quoted());
      else if (c === '[') {
        at++;
        parts.push({ kind: 'optional', parts: read(depth + 1) });
      } else if (c === ']') {
        if (depth === 0) throw new EvaluationError('Pattern invalid as it contains ] without previous [');
        at++;
        return withReserved(parts);
      } else if (c === '{' || c === '}' || c === '#') {
        throw new EvaluationError(`Pattern includes reserved character: '${c}'`);
      } else {
        literal(c);
        at++;
      }
    }
    return withReserved(parts);
  };
  const quoted = (): string => {
    let text = '';
    for (at++; at < pattern.length; at++) {
      if (pattern[at] !== "'") text += pattern[at];
      else if (pattern[at + 1] === "'") {
        text += "'";
        at++;
      } else {
        at++;
        return text === '' ? "'" : text;
      }
    }
    throw new EvaluationError(`Pattern ends with an incomplete string literal: ${pattern}`);
  };
  return read(0);
}

/** Letters that are a number of as many digits as there are letters, where there are two or more. */
const FIXED = new Set([...'dDhHkKmsFeL', 'M', 'w', 'W']);

/** Digits of the fixed numbers right behind a number of any width are theirs: `yyyyMMdd`. */
function withReserved(parts: PatternPart[]): PatternPart[] {
  return parts.map((part, i) => {
    if (part.kind !== 'field') return part;
    let reserved = 0;
    for (let j = i + 1; j < parts.length; j++) {
      const next = parts[j]!;
      if (next.kind !== 'field' || next.count !== 2 || !FIXED.has(next.letter)) break;
      reserved += next.count;
    }
    return { ...part, reserved };
  });
}

function formatParts(parts: readonly PatternPart[], moment: Moment): string {
  let out = '';
  for (const part of parts) {
    if (part.kind === 'literal') out += part.text;
    else if (part.kind === 'optional') out += formatParts(part.parts, moment);
    else out += formatField(part.letter, part.count, moment);
  }
  return out;
}

/** The position behind what was parsed, or -1. */
function parseParts(parts: readonly PatternPart[], text: string, from: number, fields: Fields): number {
  let at = from;
  for (const part of parts) {
    if (part.kind === 'literal') {
      if (text.slice(at, at + part.text.length).toLowerCase() !== part.text.toLowerCase()) return -1;
      at += part.text.length;
    } else if (part.kind === 'optional') {
      const attempt = { ...fields };
      const end = parseParts(part.parts, text, at, attempt);
      if (end >= 0) {
        Object.assign(fields, attempt);
        at = end;
      }
    } else {
      at = parseField(part.letter, part.count, part.reserved, text, at, fields);
      if (at < 0) return -1;
    }
  }
  return at;
}

function inRange(value: number, min: number, max: number, what: string): number {
  if (value < min || value > max) throw new EvaluationError(`Invalid value for ${what}: ${value}`);
  return value;
}

function daysOfFields(f: Fields): number {
  if (f.epochDay !== undefined) return f.epochDay;
  const year = f.year ?? 1970;
  if (f.dayOfYear !== undefined && f.month === undefined) {
    return daysOf(year, 1, 1) + inRange(f.dayOfYear, 1, 366, 'DayOfYear') - 1;
  }
  const month = inRange(f.month ?? (f.quarter === undefined ? 1 : f.quarter * 3 - 2), 1, 12, 'MonthOfYear');
  const day = inRange(f.day ?? 1, 1, 31, 'DayOfMonth');
  // Java's resolver is smart: the 31st of a shorter month is its last day.
  return daysOf(year, month, Math.min(day, daysInMonth(year, month)));
}

function timeOfFields(f: Fields): number {
  if (f.milliOfDay !== undefined) return f.milliOfDay;
  let hour = f.hour;
  if (hour === undefined && f.hour12 !== undefined) {
    hour = (inRange(f.hour12, 0, 12, 'HourOfAmPm') % 12) + (f.pm === true ? 12 : 0);
  }
  hour ??= 0;
  if (hour === 24 && !f.minute && !f.second && !f.milli) return 0;
  inRange(hour, 0, 23, 'HourOfDay');
  const minute = inRange(f.minute ?? 0, 0, 59, 'MinuteOfHour');
  const second = inRange(f.second ?? 0, 0, 59, 'SecondOfMinute');
  return ((hour * 60 + minute) * 60 + second) * 1000 + (f.milli ?? 0);
}
