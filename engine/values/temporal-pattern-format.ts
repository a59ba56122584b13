import { EvaluationError } from './evaluation-error.js';
import { civilOf, DAY_MS, daysOf } from './temporal.js';
import { nameOf } from './temporal-names.js';
import type { Field, NumberPart, OffsetForm, PatternPart } from './temporal-pattern-compile.js';
import { weekdayOf, weekOfMonth, weekOfYear } from './temporal-weeks.js';
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

/** Throws an EvaluationError where the moment does not have what the pattern asks for. */
export function formatParts(parts: readonly PatternPart[], m: Moment): string {
  let out = '';
  for (const part of parts) out += formatPart(part, m);
  return out;
}

function formatPart(part: PatternPart, m: Moment): string {
  switch (part.kind) {
    case 'literal':
      return part.text;
    case 'optional':
      return formatParts(part.parts, m);
    case 'pad': {
      const text = formatPart(part.part, m);
      if (text.length > part.width)
        throw new EvaluationError(`'${text}' is longer than the ${part.width} of its padding`);
      return text.padStart(part.width);
    }
    case 'number':
    case 'reduced':
    case 'fraction':
      return numberText(part, fieldOf(part.field, m));
    case 'text':
      return nameOf(part.field, fieldOf(part.field, m), part.style);
    case 'dayPeriod':
      return dayPeriod(timeOf(m, 'day period'));
    case 'zoneId':
      return zoned(m).zone.id;
    case 'zoneName': {
      const { zone, epochMs } = zoned(m);
      const at = part.generic ? undefined : epochMs;
      return part.full ? zone.longName(at) : zone.shortName(at);
    }
    case 'gmtOffset':
      return gmtOffset(zoned(m).offset, part.full);
    case 'offset':
      return isoOffset(zoned(m).offset, part.form, part.zero);
  }
}

function unsupported(what: string, type: string): never {
  throw new EvaluationError(`Unsupported field '${what}' of a ${type}`);
}

function zoned(m: Moment): Moment {
  return m.has === 'all' ? m : unsupported('zone', m.has === 'date' ? 'DATE' : 'TIME');
}

function timeOf(m: Moment, field: string): number {
  if (m.has === 'date') unsupported(field, 'DATE');
  return m.localMs - Math.floor(m.localMs / DAY_MS) * DAY_MS;
}

function fieldOf(field: Field, m: Moment): number {
  switch (field) {
    case 'half':
    case 'hour':
    case 'hourFrom1':
    case 'hourOfHalf':
    case 'hourOfHalfFrom1':
    case 'minute':
    case 'second':
    case 'nano':
    case 'nanoOfDay':
    case 'milliOfDay':
      return timeField(field, timeOf(m, field));
    default:
      if (m.has === 'time') unsupported(field, 'TIME');
      return dateField(field, Math.floor(m.localMs / DAY_MS));
  }
}

/** The value of a field of a date; NaN where it is none of a date. */
export function dateField(field: Field, days: number): number {
  const { year, month, day } = civilOf(days);
  switch (field) {
    case 'era':
      return year > 0 ? 1 : 0;
    case 'year':
      return year;
    case 'yearOfEra':
      return year > 0 ? year : 1 - year;
    case 'weekBasedYear':
      return weekOfYear(days).year;
    case 'weekOfYear':
      return weekOfYear(days).week;
    case 'weekOfMonth':
      return weekOfMonth(days);
    case 'localDayOfWeek':
      return weekdayOf(days);
    case 'dayOfWeek':
      return ((weekdayOf(days) + 5) % 7) + 1;
    case 'quarter':
      return Math.ceil(month / 3);
    case 'month':
      return month;
    case 'dayOfYear':
      return days - daysOf(year, 1, 1) + 1;
    case 'day':
      return day;
    case 'dayOfWeekInMonth':
      return ((day - 1) % 7) + 1;
    case 'modifiedJulianDay':
      return days + 40_587;
    default:
      return Number.NaN;
  }
}

/** The value of a field of a time of the day; NaN where it is none. */
export function timeField(field: Field, ms: number): number {
  const hour = Math.floor(ms / 3_600_000);
  switch (field) {
    case 'half':
      return hour < 12 ? 0 : 1;
    case 'hour':
      return hour;
    case 'hourFrom1':
      return hour === 0 ? 24 : hour;
    case 'hourOfHalf':
      return hour % 12;
    case 'hourOfHalfFrom1':
      return hour % 12 === 0 ? 12 : hour % 12;
    case 'minute':
      return Math.floor(ms / 60_000) % 60;
    case 'second':
      return Math.floor(ms / 1000) % 60;
    case 'nano':
      return (ms % 1000) * 1_000_000;
    case 'nanoOfDay':
      return ms * 1_000_000;
    case 'milliOfDay':
      return ms;
    default:
      return Number.NaN;
  }
}

function numberText(part: NumberPart, value: number): string {
  if (part.kind === 'fraction') return String(value).padStart(9, '0').slice(0, part.max);
  if (part.kind === 'reduced') return String(Math.abs(value) % 100).padStart(2, '0');
  const digits = String(Math.abs(value)).padStart(part.min, '0');
  if (digits.length > part.max) throw new EvaluationError(`${value} exceeds the ${part.max} digits of its pattern`);
  if (value < 0) return `-${digits}`;
  return part.sign === 'exceedsPad' && digits.length > part.min ? `+${digits}` : digits;
}

function dayPeriod(ms: number): string {
  if (ms === 0) return 'midnight';
  if (ms === DAY_MS / 2) return 'noon';
  const hour = Math.floor(ms / 3_600_000);
  if (hour < 6 || hour >= 21) return 'at night';
  return hour < 12 ? 'in the morning' : hour < 18 ? 'in the afternoon' : 'in the evening';
}

/** `GMT+8`, or in full `GMT+08:00`. */
function gmtOffset(ms: number, full: boolean): string {
  if (full || ms === 0) return offsetText(ms, true);
  return `GMT${ms < 0 ? '-' : '+'}${offsetText(Math.abs(ms)).slice(1).replace(/^0/, '').replace(/:00$/, '')}`;
}

function isoOffset(ms: number, form: OffsetForm, zero: string): string {
  const t = Math.abs(ms) / 1000;
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const colon = form.colon ? ':' : '';
  const minutes = Math.floor(t / 60) % 60;
  const seconds = form.seconds === 'optional' ? t % 60 : 0;
  // What is not written does not count: Java gives the text for zero to +00:00:30 without seconds.
  if (Math.floor(t / 3600) === 0 && minutes === 0 && seconds === 0) return zero;
  let out = `${ms < 0 ? '-' : '+'}${two(t / 3600)}`;
  if (form.minutes === 'always' || minutes !== 0) out += `${colon}${two(minutes)}`;
  if (seconds !== 0) out += `${colon}${two(seconds)}`;
  return out;
}
