import { EvaluationError } from '../../values/evaluation-error.js';
import { civilOf, DAY_MS, dateOfTimestamp, daysOf, timeOfTimestamp } from '../../values/temporal.js';
import { instantOf, zoneOf } from '../../values/temporal-zone.js';
import { type Example, type ScalarFunction, scalar } from '../function.js';

const CATEGORY = 'DATE / TIME';
const HOUR_MS = 3_600_000;

/** Units shorter than a day. */
const CLOCK_MS: Readonly<Record<string, number>> = { millisecond: 1, second: 1000, minute: 60_000, hour: HOUR_MS };

/** 1970-01-01 was a Thursday. @returns 0 for Monday to 6 for Sunday */
const weekday = (days: number): number => (((days + 3) % 7) + 7) % 7;

/** The first day of what holds a day. */
const FIRST_DAY: Readonly<Record<string, (days: number) => number>> = {
  day: (days) => days,
  week: (days) => days - weekday(days),
  month: (days) => {
    const { year, month } = civilOf(days);
    return daysOf(year, month, 1);
  },
  quarter: (days) => {
    const { year, month } = civilOf(days);
    return daysOf(year, month - ((month - 1) % 3), 1);
  },
  year: (days) => daysOf(civilOf(days).year, 1, 1),
};

/** What a date says: weeks are those of ISO 8601, which begin on Monday; week 1 holds the year's first Thursday. */
const DATE_FIELDS: Readonly<Record<string, (days: number) => number>> = {
  year: (days) => civilOf(days).year,
  quarter: (days) => Math.floor((civilOf(days).month + 2) / 3),
  month: (days) => civilOf(days).month,
  week: (days) => {
    const thursday = days - weekday(days) + 3;
    return Math.floor((thursday - daysOf(civilOf(thursday).year, 1, 1)) / 7) + 1;
  },
  isoyear: (days) => civilOf(days - weekday(days) + 3).year,
  day: (days) => civilOf(days).day,
  doy: (days) => days - daysOf(civilOf(days).year, 1, 1) + 1,
  dow: (days) => (weekday(days) + 1) % 7,
  isodow: (days) => weekday(days) + 1,
};

const TIME_FIELDS: Readonly<Record<string, (ms: number) => number>> = {
  hour: (ms) => Math.floor(ms / HOUR_MS),
  minute: (ms) => Math.floor(ms / 60_000) % 60,
  second: (ms) => Math.floor(ms / 1000) % 60,
  millisecond: (ms) => ms % 1000,
};

/** Finds what a text names. Throws an EvaluationError that gives what there is. */
function named<T>(text: string, what: string, known: Readonly<Record<string, T>>): T {
  const found = text.toLowerCase();
  if (Object.hasOwn(known, found)) return known[found]!;
  throw new EvaluationError(`${what} '${text}' is none of ${Object.keys(known).join(', ')}`);
}

const UNITS = { ...CLOCK_MS, ...FIRST_DAY };
const FIELDS = { ...DATE_FIELDS, ...TIME_FIELDS };

function truncated(unit: string, ms: number, zoneName: string): number {
  const part = named(unit, 'The unit', UNITS);
  const zone = zoneOf(zoneName);
  const local = ms + zone.offsetAt(ms);
  // Within a day the clock is set back or not: an hour that comes twice is two hours.
  if (typeof part === 'number') return ms - (((local % part) + part) % part);
  return instantOf(part(dateOfTimestamp(local)) * DAY_MS, zone);
}

function fieldOf(field: string, ms: number, zoneName: string): number {
  const get = named(field, 'The field', FIELDS);
  const local = ms + zoneOf(zoneName).offsetAt(ms);
  return get(Object.hasOwn(TIME_FIELDS, field.toLowerCase()) ? timeOfTimestamp(local) : dateOfTimestamp(local));
}

interface Calendar {
  readonly name: string;
  readonly description: string;
  /** The first argument's name. */
  readonly of: string;
  /** Of a DATE, in days since the epoch. */
  readonly ofDate: (what: string, days: number) => number;
  readonly ofTimestamp: (what: string, ms: number, zone: string) => number;
  readonly result: (type: 'DATE' | 'TIMESTAMP') => string;
  readonly examples: readonly Example[];
}

