import { describe, expect, test } from 'vitest';
import { canCast, castFunction } from '../../engine/values/cast.js';
import { Decimal } from '../../engine/values/decimal.js';
import { doubleText } from '../../engine/values/java-text.js';
import {
  array,
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';

const cast = (v: Value, from: SqlType, to: SqlType): Value => {
  const f = castFunction(from, to);
  if (f === undefined) throw new Error('no such cast');
  return f === null ? v : f(v);
};

describe('to STRING', () => {
  test.each<[Value, SqlType, string | null]>([
    [true, BOOLEAN, 'true'],
    [-7, INTEGER, '-7'],
    [9223372036854775807n, BIGINT, '9223372036854775807'],
    [Decimal.of('1.50'), decimal(4, 2), '1.50'],
    [Decimal.of('1.5'), decimal(4, 2), '1.5'],
    [18993, DATE, '2022-01-01'],
    [4000, TIME, '00:00:04'],
    [48_300_000, TIME, '13:25'],
    [10, TIMESTAMP, '1970-01-01T00:00:00.010'],
    [-1, TIMESTAMP, '1969-12-31T23:59:59.999'],
    [[1, null, 3], array(INTEGER), '[1, null, 3]'],
    [new Map<Value, Value>([['k', 1.5]]), map(STRING, DOUBLE), '{k=1.5}'],
    [
      [1, null, 'x'],
      struct([
        { name: 'F0', type: INTEGER },
        { name: 'N', type: INTEGER },
        { name: 'f1', type: STRING },
      ]),
      'Struct{F0=1,f1=x}',
    ],
    [null, INTEGER, null],
  ])('%s', (v, from, text) => expect(cast(v, from, STRING)).toBe(text));

  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [1.25e-7, '1.25E-7'],
    [123456789.5, '1.234567895E8'],
    [Number.MIN_VALUE, '4.9E-324'],
    [-Number.MAX_VALUE, '-1.7976931348623157E308'],
    [1e23, '1.0E23'],
    [2 ** 62, '4.6116860184273879E18'],
    [-1e18, '-1.0E18'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('DOUBLE %d as Java prints it', (v, text) => expect(doubleText(v)).toBe(text));

  test('BYTES have no text', () => expect(canCast(BYTES, STRING)).toBe(false));
});

describe('from STRING', () => {
  test.each<[string, SqlType, Value]>([
    ['TRUE', BOOLEAN, true],
    ['yes', BOOLEAN, true],
    [' 12 ', INTEGER, 12],
    ['9223372036854775807', BIGINT, 9223372036854775807n],
    ['1e3', DOUBLE, 1000],
    ['NaN', DOUBLE, Number.NaN],
    ['1970-01', DATE, 0],
    ['1969-12-31', DATE, -1],
    ['00:01', TIME, 60_000],
    ['00:00:00.010', TIME, 10],
    ['2018', TIMESTAMP, 1_514_764_800_000],
    ['2020-02-10T08:31:44.001+0000', TIMESTAMP, 1_581_323_504_001],
    ['2020-02-10T10:31:44.001+02:00', TIMESTAMP, 1_581_323_504_001],
  ])('%s', (text, to, v) => expect(cast(text, STRING, to)).toEqual(v));

  test('DECIMAL rounds half up to its scale', () => {
    expect(String(cast('0.99', STRING, decimal(2, 1)))).toBe('1.0');
    expect(() => cast('10', STRING, decimal(2, 1))).toThrow('Numeric field overflow');
  });

  test.each<[string, SqlType]>([
    ['1.5', INTEGER],
    ['2147483648', INTEGER],
    ['9223372036854775808', BIGINT],
    ['x', DOUBLE],
    ['foo', DATE],
    ['2020-02-30', DATE],
    ['25:00', TIME],
    ['', TIMESTAMP],
  ])('%s is refused', (text, to) => expect(() => cast(text, STRING, to)).toThrow());
});

describe('between numbers', () => {
  test.each<[Value, SqlType, SqlType, Value]>([
    [2147483648, BIGINT, INTEGER, -2147483648],
    [3.99, DOUBLE, INTEGER, 3],
    [-3.99, DOUBLE, INTEGER, -3],
    [1e10, DOUBLE, INTEGER, 2147483647],
    [Number.NaN, DOUBLE, BIGINT, 0],
    [1e300, DOUBLE, BIGINT, 9223372036854775807n],
    [9007199254740993n, BIGINT, DOUBLE, 9007199254740992],
    [Decimal.of('-1.9'), decimal(2, 1), INTEGER, -1],
  ])('%s', (v, from, to, wanted) => expect(cast(v, from, to)).toBe(wanted));
});

describe('collections', () => {
  test('go element by element', () => {
    expect(cast([1, 2147483648], array(BIGINT), array(INTEGER))).toEqual([1, -2147483648]);
    expect(cast(new Map<Value, Value>([['a', '10']]), map(STRING, STRING), map(STRING, INTEGER))).toEqual(
      new Map([['a', 10]]),
    );
  });

  test('structs go by field name', () => {
    const from = struct([
      { name: 'F0', type: BIGINT },
      { name: 'F1', type: STRING },
    ]);
    const to = struct([
      { name: 'F0', type: STRING },
      { name: 'F3', type: STRING },
    ]);
    expect(cast([1, 'x'], from, to)).toEqual(['1', null]);
  });

  test('what ksqlDB does not cast', () => {
    expect(canCast(STRING, struct([{ name: 'A', type: INTEGER }]))).toBe(false);
    expect(canCast(INTEGER, DATE)).toBe(false);
    expect(canCast(array(STRING), INTEGER)).toBe(false);
  });
});

test('between times', () => {
  expect(cast(-2000, TIMESTAMP, DATE)).toBe(-1);
  expect(cast(-2000, TIMESTAMP, TIME)).toBe(86_398_000);
  expect(cast(10, DATE, TIMESTAMP)).toBe(864_000_000);
});
