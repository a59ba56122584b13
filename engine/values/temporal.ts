import { EvaluationError } from './evaluation-error.js';

/** DATE is days since 1970-01-01, TIME milliseconds of the day, TIMESTAMP milliseconds since the epoch; always in UTC. */
export const DAY_MS = 86_400_000;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** Days since the epoch of a date in the proleptic Gregorian calendar. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilOf(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  };
}

export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export const daysInMonth = (year: number, month: number): number =>
  month === 2 ? (isLeapYear(year) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4);
  return year < 0 ? `-${pad(-year, 4)}` : `+${year}`;
}

/** `2020-01-31`. */
export function dateText(days: number): string {
  const { year, month, day } = civilOf(days);
  return `${yearText(year)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `13:25`, `13:25:01`, `13:25:01.500`: as short as the value allows (Java's LocalTime). */
export function timeText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hm = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}`;
  if (ms % 1000 !== 0) return `${hm}:${pad(seconds % 60, 2)}.${pad(ms % 1000, 3)}`;
  return seconds % 60 === 0 ? hm : `${hm}:${pad(seconds % 60, 2)}`;
}

/** `2020-01-31T13:25:01.500`: milliseconds always. */
export function timestampText(epochMs: number): string {
  const days = Math.floor(epochMs / DAY_MS);
  const ms = epochMs - days * DAY_MS;
  const seconds = Math.floor(ms / 1000);
  return (
    `${dateText(days)}T${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}` +
    `:${pad(seconds % 60, 2)}.${pad(ms % 1000, 3)}`
  );
}

const TIMESTAMP =
  /^(\d{4,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

function checkedDays(year: number, month: number, day: number, text: string, what: string): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) badText(text, what);
  return daysOf(year, month, day);
}

function badText(text: string, what: string): never {
  throw new EvaluationError(`Failed to parse ${what} from '${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`);
}

function timeOfDay(hour: string, minute = '0', second = '0', fraction = ''): number | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 59) return undefined;
  return ((h * 60 + m) * 60 + s) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
}

/** Minutes east of `Z`, `+02`, `+0200`, `+02:00`, in milliseconds. */
export function offsetMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6));
  return (zone[0] === '-' ? -1000 : 1000) * seconds;
}

/** ISO-8601, whole or cut off at any part: `2020`, `2020-01`, `2020-01-31T10:00:00.5+0200`. Throws an EvaluationError. */
export function parseTimestamp(text: string): number {
  const m = TIMESTAMP.exec(text.trim());
  if (m === null) return badText(text, 'timestamp');
  const days = checkedDays(Number(m[1]), Number(m[2] ?? 1), Number(m[3] ?? 1), text, 'timestamp');
  const time = m[4] === undefined ? 0 : timeOfDay(m[4], m[5], m[6], m[7]);
  if (time === undefined) return badText(text, 'timestamp');
  return days * DAY_MS + time - (m[8] === undefined ? 0 : offsetMs(m[8]));
}

/** `yyyy-MM-dd`, cut off at any part. Throws an EvaluationError. */
export function parseDate(text: string): number {
  const m = TIMESTAMP.exec(text.trim());
  if (m === null || m[4] !== undefined || m[8] !== undefined) return badText(text, 'date');
  return checkedDays(Number(m[1]), Number(m[2] ?? 1), Number(m[3] ?? 1), text, 'date');
}

/** `HH:mm`, `HH:mm:ss`, `HH:mm:ss.SSS`. Throws an EvaluationError. */
export function parseTime(text: string): number {
  const m = TIME.exec(text.trim());
  const time = m === null ? undefined : timeOfDay(m[1]!, m[2], m[3], m[4]);
  return time ?? badText(text, 'time');
}

export const dateOfTimestamp = (epochMs: number): number => Math.floor(epochMs / DAY_MS);
export const timeOfTimestamp = (epochMs: number): number => epochMs - Math.floor(epochMs / DAY_MS) * DAY_MS;

/** 2026-08-01T13:45:10.123Z, for messages; a time that no date can have as its milliseconds. */
export function instantText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
