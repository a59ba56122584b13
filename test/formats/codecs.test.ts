import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../engine/base/errors.js';
import { ByteWriter, compareBytes } from '../../engine/records/bytes.js';
import { appendWindowStart, KeyCodec, windowStartOf } from '../../engine/records/key-codec.js';
import { decodeValue, encodeValue, RowCodec, ValueReader } from '../../engine/records/row-codec.js';
import { Decimal } from '../../engine/values/decimal.js';
import {
  array,
  BIGINT,
  DOUBLE,
  decimal,
  INTEGER,
  map,
  type SqlType,
  STRING,
  struct,
} from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { nestedType, nullableOf, rowOf, scalarType } from './arbitraries.js';

const typedRow = (type: fc.Arbitrary<SqlType>) =>
  fc.array(type, { maxLength: 5 }).chain((types) => fc.tuple(fc.constant(types), rowOf(types)));

function encodeKey(types: readonly SqlType[], row: readonly Value[]): Buffer {
  const out = new ByteWriter(1);
  new KeyCodec(types).encode(row, out);
  return out.toBuffer();
}

function encodeRow(types: readonly SqlType[], row: readonly Value[]): Buffer {
  const out = new ByteWriter(1);
  new RowCodec(types).encode(row, out);
  return out.toBuffer();
}

