import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSafe } from '../../engine/expression/index.js';
import { emptyRecord } from '../../engine/records/record.js';
import { Decimal } from '../../engine/values/decimal.js';
import type { Value } from '../../engine/values/value.js';
import { context, evaluate, typed } from './support.js';

/** A value of a DECIMAL(precision, scale), often one at the type's edge. */
const decimals = (maxPrecision: number) =>
  fc
    .record({ precision: fc.integer({ min: 1, max: maxPrecision }), scale: fc.nat(maxPrecision), edge: fc.boolean() })
    .chain(({ precision, scale, edge }) => {
      const limit = 10n ** BigInt(precision);
      const near = edge ? limit - 1n - (limit - 1n) / 100n : 0n;
      return fc.record({
        precision: fc.constant(precision),
        scale: fc.constant(Math.min(scale, precision)),
        size: fc.bigInt({ min: near, max: limit - 1n }),
        negative: fc.boolean(),
      });
    })
    .map(({ precision, scale, size, negative }) => ({
      precision,
      value: new Decimal(negative ? -size : size, scale),
      sql: `CAST('${new Decimal(negative ? -size : size, scale)}' AS DECIMAL(${precision}, ${scale}))`,
    }));

function run(sql: string): { value: Value; errors: string[]; precision: number; scale: number } {
  const expr = typed(sql);
  const errors: string[] = [];
  const value = compileSafe(expr, { ...context, onError: (m) => errors.push(m) })(emptyRecord());
  if (expr.type.kind !== 'DECIMAL') throw new Error(`${sql} is of type ${expr.type.kind}`);
  return { value, errors, precision: expr.type.precision, scale: expr.type.scale };
}

const power = (n: number): bigint => 10n ** BigInt(n);

/** The largest multiple of 10^-places that is not above the value, plus a multiple of half of it first. */
function rounded(v: Decimal, places: number, add: bigint, of: bigint): { unscaled: bigint; scale: number } {
  const scale = Math.max(v.scale, places, 0) + 1;
  const unit = power(scale - places);
  const at = v.unscaled * power(scale - v.scale) + (unit * add) / of;
  const down = at >= 0n ? at / unit : -((-at + unit - 1n) / unit);
  return { unscaled: down * unit, scale };
}

const model: Record<string, (v: Decimal, places: number) => { unscaled: bigint; scale: number }> = {
  ROUND: (v, places) => rounded(v, Math.min(places, v.scale), 1n, 2n),
  FLOOR: (v) => rounded(v, 0, 0n, 1n),
  CEIL: (v) => {
    const { unscaled, scale } = rounded(v.negate(), 0, 0n, 1n);
    return { unscaled: -unscaled, scale };
  },
  ABS: (v) => ({ unscaled: v.unscaled < 0n ? -v.unscaled : v.unscaled, scale: v.scale }),
};

function check(sql: string, wanted: { unscaled: bigint; scale: number }, room: boolean): void {
  const { value, errors, precision, scale } = run(sql);
  const exact = new Decimal(wanted.unscaled, wanted.scale);
  if (value === null) {
    expect(room, `${sql} has room`).toBe(false);
    expect(exact.fit(precision, scale)).toBeUndefined();
    expect(errors).toEqual([expect.stringContaining('Numeric field overflow')]);
  } else {
    expect(errors).toEqual([]);
    expect((value as Decimal).compare(exact)).toBe(0);
    expect((value as Decimal).fit(precision, scale)).toBeDefined();
  }
}

describe('a DECIMAL result is the exact one and fits its type, or NULL and an entry', () => {
  test.each(Object.keys(model))('%s', (name) => {
    fc.assert(
      fc.property(decimals(38), ({ precision, value, sql }) => {
        check(`${name}(${sql})`, model[name]!(value, 0), name === 'ABS' || precision < 33);
      }),
    );
  });

  test('ROUND to places', () => {
    fc.assert(
      fc.property(decimals(32), fc.integer({ min: -3, max: 20 }), ({ value, sql }, places) => {
        check(`ROUND(${sql}, ${places})`, model.ROUND!(value, places), true);
      }),
    );
  });

  test('sums, differences and products', () => {
    fc.assert(
      fc.property(decimals(18), decimals(18), (a, b) => {
        const wanted = { '+': a.value.add(b.value), '-': a.value.subtract(b.value), '*': a.value.multiply(b.value) };
        for (const [op, exact] of Object.entries(wanted)) check(`${a.sql} ${op} ${b.sql}`, exact, true);
      }),
    );
  });
});

test.each([
  ['CAST(GREATEST(10.5, 2.25) AS STRING)', '10.5'],
  ['CAST(LEAST(10.5, 2.25, 3.125) AS STRING)', '2.25'],
  ['CAST(GREATEST(10.5, 2.25) + 0.5 AS STRING)', '11.00'],
] as const)('%s is the value, at its own scale', (sql, text) => expect(evaluate(sql)).toBe(text));
