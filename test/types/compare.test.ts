import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSafe } from '../../engine/expression/index.js';
import type { ColumnExpr, CompareOp, TypedExpr } from '../../engine/plan/expr.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { KeyCodec } from '../../engine/records/key-codec.js';
import { emptyRecord } from '../../engine/records/record.js';
import { compareDoubles, hashKey, nullSafeEqual, valuesEqual } from '../../engine/values/compare.js';
import { Decimal } from '../../engine/values/decimal.js';
import { array, BOOLEAN, DOUBLE, decimal, map, type SqlType, STRING, struct } from '../../engine/values/sql-type.js';
import type { Value } from '../../engine/values/value.js';
import { context, evaluate } from '../functions/support.js';

/** As Java's documentation has `Double.compare`: by number, then by the bits of the one NaN, of 0 and of -0. */
function model(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  const bits = (v: number): bigint => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, Number.isNaN(v) ? Number.NaN : v);
    return view.getBigInt64(0);
  };
  return bits(a) < bits(b) ? -1 : bits(a) > bits(b) ? 1 : 0;
}

const otherNaN = (): number => Buffer.from('fff8000000000001', 'hex').readDoubleBE(0);
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 5e-324, 1.7e308];
const double = fc.oneof(
  fc.constantFrom(...SPECIAL),
  fc.constant(null).map(otherNaN),
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
);
const sign = (n: number): number => (n < 0 ? -1 : n > 0 ? 1 : 0);

const column = (index: number): ColumnExpr => ({
  kind: 'column',
  from: 'value',
  index,
  name: `C${index}`,
  type: DOUBLE,
});
const constant = (v: number): TypedExpr => ({ kind: 'literal', value: v, type: DOUBLE });
const run = (e: TypedExpr, ...value: Value[]): Value =>
  compileSafe(e, { ...context, onError: () => {} })({ ...emptyRecord(), value });

describe('DOUBLE has one order and one equality', () => {
  test("it is that of Java's Double.compare", () => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        expect(sign(compareDoubles(a, b))).toBe(model(a, b));
        expect((valuesEqual(DOUBLE) as (a: Value, b: Value) => boolean)(a, b)).toBe(model(a, b) === 0);
        expect(new Set([hashKey(DOUBLE)(a), hashKey(DOUBLE)(b)]).size).toBe(model(a, b) === 0 ? 1 : 2);
      }),
    );
  });

  test('bytes of keys have it', () => {
    const codec = new KeyCodec([DOUBLE]);
    const bytes = (v: number): Buffer => {
      const out = new ByteWriter();
      codec.encode([v], out);
      return out.toBuffer();
    };
    fc.assert(
      fc.property(double, double, (a, b) => {
        expect(Buffer.compare(bytes(a), bytes(b))).toBe(model(a, b));
        expect(codec.decode(bytes(a))[0]).toBe(a);
      }),
    );
  });

  test('so do the operators, with a column and with a constant', () => {
    const expected: Record<CompareOp, (order: number) => boolean> = {
      '=': (o) => o === 0,
      '<>': (o) => o !== 0,
      '<': (o) => o < 0,
      '<=': (o) => o <= 0,
      '>': (o) => o > 0,
      '>=': (o) => o >= 0,
      'IS DISTINCT FROM': (o) => o !== 0,
      'IS NOT DISTINCT FROM': (o) => o === 0,
    };
    fc.assert(
      fc.property(double, double, double, (a, b, c) => {
        for (const op of Object.keys(expected) as CompareOp[]) {
          const with_ = (right: TypedExpr): TypedExpr => ({
            kind: 'compare',
            op,
            left: column(0),
            right,
            type: BOOLEAN,
          });
          expect([op, run(with_(column(1)), a, b)]).toEqual([op, expected[op](model(a, b))]);
          expect([op, run(with_(constant(b)), a)]).toEqual([op, expected[op](model(a, b))]);
        }
        const between: TypedExpr = {
          kind: 'between',
          operand: column(0),
          low: constant(b),
          high: column(1),
          negated: false,
          type: BOOLEAN,
        };
        expect(run(between, a, c)).toBe(model(a, b) >= 0 && model(a, c) <= 0);
        const within: TypedExpr = {
          kind: 'in',
          operand: column(0),
          list: [constant(b), column(1)],
          negated: false,
          type: BOOLEAN,
        };
        expect(run(within, a, c)).toBe(model(a, b) === 0 || model(a, c) === 0);
      }),
    );
  });
});

