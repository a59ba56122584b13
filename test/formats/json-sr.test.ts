import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, formatByName } from '../../engine/formats/index.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import { ByteWriter } from '../../engine/types/bytes.js';
import type { Column } from '../../engine/types/schema.js';
import {
  array,
  BIGINT,
  BYTES,
  DATE,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  printType,
  STRING,
  struct,
} from '../../engine/types/sql-type.js';
import type { FormatRef } from '../../engine/types/topology.js';
import type { Value } from '../../engine/types/value.js';
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
});