/** Order of values as SQL's ORDER BY with nulls first; text by its UTF-8 bytes. */
function compareValues(type: SqlType, a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  switch (type.kind) {
    case 'STRING':
      return compareBytes(Buffer.from(a as string), Buffer.from(b as string));
    case 'BYTES':
      return compareBytes(a as Uint8Array, b as Uint8Array);
    case 'DECIMAL': {
      const [x, y] = [(a as Decimal).unscaled, (b as Decimal).unscaled];
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case 'DOUBLE':
      if (a === b) return Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
      return (a as number) < (b as number) ? -1 : 1;
    default: {
      const [x, y] = [BigInt(a as number), BigInt(b as number)];
      return x < y ? -1 : x > y ? 1 : 0;
    }
  }
}

describe('keys', () => {
  it('give back what was encoded, for every type', () => {
    fc.assert(
      fc.property(typedRow(nestedType()), ([types, row]) => {
        const bytes = encodeKey(types, row);
        const target: Value[] = new Array(types.length);
        expect(new KeyCodec(types).decodeInto(bytes, 0, bytes.length, target)).toBe(bytes.length);
        expect(target.length).toBe(types.length);
        expect(encodeKey(types, target)).toEqual(bytes);
        if (!types.some(hasMap)) expect(target).toEqual(row);
      }),
    );
  });

  it('are in the order of their values', () => {
    const pairs = fc.array(scalarType, { minLength: 1, maxLength: 3 }).chain((types) =>
      fc.tuple(fc.constant(types), rowOf(types), rowOf(types), fc.nat(3)).map(([t, a, b, same]) => {
        // Rows that share a prefix test the later columns.
        for (let i = 0; i < Math.min(same, t.length); i++) b[i] = a[i]!;
        return [t, a, b] as const;
      }),
    );
    fc.assert(
      fc.property(pairs, ([types, a, b]) => {
        let expected = 0;
        for (let i = 0; i < types.length && expected === 0; i++) expected = compareValues(types[i]!, a[i]!, b[i]!);
        expect(Math.sign(Buffer.compare(encodeKey(types, a), encodeKey(types, b)))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('put strings in the order of their bytes, NUL included', () => {
    const sorted = ['', '\0', '\0\0', '\0a', 'a', 'a\0', 'a\0\0', 'a\u0001', 'aa', 'b', 'é', '😀'];
    const keys = sorted.map((s) => encodeKey([STRING, INTEGER], [s, 0]));
    expect([...keys].sort(Buffer.compare)).toEqual(keys);
  });

  it('put doubles in order, -0 before 0 and NaN last', () => {
    const sorted = [null, Number.NEGATIVE_INFINITY, -1e300, -1, -5e-324, -0, 0, 5e-324, 1, 1e300, Infinity, NaN];
    const keys = sorted.map((d) => encodeKey([DOUBLE], [d]));
    expect([...keys].sort(Buffer.compare)).toEqual(keys);
    const codec = new KeyCodec([DOUBLE]);
    expect(keys.map((k) => codec.decode(k)[0])).toEqual(sorted);
  });

  it('start with the encoding of their first columns', () => {
    const codec = new KeyCodec([STRING, BIGINT]);
    const prefix = new ByteWriter();
    codec.encodePrefix(['a', 7], 1, prefix);
    const whole = encodeKey([STRING, BIGINT], ['a', 7]);
    expect(whole.subarray(0, prefix.length)).toEqual(prefix.toBuffer());
  });

  it('are one for a map, whatever its order of entries', () => {
    const type = map(STRING, INTEGER);
    const a = new Map<Value, Value>([
      ['x', 1],
      ['y', null],
    ]);
    const b = new Map<Value, Value>([
      ['y', null],
      ['x', 1],
    ]);
    expect(encodeKey([type], [a])).toEqual(encodeKey([type], [b]));
  });

  it('bring a DECIMAL to the scale of its column, or say that it does not fit', () => {
    const type = decimal(6, 2);
    expect(encodeKey([type], [new Decimal(5n, 0)])).toEqual(encodeKey([type], [new Decimal(500n, 2)]));
    expect(() => encodeKey([type], [new Decimal(5001n, 4)])).toThrow(WeirError);
  });

  it('carry a window behind them', () => {
    const out = new ByteWriter();
    const codec = new KeyCodec([STRING]);
    codec.encode(['k'], out);
    appendWindowStart(out, 1700000000000);
    expect(windowStartOf(out.bytes())).toBe(1700000000000);
    expect(codec.decode(out.bytes())).toEqual(['k']);
  });

  it('fail with STATE_ERROR on any other bytes', () => {
    const types = [STRING, DOUBLE, decimal(38, 2), array(struct([{ name: 'A', type: BIGINT }])), map(STRING, STRING)];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        onlyWeirErrors(() => new KeyCodec(types).decode(Buffer.from(bytes)));
      }),
    );
  });
});

describe('rows', () => {
  it('give back what was encoded, for every type', () => {
    fc.assert(
      fc.property(typedRow(nestedType(INTEGER)), ([types, row]) => {
        const bytes = encodeRow(types, row);
        // Behind other bytes and before others: positions are relative to nothing but `start`.
        const framed = Buffer.concat([Buffer.from([9, 9, 9]), bytes, Buffer.from([9])]);
        expect(new RowCodec(types).decode(framed, 3, 3 + bytes.length)).toEqual(row);
      }),
      { numRuns: 500 },
    );
  });

  it('hold special doubles', () => {
    const row = [NaN, Infinity, -Infinity, -0];
    const types = row.map(() => DOUBLE);
    expect(new RowCodec(types).decode(encodeRow(types, row))).toEqual(row);
  });

  it('hold a DECIMAL of another scale than its column', () => {
    const row = [new Decimal(-123456n, 4)];
    expect(new RowCodec([decimal(4, 1)]).decode(encodeRow([decimal(4, 1)], row))).toEqual(row);
  });

  it('that were written before columns were added read with nulls', () => {
    const bytes = encodeRow([STRING, INTEGER], ['a', 1]);
    expect(new RowCodec([STRING, INTEGER, STRING, DOUBLE]).decode(bytes)).toEqual(['a', 1, null, null]);
  });

  it('are compact', () => {
    expect(encodeRow([STRING, INTEGER, BIGINT, STRING], ['abc', 5, -1, null]).length).toBe(8);
  });

  it('fail with STATE_ERROR where they are cut short or too long', () => {
    fc.assert(
      fc.property(typedRow(nestedType()), fc.nat(), ([types, row], cut) => {
        const bytes = encodeRow(types, row);
        if (types.length === 0) return;
        const codec = new RowCodec(types);
        expect(() => codec.decode(bytes, 0, cut % bytes.length)).toThrow(WeirError);
        expect(() => codec.decode(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(WeirError);
      }),
    );
  });

  it('fail with STATE_ERROR on any other bytes', () => {
    const types = [STRING, BIGINT, decimal(38, 2), array(struct([{ name: 'A', type: BIGINT }])), map(STRING, STRING)];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        onlyWeirErrors(() => new RowCodec(types).decode(Buffer.from(bytes)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('single values', () => {
  it('follow one another', () => {
    const typed = fc.array(
      nestedType().chain((t) => fc.tuple(fc.constant(t), nullableOf(t))),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(typed, (values) => {
        const out = new ByteWriter(1);
        for (const [type, value] of values) encodeValue(type, value, out);
        const reader = new ValueReader().reset(out.bytes());
        for (const [type, value] of values) expect(decodeValue(type, reader)).toEqual(value);
        reader.finish();
      }),
    );
  });
});

const hasMap = (t: SqlType): boolean =>
  t.kind === 'MAP' ||
  (t.kind === 'ARRAY' && hasMap(t.element)) ||
  (t.kind === 'STRUCT' && t.fields.some((f) => hasMap(f.type)));

function onlyWeirErrors(f: () => unknown): void {
  try {
    f();
  } catch (e) {
    if (!(e instanceof WeirError)) throw e;
    expect(e.code).toBe('STATE_ERROR');
  }
}
