import fc from 'fast-check';
import { Decimal } from '../../engine/values/decimal.js';
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
import { bigintValue, type Value } from '../../engine/values/value.js';

/** Text without lone surrogates: those have no UTF-8. Keys, quotes, escapes and NUL are likely. */
export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 3, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom('', '\0', 'a\0b', '"', '\\', '\n', '\u2028', 'é', '😀', '1', 'null', ',') },
);

export const scalarType: fc.Arbitrary<SqlType> = fc.oneof(
  fc.constantFrom(BOOLEAN, INTEGER, BIGINT, DOUBLE, STRING, BYTES, TIME, DATE, TIMESTAMP),
  fc.nat(20).chain((scale) => fc.integer({ min: Math.max(1, scale), max: 38 }).map((p) => decimal(p, scale))),
);

const fieldNames = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'NAME', 'mixed', 'ü'), { minLength: 1, maxLength: 4 });

/** Nested types; `mapKey` STRING is what JSON can hold. */
export const nestedType = (mapKey: SqlType = STRING): fc.Arbitrary<SqlType> =>
  fc.letrec<{ type: SqlType }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalarType,
      tie('type').map(array),
      tie('type').map((t) => map(mapKey, t)),
      fieldNames.chain((names) =>
        fc
          .tuple(...names.map(() => tie('type')))
          .map((types) => struct(names.map((name, i) => ({ name, type: types[i]! })))),
      ),
    ),
  })).type;

export const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -100000, max: 100000 }).map((n) => n / 100),
  fc.constantFrom(0, -0, 1e7, 1e-3, 9999999.999, 123456789.125, 5e-324, 1.7976931348623157e308, 2 ** 53, 1e21, 1e23),
);

export const bigint = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc.constantFrom(2n ** 53n, -(2n ** 53n), 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 31n, 2n ** 48n),
  )
  .map(bigintValue);

const nullable = (values: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 6, arbitrary: values });

/** Any value of a type, nested nulls included, itself not null. */
export function valuesOf(type: SqlType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'BOOLEAN':
      return fc.boolean();
    case 'INTEGER':
    case 'DATE':
      return fc.oneof(fc.integer(), fc.integer({ min: -200, max: 200 }));
    case 'TIME':
      return fc.nat(86399999);
    case 'BIGINT':
      return bigint;
    case 'TIMESTAMP':
      return fc.integer({ min: -62135596800000, max: 253402300799999 });
    case 'DOUBLE':
      return double;
    case 'STRING':
      return text;
    case 'BYTES':
      return fc.uint8Array({ maxLength: 20 });
    case 'DECIMAL': {
      const bound = 10n ** BigInt(type.precision) - 1n;
      return fc
        .oneof(fc.bigInt({ min: -bound, max: bound }), fc.constantFrom(0n, 1n, -1n, bound, -bound))
        .map((n) => new Decimal(n, type.scale));
    }
    case 'ARRAY':
      return fc.array(nullableOf(type.element), { maxLength: 4 }) as fc.Arbitrary<Value>;
    case 'MAP':
      return fc
        .array(fc.tuple(valuesOf(type.key), nullableOf(type.value)), { maxLength: 4 })
        .map((entries) => new Map(entries));
    case 'STRUCT':
      return fc.tuple(...type.fields.map((f) => nullableOf(f.type))) as unknown as fc.Arbitrary<Value>;
  }
}

export const nullableOf = (type: SqlType): fc.Arbitrary<Value> => nullable(valuesOf(type));

export const rowOf = (types: readonly SqlType[]): fc.Arbitrary<Value[]> =>
  fc.tuple(...types.map((t) => nullableOf(t))) as unknown as fc.Arbitrary<Value[]>;