const calendar = ({ name, description, of, ofDate, ofTimestamp, result, examples }: Calendar): ScalarFunction =>
  scalar({
    name,
    description,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(${of} STRING, timestamp TIMESTAMP) -> ${result('TIMESTAMP')}`,
        nulls: 'propagate',
        make: () => (what: string, ms: number) => ofTimestamp(what, ms, 'UTC'),
      },
      {
        signature: `${name}(${of} STRING, timestamp TIMESTAMP, timeZone STRING) -> ${result('TIMESTAMP')}`,
        nulls: 'propagate',
        make: () => ofTimestamp,
      },
      {
        signature: `${name}(${of} STRING, date DATE) -> ${result('DATE')}`,
        nulls: 'propagate',
        make: () => ofDate,
      },
    ],
    examples,
  });

const timestamp = (text: string) => `CAST('${text}' AS TIMESTAMP)`;

const dateTrunc = calendar({
  name: 'DATE_TRUNC',
  description: `The beginning of the unit that holds a TIMESTAMP or a DATE: ${Object.keys(UNITS).join(', ')}. Weeks begin on Monday. A TIMESTAMP is taken in UTC or in the given time zone. Another unit gives NULL and an entry in the processing log.`,
  of: 'unit',
  ofDate: (unit, days) => named(unit, 'The unit', FIRST_DAY)(days),
  ofTimestamp: truncated,
  result: (type) => type,
  examples: [
    { sql: `DATE_TRUNC('month', ${timestamp('2019-03-31T23:59:59')})`, result: timestamp('2019-03-01T00:00') },
    { sql: "DATE_TRUNC('week', CAST('2024-01-07' AS DATE))", result: "CAST('2024-01-01' AS DATE)" },
    { sql: "DATE_TRUNC('quarter', CAST('1969-12-31' AS DATE))", result: "CAST('1969-10-01' AS DATE)" },
    { sql: `DATE_TRUNC('HOUR', ${timestamp('1969-12-31T23:59:59.999')})`, result: timestamp('1969-12-31T23:00') },
    {
      sql: `DATE_TRUNC('day', ${timestamp('2019-03-11T03:59')}, 'America/New_York')`,
      result: timestamp('2019-03-10T05:00'),
    },
    {
      sql: `DATE_TRUNC('hour', ${timestamp('2021-11-07T06:30')}, 'America/New_York')`,
      result: timestamp('2021-11-07T06:00'),
    },
  ],
});

const datePart = calendar({
  name: 'DATE_PART',
  description: `A field of a TIMESTAMP or a DATE as a number: ${Object.keys(FIELDS).join(', ')}. Weeks are those of ISO 8601; dow counts from Sunday, 0, isodow from Monday, 1. A TIMESTAMP is taken in UTC or in the given time zone. Another field gives NULL and an entry in the processing log.`,
  of: 'field',
  ofDate: (field, days) => named(field, 'The field', DATE_FIELDS)(days),
  ofTimestamp: fieldOf,
  result: () => 'INT',
  examples: [
    { sql: "DATE_PART('year', CAST('2019-03-31' AS DATE))", result: '2019' },
    { sql: "DATE_PART('week', CAST('2021-01-03' AS DATE))", result: '53' },
    { sql: "DATE_PART('isoyear', CAST('2021-01-03' AS DATE))", result: '2020' },
    { sql: "DATE_PART('dow', CAST('2021-01-03' AS DATE))", result: '0' },
    { sql: "DATE_PART('isodow', CAST('1969-12-31' AS DATE))", result: '3' },
    { sql: "DATE_PART('doy', CAST('2020-12-31' AS DATE))", result: '366' },
    { sql: `DATE_PART('hour', ${timestamp('2019-03-10T07:30')}, 'America/New_York')`, result: '3' },
    { sql: `DATE_PART('millisecond', ${timestamp('1969-12-31T23:59:59.999')})`, result: '999' },
  ],
});

export const CALENDAR_FUNCTIONS = [dateTrunc, datePart];
