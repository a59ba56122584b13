import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { civilOf, dateText, daysOf, parseDate, parseTimestamp, timestampText } from '../../engine/types/temporal.js';
import { temporalPattern } from '../../engine/types/temporal-pattern.js';
import { zoneOf } from '../../engine/types/temporal-zone.js';

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
  ])('%s reads %s', (pattern, text, ms) => expect(temporalPattern(pattern).parseTimestamp(text)).toBe(ms));

  test.each([
    ['yyyy-MM-dd', 'abcd'],
    ['yyyy-MM-dd', '2018-13-01'],
    ['yyyy-MM-dd', '2018-05-11x'],
    ['HH:mm', '25:00'],
    ['yyyy-MM-dd HH:mm VV', '2018-05-11 14:58 Nowhere/Land'],
  ])('%s refuses %s', (pattern, text) => expect(() => temporalPattern(pattern).parseTimestamp(text)).toThrow());

  test.each(['yyyy-PP', "yyyy 'open", '{', ']'])('%s is no pattern', (p) => expect(() => temporalPattern(p)).toThrow());

  test('a DATE has no hours, a TIME no days', () => {
    expect(() => temporalPattern('HH').formatDate(0)).toThrow();
    expect(() => temporalPattern('dd').formatTime(0)).toThrow();
  });
});

describe('zones', () => {
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
