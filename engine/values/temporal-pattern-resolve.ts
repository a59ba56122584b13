import { EvaluationError } from './evaluation-error.js';
import { DAY_MS, daysInMonth, daysOf, isLeapYear } from './temporal.js';
import type { Field } from './temporal-pattern-compile.js';
import { dateField, timeField } from './temporal-pattern-format.js';
import { startOfWeekYear, weekdayOf, weekOfMonth } from './temporal-weeks.js';

/** What a text's fields say together, as java.time's smart resolver finds it. */
export interface Resolved {
  /** Days since the epoch, where the fields make a date. */
  readonly days: number | undefined;
  /** Milliseconds of the day, where they make a time. */
  readonly time: number | undefined;
  /** What is left and makes neither by itself. */
  readonly rest: ReadonlyMap<Field, number>;
}

const RANGES: { readonly [F in Field]?: readonly [number, number] } = {
  yearOfEra: [1, 999_999_999],
  year: [-999_999_999, 999_999_999],
  era: [0, 1],
  weekBasedYear: [-999_999_999, 999_999_999],
  weekOfYear: [1, 53],
  weekOfMonth: [0, 6],
  localDayOfWeek: [1, 7],
  dayOfWeek: [1, 7],
  month: [1, 12],
  day: [1, 31],
  dayOfYear: [1, 366],
  half: [0, 1],
  hour: [0, 23],
  hourFrom1: [1, 24],
  hourOfHalf: [0, 11],
  hourOfHalfFrom1: [1, 12],
  minute: [0, 59],
  second: [0, 59],
  nano: [0, 999_999_999],
  nanoOfDay: [0, DAY_MS * 1_000_000 - 1],
  milliOfDay: [0, DAY_MS - 1],
};

/** Years in which milliseconds since the epoch are whole numbers of a double's precision. */
const MAX_YEAR = 280_000;

/** Fields of a time, in the order in which what is left of them is set. */
const TIME_FIELDS: readonly Field[] = ['nano', 'second', 'minute', 'hourOfHalf', 'hour', 'half'];
const DATE_FIELDS: readonly Field[] = ['dayOfWeek', 'dayOfWeekInMonth', 'day', 'dayOfYear', 'month', 'year', 'era'];

function conflict(field: Field, said: number, is: number): never {
  throw new EvaluationError(`Conflict found: ${field} ${said} differs from ${is}`);
}

function checked(field: Field, value: number): number {
  const range = RANGES[field];
  if (range !== undefined && (value < range[0] || value > range[1]))
    throw new EvaluationError(`Invalid value for ${field} (valid values ${range[0]} - ${range[1]}): ${value}`);
  return value;
}

class Resolver {
  days: number | undefined;
  time: number | undefined;
  private nextDay = false;

  constructor(readonly fields: Map<Field, number>) {}

  take(field: Field): number | undefined {
    const value = this.fields.get(field);
    if (value !== undefined) this.fields.delete(field);
    return value;
  }

  private put(field: Field, value: number): void {
    const old = this.fields.get(field);
    if (old !== undefined && old !== value) conflict(field, value, old);
    this.fields.set(field, value);
  }

  private setDays(days: number): void {
    if (this.days !== undefined && this.days !== days) throw new EvaluationError('Conflict found: two dates');
    this.days = days;
  }

  date(): void {
    const f = this.fields;
    const yearOfEra = this.take('yearOfEra');
    if (yearOfEra !== undefined) {
      checked('yearOfEra', yearOfEra);
      const era = this.take('era');
      const year = f.get('year');
      const before = era === undefined ? year !== undefined && year <= 0 : era === 0;
      this.put('year', before ? 1 - yearOfEra : yearOfEra);
    }
    const year = f.get('year');
    if (year !== undefined) {
      if (f.has('month') && f.has('day')) {
        const month = checked('month', this.take('month')!);
        const day = checked('day', this.take('day')!);
        this.take('year');
        // The 31st of a shorter month is its last day.
        this.setDays(daysOf(checked('year', year), month, Math.min(day, daysInMonth(year, month))));
      } else if (f.has('dayOfYear')) {
        const day = checked('dayOfYear', this.take('dayOfYear')!);
        this.take('year');
        if (day === 366 && !isLeapYear(year))
          throw new EvaluationError(`Invalid date: day 366 of ${year}, which is no leap year`);
        this.setDays(daysOf(checked('year', year), 1, day));
      }
    }
    const julian = this.take('modifiedJulianDay');
    if (julian !== undefined) this.setDays(julian - 40_587);
    this.weeks();
  }

  private weeks(): void {
    const f = this.fields;
    const local = this.take('localDayOfWeek');
    if (local !== undefined) f.set('dayOfWeek', ((checked('localDayOfWeek', local) + 5) % 7) + 1);
    const weekday = f.get('dayOfWeek');
    if (weekday === undefined) return;
    // From Sunday.
    const at = checked('dayOfWeek', weekday) % 7;
    const year = f.get('year');
    if (year !== undefined) {
      if (!f.has('month') || !f.has('weekOfMonth')) return;
      const first = daysOf(checked('year', year), checked('month', f.get('month')!), 1);
      const week = checked('weekOfMonth', f.get('weekOfMonth')!);
      this.setDays(first + (week - weekOfMonth(first)) * 7 + at + 1 - weekdayOf(first));
      for (const field of ['year', 'month', 'weekOfMonth', 'dayOfWeek'] as const) f.delete(field);
    } else if (f.has('weekBasedYear') && f.has('weekOfYear')) {
      const weekYear = checked('weekBasedYear', f.get('weekBasedYear')!);
      const start = startOfWeekYear(weekYear);
      const last = (startOfWeekYear(weekYear + 1) - start) / 7;
      this.setDays(start + (Math.min(checked('weekOfYear', f.get('weekOfYear')!), last) - 1) * 7 + at);
      for (const field of ['weekBasedYear', 'weekOfYear', 'dayOfWeek'] as const) f.delete(field);
    }
  }

