import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../client/exact-json.js';
import { parseType } from '../../client/sql-type.js';
import { decoderOf, encodeRow, encodeValue } from '../../client/values.js';

const decode = (type: string, json: string) => decoderOf(parseType(type))(parseExact(json));

describe('exact JSON', () => {
  it('is what JSON.parse gives, but for numbers with more digits than a double holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', '9007199254740993'), (value, digits) => {
        // With long digits somewhere the walk is taken instead of JSON.parse.
        const text = JSON.stringify([value, digits], null, 1);
        const plain = JSON.stringify(parseExact(text), (_, v: unknown) =>
          v instanceof LosslessNumber ? Number(v.value) : v,
        );
        expect(plain).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps all digits', () => {
    expect(parseExact('[9223372036854775807, -0.12345678901234567, 1e400000000000000001, 12]')).toEqual([
      new LosslessNumber('9223372036854775807'),
      new LosslessNumber('-0.12345678901234567'),
      Number.POSITIVE_INFINITY,
      12,
    ]);
    expect(parseExact('{"__proto__": 12345678901234567890, "a\\"b": "12345678901234567890"}')).toEqual(
      Object.defineProperty({ 'a"b': '12345678901234567890' }, '__proto__', {
        value: new LosslessNumber('12345678901234567890'),
        enumerable: true,
      }),
    );
  });

  it('refuses what is no JSON, with long digits in it as without', () => {
    for (const text of ['', '[1,]', '[12345678901234567890,]', '{12345678901234567890:1}', '12345678901234567890x']) {
      expect(() => parseExact(text)).toThrow(SyntaxError);
    }
  });
});

describe('types', () => {
  it('are read as the API writes them', () => {
    expect(parseType('MAP<STRING, ARRAY<STRUCT<`a``b` DECIMAL(10, 2), C INTEGER>>>')).toEqual({
      kind: 'MAP',
      key: { kind: 'STRING' },
      value: {
        kind: 'ARRAY',
        element: {
          kind: 'STRUCT',
          fields: [
            { name: 'a`b', type: { kind: 'DECIMAL', precision: 10, scale: 2 } },
            { name: 'C', type: { kind: 'INTEGER' } },
          ],
        },
      },
    });
    for (const text of ['', 'NOPE', 'ARRAY<', 'ARRAY<INT', 'INT INT', 'DECIMAL(1)', 'STRUCT<`a INT>']) {
      expect(() => parseType(text)).toThrow('No SQL type');
    }
  });
});

describe('values', () => {
  it.each([
    ['BIGINT', '9007199254740991', 9007199254740991],
    ['BIGINT', '9223372036854775807', 9223372036854775807n],
    ['BIGINT', '-9007199254740992', -9007199254740992n],
    ['DECIMAL(4, 2)', '10.5', '10.50'],
    ['DECIMAL(20, 4)', '1234567890123456.7891', '1234567890123456.7891'],
    ['DECIMAL(10, 8)', '0.00000001', '0.00000001'],
    ['DECIMAL(3, 0)', '-7', '-7'],
    ['DOUBLE', '"NaN"', Number.NaN],
    ['DOUBLE', '"-Infinity"', Number.NEGATIVE_INFINITY],
    ['DOUBLE', '0.1234567890123457', 0.1234567890123457],
    ['BYTES', '"AP8="', Uint8Array.of(0, 255)],
    ['ARRAY<BIGINT>', '[1, null, 9223372036854775807]', [1, null, 9223372036854775807n]],
    ['MAP<STRING, BYTES>', '{"a": "AA=="}', { a: Uint8Array.of(0) }],
    ['STRUCT<A BIGINT, B STRUCT<C DECIMAL(3, 1)>>', '{"A": 1, "B": {"C": 2}}', { A: 1, B: { C: '2.0' } }],
    ['TIMESTAMP', '"2026-08-01T13:45:10.123"', '2026-08-01T13:45:10.123'],
    ['STRING', 'null', null],
  ])('%s %s', (type, json, value) => {
    expect(decode(type, json)).toEqual(value);
  });

  it('go to the server with all their digits', () => {
    expect(encodeRow({ A: 9223372036854775807n, B: Uint8Array.of(0, 255), C: [null, Number.NaN, { d: 'x"' }] })).toBe(
      '{"A":9223372036854775807,"B":"AP8=","C":[null,"NaN",{"d":"x\\""}]}',
    );
    expect(encodeValue(undefined)).toBe('null');
  });
});
