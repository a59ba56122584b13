import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimestampReader } from '../../engine/operators/timestamp.js';
import { temporalPattern } from '../../engine/values/temporal-pattern.js';

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

describe('event time from text', () => {
  it('by a pattern of fixed numbers is what the date says, in UTC', () => {
    const parse = temporalPattern("yyyy-MM-dd'T'HH:mm:ss.SSS").parseTimestamp;
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true }), (d) => {
        expect(parse(d.toISOString().slice(0, -1))).toBe(d.getTime());
      }),
    );
  });

  it('is the same in the short way and the long one', () => {
    const [fast, slow] = [
      temporalPattern('yyyy-MM-dd HH:mm:ss').parseTimestamp,
      temporalPattern('yyyy-M-d H:m:s').parseTimestamp,
    ];
    fc.assert(
      fc.property(
        fc.integer({ min: 1970, max: 2100 }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 33 }),
        fc.integer({ min: 0, max: 26 }),
        fc.integer({ min: 0, max: 62 }),
        (y, mo, d, h, s) => {
          const text = `${y}-${pad(mo)}-${pad(d)} ${pad(h)}:00:${pad(s)}`;
          const outcome = (parse: (t: string) => number) => {
            try {
              return parse(text);
            } catch {
              return 'refused';
            }
          };
          expect(outcome(fast)).toBe(outcome(slow));
        },
      ),
    );
  });

  it.each<[string, string, number]>([
    ['yy-MM-dd HH:mm:ssX', '18-09-04 22:12:04+10', Date.UTC(2018, 8, 4, 12, 12, 4)],
    ['yyyy-MM-dd', '2020-02-29', Date.UTC(2020, 1, 29)],
    ["dd/MM/yyyy 'at' HH:mm", '01/02/2021 at 13:45', Date.UTC(2021, 1, 1, 13, 45)],
    ['yyyyMMddHHmmss', '20200701000102', Date.UTC(2020, 6, 1, 0, 1, 2)],
  ])('%s reads %s', (pattern, text, expected) => {
    expect(new TimestampReader(pattern).read(text)).toBe(expected);
  });

  it('without a pattern is ISO 8601', () => {
    expect(new TimestampReader(null).read('2020-07-01T00:00:01')).toBe(Date.UTC(2020, 6, 1, 0, 0, 1));
  });

  it('that is not there gives a reason', () => {
    const reader = new TimestampReader('yyyy-MM-dd');
    for (const [value, reason] of [
      [null, 'null'],
      [-1, 'negative'],
      [2 ** 53, 'beyond 9007199254740991'],
      [9223372036854775807n, 'the timestamp 9223372036854775807 is beyond'],
      ['2020-13-01', "'2020-13-01' is no timestamp"],
      [true, 'no time'],
    ] as const) {
      expect(reader.read(value)).toBe(-1);
      expect(reader.reason).toContain(reason);
    }
    expect(reader.read(12n)).toBe(12);
  });
});
