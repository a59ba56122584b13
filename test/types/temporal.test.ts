import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { civilOf, dateText, daysOf, parseDate, parseTimestamp, timestampText } from '../../engine/values/temporal.js';
import { temporalPattern } from '../../engine/values/temporal-pattern.js';
import { zoneOf } from '../../engine/values/temporal-zone.js';

test('dates are those of the Gregorian calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: -719162, max: 2932896 }), (days) => {
      const d = new Date(days * 86_400_000);
      const { year, month, day } = civilOf(days);
      expect([year, month, day]).toEqual([d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate()]);
      expect(daysOf(year, month, day)).toBe(days);
      expect(parseDate(dateText(days))).toBe(days);
    }),
  );
});

test('timestamps read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
      expect(timestampText(ms)).toBe(new Date(ms).toISOString().slice(0, 23));
      expect(parseTimestamp(timestampText(ms))).toBe(ms);
    }),
  );
});

describe('patterns', () => {
  const at = 1526075913042; // 2018-05-11T21:58:33.042Z, a Friday
  test.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', 'UTC', '2018-05-11 21:58:33.042'],
    ["yyyy-MM-dd'T'HH:mm:ssX", 'UTC', '2018-05-11T21:58:33Z'],
    ["yyyy-MM-dd'T'HH:mm:ssXXX", '+02:00', '2018-05-11T23:58:33+02:00'],
    ['yyyy-MM-dd HH:mm:ss zzz', 'America/Los_Angeles', '2018-05-11 14:58:33 PDT'],
    ['HH:mm zzz', 'Europe/London', '22:58 BST'],
    ['HH:mm z VV', 'Europe/Paris', '23:58 CEST Europe/Paris'],
    ['HH:mm zzzz', 'America/Los_Angeles', '14:58 Pacific Daylight Time'],
    ['HH:mm zzzz VV z', '+0200', '23:58 +02:00 +02:00 +02:00'],
    ['EEE, d MMM yyyy h:mm a', 'UTC', 'Fri, 11 May 2018 9:58 PM'],
    ['EEEE MMMM D Q QQQ', 'UTC', 'Friday May 131 2 Q2'],
    ["yy ''SS'' Z", 'UTC', "18 '04' +0000"],
    ['k K n A', 'UTC', '21 9 42000000 79113042'],
    ['OOOO O xxx', '+05:30', 'GMT+05:30 GMT+5:30 +05:30'],
    ['v vvvv zzzz', 'America/New_York', 'ET Eastern Time Eastern Daylight Time'],
    ["w W e ee YYYY 'F'F g ppppH B", 'UTC', '19 2 6 06 2018 F4 58249   21 at night'],
    ['G GGGG y u', 'UTC', 'AD Anno Domini 2018 2018'],
  ])('%s in %s', (pattern, zone, text) => {
    expect(temporalPattern(pattern).formatTimestamp(at, zoneOf(zone))).toBe(text);
  });

  test.each([
    ['yyyy-MM-dd', '2018-05-11', 1525996800000],
    ['yyyyMMddHHmmssSSS', '20180511215833042', at],
    ["yyyy-MM-dd'T'HH:mm:ss.SX", '2019-08-27T13:31:09.2+0000', 1566912669200],
    ["yyyy-MM-dd'T'HH:mm:ssX", '2020-05-11T21:58:33z', 1589234313000],
    ['dd-MMM-yyyy', '01-JAN-2022', 1640995200000],
    ['MMM-yyyy', 'jan-2022', 1640995200000],
    ['yy-MM-dd HH:mm:ssX', '18-05-11 21:58:33+00', 1526075913000],
    ['yyyy-MM-dd HH:mm VV', '2018-05-11 14:58 America/Los_Angeles', 1526075880000],
    ['yyyy-MM-dd HH:mm zzz', '2018-05-11 14:58 PDT', 1526075880000],
    ['yyyy-MM-dd[ HH:mm]', '2018-05-11', 1525996800000],
    ['yyyy-MM-dd[ HH:mm]', '2018-05-11 01:00', 1526000400000],
    ['yyyy-MM-dd', '2021-06-31', 1625011200000],
    ['HH:mm', '01:00', 3600000],
    ['yyyy-MM-dd HH:mm', '2021-01-01 24:00', Date.UTC(2021, 0, 2)],
    ['yyyy-DDD', '2020-366', Date.UTC(2020, 11, 31)],
    ['yyyyDDD', '2021001', Date.UTC(2021, 0, 1)],
    ['yyyy-MM-dd G', '0044-03-15 BC', -63517824000000],
    ['YYYY-ww-e', '2022-26-1', Date.UTC(2022, 5, 19)],
    ['YYYYwwe', '2022484', Date.UTC(2022, 10, 23)],
    ['yyyy-MM-W-e', '2021-05-3-2', Date.UTC(2021, 4, 10)],
    ['EEE, dd MMM yyyy', 'Sat, 01 Jan 2022', Date.UTC(2022, 0, 1)],
    ['yyyy-MM-dd z', '2022-07-01 AEST', Date.UTC(2022, 5, 30, 14)],
    ['yyyy-MM-dd zzzz', '2022-07-01 pacific daylight time', Date.UTC(2022, 6, 1, 7)],
    ['yyyy-MM-dd XXX', '2022-07-01 +18:00', Date.UTC(2022, 5, 30, 6)],
    ['yyyy-MM-dd OOOO', '2022-07-01 GMT-02:30', Date.UTC(2022, 6, 1, 2, 30)],
    ['yyyy-MM-dd VV', '2022-07-01 UTC+02:00', Date.UTC(2022, 5, 30, 22)],
    ['yyyy-q', '2022-3', Date.UTC(2022, 0, 1)],
    ['hh:mm', '10:20', 37200000],
    ['g', '59350', Date.UTC(2021, 4, 16)],
    ['yyyy-MM-dd ppH', '2021-05-16  9', Date.UTC(2021, 4, 16, 9)],
    ['yyyyy', '+123456', 3833727840000000],
  ])('%s reads %s', (pattern, text, ms) => expect(temporalPattern(pattern).parseTimestamp(text)).toBe(ms));

  test.each([
    ['yyyy-MM-dd', 'abcd'],
    ['yyyy-MM-dd', '2018-13-01'],
    ['yyyy-MM-dd', '2018-05-11x'],
    ['HH:mm', '25:00'],
    ['yyyy-DDD', '2021-366'],
    ['DDD', '366'],
    ['MM-dd', '02-29'],
    ['yyyy-MM-dd XXX', '2022-07-01 +25:00'],
    ['yyyy-MM-dd XXX', '2022-07-01 +05:60'],
    ['yyyy-MM-dd XXX', '2022-07-01 +0530'],
    ['yyyy-MM-dd x', '2022-07-01 Z'],
    ['EEE, dd MMM yyyy', 'Mon, 01 Jan 2022'],
    ['yyyy-Q-MM-dd', '2022-2-01-01'],
    ['HH:mm a', '10:20 PM'],
    ['hh:mm a', '13:20 AM'],
    ['yyyy-MM-dd', '0000-01-01'],
    ['yyyy-MM-dd', '12021-01-01'],
    ['YYYY-ww-e', '2022-54-1'],
    ['yyyy-MM-dd yyyy', '2022-01-01 2023'],
    ['yyyy-MM-dd VV', '2022-07-01 PST'],
    ['yyyy-MM-dd HH:mm HH', '2022-07-01 10:20 11'],
    ['yyyy-MM-dd HH:mm VV', '2018-05-11 14:58 Nowhere/Land'],
  ])('%s refuses %s', (pattern, text) => expect(() => temporalPattern(pattern).parseTimestamp(text)).toThrow());

  test.each(['yyyy-PP', "yyyy 'open", '{', ']', 'ddd', 'HHH', 'V', 'XXXXXX', 'vv', 'cc', 'aa', 'SSSSSSSSSS', 'p'])(
    '%s is no pattern',
    (p) => expect(() => temporalPattern(p)).toThrow(),
  );

  test('a DATE has no hours, a TIME no days', () => {
    expect(() => temporalPattern('HH').formatDate(0)).toThrow();
    expect(() => temporalPattern('dd').formatTime(0)).toThrow();
  });
});