describe('collections are equal by their elements', () => {
  const same = (type: SqlType, a: Value, b: Value): boolean => {
    const equal = nullSafeEqual(type)(a, b);
    expect(hashKey(type)(a) === hashKey(type)(b)).toBe(equal);
    return equal;
  };

  test('of doubles', () => {
    expect(same(array(DOUBLE), [Number.NaN, 1], [otherNaN(), 1])).toBe(true);
    expect(same(array(DOUBLE), [0], [-0])).toBe(false);
    expect(same(struct([{ name: 'A', type: DOUBLE }]), [Number.NaN], [Number.NaN])).toBe(true);
    expect(same(struct([{ name: 'A', type: DOUBLE }]), [-0], [0])).toBe(false);
    expect(same(map(STRING, DOUBLE), new Map([['a', Number.NaN]]), new Map([['a', Number.NaN]]))).toBe(true);
  });

  test('a map by its keys, DECIMAL ones too', () => {
    const type = map(decimal(3, 1), STRING);
    const of = (key: string) => new Map<Value, Value>([[Decimal.of(key), 'x']]);
    expect(same(type, of('1.0'), of('1.00'))).toBe(true);
    expect(same(type, of('1.0'), of('1.1'))).toBe(false);
  });
});

describe('functions go by the order of DOUBLE', () => {
  const nan = "CAST('NaN' AS DOUBLE)";
  const minus = "CAST('-0.0' AS DOUBLE)";
  test.each([
    [`GREATEST(1E0, ${nan}, 5E0)`, Number.NaN],
    [`LEAST(${nan}, 1E0)`, 1],
    [`LEAST(0E0, ${minus})`, -0],
    [`GREATEST(${minus}, 0E0)`, 0],
    [`ARRAY_MAX(ARRAY[1E0, ${nan}, 5E0])`, Number.NaN],
    [`ARRAY_MIN(ARRAY[${nan}, 5E0])`, 5],
    [`ARRAY_SORT(ARRAY[${nan}, 0E0, 7E0, ${minus}, -1E0])`, [-1, -0, 0, 7, Number.NaN]],
    [`ARRAY_SORT(ARRAY[3E0, ${nan}, 1E0], 'DESC')`, [Number.NaN, 3, 1]],
    [`ARRAY_CONTAINS(ARRAY[1E0, ${nan}], ${nan})`, true],
    [`ARRAY_CONTAINS(ARRAY[0E0], ${minus})`, false],
    [`ARRAY_REMOVE(ARRAY[1E0, ${nan}], ${nan})`, [1]],
    [`ARRAY_DISTINCT(ARRAY[${nan}, 0E0, ${nan}, ${minus}])`, [Number.NaN, 0, -0]],
    [`ARRAY_UNION(ARRAY[${nan}], ARRAY[${nan}, 1E0])`, [Number.NaN, 1]],
    [`ARRAY_EXCEPT(ARRAY[${nan}, 1E0, 0E0], ARRAY[${nan}, ${minus}])`, [1, 0]],
    [`ARRAY_INTERSECT(ARRAY[${nan}, 1E0], ARRAY[${nan}])`, [Number.NaN]],
    [`NULLIF(${nan}, ${nan})`, null],
    [`CASE ${nan} WHEN ${nan} THEN 1 ELSE 2 END`, 1],
    [`${nan} > 1E308`, true],
    [`${minus} < 0E0`, true],
    [`ARRAY[${nan}] = ARRAY[${nan}]`, true],
    [`MAP('a' := ${nan}) = MAP('a' := ${nan})`, true],
    [`STRUCT(a := ${nan}) = STRUCT(a := ${nan})`, true],
  ] as const)('%s', (sql, expected) => expect(evaluate(sql)).toEqual(expected));
});
