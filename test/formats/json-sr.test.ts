import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, formatByName } from '../../engine/formats/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import { SchemaNeeded } from '../../engine/formats/registry/registry.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import type { Column } from '../../engine/values/schema.js';
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
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { nestedType, rowOf } from './arbitraries.js';
import { columns } from './support.js';

const format = formatByName('JSON_SR');
const plain: FormatRef = { name: 'JSON_SR', properties: {} };
const derived = (cols: readonly Column[], ref: FormatRef = plain): FormatRef =>
  pinSchema(ref, { ...format.schemas!.schemaOf(cols, false, ref), id: 258 });

function encode(cols: readonly Column[], ref: FormatRef, row: readonly Value[]): Buffer | null {
  const out = new ByteWriter();
  const encoder = format.encoder({ columns: cols, needed: cols.map((_, i) => i), ref, isKey: false });
  return encoder.encode(row, out) ? out.toBuffer() : null;
}

function decode(cols: readonly Column[], ref: FormatRef, bytes: Buffer): Value[] | null {
  const row: Value[] = cols.map(() => 'stale');
  const decoder = format.decoder({ columns: cols, needed: cols.map((_, i) => i), ref, isKey: false });
  return decoder.decode(bytes, 0, bytes.length, row) ? row : null;
}

const inferred = (schema: object, { wrapped = true, exact = false, references = {} as Record<string, object> } = {}) =>
  format
    .schemas!.columnsOf(
      {
        type: 'JSON',
        text: JSON.stringify(schema),
        references: Object.entries(references).map(([name, text]) => ({
          name,
          subject: name,
          version: 1,
          text: JSON.stringify(text),
        })),
      },
      { isKey: true, wrapped, exact, ref: plain },
    )
    .map((c) => `${c.name} ${printType(c.type)}`)
    .join(', ');

