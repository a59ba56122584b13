import { describe, expect, it } from 'vitest';
import { compileConstant } from '../../engine/expression/index.js';
import { canCast } from '../../engine/values/cast.js';
import { canAssign } from '../../engine/values/cast-rules.js';
import { javaText } from '../../engine/values/java-text.js';
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
  printType,
  type SqlType,
  STRING,
  struct,
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import { context, evaluate, typed } from '../functions/support.js';

/** The value of an expression as CAST to STRING prints it; BYTES as base64; `error` where there is no value. */
function text(sql: string): string | null {
  const expr = typed(sql);
  try {
    return javaText(expr.type)(compileConstant(expr, context));
  } catch {
    return 'error';
  }
}

describe('CAST of text', () => {
  // What Java 17 says of each: Integer.parseInt and Long.parseLong of the trimmed text, Double.parseDouble, BigDecimal.
  it.each([
    //  text,          INTEGER,  BIGINT,   DOUBLE,  DECIMAL(12, 3)
    ['1', '1', '1', '1.0', '1.000'],
    [' 1 ', '1', '1', '1.0', '1.000'],
    ['+1', '1', '1', '1.0', '1.000'],
    ['-0', '0', '0', '-0.0', '0.000'],
    ['00012', '12', '12', '12.0', '12.000'],
    ['--1', 'error', 'error', 'error', 'error'],
    ['1_0', 'error', 'error', 'error', 'error'],
    ['1,000', 'error', 'error', 'error', 'error'],
    ['1 2', 'error', 'error', 'error', 'error'],
    ['', 'error', 'error', 'error', 'error'],
    [' ', 'error', 'error', 'error', 'error'],
    ['+', 'error', 'error', 'error', 'error'],
    ['.', 'error', 'error', 'error', 'error'],
    ['1.', 'error', 'error', '1.0', '1.000'],
    ['1.0', 'error', 'error', '1.0', '1.000'],
    ['.5', 'error', 'error', '0.5', '0.500'],
    ['1e3', 'error', 'error', '1000.0', '1000.000'],
    ['1.E+3', 'error', 'error', '1000.0', '1000.000'],
    ['.e3', 'error', 'error', 'error', 'error'],
    ['1e', 'error', 'error', 'error', 'error'],
    ['1f', 'error', 'error', '1.0', 'error'],
    ['1e3D', 'error', 'error', '1000.0', 'error'],
    ['1L', 'error', 'error', 'error', 'error'],
    ['0x10', 'error', 'error', 'error', 'error'],
    ['0x1p3', 'error', 'error', '8.0', 'error'],
    ['-0X1.8P-1', 'error', 'error', '-0.75', 'error'],
    ['0x.8p1', 'error', 'error', '1.0', 'error'],
    ['0x1.p1d', 'error', 'error', '2.0', 'error'],
    ['NaN', 'error', 'error', 'NaN', 'error'],
    ['-NaN', 'error', 'error', 'NaN', 'error'],
    [' Infinity', 'error', 'error', 'Infinity', 'error'],
    ['+Infinity', 'error', 'error', 'Infinity', 'error'],
    ['-Infinity', 'error', 'error', '-Infinity', 'error'],
    ['nan', 'error', 'error', 'error', 'error'],
    ['inf', 'error', 'error', 'error', 'error'],
    ['Infinityf', 'error', 'error', 'error', 'error'],
    ['1e400', 'error', 'error', 'Infinity', 'error'],
    ['1e-400', 'error', 'error', '0.0', '0.000'],
    ['0.0005', 'error', 'error', '5.0E-4', '0.001'],
    ['2147483647', '2147483647', '2147483647', '2.147483647E9', 'error'],
    ['2147483648', 'error', '2147483648', '2.147483648E9', 'error'],
    ['-2147483648', '-2147483648', '-2147483648', '-2.147483648E9', 'error'],
    ['9223372036854775807', 'error', '9223372036854775807', '9.223372036854776E18', 'error'],
    ['9223372036854775808', 'error', 'error', '9.223372036854776E18', 'error'],
    ['-9223372036854775808', 'error', '-9223372036854775808', '-9.223372036854776E18', 'error'],
    // Digits of other scripts: Double.parseDouble knows none. A blank beyond ASCII is no blank.
    ['２', '2', '2', 'error', '2.000'],
    ['٣१', '31', '31', 'error', '31.000'],
    ['1\u00a0', 'error', 'error', 'error', 'error'],
    ['\u20031', 'error', 'error', 'error', 'error'],
    ['\n1\t', '1', '1', '1.0', '1.000'],
  ])('%j', (s, int, bigint, double, dec) => {
    const all = ['INT', 'BIGINT', 'DOUBLE', 'DECIMAL(12, 3)'].map((t) => text(`CAST('${s}' AS ${t})`));
    expect(all).toEqual([int, bigint, double, dec]);
  });

  it('to DOUBLE from hexadecimal is rounded once, to even, and has the smallest and the largest', () => {
    const double = (s: string) => evaluate(`CAST('${s}' AS DOUBLE)`);
    expect(double('0x1.fffffffffffffp1023')).toBe(Number.MAX_VALUE);
    expect(double('0x1.fffffffffffff8p1023')).toBe(Number.POSITIVE_INFINITY);
    expect(double('0x1p1024')).toBe(Number.POSITIVE_INFINITY);
    expect(double('0x1p-1074')).toBe(Number.MIN_VALUE);
    expect(double('0x1p-1075')).toBe(0);
    expect(double('0x1.0000000000001p-1075')).toBe(Number.MIN_VALUE);
    expect(double('0x1.8p-1074')).toBe(2 * Number.MIN_VALUE);
    expect(double('0x1p-99999')).toBe(0);
    expect(double('0x1.00000000000008p0')).toBe(1);
    expect(double('0x1.00000000000018p0')).toBe(1 + 2 * Number.EPSILON);
    expect(double('0x0p0')).toBe(0);
  });

  it.each([
    ['true', 'true'],
    ['TRUE', 'true'],
    ['tr', 'true'],
    ['T', 'true'],
    ['yes', 'true'],
    ['yE', 'true'],
    [' y ', 'true'],
    ['', 'false'],
    [' ', 'false'],
    ['truee', 'false'],
    ['rue', 'false'],
    ['false', 'false'],
    ['no', 'false'],
    ['1', 'false'],
    ['on', 'false'],
    ['ye s', 'false'],
  ])('to BOOLEAN: %j', (s, expected) => expect(text(`CAST('${s}' AS BOOLEAN)`)).toBe(expected));

  it.each([
    ['AQI=', 'AQI='],
    ['AQI', 'AQI='],
    ['AQ==', 'AQ=='],
    ['', ''],
    ['AQ=', 'error'],
    ['AQI==', 'error'],
    ['A', 'error'],
    ['AAAA=', 'error'],
    ['AQ I=', 'error'],
    ['A-_=', 'error'],
  ])('to BYTES: %j', (s, expected) => expect(text(`CAST('${s}' AS BYTES)`)).toBe(expected));

  it.each([
    ["CAST(CAST('10:20:30' AS TIME) AS STRING)", '10:20:30'],
    ["CAST(CAST('10:20' AS TIME) AS STRING)", '10:20'],
    ["CAST(CAST('10:20:30.987' AS TIME) AS STRING)", '10:20:30'],
    ["CAST(CAST('10:20:00.987' AS TIME) AS STRING)", '10:20'],
    ["CAST('24:00' AS TIME)", 'error'],
    ["CAST('2020-02-29' AS DATE)", '2020-02-29'],
    ["CAST('2021-02-29' AS DATE)", 'error'],
    ["CAST('2020-01-31T10:11:12.5+0200' AS TIMESTAMP)", '2020-01-31T08:11:12.500'],
    ["CAST(CAST('2020-01-31T10:11:12.5' AS TIMESTAMP) AS DATE)", '2020-01-31'],
    ["CAST(CAST(CAST('2020-01-31T10:11:12.5' AS TIMESTAMP) AS TIME) AS STRING)", '10:11:12'],
    ["CAST(CAST('2020-01-31' AS DATE) AS TIMESTAMP)", '2020-01-31T00:00:00.000'],
  ])('to times: %s', (sql, expected) => expect(text(sql)).toBe(expected));
});

