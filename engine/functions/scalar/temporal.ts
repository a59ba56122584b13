import { EvaluationError } from '../../values/evaluation-error.js';
import { civilOf, DAY_MS, dateOfTimestamp, daysInMonth, daysOf, timeOfTimestamp } from '../../values/temporal.js';
import { temporalPattern } from '../../values/temporal-pattern.js';
import { instantOf, zoneOf } from '../../values/temporal-zone.js';
import { type Example, type ScalarFunction, scalar } from '../function.js';

const CATEGORY = 'DATE / TIME';

/** A value of `from` and a pattern, with `zoned` also a time zone, to `to`. */
function withPattern(
  name: string,
  description: string,
  signature: { readonly from: string; readonly to: string; readonly zoned: boolean },
  apply: (value: never, pattern: string, zone: string) => string | number,
  ...examples: Example[]
): ScalarFunction {
  const { from, to, zoned } = signature;
  const f = apply as (value: unknown, pattern: string, zone: string) => string | number;
  return scalar({
    name,
    description,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(${from}, pattern STRING) -> ${to}`,
        nulls: 'propagate',
        make: () => (value: unknown, pattern: string) => f(value, pattern, 'UTC'),
      },
      ...(zoned
        ? [
            {
              signature: `${name}(${from}, pattern STRING, timeZone STRING) -> ${to}`,
              nulls: 'propagate' as const,
              make: () => f,
            },
          ]
        : []),
    ],
    examples,
  });
}

const formatTimestamp = (ms: number | bigint, pattern: string, zone: string): string =>
  temporalPattern(pattern).formatTimestamp(Number(ms), zoneOf(zone));
const parseTimestamp = (text: string, pattern: string, zone: string): number =>
  temporalPattern(pattern).parseTimestamp(text, zoneOf(zone));
const formatDate = (days: number, pattern: string): string => temporalPattern(pattern).formatDate(days);
const parseDate = (text: string, pattern: string): number => temporalPattern(pattern).parseDate(text);

const texts = [
  withPattern(
    'FORMAT_TIMESTAMP',
    'The text of a TIMESTAMP by a pattern of java.time.format.DateTimeFormatter, in UTC or the given time zone: an offset or a name of the tz database. PDT and the like, which the documentation of ksqlDB names, are no zones when it runs.',
    { from: 'timestamp TIMESTAMP', to: 'STRING', zoned: true },
    formatTimestamp,
    {
      sql: "FORMAT_TIMESTAMP(FROM_UNIXTIME(1526075913000), 'yyyy-MM-dd HH:mm:ss zzz', 'America/Los_Angeles')",
      result: "'2018-05-11 14:58:33 PDT'",
    },
    { sql: "FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'yyyy-MM-dd''T''HH:mm:ssX')", result: "'1970-01-01T00:00:00Z'" },
  ),
  withPattern(
    'PARSE_TIMESTAMP',
    'The TIMESTAMP of a text by a pattern; without a zone in the text, in UTC or the given time zone. What the text leaves out is that of 1970-01-01T00:00:00; what it says must fit together. PDT and the like, which the documentation of ksqlDB names, are no zones when it runs.',
    { from: 'formattedTimestamp STRING', to: 'TIMESTAMP', zoned: true },
    parseTimestamp,
    {
      sql: "PARSE_TIMESTAMP('2018-05-11T21:58:33Z', 'yyyy-MM-dd''T''HH:mm:ssX')",
      result: 'FROM_UNIXTIME(1526075913000)',
    },
    {
      sql: "PARSE_TIMESTAMP('2021-01-01 24:00', 'yyyy-MM-dd HH:mm')",
      result: "CAST('2021-01-02T00:00' AS TIMESTAMP)",
    },
    {
      sql: "PARSE_TIMESTAMP('2022-26-1', 'YYYY-ww-e')",
      result: "CAST('2022-06-19T00:00' AS TIMESTAMP)",
    },
    {
      sql: "PARSE_TIMESTAMP('2022-07-01 AEST', 'yyyy-MM-dd z')",
      result: "CAST('2022-06-30T14:00' AS TIMESTAMP)",
    },
  ),
  withPattern(
    'FORMAT_DATE',
    'The text of a DATE by a pattern of java.time.format.DateTimeFormatter.',
    { from: 'date DATE', to: 'STRING', zoned: false },
    formatDate,
    { sql: "FORMAT_DATE(FROM_DAYS(18993), 'dd-MMM-yyyy')", result: "'01-Jan-2022'" },
  ),
  withPattern(
    'PARSE_DATE',
    'The DATE that a text begins with, by a pattern; what follows is left alone, as in ksqlDB. What the text leaves out is that of 1970-01-01; a time of the day other than midnight gives NULL and an entry in the processing log.',
    { from: 'formattedDate STRING', to: 'DATE', zoned: false },
    (text: string, pattern) => temporalPattern(pattern).parseDatePrefix(text),
    { sql: "PARSE_DATE('01-JAN-2022', 'dd-MMM-yyyy')", result: 'FROM_DAYS(18993)' },
    { sql: "PARSE_DATE('2003-12-24-01-01', 'yyyy-MM-dd')", result: 'FROM_DAYS(12410)' },
  ),
  withPattern(
    'FORMAT_TIME',
    'The text of a TIME by a pattern of java.time.format.DateTimeFormatter.',
    { from: 'time TIME', to: 'STRING', zoned: false },
    (ms: number, pattern) => temporalPattern(pattern).formatTime(ms),
    { sql: "FORMAT_TIME(CAST('00:01:05' AS TIME), 'HH_mm_ss_SSS')", result: "'00_01_05_000'" },
  ),
  withPattern(
    'PARSE_TIME',
    'The TIME of a text by a pattern, which has no field of a date.',
    { from: 'formattedTime STRING', to: 'TIME', zoned: false },
    (text: string, pattern) => temporalPattern(pattern).parseTime(text),
    { sql: "PARSE_TIME('01:00:00 Pm', 'hh:mm:ss a')", result: "CAST('13:00' AS TIME)" },
  ),
  withPattern(
    'TIMESTAMPTOSTRING',
    'The text of milliseconds since the epoch by a pattern. Deprecated: use FORMAT_TIMESTAMP.',
    { from: 'epochMilli BIGINT', to: 'STRING', zoned: true },
    formatTimestamp,
    {
      sql: "TIMESTAMPTOSTRING(1526075913000, 'yyyy-MM-dd HH:mm:ss zzz', 'Europe/London')",
      result: "'2018-05-11 22:58:33 BST'",
    },
  ),
  withPattern(
    'STRINGTOTIMESTAMP',
    'Milliseconds since the epoch of a text by a pattern. Deprecated: use PARSE_TIMESTAMP.',
    { from: 'formattedTimestamp STRING', to: 'BIGINT', zoned: true },
    parseTimestamp,
    {
      sql: "STRINGTOTIMESTAMP('2019-08-27T13:31:09.2+0000', 'yyyy-MM-dd''T''HH:mm:ss.SX')",
      result: '1566912669200',
    },
  ),
  withPattern(
    'DATETOSTRING',
    'The text of days since the epoch by a pattern. Deprecated: use FORMAT_DATE.',
    { from: 'epochDays INT', to: 'STRING', zoned: false },
    formatDate,
    { sql: "DATETOSTRING(-1, 'dd-MM-yyyy')", result: "'31-12-1969'" },
  ),
  withPattern(
    'STRINGTODATE',
    'Days since the epoch of a text that is a whole date, by a pattern. Deprecated: use PARSE_DATE.',
    { from: 'formattedDate STRING', to: 'INT', zoned: false },
    parseDate,
    { sql: "STRINGTODATE('2018-05-11Lit', 'yyyy-MM-dd''Lit''')", result: '17662' },
  ),
];

const UNIT_MS: Readonly<Record<string, number>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: DAY_MS,
  WEEKS: 7 * DAY_MS,
};

/** So much later; months and years go by the calendar, to the last day where a month is shorter. */
function later(epochMs: number, n: number, unit: string): number {
  const at = shifted(epochMs, n, unit);
  if (!Number.isSafeInteger(at)) throw new EvaluationError(`${n} ${unit} lead out of the range of time`);
  return at;
}

function shifted(epochMs: number, n: number, unit: string): number {
  const ms = UNIT_MS[unit];
  if (ms !== undefined) return epochMs + n * ms;
  const days = dateOfTimestamp(epochMs);
  const { year, month, day } = civilOf(days);
  const months = year * 12 + month - 1 + n * (unit === 'YEARS' ? 12 : 1);
  const y = Math.floor(months / 12);
  const m = months - y * 12 + 1;
  return daysOf(y, m, Math.min(day, daysInMonth(y, m))) * DAY_MS + timeOfTimestamp(epochMs);
}

type Shift = (v: number, n: number, unit: string) => number;

const SHIFTS: Readonly<Record<string, Shift>> = {
  DATE: (days, n, unit) => dateOfTimestamp(later(days * DAY_MS, n, unit)),
  TIME: (ms, n, unit) => timeOfTimestamp(later(ms, n, unit)),
  TIMESTAMP: later,
};

function shift(name: string, type: 'DATE' | 'TIME' | 'TIMESTAMP', sign: 1 | -1, example: Example): ScalarFunction {
  const apply = SHIFTS[type]!;
  return scalar({
    name,
    description: `A ${type} so many units ${sign === 1 ? 'later' : 'earlier'}.`,
    category: CATEGORY,
    overloads: [
      {
        signature: `${name}(unit INTERVALUNIT, interval INT, ${type.toLowerCase()} ${type}) -> ${type}`,
        nulls: 'propagate',
        make: () => (unit: string, n: number, v: number) => apply(v, n * sign, unit),
      },
    ],
    examples: [example],
  });
}

const shifts = [
  shift('DATEADD', 'DATE', 1, { sql: 'DATEADD(DAYS, 10, FROM_DAYS(10))', result: 'FROM_DAYS(20)' }),
  shift('DATESUB', 'DATE', -1, { sql: 'DATESUB(DAYS, -5, FROM_DAYS(5))', result: 'FROM_DAYS(10)' }),
  shift('TIMEADD', 'TIME', 1, { sql: "TIMEADD(HOURS, 2, CAST('23:00' AS TIME))", result: "CAST('01:00' AS TIME)" }),
  shift('TIMESUB', 'TIME', -1, { sql: "TIMESUB(MINUTES, 1, CAST('00:00' AS TIME))", result: "CAST('23:59' AS TIME)" }),
  shift('TIMESTAMPADD', 'TIMESTAMP', 1, {
    sql: 'TIMESTAMPADD(MILLISECONDS, 5, FROM_UNIXTIME(5))',
    result: 'FROM_UNIXTIME(10)',
  }),
  shift('TIMESTAMPSUB', 'TIMESTAMP', -1, {
    sql: 'TIMESTAMPSUB(SECONDS, 1, FROM_UNIXTIME(5000))',
    result: 'FROM_UNIXTIME(4000)',
  }),
];

const convertTz = scalar({
  name: 'CONVERT_TZ',
  description:
    'The TIMESTAMP whose text in UTC is what the clock in one time zone shows when it is the given one in another. A time that comes twice in the first is the earlier one, a time that its clock leaves out is as much later. PDT and the like, which the documentation of ksqlDB names, are no zones when it runs.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'CONVERT_TZ(timestamp TIMESTAMP, fromTz STRING, toTz STRING) -> TIMESTAMP',
      nulls: 'propagate',
      make: () => (ms: number, from: string, to: string) => {
        const instant = instantOf(ms, zoneOf(from));
        return instant + zoneOf(to).offsetAt(instant);
      },
    },
  ],
  examples: [
    { sql: "CONVERT_TZ(FROM_UNIXTIME(100), '+0200', '+0500')", result: 'FROM_UNIXTIME(10800100)' },
    ...[
      ['2021-03-14T01:59:59', '2021-03-14T06:59:59'],
      ['2021-03-14T02:30', '2021-03-14T07:30'],
      ['2021-03-14T03:30', '2021-03-14T07:30'],
      ['2021-11-07T01:30', '2021-11-07T05:30'],
      ['2021-11-07T02:00', '2021-11-07T07:00'],
    ].map(([local, utc]) => ({
      sql: `CONVERT_TZ(CAST('${local}' AS TIMESTAMP), 'America/New_York', 'UTC')`,
      result: `CAST('${utc}' AS TIMESTAMP)`,
    })),
  ],
});

const unixDate = scalar({
  name: 'UNIX_DATE',
  description: 'Days since the epoch: of a DATE, or today.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'UNIX_DATE() -> INT',
      nulls: 'propagate',
      make: (_types, config) => () => dateOfTimestamp(config.now()),
    },
    { signature: 'UNIX_DATE(date DATE) -> INT', nulls: 'propagate', make: () => (days: number) => days },
  ],
  examples: [{ sql: 'UNIX_DATE(FROM_DAYS(5))', result: '5' }],
});

const unixTimestamp = scalar({
  name: 'UNIX_TIMESTAMP',
  description: 'Milliseconds since the epoch: of a TIMESTAMP, or now.',
  category: CATEGORY,
  overloads: [
    { signature: 'UNIX_TIMESTAMP() -> BIGINT', nulls: 'propagate', make: (_types, config) => () => config.now() },
    { signature: 'UNIX_TIMESTAMP(timestamp TIMESTAMP) -> BIGINT', nulls: 'propagate', make: () => (ms: number) => ms },
  ],
  examples: [{ sql: 'UNIX_TIMESTAMP(FROM_UNIXTIME(100))', result: 'CAST(100 AS BIGINT)' }],
});

const fromDays = scalar({
  name: 'FROM_DAYS',
  description: 'The DATE of days since the epoch.',
  category: CATEGORY,
  overloads: [{ signature: 'FROM_DAYS(days INT) -> DATE', nulls: 'propagate', make: () => (days: number) => days }],
  examples: [{ sql: 'FROM_DAYS(50)', result: "CAST('1970-02-20' AS DATE)" }],
});

const fromUnixtime = scalar({
  name: 'FROM_UNIXTIME',
  description: 'The TIMESTAMP of milliseconds since the epoch.',
  category: CATEGORY,
  overloads: [
    {
      signature: 'FROM_UNIXTIME(epochMilli BIGINT) -> TIMESTAMP',
      nulls: 'propagate',
      make: () => (ms: number | bigint) => Number(ms),
    },
  ],
  examples: [{ sql: 'FROM_UNIXTIME(10)', result: "CAST('1970-01-01T00:00:00.010' AS TIMESTAMP)" }],
});

export const TEMPORAL_FUNCTIONS = [...texts, ...shifts, convertTz, unixDate, unixTimestamp, fromDays, fromUnixtime];