describe('JSON_SR', () => {
  it('round-trips every type behind the id of its schema, and finds the same columns in it', () => {
    const rows = fc
      .array(nestedType(), { minLength: 1, maxLength: 4 })
      .chain((types) => fc.tuple(fc.constant(columns(...types)), rowOf(types)));
    fc.assert(
      fc.property(rows, ([cols, row]) => {
        const ref = derived(cols);
        const bytes = encode(cols, ref, row)!;
        expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 1, 2]);
        expect(decode(cols, ref, bytes)).toEqual(row);
        const schema = { type: 'JSON' as const, text: ref.properties.writerSchema!, references: [] };
        expect(format.schemas!.columnsOf(schema, { isKey: false, wrapped: true, exact: true, ref })).toEqual(cols);
      }),
      { numRuns: 200 },
    );
  });

  it('writes one column bare where it is told to, and NULL as no payload', () => {
    const ref: FormatRef = { ...plain, wrapSingle: false };
    const cols = columns(INTEGER);
    expect(encode(cols, derived(cols, ref), [7])!.subarray(5).toString()).toBe('7');
    expect(encode(cols, derived(cols, ref), [null])).toBeNull();
    expect(encode(cols, derived(cols), [null])!.subarray(5).toString()).toBe('{"A":null}');
  });

  it('wants the id before the payload', () => {
    const cols = columns(INTEGER);
    expect(() => decode(cols, plain, Buffer.from('{"A":1}'))).toThrow(DecodeError);
    expect(decode(cols, plain, Buffer.concat([Buffer.from([0, 0, 0, 9, 9]), Buffer.from('{"a":1}')]))).toEqual([1]);
  });

  it('derives the schema that ksqlDB registers', () => {
    const cols = [
      { name: 'FOO', type: INTEGER },
      { name: 'BAR', type: array(struct([{ name: 'F1', type: STRING }])) },
    ];
    expect(JSON.parse(format.schemas!.schemaOf(cols, false, plain).text)).toEqual({
      type: 'object',
      properties: {
        FOO: { 'connect.index': 0, oneOf: [{ type: 'null' }, { type: 'integer', 'connect.type': 'int32' }] },
        BAR: {
          'connect.index': 1,
          oneOf: [
            { type: 'null' },
            {
              type: 'array',
              items: {
                oneOf: [
                  { type: 'null' },
                  {
                    type: 'object',
                    properties: { F1: { 'connect.index': 0, oneOf: [{ type: 'null' }, { type: 'string' }] } },
                  },
                ],
              },
            },
          ],
        },
      },
    });
    expect(columns(BIGINT, DOUBLE, BYTES, DATE, decimal(4, 2), map(STRING, STRING))).toHaveLength(6);
  });

  it('finds the columns of schemas that people write', () => {
    expect(
      inferred(
        {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          definitions: { address: { type: 'object', properties: { street: { type: 'string' } } } },
          properties: {
            id: { type: 'integer' },
            price: { type: ['null', 'number'] },
            tags: { type: 'array', items: { type: 'string' } },
            home: { $ref: '#/definitions/address' },
            labels: { type: 'object', additionalProperties: { type: 'boolean' } },
            colour: { enum: ['RED', 'GREEN'] },
            other: { $ref: 'other.json' },
            both: {
              allOf: [
                { type: 'object', properties: { a: { type: 'string' } } },
                { properties: { b: { type: 'string' } } },
              ],
            },
          },
        },
        {
          references: {
            'other.json': { type: 'object', properties: { z: { type: 'integer', 'connect.type': 'int32' } } },
          },
        },
      ),
    ).toBe(
      'ID BIGINT, PRICE DOUBLE, TAGS ARRAY<STRING>, HOME STRUCT<`STREET` STRING>, LABELS MAP<STRING, BOOLEAN>, ' +
        'COLOUR STRING, OTHER STRUCT<`Z` INTEGER>, BOTH STRUCT<`A` STRING, `B` STRING>',
    );
    expect(inferred({ type: 'string' }, { wrapped: false })).toBe('ROWKEY STRING');
    expect(() => inferred({ type: 'string' })).toThrow(/no object/);
    expect(() => inferred({ type: 'object', properties: { a: { $ref: '#' } } })).toThrow(/nested too deep/);
    expect(() => inferred({ type: 'object', properties: { a: { $ref: '#/nowhere' } } })).toThrow(/not there/);
  });

  it.each<[string, object, string]>([
    [
      'scalars of several types',
      { oneOf: [{ type: 'integer' }, { type: 'string' }] },
      'STRUCT<`CONNECT_UNION_FIELD_0` BIGINT, `CONNECT_UNION_FIELD_1` STRING>',
    ],
    [
      'several types',
      { type: ['integer', 'string', 'null'] },
      'STRUCT<`CONNECT_UNION_FIELD_0` BIGINT, `CONNECT_UNION_FIELD_1` STRING>',
    ],
    ['numbers, whole or not', { type: ['integer', 'number'] }, 'DOUBLE'],
    [
      'objects',
      {
        anyOf: [
          { type: 'object', properties: { a: { type: 'string' } } },
          { type: 'object', properties: { b: { type: 'boolean' } } },
        ],
      },
      'STRUCT<`CONNECT_UNION_FIELD_0` STRUCT<`A` STRING>, `CONNECT_UNION_FIELD_1` STRUCT<`B` BOOLEAN>>',
    ],
    ['branches of one scalar type', { oneOf: [{ const: 'a' }, { type: 'string', format: 'date' }] }, 'STRING'],
    ['one branch and null', { anyOf: [{ type: 'null' }, { type: 'integer' }] }, 'BIGINT'],
    [
      'one branch, and more beside it',
      { type: 'object', properties: { a: { type: 'string' } }, oneOf: [{ properties: { b: { type: 'string' } } }] },
      'STRUCT<`B` STRING, `A` STRING>',
    ],
    ['a constant', { const: 5 }, 'BIGINT'],
    ['a constant that is true', { const: true }, 'BOOLEAN'],
    ['numbers to choose from', { enum: [1, 2] }, 'BIGINT'],
    ['fractions to choose from', { enum: [1, 2.5, null] }, 'DOUBLE'],
    ['an object of which nothing is said', { type: 'object' }, 'MAP<STRING, STRING>'],
    ['an object without properties', { type: 'object', properties: {} }, 'MAP<STRING, STRING>'],
    [
      'an object of patterns',
      { type: 'object', patternProperties: { '^x': { type: 'integer' } } },
      'MAP<STRING, BIGINT>',
    ],
    ['whatever it be', {}, 'STRING'],
    ['an array of which nothing is said', { type: 'array' }, 'ARRAY<STRING>'],
    ['a tuple of one type', { type: 'array', items: [{ type: 'integer' }, { type: 'integer' }] }, 'ARRAY<BIGINT>'],
    ['a tuple of several', { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }] }, 'ARRAY<STRING>'],
    [
      'a choice in an array',
      { type: 'array', items: { anyOf: [{ type: 'integer' }, { type: 'boolean' }] } },
      'ARRAY<STRUCT<`CONNECT_UNION_FIELD_0` BIGINT, `CONNECT_UNION_FIELD_1` BOOLEAN>>',
    ],
  ])('has a type for %s', (_, schema, type) => {
    expect(inferred({ type: 'object', properties: { v: schema } })).toBe(`V ${type}`);
  });

  it('a property that may be anything is its text, one that may be nothing is none', () => {
    expect(inferred({ type: 'object', properties: { a: true, b: false, c: { type: 'integer' } } })).toBe(
      'A STRING, C BIGINT',
    );
  });

  it('finds what schemas refer to: within a document, by anchor, relative to where they stand', () => {
    const country = { type: 'object', properties: { code: { type: 'string' } } };
    const properties = (home: object) => ({ type: 'object', properties: { home } });
    const want = 'HOME STRUCT<`COUNTRY` STRUCT<`CODE` STRING>>';
    const address = {
      type: 'object',
      properties: { country: { $ref: '#/definitions/country' } },
      definitions: { country },
    };
    expect(inferred(properties({ $ref: 'address.json' }), { references: { 'address.json': address } })).toBe(want);
    const shadow = { ...properties({ $ref: 'address.json' }), definitions: { country: { type: 'string' } } };
    expect(inferred(shadow, { references: { 'address.json': address } })).toBe(want);
    const anchored = {
      $anchor: 'top',
      type: 'object',
      properties: { country: { $ref: '#land' } },
      $defs: { x: { $anchor: 'land', ...country } },
    };
    expect(inferred(properties({ $ref: 'address.json#top' }), { references: { 'address.json': anchored } })).toBe(want);
    const old = {
      type: 'object',
      properties: { country: { $ref: '#land' } },
      definitions: { x: { $id: '#land', ...country } },
    };
    expect(inferred(properties({ $ref: 'address.json' }), { references: { 'address.json': old } })).toBe(want);
    const relative = { type: 'object', properties: { country: { $ref: 'country.json' } } };
    expect(
      inferred(properties({ $ref: 'geo/address.json' }), {
        references: { 'geo/country.json': country, 'geo/address.json': relative },
      }),
    ).toBe(want);
    const named = {
      $id: 'https://example.org/geo/address.json',
      type: 'object',
      properties: { country: { $ref: './country.json#' } },
    };
    expect(
      inferred(
        { $id: 'https://example.org/top.json', ...properties({ $ref: 'geo/address.json' }) },
        { references: { country: { $id: 'https://example.org/geo/country.json', ...country }, address: named } },
      ),
    ).toBe(want);
    const inside = {
      ...properties({ $ref: 'https://example.org/a.json' }),
      $defs: { a: { $id: 'https://example.org/a.json', ...address } },
    };
    expect(inferred(inside)).toBe(want);
  });

  it('names the property that has no type', () => {
    const message = (v: object) => {
      try {
        return inferred({ type: 'object', properties: { a: { type: 'object', properties: { v } } } });
      } catch (e) {
        return (e as Error).message;
      }
    };
    expect(message({ type: 'null' })).toBe(
      'The JSON Schema has no columns: property a.v: it is null and nothing else, which no type is.',
    );
    expect(message({ $ref: '#/nowhere' })).toBe(
      'The JSON Schema has no columns: property a.v: it refers to #/nowhere, which is not there.',
    );
    expect(message({ $ref: 'x.json' })).toContain('property a.v: it refers to x.json, which is not there');
    expect(message({ type: 'object', additionalProperties: false })).toContain(
      'property a.v: an object that may have no properties',
    );
    expect(message({ type: 'wurst' })).toContain('property a.v: it has no type that is known: "wurst"');
    expect(message({ $ref: '#' })).toContain('nested too deep, or holds itself');
  });

  describe('a choice has its branch set by what the value is', () => {
    const branches = (...types: SqlType[]) =>
      struct(types.map((type, i) => ({ name: `CONNECT_UNION_FIELD_${i}`, type })));
    const read = (type: SqlType, json: string, needed = [0]) => {
      const cols = [{ name: 'V', type }];
      const row: Value[] = [null];
      const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.from(`{"V":${json}}`)]);
      format.decoder({ columns: cols, needed, ref: plain, isKey: false }).decode(bytes, 0, bytes.length, row);
      return row[0];
    };
    const serial = struct([{ name: 'SERIAL', type: STRING }]);
    const batch = struct([
      { name: 'BATCH', type: STRING },
      { name: 'SIZE', type: INTEGER },
    ]);
    it.each<[SqlType, string, Value]>([
      [branches(BIGINT, STRING), '5', [5, null]],
      [branches(BIGINT, STRING), '"abc"', [null, 'abc']],
      [branches(BIGINT, STRING), 'null', null],
      [branches(DOUBLE, BIGINT), '5', [null, 5]],
      [branches(BIGINT, DOUBLE), '5.5', [null, 5.5]],
      [branches(DOUBLE, STRING), '5', [5, null]],
      [branches(BOOLEAN, array(INTEGER)), '[1,2]', [null, [1, 2]]],
      [branches(BOOLEAN, array(INTEGER)), 'true', [true, null]],
      [branches(serial, batch), '{"serial":"S-1"}', [['S-1'], null]],
      [branches(serial, batch), '{"size":2,"batch":"B-7"}', [null, ['B-7', 2]]],
      [branches(serial, batch), '{"size":2}', [null, [null, 2]]],
      [branches(serial, STRING), '"x"', [null, 'x']],
      [branches(map(STRING, INTEGER), serial), '{"a":1}', [new Map([['a', 1]]), null]],
      [branches(BIGINT, STRING), '{"CONNECT_UNION_FIELD_0":null,"CONNECT_UNION_FIELD_1":"own"}', [null, 'own']],
    ])('%j', (type, json, value) => {
      expect(read(type, json)).toEqual(value);
      expect(read(type, json, [])).toBeNull();
    });

    it('in an array, each for itself', () => {
      expect(read(array(branches(serial, batch)), '[{"serial":"S-1"},{"batch":"B-7"}]')).toEqual([
        [['S-1'], null],
        [null, ['B-7', null]],
      ]);
    });

    it('and is refused where it is none of them, whoever reads the column', () => {
      for (const needed of [[0], []]) {
        expect(() => read(branches(BIGINT, BOOLEAN), '"x"', needed)).toThrow(
          "Can't convert text to any branch of the choice",
        );
      }
    });
  });

  it("reads Connect's decimals, in base64 or as numbers", () => {
    const cols = [{ name: 'D', type: decimal(10, 2) }];
    const read = (json: string) =>
      decode(cols, plain, Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.from(`{"D":${json}}`)]))![0];
    const text = (v: Value | undefined) => String(v);
    expect(['"BOI="', '12.5', '"12.50"', '"/w=="', 'null'].map((j) => text(read(j)))).toEqual([
      '12.50',
      '12.50',
      '12.50',
      '-0.01',
      'null',
    ]);
    expect(() => read('"f////////w=="')).toThrow('Numeric field overflow');
  });

  const connect = (scale: number) => ({
    ...{ type: 'number', title: 'org.apache.kafka.connect.data.Decimal', 'connect.type': 'bytes' },
    'connect.parameters': { scale: String(scale), 'connect.decimal.precision': '20' },
  });
  const nullable = (schema: object) => ({ oneOf: [{ type: 'null' }, schema] });
  // 4,950,000 of the smallest units.
  const BASE64 = '"S4fw"';
  const payload = (json: string, id = 1) => Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from(json)]);

  it("reads a decimal in base64 at the scale of the writer's schema, and fits it into the column", () => {
    const schema = {
      type: 'object',
      properties: {
        a: nullable(connect(3)),
        b: connect(6),
        c: { type: 'array', items: connect(4) },
        d: { type: 'object', 'connect.type': 'map', additionalProperties: nullable(connect(1)) },
        e: nullable({ type: 'object', properties: { f: connect(5), g: connect(0) } }),
        h: { type: 'string', 'connect.type': 'bytes' },
      },
    };
    const two = decimal(12, 2);
    const cols = [
      { name: 'A', type: two },
      { name: 'B', type: two },
      { name: 'C', type: array(two) },
      { name: 'D', type: map(STRING, two) },
      {
        name: 'E',
        type: struct([
          { name: 'F', type: two },
          { name: 'G', type: two },
        ]),
      },
      { name: 'H', type: two },
    ];
    const ref = pinSchema(plain, { type: 'JSON', text: JSON.stringify(schema), references: [], id: 1 });
    const json = `{"a":${BASE64},"b":${BASE64},"c":[${BASE64},7],"d":{"k":${BASE64}},"e":{"f":${BASE64},"g":${BASE64}},"h":${BASE64}}`;
    const [a, b, c, d, e, h] = decode(cols, ref, payload(json))!;
    expect([a, b].map(String)).toEqual(['4950.00', '4.95']);
    expect((c as Value[]).map(String)).toEqual(['495.00', '7.00']);
    expect(String((d as Map<Value, Value>).get('k'))).toBe('495000.00');
    expect((e as Value[]).map(String)).toEqual(['49.50', '4950000.00']);
    // The schema says nothing of a scale: the column's.
    expect(String(h)).toBe('49500.00');
    const narrow = [{ name: 'G', type: decimal(4, 2) }];
    expect(() =>
      decode(narrow, refOf({ type: 'object', properties: { g: connect(0) } }), payload(`{"g":${BASE64}}`)),
    ).toThrow('Numeric field overflow');
  });

  const refOf = (schema: object): FormatRef =>
    pinSchema(plain, { type: 'JSON', text: JSON.stringify(schema), references: [], id: 1 });

  it('asks for a schema only where a record has a decimal in base64', () => {
    const registry = new MemoryRegistry();
    registry.add('t-value', { type: 'JSON', text: JSON.stringify(connect(3)), references: [] }, 7);
    const asked: number[] = [];
    const schemas = {
      known: (id: number) => {
        asked.push(id);
        return id === 8 ? undefined : registry.known(id);
      },
    };
    const columns = [{ name: 'ROWVAL', type: decimal(12, 2) }];
    const context = { columns, needed: [0], ref: { ...plain, wrapSingle: false }, isKey: false, schemas };
    const decoder = format.decoder(context);
    const read = (json: string, id: number): string => {
      const row: Value[] = [null];
      const bytes = payload(json, id);
      decoder.decode(bytes, 0, bytes.length, row);
      return String(row[0]);
    };
    expect([read('4.5', 8), read('"4.5"', 9)]).toEqual(['4.50', '4.50']);
    expect(asked).toEqual([]);
    expect([read(BASE64, 7), read(BASE64, 7)]).toEqual(['4950.00', '4950.00']);
    expect(asked).toEqual([7]);
    expect(() => read(BASE64, 8)).toThrow(SchemaNeeded);
    expect(() => read(BASE64, 9)).toThrow(DecodeError);
  });
});