describe('CAST of numbers', () => {
  it.each([
    ['CAST(1E10 AS STRING)', '1.0E10'],
    ['CAST(100E0 AS STRING)', '100.0'],
    ['CAST(1E-5 AS STRING)', '1.0E-5'],
    ["CAST(CAST('NaN' AS DOUBLE) AS STRING)", 'NaN'],
    ["CAST(CAST('NaN' AS DOUBLE) AS INT)", '0'],
    ["CAST(CAST('Infinity' AS DOUBLE) AS INT)", '2147483647'],
    ["CAST(CAST('-Infinity' AS DOUBLE) AS BIGINT)", '-9223372036854775808'],
    ["CAST(CAST('NaN' AS DOUBLE) AS DECIMAL(4, 2))", 'error'],
    ['CAST(0.80 AS STRING)', '0.80'],
    ['CAST(CAST(1 AS DECIMAL(10, 6)) AS STRING)', '1.000000'],
    ['CAST(-1.9E0 AS INT)', '-1'],
    ['CAST(-1.9 AS INT)', '-1'],
    ['CAST(2147483648 AS INT)', '-2147483648'],
    ['CAST(9223372036854775807 AS DOUBLE)', '9.223372036854776E18'],
    ['CAST(99.995 AS DECIMAL(4, 2))', 'error'],
    ['CAST(99.994 AS DECIMAL(4, 2))', '99.99'],
    ['CAST(true AS STRING)', 'true'],
  ])('%s', (sql, expected) => expect(text(sql)).toBe(expected));
});