test('a date has all of it, a time nothing of a date', () => {
  const date = (pattern: string, text: string) => temporalPattern(pattern).parseDate(text);
  expect(date('yyyy-MM-dd HH:mm', '1970-01-02 10:20')).toBe(1);
  expect(() => date('yyyy-MM', '2021-01')).toThrow('whole date');
  expect(() => date('yyyy-MM-dd', '2021-01-01x')).toThrow('could not be parsed');
  const prefix = (pattern: string, text: string) => temporalPattern(pattern).parseDatePrefix(text);
  expect(prefix('yyyy-MM', '1970-02 and more')).toBe(31);
  expect(prefix('yyyy-MM-dd HH:mm', '1970-01-02 00:00')).toBe(1);
  expect(() => prefix('yyyy-MM-dd HH:mm', '1970-01-02 10:20')).toThrow('time of the day');
  const time = (pattern: string, text: string) => temporalPattern(pattern).parseTime(text);
  expect(time('HH', '10')).toBe(36_000_000);
  expect(time('HH:mmX', '10:20+02')).toBe(37_200_000);
  expect(() => time('yyyy HH:mm', '2022 10:20')).toThrow('field of a date');
  expect(() => time('EEE HH:mm', 'Mon 10:20')).toThrow('field of a date');
  expect(() => time('mm:ss', '10:20')).toThrow('whole time');
  expect(() => time('hh:mm', '10:20')).toThrow('whole time');
});

