import { EvaluationError } from './evaluation-error.js';
import { offsetMs } from './temporal.js';
import { MONTHS, short, WEEKDAYS } from './temporal-names.js';
import { type Zone, zoneOf } from './temporal-zone.js';

/** What a text said; ranges are checked when all is known. */
export interface Fields {
  epochDay: number | undefined;
  year: number | undefined;
  quarter: number | undefined;
  month: number | undefined;
  day: number | undefined;
  dayOfYear: number | undefined;
  hour: number | undefined;
  /** 0 to 12, with `pm`. */
  hour12: number | undefined;
  pm: boolean | undefined;
  minute: number | undefined;
  second: number | undefined;
  milli: number | undefined;
  milliOfDay: number | undefined;
  /** Milliseconds east of UTC. */
  offset: number | undefined;
  zone: Zone | undefined;
}

export const emptyFields = (): Fields => ({
  epochDay: undefined,
  year: undefined,
  quarter: undefined,
  month: undefined,
  day: undefined,
  dayOfYear: undefined,
  hour: undefined,
  hour12: undefined,
  pm: undefined,
  minute: undefined,
  second: undefined,
  milli: undefined,
  milliOfDay: undefined,
  offset: undefined,
  zone: undefined,
});

const DIGITS = /\d+/y;

/** Digits at `at`: at least `min`, at most `max`, and so many left over for what stands right behind. */
function digits(text: string, at: number, min: number, max: number, reserved = 0): string | undefined {
  DIGITS.lastIndex = at;
  const run = DIGITS.exec(text)?.[0];
  if (run === undefined || run.length < min) return undefined;
  return run.slice(0, Math.min(max, Math.max(min, run.length - reserved)));
}

/** The position behind a name of the list (short or full), and which it was. */
function name(text: string, at: number, names: readonly string[], full: boolean): [number, number] | undefined {
  for (const [i, n] of names.entries()) {
    const wanted = full ? n : short(n);
    if (text.slice(at, at + wanted.length).toLowerCase() === wanted.toLowerCase()) return [i, at + wanted.length];
  }
  return undefined;
}

const OFFSET = /Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?/iy;
const ZONE = /[A-Za-z][A-Za-z0-9~/._+-]*|[+-]\d{2}(?::?\d{2})?/y;
const GMT_OFFSET = /(?:GMT|UTC)([+-]\d{1,2}(?::?\d{2})?)?/iy;

/** Daylight names that are no zone ids. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  PDT: 'America/Los_Angeles',
  MDT: 'America/Denver',
  CDT: 'America/Chicago',
  EDT: 'America/New_York',
  PST: 'America/Los_Angeles',
  MST: 'America/Denver',
  CST: 'America/Chicago',
  EST: 'America/New_York',
  BST: 'Europe/London',
  CET: 'Europe/Paris',
  CEST: 'Europe/Paris',
};

function sticky(re: RegExp, text: string, at: number): RegExpExecArray | null {
  re.lastIndex = at;
  return re.exec(text);
}

/** Reads one field at `at` into `f`; the position behind it, or -1 where the text does not fit. */
export function parseField(
  letter: string,
  count: number,
  reserved: number,
  text: string,
  at: number,
  f: Fields,
): number {
  switch (letter) {
    case 'u':
    case 'y':
    case 'Y':
      return parseYear(count, reserved, text, at, f);
    case 'M':
    case 'L':
      if (count >= 3) {
        const found = name(text, at, MONTHS, count === 4);
        if (found === undefined) return -1;
        f.month = found[0] + 1;
        return found[1];
      }
      return parseNumber(count, reserved, text, at, (n) => {
        f.month = n;
      });
    case 'E': {
      const found = name(text, at, WEEKDAYS, count === 4);
      return found === undefined ? -1 : found[1];
    }
    case 'a': {
      const half = text.slice(at, at + 2).toUpperCase();
      if (half !== 'AM' && half !== 'PM') return -1;
      f.pm = half === 'PM';
      return at + 2;
    }
    case 'G': {
      const era = text.slice(at, at + 2).toUpperCase();
      return era === 'AD' || era === 'BC' ? at + 2 : -1;
    }
    case 'S': {
      const run = digits(text, at, count, count);
      if (run === undefined) return -1;
      f.milli = Number(run.padEnd(3, '0').slice(0, 3));
      return at + run.length;
    }
    case 'A':
      return parseNumber(1, reserved, text, at, (n) => {
        f.milliOfDay = n;
      });
    case 'X':
    case 'x':
    case 'Z':
      return letter === 'Z' && count === 4 ? parseGmtOffset(text, at, f) : parseOffset(letter, text, at, f);
    case 'O':
      return parseGmtOffset(text, at, f);
    case 'V':
    case 'z':
    case 'v':
      return parseZone(text, at, f);
    default:
      return parseNumber(count, reserved, text, at, (n) => setNumber(letter, n, f));
  }
}

function setNumber(letter: string, n: number, f: Fields): void {
  switch (letter) {
    case 'd':
      f.day = n;
      break;
    case 'D':
      f.dayOfYear = n;
      break;
    case 'Q':
    case 'q':
      f.quarter = n;
      break;
    case 'H':
      f.hour = n;
      break;
    case 'k':
      f.hour = n % 24;
      break;
    case 'h':
    case 'K':
      f.hour12 = n;
      break;
    case 'm':
      f.minute = n;
      break;
    case 's':
      f.second = n;
      break;
    case 'n':
      f.milli = Math.floor(n / 1_000_000);
      break;
    case 'N':
      f.milliOfDay = Math.floor(n / 1_000_000);
      break;
    case 'w':
    case 'W':
    case 'F':
    case 'e':
    case 'c':
      // Weeks and weekdays say nothing that the date does not.
      break;
    default:
      throw new EvaluationError(`The pattern letter ${letter} cannot be parsed`);
  }
}

/** One letter takes as many digits as there are, two or more exactly so many. */
function parseNumber(count: number, reserved: number, text: string, at: number, set: (n: number) => void): number {
  const run = count === 1 ? digits(text, at, 1, 19, reserved) : digits(text, at, count, count);
  if (run === undefined) return -1;
  set(Number(run));
  return at + run.length;
}

function parseYear(count: number, reserved: number, text: string, at: number, f: Fields): number {
  if (count === 2) {
    const run = digits(text, at, 2, 2);
    if (run === undefined) return -1;
    f.year = 2000 + Number(run);
    return at + 2;
  }
  const sign = text[at] === '-' || text[at] === '+' ? text[at] : '';
  const run = digits(text, at + sign!.length, count, reserved > 0 ? Math.max(count, 4) : 9, reserved);
  if (run === undefined) return -1;
  f.year = sign === '-' ? -Number(run) : Number(run);
  return at + sign!.length + run.length;
}

function parseOffset(letter: string, text: string, at: number, f: Fields): number {
  const m = sticky(OFFSET, text, at);
  if (m === null || (letter === 'x' && /z/i.test(m[0]))) return -1;
  f.offset = offsetMs(m[0]);
  return at + m[0].length;
}

function parseGmtOffset(text: string, at: number, f: Fields): number {
  const m = sticky(GMT_OFFSET, text, at);
  if (m === null) return -1;
  f.offset = m[1] === undefined ? 0 : zoneOf(m[1]).offsetAt(0);
  return at + m[0].length;
}

function parseZone(text: string, at: number, f: Fields): number {
  const m = sticky(ZONE, text, at);
  if (m === null) return -1;
  f.zone = zoneOf(ABBREVIATIONS[m[0].toUpperCase()] ?? m[0]);
  return at + m[0].length;
}