describe('CAST goes through structures', () => {
  it.each([
    ["CAST(ARRAY['1', NULL, ' 2 '] AS ARRAY<INT>)", '[1, null, 2]'],
    ["CAST(ARRAY['y', 'n'] AS ARRAY<BOOLEAN>)", '[true, false]'],
    ["CAST(MAP('a' := '1.5') AS MAP<STRING, DECIMAL(3, 2)>)", '{a=1.50}'],
    ["CAST(STRUCT(a := '1', b := 2) AS STRUCT<B STRING, C INT, A INT>)", 'Struct{B=2,A=1}'],
    ["CAST(ARRAY[MAP('k' := STRUCT(a := '7'))] AS ARRAY<MAP<STRING, STRUCT<A BIGINT>>>)", '[{k=Struct{A=7}}]'],
    ["CAST(ARRAY['x'] AS ARRAY<INT>)", 'error'],
  ])('%s', (sql, expected) => expect(text(sql)).toBe(expected));
});

describe('types of decimal literals and of what follows from them', () => {
  it.each([
    ['0.8', 'DECIMAL(2, 1)'],
    ['0.05', 'DECIMAL(3, 2)'],
    ['0.0', 'DECIMAL(2, 1)'],
    ['-0.25', 'DECIMAL(3, 2)'],
    ['10.50', 'DECIMAL(4, 2)'],
    ['0.8 + 0.05', 'DECIMAL(4, 2)'],
    ['0.8 * 0.8', 'DECIMAL(5, 2)'],
    ['0.8 / 0.8', 'DECIMAL(8, 6)'],
    ['0.8 % 0.05', 'DECIMAL(3, 2)'],
    ['1 + 0.5', 'DECIMAL(12, 1)'],
    ['2147483648 + 0.5', 'DECIMAL(21, 1)'],
    ['1E0 + 0.5', 'DOUBLE'],
    ['ARRAY[1, 0.5]', 'ARRAY<DECIMAL(11, 1)>'],
  ])('%s is %s', (sql, type) => expect(printType(typed(sql).type)).toBe(type));
});

describe('the first that is not NULL says what a list holds', () => {
  it.each([
    ['ARRAY[NULL, 1]', 'ARRAY<INTEGER>', '[null, 1]'],
    ["ARRAY[1, '2147483648']", 'ARRAY<BIGINT>', '[1, 2147483648]'],
    ["ARRAY['a', 1, true, 1.50, 2E0]", 'ARRAY<STRING>', '[a, 1, true, 1.50, 2.0]'],
    ["ARRAY[NULL, '1', 2]", 'ARRAY<STRING>', '[null, 1, 2]'],
    ["ARRAY[2, '1']", 'ARRAY<INTEGER>', '[2, 1]'],
    ["ARRAY[true, 'no']", 'ARRAY<BOOLEAN>', '[true, false]'],
    ["ARRAY[ARRAY['a'], ARRAY[1]]", 'ARRAY<ARRAY<STRING>>', '[[a], [1]]'],
    ["ARRAY[ARRAY[1], ARRAY['2', NULL]]", 'ARRAY<ARRAY<INTEGER>>', '[[1], [2, null]]'],
    ["MAP('a' := NULL, 'b' := 1, 'c' := 2.5)", 'MAP<STRING, DECIMAL(11, 1)>', '{a=null, b=1.0, c=2.5}'],
    ["MAP('a' := 'x', 'b' := 1)", 'MAP<STRING, STRING>', '{a=x, b=1}'],
  ])('%s', (sql, type, value) => {
    expect(printType(typed(sql).type)).toBe(type);
    expect(text(sql)).toBe(value);
  });

  it.each([
    ["ARRAY[1, 'a']", 'invalid input syntax for type INTEGER: "a".'],
    ["ARRAY['a', ABS(1)]", 'operator does not exist: STRING = INTEGER (ABS(1))'],
    ['ARRAY[1, true]', 'operator does not exist: INTEGER = BOOLEAN (true)'],
    ["ARRAY[SPLIT('a', ','), ARRAY[ABS(1)]]", 'operator does not exist: STRING = INTEGER (ABS(1))'],
    ["ARRAY[ARRAY[1], SPLIT('1', ',')]", 'operator does not exist: ARRAY<INTEGER> = ARRAY<STRING>'],
    ["2147483648 IN ('x')", 'invalid input syntax for type BIGINT: "x".'],
  ])('%s is refused', (sql, message) => expect(() => typed(sql)).toThrow(message));
});

