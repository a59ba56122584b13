import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../engine/formats/index.js';
import { array, DOUBLE, decimal, INTEGER, STRING, struct } from '../../engine/values/sql-type.js';
import { columns, decoder } from './support.js';

const TYPES = columns(INTEGER, DOUBLE, STRING, decimal(4, 2), array(DOUBLE));

describe('bare NaN and infinities in JSON', () => {
  it('are read in records whose order of members was learned', () => {
    const decode = decoder('JSON', TYPES, { properties: { nonFinite: 'ACCEPT' } });
    for (let i = 0; i < 20; i++) {
      expect(decode(`{"A":${i},"B":1.5,"C":"x","D":1.25,"E":[1]}`)?.[0]).toBe(i);
    }
    expect(decode('{"A":NaN,"B":NaN,"C":"x","D":Infinity,"E":[-Infinity]}')).toEqual([
      null,
      Number.NaN,
      'x',
      null,
      [Number.NEGATIVE_INFINITY],
    ]);
    expect(decode('{"A":7,"B":-Infinity,"C":-Infinity,"D":-Infinity,"E":[]}')).toEqual([
      7,
      Number.NEGATIVE_INFINITY,
      '-Infinity',
      null,
      [],
    ]);
  });

  it.each(['ACCEPT', 'NULL'])('%s: a record is the same one whoever reads it', (nonFinite) => {
    const none = decoder('JSON', TYPES, { properties: { nonFinite }, needed: [] });
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      expect(none(`{"A":${value},"B":${value},"C":${value},"D":${value},"E":${value},"x":{"y":[${value}]}}`)).toEqual([
        null,
        null,
        null,
        null,
        null,
      ]);
    }
    expect(() => none('{"A":NaNs}')).toThrow(DecodeError);
    expect(() => none('{"A":1,"x":-NaN}')).toThrow(DecodeError);
  });

  it('is refused where the record ends within the word, whatever bytes follow', () => {
    const decode = decoder('JSON', columns(DOUBLE), { properties: { nonFinite: 'ACCEPT' }, wrapSingle: false });
    expect(decode('NaN')).toEqual([Number.NaN]);
    expect(() => decode('Na')).toThrow(DecodeError);
    expect(() => decode('-Infinit')).toThrow(DecodeError);
  });

  it('NULL: a payload that is nothing else stands for no row', () => {
    const decode = decoder('JSON', columns(STRING), { properties: { nonFinite: 'NULL' }, wrapSingle: false });
    expect(decode('NaN')).toBeNull();
    const unread = decoder('JSON', columns(STRING), {
      properties: { nonFinite: 'NULL' },
      wrapSingle: false,
      needed: [],
    });
    expect(unread('NaN')).toBeNull();
  });

  it('goes to the fraction of a choice', () => {
    const choice = struct([
      { name: 'connect_union_field_0', type: INTEGER },
      { name: 'connect_union_field_1', type: DOUBLE },
    ]);
    const decode = decoder('JSON', columns(choice, STRING), { properties: { nonFinite: 'ACCEPT' } });
    expect(decode('{"A":NaN}')).toEqual([[null, Number.NaN], null]);
    expect(decode('{"A":-Infinity}')).toEqual([[null, Number.NEGATIVE_INFINITY], null]);
  });
});
