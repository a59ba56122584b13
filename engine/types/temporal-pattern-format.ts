import { EvaluationError } from './evaluation-error.js';
import { civilOf, DAY_MS, daysOf } from './temporal.js';
import { MONTHS, short, WEEKDAYS } from './temporal-names.js';
import { offsetText, type Zone } from './temporal-zone.js';

/** What a pattern is filled from. */
export interface Moment {
  /** Local time as if it were UTC. */
  readonly localMs: number;
  readonly epochMs: number;
  /** Milliseconds east of UTC. */
  readonly offset: number;
  readonly zone: Zone;
  /** A DATE has no time and a TIME no date; a pattern that asks for them is an error. */
  readonly has: 'all' | 'date' | 'time';
}

const DATE_LETTERS = new Set([...'GuyYDdMLQqwWEecF']);
const TIME_LETTERS = new Set([...'aBhHkKmsSAnN']);

/** The text of one field. Throws an EvaluationError where the moment does not have it. */
export function formatField(letter: string, count: number, m: Moment): string {
  if (m.has === 'date' && !DATE_LETTERS.has(letter)) unsupported(letter, 'DATE');
  if (m.has === 'time' && !TIME_LETTERS.has(letter)) unsupported(letter, 'TIME');
  if (DATE_LETTERS.has(letter)) return dateField(letter, count, Math.floor(m.localMs / DAY_MS));
  if (TIME_LETTERS.has(letter)) return timeField(letter, count, m.localMs - Math.floor(m.localMs / DAY_MS) * DAY_MS);
  return zoneField(letter, count, m);
}

function unsupported(letter: string, type: string): never {
  throw new EvaluationError(`Unsupported field '${letter}' of a ${type}`);
}

function number(value: number, width: number): string {
  const digits = String(Math.abs(value)).padStart(width, '0');
  return value < 0 ? `-${digits}` : digits;
}

/** A year: two digits for two letters, a sign where it outgrows its width. */
function year(value: number, count: number): string {
  if (count === 2) return number(((value % 100) + 100) % 100, 2);
  return count >= 4 && value > 10 ** count - 1 ? `+${value}` : number(value, count);
}

function dateField(letter: string, count: number, days: number): string {
  const date = civilOf(days);
  /** 0 for Monday. */
  const weekday = (((days + 3) % 7) + 7) % 7;
  switch (letter) {
    case 'G': {
      const bc = date.year <= 0;
      if (count === 4) return bc ? 'Before Christ' : 'Anno Domini';
      return count === 5 ? (bc ? 'B' : 'A') : bc ? 'BC' : 'AD';
    }
    case 'u':
      return year(date.year, count);
    case 'y':
      return year(date.year > 0 ? date.year : 1 - date.year, count);
    case 'Y':
      return year(weekDate(days).year, count);
    case 'D':
      return number(days - daysOf(date.year, 1, 1) + 1, count);
    case 'd':
      return number(date.day, count);
    case 'M':
    case 'L':
      return text(MONTHS[date.month - 1]!, count) ?? number(date.month, count);
    case 'Q':
    case 'q': {
      const q = Math.ceil(date.month / 3);
      if (count <= 2) return number(q, count);
      return count === 3 ? `Q${q}` : `${q}${['st', 'nd', 'rd', 'th'][q - 1]} quarter`;
    }
    case 'w':
      return number(weekDate(days).week, count);
    case 'W':
      return number(Math.floor((date.day + ((weekday + 1 - date.day + 35) % 7) + 6) / 7), count);
    case 'E':
      return count <= 3 ? short(WEEKDAYS[weekday]!) : text(WEEKDAYS[weekday]!, count)!;
    case 'e':
    case 'c':
      // The English week begins on Sunday.
      return text(WEEKDAYS[weekday]!, count) ?? number(((weekday + 1) % 7) + 1, count);
    default:
      return number(Math.ceil(date.day / 7), count);
  }
}

/** A name by its number of letters: three short, four full, five the initial; undefined for fewer. */
function text(name: string, count: number): string | undefined {
  return count === 3 ? short(name) : count === 4 ? name : count >= 5 ? name[0] : undefined;
}

/** Year and week as the US counts them, which is what English stands for: from Sunday, week 1 holds the 1st of January. */
function weekDate(days: number): { readonly year: number; readonly week: number } {
  const { year: y } = civilOf(days);
  const sundayOf = (d: number) => d - ((((d + 4) % 7) + 7) % 7);
  const start = (of: number) => sundayOf(daysOf(of, 1, 1));
  const of = days >= start(y + 1) ? y + 1 : y;
  return { year: of, week: (sundayOf(days) - start(of)) / 7 + 1 };
}

function timeField(letter: string, count: number, ms: number): string {
  const hour = Math.floor(ms / 3_600_000);
  switch (letter) {
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'B':
      if (hour === 0) return 'midnight';
      return hour < 6 || hour >= 21
        ? 'at night'
        : hour < 12
          ? 'in the morning'
          : hour < 18
            ? 'in the afternoon'
            : 'in the evening';
    case 'h':
      return number(hour % 12 === 0 ? 12 : hour % 12, count);
    case 'H':
      return number(hour, count);
    case 'k':
      return number(hour === 0 ? 24 : hour, count);
    case 'K':
      return number(hour % 12, count);
    case 'm':
      return number(Math.floor(ms / 60_000) % 60, count);
    case 's':
      return number(Math.floor(ms / 1000) % 60, count);
    case 'S':
      return String(ms % 1000)
        .padStart(3, '0')
        .padEnd(9, '0')
        .slice(0, count);
    case 'A':
      return number(ms, count);
    case 'n':
      return number((ms % 1000) * 1_000_000, count);
    default:
      return String(BigInt(ms) * 1_000_000n).padStart(count, '0');
  }
}

function zoneField(letter: string, count: number, m: Moment): string {
  switch (letter) {
    case 'V':
      return m.zone.id;
    case 'v':
    case 'z':
      return count >= 4 ? m.zone.longName(m.epochMs) : m.zone.shortName(m.epochMs);
    case 'O':
      return localizedOffset(m.offset, count >= 4);
    case 'X':
      return m.offset === 0 ? 'Z' : isoOffset(m.offset, count);
    case 'x':
      return isoOffset(m.offset, count);
    default:
      if (count === 4) return localizedOffset(m.offset, true);
      if (count >= 5) return m.offset === 0 ? 'Z' : isoOffset(m.offset, 5);
      return isoOffset(m.offset, 2);
  }
}

/** `GMT+8`, or in full `GMT+08:00`. */
function localizedOffset(ms: number, full: boolean): string {
  if (full || ms === 0) return offsetText(ms, true);
  return `GMT${ms < 0 ? '-' : '+'}${offsetText(Math.abs(ms)).slice(1).replace(/^0/, '').replace(/:00$/, '')}`;
}

/** One letter `+08` (and minutes where there are), two `+0800`, three `+08:00`; four and five with seconds where there are. */
function isoOffset(ms: number, count: number): string {
  const t = Math.abs(ms) / 1000;
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const colon = count === 3 || count === 5 ? ':' : '';
  const minutes = Math.floor(t / 60) % 60;
  let out = `${ms < 0 ? '-' : '+'}${two(t / 3600)}`;
  if (count > 1 || minutes !== 0) out += `${colon}${two(minutes)}`;
  if (count >= 4 && t % 60 !== 0) out += `${colon}${two(t % 60)}`;
  return out;
}
