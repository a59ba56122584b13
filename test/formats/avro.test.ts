import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, formatByName } from '../../engine/formats/index.js';
import { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import { pinSchema } from '../../engine/formats/registry/pinned.js';
import { SchemaNeeded } from '../../engine/formats/registry/registry.js';
import type { FormatRef } from '../../engine/plan/topology.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { Decimal } from '../../engine/values/decimal.js';
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
  TIME,
  TIMESTAMP,
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { nestedType, rowOf } from './arbitraries.js';
import { columns } from './support.js';

const avro = formatByName('AVRO');
const plain: FormatRef = { name: 'AVRO', properties: {} };
const registered = (text: string, id = 7): FormatRef => pinSchema(plain, { id, type: 'AVRO', text, references: [] });
const derived = (cols: readonly Column[], ref: FormatRef = plain, isKey = false): FormatRef =>
  pinSchema(ref, { ...avro.schemas!.schemaOf(cols, isKey, ref), id: 7 });
const all = (cols: readonly Column[]) => cols.map((_, i) => i);

function encode(cols: readonly Column[], ref: FormatRef, row: readonly Value[], isKey = false): Buffer | null {
  const out = new ByteWriter();
  return avro.encoder({ columns: cols, needed: all(cols), ref, isKey }).encode(row, out) ? out.toBuffer() : null;
}

function decode(cols: readonly Column[], ref: FormatRef, payload: Uint8Array, isKey = false): Value[] | null {
  const row: Value[] = cols.map(() => 'stale');
  // Other records' bytes stand around it.
  const framed = Buffer.concat([Buffer.from([9, 9]), payload, Buffer.from([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])]);
  const coder = avro.decoder({ columns: cols, needed: all(cols), ref, isKey });
  return coder.decode(framed, 2, 2 + payload.length, row) ? row : null;
}

const textOf = (cols: readonly Column[], isKey = false): unknown =>
  JSON.parse(avro.schemas!.schemaOf(cols, isKey, plain).text);
const inferred = (text: string, exact = false, wrapped = true): string =>
  avro
    .schemas!.columnsOf({ type: 'AVRO', text, references: [] }, { isKey: false, wrapped, exact, ref: plain })
    .map((c) => `${c.name} ${printType(c.type)}`)
    .join(', ');

/** Names that Avro has no room for are the business of `validate`. */
const ascii = (type: SqlType): SqlType => JSON.parse(JSON.stringify(type).replaceAll('ü', 'U')) as SqlType;

describe('AVRO', () => {
  it('round-trips every type, NULL everywhere', () => {
    const rows = fc
      .array(nestedType(), { minLength: 1, maxLength: 4 })
      .map((types) => types.map(ascii))
      .chain((types) => fc.tuple(fc.constant(columns(...types)), rowOf(types)));
    fc.assert(
      fc.property(rows, ([cols, row]) => {
        const ref = derived(cols);
        expect(decode(cols, ref, encode(cols, ref, row)!)).toEqual(row);
      }),
      { numRuns: 300 },
    );
  });

  it('round-trips maps with keys of any type, and single columns without a record', () => {
    const ref: FormatRef = { ...plain, wrapSingle: false };
    fc.assert(
      fc.property(
        fc
          .constantFrom(map(INTEGER, DOUBLE), map(BIGINT, STRING), array(map(BOOLEAN, BYTES)))
          .chain((type) => fc.tuple(fc.constant(type), rowOf([type]))),
        ([type, row]) => {
          const cols = columns(type);
          const pinned = derived(cols, ref);
          const bytes = encode(cols, pinned, row);
          if (row[0] === null) expect(bytes).toBeNull();
          else expect(decode(cols, pinned, bytes!)).toEqual(row);
        },
      ),
    );
  });

  it('writes what avsc reads, and reads what avsc writes', () => {
    const cols: Column[] = [
      { name: 'I', type: INTEGER },
      { name: 'L', type: BIGINT },
      { name: 'D', type: DOUBLE },
      { name: 'B', type: BOOLEAN },
      { name: 'S', type: STRING },
      { name: 'X', type: BYTES },
      { name: 'A', type: array(STRING) },
      { name: 'M', type: map(STRING, INTEGER) },
      { name: 'T', type: struct([{ name: 'F', type: BIGINT }]) },
      { name: 'TS', type: TIMESTAMP },
      { name: 'DT', type: DATE },
      { name: 'TM', type: TIME },
      { name: 'DEC', type: decimal(10, 2) },
    ];
    const ref = derived(cols);
    const type = avsc.Type.forSchema(JSON.parse(ref.properties.writerSchema!), { wrapUnions: true });
    const row: Value[] = [
      -5,
      2 ** 40,
      1.25,
      true,
      'é😀',
      new Uint8Array([1, 2]),
      ['a', null],
      new Map([['k', 1]]),
      [-1],
      1600000000123,
      -3,
      86399999,
      new Decimal(-12345n, 2),
    ];
    const bytes = encode(cols, ref, row)!;
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 7]);
    const read = type.fromBuffer(bytes.subarray(5)) as Record<string, unknown>;
    expect(read).toMatchObject({ I: { int: -5 }, L: { long: 2 ** 40 }, S: { string: 'é😀' }, TM: { int: 86399999 } });
    expect(Buffer.concat([bytes.subarray(0, 5), type.toBuffer(read)])).toEqual(bytes);
    expect(decode(cols, ref, Buffer.concat([bytes.subarray(0, 5), type.toBuffer(read)]))).toEqual(row);
  });

  it('derives the schema that ksqlDB registers', () => {
    expect(textOf([{ name: 'F1', type: struct([{ name: 'X', type: INTEGER }]) }])).toEqual({
      type: 'record',
      name: 'KsqlDataSourceSchema',
      namespace: 'io.confluent.ksql.avro_schemas',
      fields: [
        {
          name: 'F1',
          type: [
            'null',
            {
              type: 'record',
              name: 'KsqlDataSourceSchema_F1',
              fields: [{ name: 'X', type: ['null', 'int'], default: null }],
              'connect.name': 'io.confluent.ksql.avro_schemas.KsqlDataSourceSchema_F1',
            },
          ],
          default: null,
        },
      ],
      'connect.name': 'io.confluent.ksql.avro_schemas.KsqlDataSourceSchema',
    });
    expect(textOf([{ name: 'K', type: INTEGER }], true)).toBe('int');
    const named = { ...plain, properties: { fullSchemaName: 'com.acme.Order' } };
    expect(JSON.parse(avro.schemas!.schemaOf(columns(INTEGER), false, named).text)).toMatchObject({
      name: 'Order',
      namespace: 'com.acme',
    });
  });

  it('finds the columns of a schema', () => {
    const text = JSON.stringify({
      type: 'record',
      name: 'r',
      namespace: 'n',
      fields: [
        { name: 'a', type: ['null', 'int'] },
        { name: 'b', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'c', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 } },
        { name: 'd', type: { type: 'map', values: 'float' } },
        { name: 'e', type: { type: 'enum', name: 'e', symbols: ['X'] } },
        { name: 'f', type: { type: 'array', items: { type: 'fixed', name: 'md5', size: 16 } } },
        { name: 'g', type: ['null', 'string', 'int'] },
        { name: 'h', type: { type: 'record', name: 'inner', fields: [{ name: 'x', type: 'boolean' }] } },
        { name: 'i', type: 'inner' },
      ],
    });
    expect(inferred(text)).toBe(
      'A INTEGER, B TIMESTAMP, C DECIMAL(4, 2), D MAP<STRING, DOUBLE>, E STRING, F ARRAY<BYTES>, ' +
        'G STRUCT<`STRING` STRING, `INT` INTEGER>, H STRUCT<`X` BOOLEAN>, I STRUCT<`X` BOOLEAN>',
    );
    expect(inferred(text, true)).toMatch(/^a INTEGER, b TIMESTAMP/);
    expect(inferred('"int"', false, false)).toBe('ROWVAL INTEGER');
    expect(() => inferred('"int"')).toThrow(/no record/);
    expect(() => inferred('{"type":"record","name":"r","fields":[{"name":"r","type":["null","r"]}]}')).toThrow(
      /itself/,
    );
    for (const bad of ['', '{', '{"type":"foo"}', '{"type":"record"}', '[]{}']) {
      expect(() => inferred(bad)).toThrow(/Invalid Avro schema/);
    }
  });

  it('reads fields by name, ignoring case and order, and steps over what no column names', () => {
    const text = JSON.stringify({
      type: 'record',
      name: 'w',
      fields: [
        { name: 'skipped', type: { type: 'map', values: { type: 'array', items: ['null', 'string'] } } },
        { name: 'self', type: ['null', 'w'] },
        { name: 'b', type: 'int' },
        { name: 'fix', type: { type: 'fixed', name: 'four', size: 4 } },
        { name: 'A', type: 'int' },
      ],
    });
    const written = avsc.Type.forSchema(JSON.parse(text), { wrapUnions: true }).toBuffer({
      skipped: { k: [{ string: 'v' }, null] },
      self: { w: { skipped: {}, self: null, b: 0, fix: Buffer.alloc(4), A: 0 } },
      b: 3,
      fix: Buffer.from([1, 2, 3, 4]),
      A: 4,
    });
    const payload = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), written]);
    const cols: Column[] = [
      { name: 'A', type: STRING },
      { name: 'B', type: BIGINT },
      { name: 'MISSING', type: INTEGER },
    ];
    expect(decode(cols, registered(text), payload)).toEqual(['4', 3, null]);
  });

  it('writes with a registered schema: defaults where no column is, an error where one must be', () => {
    const record = (...fields: object[]) => registered(JSON.stringify({ type: 'record', name: 'r', fields }));
    const cols: Column[] = [{ name: 'C1', type: INTEGER }];
    const c1 = { name: 'c1', type: 'int' };
    const withDefault = record(c1, { name: 'c2', type: 'int', default: 100 }, { name: 'c3', type: ['null', 'long'] });
    const wide: Column[] = [...cols, { name: 'C2', type: INTEGER }, { name: 'C3', type: BIGINT }];
    expect(decode(wide, withDefault, encode(cols, withDefault, [4])!)).toEqual([4, 100, null]);
    // NULL where the field has no room for it is the default too; where it has, it stays NULL.
    expect(decode(wide, withDefault, encode(wide, withDefault, [4, null, null])!)).toEqual([4, 100, null]);
    const roomy = record(c1, { name: 'c2', type: ['int', 'null'], default: 100 });
    expect(decode(wide.slice(0, 2), roomy, encode(wide.slice(0, 2), roomy, [4, null])!)).toEqual([4, null]);
    expect(() => encode(cols, record(c1, { name: 'c2', type: 'double' }), [4])).toThrow(/Unable to serialize record/);
    expect(() => encode(cols, record(c1), [null])).toThrow(/Unable to serialize record/);
    expect(() => encode(cols, record({ name: 'c1', type: 'string' }), [4])).toThrow(/cannot be written/);
    expect(() => encode(cols, record({ name: 'other', type: 'int' }), [4])).toThrow(/no field C1/);
  });

  it('asks for schemas that it does not know, and says so where there is none', () => {
    const registry = new MemoryRegistry();
    const id = registry.add('t-value', { type: 'AVRO', text: '"int"', references: [] });
    const json = registry.add('u-value', { type: 'JSON', text: '{}', references: [] });
    const cols = columns(INTEGER);
    const ref: FormatRef = { ...plain, wrapSingle: false };
    const row: Value[] = [0];
    const payload = (n: number) => Buffer.from([0, 0, 0, 0, n, 6]);
    const decoder = (known: (id: number) => ReturnType<MemoryRegistry['known']> | undefined) =>
      avro.decoder({ columns: cols, needed: [0], ref, isKey: false, schemas: { known } });
    const asked: number[] = [];
    const late = decoder((n) => {
      asked.push(n);
      return asked.length === 1 ? undefined : registry.known(n);
    });
    expect(() => late.decode(payload(id), 0, 6, row)).toThrow(SchemaNeeded);
    expect(late.decode(payload(id), 0, 6, row)).toBe(true);
    expect(late.decode(payload(id), 0, 6, row)).toBe(true);
    expect(row).toEqual([3]);
    expect(asked).toEqual([id, id]);
    expect(() => decoder((n) => registry.known(n)).decode(payload(99), 0, 6, row)).toThrow(/no schema with id 99/);
    expect(() => decoder((n) => registry.known(n)).decode(payload(json), 0, 6, row)).toThrow(/of type JSON/);
    expect(() => decoder((n) => registry.known(n)).decode(Buffer.from('{"a":1}'), 0, 7, row)).toThrow(/magic byte/);
  });

  it('a number that its DECIMAL column has no room for is a bad record, whoever reads the column', () => {
    const one = (type: SqlType) => [{ name: 'A', type }];
    const written = (type: string, v: number): [FormatRef, Buffer] => {
      const ref = registered(`{"type":"record","name":"r","fields":[{"name":"A","type":"${type}"}]}`);
      return [ref, encode(one(type === 'int' ? INTEGER : BIGINT), ref, [v])!];
    };
    for (const type of ['int', 'long']) {
      expect(decode(one(decimal(5, 2)), ...written(type, -999))).toEqual([new Decimal(-99900n, 2)]);
      expect(() => decode(one(decimal(5, 2)), ...written(type, 1000))).toThrow(DecodeError);
      const [ref, bytes] = written(type, 1000);
      const unread = avro.decoder({ columns: one(decimal(5, 2)), needed: [], ref, isKey: false });
      expect(() => unread.decode(bytes, 0, bytes.length, [null])).toThrow('Numeric field overflow');
    }
  });

  it('survives any bytes', () => {
    const cols = columns(
      STRING,
      array(BIGINT),
      map(STRING, DOUBLE),
      decimal(5, 2),
      struct([{ name: 'X', type: BYTES }]),
    );
    const ref = derived(cols);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decode(cols, ref, Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), bytes]));
        } catch (e) {
          if (!(e instanceof DecodeError)) throw e;
        }
      }),
      { numRuns: 2000 },
    );
    const bytes = encode(cols, ref, [
      'abc',
      [1, 2 ** 50],
      new Map([['k', 1]]),
      new Decimal(1n, 2),
      [new Uint8Array(3)],
    ])!;
    for (let n = 5; n < bytes.length; n++) {
      expect(() => decode(cols, ref, bytes.subarray(0, n))).toThrow(DecodeError);
    }
  });

  it('refuses names that Avro has not', () => {
    const check =
      (name: string, isKey = false) =>
      () =>
        avro.validate([{ name, type: INTEGER }], isKey, plain);
    expect(check('1A')).toThrow('Schema is not compatible with Avro: Illegal initial character: 1A');
    expect(check('A-B')).toThrow('Schema is not compatible with Avro: Illegal character in: A-B');
    expect(check('1A', true)).not.toThrow();
  });

  it('an array of records of key and value is a map only where it says so', () => {
    const items = (more: object) => ({
      type: 'record',
      name: 'Tag',
      fields: [
        { name: 'key', type: 'string' },
        { name: 'value', type: 'string' },
      ],
      ...more,
    });
    const schema = (more: object) =>
      JSON.stringify({
        type: 'record',
        name: 'P',
        fields: [{ name: 'tags', type: { type: 'array', items: items(more) } }],
      });
    expect(inferred(schema({}))).toBe('TAGS ARRAY<STRUCT<`KEY` STRING, `VALUE` STRING>>');
    expect(inferred(schema({ 'connect.internal.type': 'MapEntry' }))).toBe('TAGS MAP<STRING, STRING>');
    expect(inferred(schema({ name: 'MapEntry', namespace: 'io.confluent.connect.avro' }))).toBe(
      'TAGS MAP<STRING, STRING>',
    );
  });

  it('times in micro- and nanoseconds, local ones too, are read and written as what they are', () => {
    const ms = 1_680_674_828_123;
    for (const [logical, units] of [
      ['timestamp-millis', 1n],
      ['timestamp-micros', 1_000n],
      ['timestamp-nanos', 1_000_000n],
      ['local-timestamp-millis', 1n],
      ['local-timestamp-micros', 1_000n],
      ['local-timestamp-nanos', 1_000_000n],
    ] as const) {
      const text = JSON.stringify({
        type: 'record',
        name: 'T',
        fields: [{ name: 'A', type: { type: 'long', logicalType: logical } }],
      });
      const longs = JSON.stringify({ type: 'record', name: 'T', fields: [{ name: 'A', type: 'long' }] });
      for (const at of [ms, -ms, 0]) {
        const written = encode([{ name: 'A', type: BIGINT }], registered(longs), [BigInt(at) * units])!;
        expect([logical, decode([{ name: 'A', type: TIMESTAMP }], registered(text), written)]).toEqual([logical, [at]]);
        expect(encode([{ name: 'A', type: TIMESTAMP }], registered(text), [at])).toEqual(written);
      }
      // What is below a millisecond is cut off towards the past.
      if (units > 1n) {
        const written = encode([{ name: 'A', type: BIGINT }], registered(longs), [-1n])!;
        expect(decode([{ name: 'A', type: TIMESTAMP }], registered(text), written)).toEqual([-1]);
      }
    }
    const time = JSON.stringify({
      type: 'record',
      name: 'T',
      fields: [{ name: 'A', type: { type: 'long', logicalType: 'time-micros' } }],
    });
    expect(() => decode([{ name: 'A', type: TIMESTAMP }], registered(time), Buffer.from([0, 0, 0, 0, 7, 2]))).toThrow(
      'cannot be read as TIMESTAMP',
    );
  });
});