describe('zones', () => {
  test.each(['PST', 'EST', 'utc', 'America/new_york', '+19:00', '+2:00', '+18:01', 'UTC+2:30', ''])(
    '%s is none',
    (id) => expect(() => zoneOf(id)).toThrow('Unknown time-zone ID'),
  );

  test.each([
    ['+2', '+02:00', '+02:00'],
    ['+0530', '+05:30', '+05:30'],
    ['UTC+02', 'UTC+02:00', 'UTC+02:00'],
    ['GMT', 'GMT', 'GMT'],
    ['Z', 'Z', 'Z'],
    ['EST5EDT', 'EST5EDT', 'EDT'],
    ['Asia/Kolkata', 'Asia/Kolkata', 'IST'],
    ['Europe/London', 'Europe/London', 'BST'],
    ['Australia/Sydney', 'Australia/Sydney', 'AEST'],
    ['Asia/Tokyo', 'Asia/Tokyo', 'JST'],
  ])('%s', (id, full, short) => {
    expect(temporalPattern('VV z').formatTimestamp(Date.UTC(2021, 6, 1), zoneOf(id))).toBe(`${full} ${short}`);
  });

  test('local times that come twice are the first, those that are left out come later', () => {
    const p = temporalPattern('yyyy-MM-dd HH:mm');
    const paris = zoneOf('Europe/Paris');
    expect(p.parseTimestamp('2021-10-31 02:30', paris)).toBe(Date.UTC(2021, 9, 31, 0, 30));
    expect(p.parseTimestamp('2021-03-28 02:30', paris)).toBe(Date.UTC(2021, 2, 28, 1, 30));
    expect(p.parseTimestamp('2021-07-01 12:00', paris)).toBe(Date.UTC(2021, 6, 1, 10, 0));
  });

  test('names that do not exist are refused', () =>
    expect(() => zoneOf('Mars/Olympus')).toThrow('Unknown time-zone ID'));
});