  clock(): void {
    const f = this.fields;
    const from1 = this.take('hourFrom1');
    if (from1 !== undefined) this.put('hour', from1 === 0 ? 0 : checked('hourFrom1', from1) % 24);
    const half1 = this.take('hourOfHalfFrom1');
    if (half1 !== undefined) this.put('hourOfHalf', half1 === 0 ? 0 : checked('hourOfHalfFrom1', half1) % 12);
    if (f.has('half') && f.has('hourOfHalf')) {
      const hour = checked('hourOfHalf', this.take('hourOfHalf')!);
      this.put('hour', checked('half', this.take('half')!) * 12 + hour);
    }
    const nanos = this.take('nanoOfDay');
    if (nanos !== undefined) {
      this.spread(Math.floor(checked('nanoOfDay', nanos) / 1_000_000));
      this.put('nano', nanos % 1_000_000_000);
    }
    const millis = this.take('milliOfDay');
    if (millis !== undefined) {
      this.spread(checked('milliOfDay', millis));
      this.put('nano', (millis % 1000) * 1_000_000);
    }
    const hour = f.get('hour');
    const minute = f.get('minute');
    const second = f.get('second');
    const nano = f.get('nano');
    const gap = minute === undefined ? (second ?? nano) : second === undefined ? nano : undefined;
    if (hour !== undefined && gap === undefined) {
      for (const field of ['hour', 'minute', 'second', 'nano'] as const) f.delete(field);
      this.nextDay = hour === 24 && !minute && !second && !nano;
      this.time = this.nextDay
        ? 0
        : ((checked('hour', hour) * 60 + checked('minute', minute ?? 0)) * 60 + checked('second', second ?? 0)) * 1000 +
          Math.floor(checked('nano', nano ?? 0) / 1_000_000);
    }
    for (const field of TIME_FIELDS) if (f.has(field)) checked(field, f.get(field)!);
    // Half a day alone is its middle.
    if (f.has('half') && !TIME_FIELDS.some((field) => field !== 'half' && f.has(field)) && this.time === undefined) {
      this.time = (this.take('half')! * 12 + 6) * 3_600_000;
    }
  }

  private spread(ms: number): void {
    for (const field of ['hour', 'minute', 'second'] as const) this.put(field, timeField(field, ms));
  }

  /** A field that is said twice must be the same. Fields that a date or a time has answered are done with. */
  check(): void {
    for (const [field, value] of this.fields) {
      for (const is of [
        this.days === undefined ? Number.NaN : dateField(field, this.days),
        this.time === undefined ? Number.NaN : timeField(field, this.time),
      ]) {
        if (Number.isNaN(is)) continue;
        if (is !== value) conflict(field, value, is);
        this.fields.delete(field);
      }
    }
    if (this.nextDay && this.days !== undefined) this.days++;
  }
}

/** Uses the fields up. Throws an EvaluationError where they contradict each other or say what there is not. */
export function resolve(values: Map<Field, number>): Resolved {
  const r = new Resolver(values);
  r.date();
  r.clock();
  r.check();
  return { days: r.days, time: r.time, rest: r.fields };
}

/** Whether a part of a date was said. */
export const saysDate = (r: Resolved): boolean => r.days !== undefined || DATE_FIELDS.some((f) => r.rest.has(f));

/** The time of the day; what was not said is zero. */
export function timeOrDefault(r: Resolved): number {
  if (r.time !== undefined) return r.time;
  const get = (field: Field): number => r.rest.get(field) ?? 0;
  const hour = r.rest.get('hour') ?? get('hourOfHalf') + 12 * get('half');
  return ((hour * 60 + get('minute')) * 60 + get('second')) * 1000 + Math.floor(get('nano') / 1_000_000);
}

/** The date; what was not said is that of 1970-01-01. */
export function daysOrDefault(r: Resolved): number {
  if (r.days !== undefined) return inRange(r.days);
  const { rest } = r;
  for (const field of DATE_FIELDS) if (rest.has(field)) checked(field, rest.get(field)!);
  const said = rest.get('year') ?? 1970;
  const year = rest.get('era') === 0 && said > 0 ? 1 - said : said;
  const dayOfYear = rest.get('dayOfYear');
  if (dayOfYear !== undefined && !rest.has('month')) {
    if (dayOfYear === 366) throw new EvaluationError('Day 366 needs a year');
    return daysOf(year, 1, dayOfYear);
  }
  const month = rest.get('month') ?? 1;
  const day = rest.get('day') ?? 1;
  if (day > daysInMonth(year, month))
    throw new EvaluationError(`Day ${day} of month ${month} needs a year that has it`);
  const days = daysOf(year, month, day);
  const weekday = rest.get('dayOfWeek');
  // A weekday alone is the one in the week of the date, from Monday.
  return inRange(weekday === undefined ? days : days + weekday - dateField('dayOfWeek', days));
}

function inRange(days: number): number {
  if (Math.abs(days) > MAX_YEAR * 366) throw new EvaluationError('The date is too far from the present');
  return days;
}
