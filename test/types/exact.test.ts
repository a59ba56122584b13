import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Binary, bitLength, DoubleSum } from '../../engine/values/exact.js';

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 0.1, -0.1, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1e300),
  fc.integer().map((n) => n / 100),
);

/** The exact value in units of 2^-1074, by long division of nothing: a double's own digits. */
function units(v: number): bigint {
  let unit = v;
  let n = 0n;
  // Halves and doubles are exact as long as they stay normal.
  for (; !Number.isInteger(unit); unit *= 2) n++;
  return BigInt(unit) * 2n ** (1074n - n);
}

/** The nearest double of a number of units, found among the neighbours by comparing exactly. */
function nearest(total: bigint): number {
  const size = total < 0n ? -total : total;
  let low = 0;
  let high = Number.MAX_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  const bits = (v: number): bigint => {
    view.setFloat64(0, v);
    return view.getBigUint64(0);
  };
  const double = (b: bigint): number => {
    view.setBigUint64(0, b);
    return view.getFloat64(0);
  };
  while (bits(high) - bits(low) > 1n) {
    const middle = double((bits(low) + bits(high)) / 2n);
    if (units(middle) <= size) low = middle;
    else high = middle;
  }
  if (units(high) <= size) low = high;
  const after = low === Number.MAX_VALUE ? units(low) + 2n ** (1074n + 971n) : units(double(bits(low) + 1n));
  const below = size - units(low);
  const above = after - size;
  const even = bits(low) % 2n === 0n;
  const up = above < below || (above === below && !even);
  const v = up ? (low === Number.MAX_VALUE ? Number.POSITIVE_INFINITY : double(bits(low) + 1n)) : low;
  return total < 0n ? -v : v;
}

test('a number has as many bits', () => {
  for (const [v, n] of [
    [0n, 0],
    [1n, 1],
    [255n, 8],
    [256n, 9],
    [-(2n ** 31n), 32],
    [2n ** 32n, 33],
    [2n ** 100n - 1n, 100],
  ] as const) {
    expect(bitLength(v)).toBe(n);
  }
});

test('every finite double is itself, also reduced', () => {
  fc.assert(
    fc.property(finite, (v) => {
      expect(Binary.of(v).toNumber()).toBe(v + 0);
      expect(Binary.of(v).reduced().toNumber()).toBe(v + 0);
    }),
  );
});

test('products and sums of two round as IEEE 754 has it', () => {
  fc.assert(
    fc.property(finite, finite, (a, b) => {
      expect(Binary.of(a).times(Binary.of(b)).toNumber() + 0).toBe(a * b + 0);
      expect(Binary.of(a).plus(Binary.of(b)).toNumber()).toBe(a + b + 0);
      expect(Binary.of(a).minus(Binary.of(b)).toNumber()).toBe(a - b + 0);
      if (b !== 0) expect(Binary.of(a).dividedBy(Binary.of(b)).toNumber() + 0).toBe(a / b + 0);
    }),
  );
});

test('a sum is the nearest double of the exact one, and forgets what is taken back', () => {
  fc.assert(
    fc.property(fc.array(finite, { maxLength: 12 }), fc.array(finite, { maxLength: 6 }), (kept, gone) => {
      const sum = new DoubleSum();
      for (const v of gone) sum.add(v, 1);
      for (const v of kept) sum.add(v, 1);
      for (const v of gone) sum.add(v, -1);
      expect(sum.value()).toBe(nearest(kept.reduce((total, v) => total + units(v), 0n)) + 0);
      if (kept.length === 0) expect(sum.parts).toEqual([]);
    }),
  );
});

test('NaN and infinities are counted, and go', () => {
  const sum = DoubleSum.of(2);
  sum.add(Number.POSITIVE_INFINITY, 1);
  expect(sum.value()).toBe(Number.POSITIVE_INFINITY);
  sum.add(Number.NEGATIVE_INFINITY, 1);
  expect(sum.value()).toBeNaN();
  sum.add(Number.POSITIVE_INFINITY, -1);
  expect(sum.value()).toBe(Number.NEGATIVE_INFINITY);
  sum.add(Number.NaN, 1);
  expect(sum.value()).toBeNaN();
  sum.add(Number.NaN, -1);
  sum.add(Number.NEGATIVE_INFINITY, -1);
  expect(sum.value()).toBe(2);
});
