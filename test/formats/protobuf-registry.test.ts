import fc from 'fast-check';
import protobufjs from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../engine/formats/index.js';
import type { SchemaText } from '../../engine/formats/registry/registry.js';
import type { Column } from '../../engine/values/schema.js';
import { array, BIGINT, DATE, DOUBLE, INTEGER, type SqlType, STRING, struct } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { back, framed, hex, inferred, proto, refOf, registered, schemas, typedRow } from './protobuf-support.js';
import { columns } from './support.js';

describe('Protobuf with a registry', () => {
  const two = proto(
    'message A { float c1 = 1; uint32 c2 = 2; } message B { uint32 c1 = 1; message C { string x = 1; } }',
  );

  it('puts id and place of the message in front', () => {
    const cols: Column[] = [{ name: 'C1', type: BIGINT }];
    const named = registered(two, cols, { fullSchemaName: 'B' });
    expect(hex(named.encode([4294967295]))).toBe('0000000001' + '0202' + '08ffffffff0f');
    expect(named.decode(named.encode([4294967295]))).toEqual([4294967295]);
    const nested = registered(two, [{ name: 'X', type: STRING }], { fullSchemaName: 'B.C' });
    expect(hex(nested.encode(['a']))).toBe('0000000001' + '040200' + '0a0161');
    expect(nested.decode(framed('0a0161', '040200'))).toEqual(['a']);
    const first = registered(two, [{ name: 'C2', type: BIGINT }]);
    expect(hex(first.encode([1]))).toBe('0000000001' + '00' + '1001');
    expect(first.decode(framed('1001', '0200'))).toEqual([1]);
  });

  it('refuses payloads whose message is not there', () => {
    const { decode } = registered(two, [{ name: 'C2', type: BIGINT }]);
    for (const bad of [
      framed('', '0208'),
      framed('', '04020a'),
      framed('', ''),
      framed('', '01'),
      framed('', 'ffff03'),
    ])
      expect(() => decode(bad), hex(bad)).toThrow(DecodeError);
    expect(() => decode(Buffer.from('01', 'hex'))).toThrow(/magic byte/);
    expect(() => decode(Buffer.from('000000000200', 'hex'))).toThrow(DecodeError);
    expect(() => registered(two, [{ name: 'C2', type: DATE }]).decode(framed(''))).toThrow(/cannot be read as DATE/);
    expect(() => registered(proto('message A {'), [{ name: 'A', type: DATE }]).decode(framed(''))).toThrow(DecodeError);
  });

  it('refuses columns that the schema has no place for', () => {
    const write = (name: string, type: SqlType) => () => registered(two, [{ name, type }]).encode([null]);
    expect(write('C3', INTEGER)).toThrow('The Protobuf message A has no field C3');
    expect(write('C2', STRING)).toThrow(/C2 of type STRING cannot be written as Protobuf uint32/);
    expect(write('C1', array(DOUBLE))).toThrow(/cannot be written/);
  });

  it('reads and writes every scalar', () => {
    const kinds = [
      'int32',
      'sint32',
      'sfixed32',
      'uint32',
      'fixed32',
      'int64',
      'sint64',
      'sfixed64',
      'uint64',
      'fixed64',
    ];
    const schema = proto(`message M { ${kinds.map((k, i) => `${k} f${i} = ${i + 1};`).join(' ')} }`);
    const cols = schemas.columnsOf(schema, { isKey: false, wrapped: true, exact: true, ref: refOf() });
    const { encode, decode } = registered(schema, cols);
    const type = protobufjs.parse(schema.text, { keepCase: true }).root.lookupType('M');
    const any = (min: bigint, max: bigint) =>
      fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 1n)).map((n) => {
        return n >= -(2n ** 53n - 1n) && n <= 2n ** 53n - 1n ? Number(n) : n;
      });
    const signed = any(-(2n ** 31n), 2n ** 31n - 1n);
    const unsigned = any(0n, 2n ** 32n - 1n);
    const long = any(-(2n ** 63n), 2n ** 63n - 1n);
    fc.assert(
      fc.property(fc.tuple(signed, signed, signed, unsigned, unsigned, long, long, long, long, long), (row) => {
        const payload = encode(row);
        expect(decode(payload)).toEqual(row);
        const other = type.encode(type.decode(payload.subarray(6))).finish();
        expect(decode(Buffer.concat([payload.subarray(0, 6), other]))).toEqual(row);
      }),
    );
  });

  it('reads enums and oneofs, and writes them', () => {
    const schema = proto(
      'enum Suit { SPADES = 0; HEARTS = 1; } message M { Suit a = 1; oneof o { int32 i = 2; In s = 3; Suit e = 4; } repeated Suit l = 5; message In { int32 x = 1; } }',
    );
    const cols = schemas.columnsOf(schema, { isKey: false, wrapped: true, exact: false, ref: refOf() });
    expect(cols.map((c) => c.name)).toEqual(['O_0', 'A', 'L']);
    const { encode, decode } = registered(schema, cols);
    for (const row of [
      [[0, null, null], 'SPADES', []],
      [[null, [7], null], 'HEARTS', ['HEARTS', 'SPADES']],
      [[null, null, 'SPADES'], 'SPADES', []],
      [null, 'HEARTS', []],
    ] as Value[][])
      expect(decode(encode(row))).toEqual(row);
    expect(decode(framed('10011a020807'))).toEqual([[null, [7], null], 'SPADES', []]);
    expect(decode(framed('0809'))).toEqual([null, 'UNKNOWN_ENUM_VALUE_Suit_9', []]);
    expect(() => encode([null, 'CLUBS', []])).toThrow(/no symbol of its enum/);
    const less = registered(schema, [{ name: 'O_0', type: struct([{ name: 'I', type: INTEGER }]) }]);
    expect(less.decode(framed('10051a020807'))).toEqual([[null]]);
  });

  it('knows the defaults of proto2', () => {
    const schema: SchemaText = {
      type: 'PROTOBUF',
      text: 'syntax = "proto2"; message M { optional int32 a = 1 [default = 5]; required string b = 2; optional group G = 3 { optional int32 x = 1; } optional E e = 4 [default = TWO]; } enum E { ONE = 1; TWO = 2; }',
      references: [],
    };
    expect(inferred(schema)).toBe('A INTEGER, B STRING, E STRING');
    const { encode, decode } = registered(schema, [
      { name: 'A', type: INTEGER },
      { name: 'B', type: STRING },
      { name: 'E', type: STRING },
    ]);
    expect(decode(framed(''))).toEqual([5, '', 'TWO']);
    expect(decode(framed('1b08011c0807'))).toEqual([7, '', 'TWO']);
    expect(decode(encode([0, '', 'ONE']))).toEqual([0, '', 'ONE']);
  });

  it('gives back rows of every type, with a schema of their columns', () => {
    fc.assert(
      fc.property(typedRow, fc.constantFrom('none', 'optional', 'wrapper'), ([types, row], nullableRepresentation) => {
        const cols = columns(...types);
        const properties = { nullableRepresentation };
        const { encode, decode } = registered(schemas.schemaOf(cols, false, refOf(properties)), cols, properties);
        const nulls = nullableRepresentation !== 'none';
        expect(decode(encode(row))).toEqual(types.map((t, i) => back(t, row[i]!, nulls)));
      }),
      { numRuns: 100 },
    );
  });
});