describe('CASE demands one type', () => {
  it.each([
    ['CASE WHEN true THEN 1 ELSE 2 END', 'INTEGER'],
    ['CASE WHEN true THEN NULL WHEN false THEN 0.5 END', 'DECIMAL(2, 1)'],
    ['CASE WHEN true THEN NULL ELSE ARRAY[1] END', 'ARRAY<INTEGER>'],
  ])('%s', (sql, type) => expect(printType(typed(sql).type)).toBe(type));

  it.each([
    ["CASE WHEN true THEN 1 WHEN false THEN 'a' END", "Type for all 'THEN' clauses should be the same."],
    ['CASE WHEN true THEN 1 WHEN false THEN 2147483648 END', "THEN expression '2147483648' has type: BIGINT."],
    ['CASE WHEN true THEN 1 ELSE 1.5 END', 'Type for the default clause should be the same'],
    ['CASE 1 WHEN 1 THEN NULL WHEN 2 THEN true ELSE 1 END', 'THEN type: BOOLEAN.\nDEFAULT type: INTEGER.'],
    ['CASE WHEN true THEN ARRAY[1] ELSE ARRAY[2147483648] END', 'DEFAULT type: ARRAY<BIGINT>.'],
  ])('%s is refused', (sql, message) => expect(() => typed(sql)).toThrow(message));
});

const TYPES: readonly SqlType[] = [
  BOOLEAN,
  INTEGER,
  BIGINT,
  decimal(4, 2),
  DOUBLE,
  STRING,
  BYTES,
  TIME,
  DATE,
  TIMESTAMP,
];

/** A row a type, a column a type it goes to: `+` or `-`. */
const table = (allowed: (from: SqlType, to: SqlType) => boolean): readonly string[] =>
  TYPES.map((from) => `${from.kind.padEnd(9)} ${TYPES.map((to) => (allowed(from, to) ? '+' : '-')).join('')}`);

describe('all pairs of types', () => {
  // In the order of the rows: BOOLEAN, INTEGER, BIGINT, DECIMAL, DOUBLE, STRING, BYTES, TIME, DATE, TIMESTAMP.
  const CASTS = [
    'BOOLEAN   +----+----',
    'INTEGER   -+++++----',
    'BIGINT    -+++++----',
    'DECIMAL   -+++++----',
    'DOUBLE    -+++++----',
    'STRING    ++++++++++',
    'BYTES     ------+---',
    'TIME      -----+-+--',
    'DATE      -----+--++',
    'TIMESTAMP -----+-+++',
  ];
  const ASSIGNMENTS = [
    'BOOLEAN   +---------',
    'INTEGER   -++++-----',
    'BIGINT    --+++-----',
    'DECIMAL   ---++-----',
    'DOUBLE    ----+-----',
    'STRING    -----+++++',
    'BYTES     ------+---',
    'TIME      -------+--',
    'DATE      --------+-',
    'TIMESTAMP ---------+',
  ];
  const field = (type: SqlType) => struct([{ name: 'F', type }]);
  const shapes: readonly (readonly [string, (t: SqlType) => SqlType])[] = [
    ['alone', (t) => t],
    ['in an ARRAY', array],
    ['as values of a MAP', (t) => map(STRING, t)],
    ['as keys of a MAP', (t) => map(t, STRING)],
    ['in a STRUCT', field],
    ['deeper', (t) => array(map(STRING, field(t)))],
  ];

  it.each(shapes)('%s: what can be cast', (_name, shape) =>
    expect(table((from, to) => canCast(shape(from), shape(to)))).toEqual(CASTS),
  );

  it.each(shapes)('%s: what a column takes', (_name, shape) =>
    expect(table((from, to) => canAssign(shape(from), shape(to)))).toEqual(ASSIGNMENTS),
  );

  it('structures are no others, and all but BYTES have a text', () => {
    const made = [array(INTEGER), map(STRING, INTEGER), field(INTEGER)];
    for (const from of made) {
      expect(canCast(from, STRING)).toBe(true);
      expect(canAssign(from, STRING)).toBe(false);
      for (const to of [...made, INTEGER]) {
        expect(canCast(from, to)).toBe(from === to);
        expect(canAssign(from, to)).toBe(from === to);
        expect(canAssign(INTEGER, to)).toBe(to === INTEGER);
      }
    }
  });

  it('a DECIMAL takes any scale, a STRUCT takes what has fewer or more fields', () => {
    expect(canAssign(decimal(10, 5), decimal(3, 1))).toBe(true);
    const wide = struct([
      { name: 'F', type: INTEGER },
      { name: 'G', type: BOOLEAN },
    ]);
    expect(canAssign(wide, field(BIGINT))).toBe(true);
    expect(canAssign(field(INTEGER), wide)).toBe(true);
    expect(canAssign(wide, struct([{ name: 'G', type: INTEGER }]))).toBe(false);
  });
});
