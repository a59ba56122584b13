import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addLong,
  arithmetic,
  divideLong,
  type Long,
  multiplyLong,
  remainderLong,
  subtractLong,
} from '../../engine/values/arithmetic.js';
import { Decimal } from '../../engine/values/decimal.js';
import { INTEGER } from '../../engine/values/sql-type.js';
import { bigintValue } from '../../engine/values/value.js';

const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -10n, max: 10n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) + 1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 31n),
);

describe('BIGINT', () => {
  const operators: [string, (a: Long, b: Long) => Long, (a: bigint, b: bigint) => bigint][] = [
    ['+', addLong, (a, b) => a + b],
    ['-', subtractLong, (a, b) => a - b],
    ['*', multiplyLong, (a, b) => a * b],
    ['/', divideLong, (a, b) => a / b],
    ['%', remainderLong, (a, b) => a % b],
  ];
  for (const [op, actual, exact] of operators) {
    test(`a ${op} b wraps to 64 bits and is in its one form`, () => {
      fc.assert(
        fc.property(long, long, (a, b) => {
          fc.pre(b !== 0n || (op !== '/' && op !== '%'));
          expect(actual(bigintValue(a), bigintValue(b))).toBe(bigintValue(exact(a, b)));
        }),
      );
    });
  }

  test('division by zero is an error', () => {
    expect(() => divideLong(1, 0)).toThrow('/ by zero');
    expect(() => remainderLong(2n ** 60n, 0)).toThrow('/ by zero');
  });

  test('no result is a negative zero', () => {
    expect(Object.is(multiplyLong(-5, 0), 0)).toBe(true);
    expect(Object.is(divideLong(-1, 2), 0)).toBe(true);
    expect(Object.is(remainderLong(-4, 2), 0)).toBe(true);
  });
});

test('INTEGER wraps to 32 bits', () => {
  const apply = (op: '+' | '*' | '/' | '%') => arithmetic(op, INTEGER) as unknown as (a: number, b: number) => number;
  expect(apply('+')(2147483647, 1)).toBe(-2147483648);
  expect(apply('*')(65536, 65537)).toBe(65536);
  expect(apply('/')(-7, 2)).toBe(-3);
  expect(apply('%')(-7, 2)).toBe(-1);
  expect(() => apply('/')(1, 0)).toThrow('/ by zero');
});

const decimals = fc
  .record({ unscaled: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), scale: fc.integer({ min: 0, max: 12 }) })
  .map((d) => new Decimal(d.unscaled, d.scale));

/** As a fraction over 10^24. */
const exact = (d: Decimal) => d.unscaled * 10n ** BigInt(24 - d.scale);

describe('DECIMAL', () => {
  test('sums, differences and products are exact', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(exact(a.add(b))).toBe(exact(a) + exact(b));
        expect(exact(a.subtract(b))).toBe(exact(a) - exact(b));
        expect(exact(a.multiply(b)) * 10n ** 24n).toBe(exact(a) * exact(b));
      }),
    );
  });

  test('a quotient is off by at most half of its last digit', () => {
    fc.assert(
      fc.property(decimals, decimals, fc.integer({ min: 0, max: 20 }), (a, b, scale) => {
        fc.pre(b.sign !== 0);
        const q = a.divide(b, scale);
        const unit = 10n ** BigInt(24 - scale);
        const error = exact(a) * 10n ** 24n - exact(q) * exact(b);
        const bound = unit * (exact(b) < 0n ? -exact(b) : exact(b));
        expect((error < 0n ? -error : error) * 2n <= bound).toBe(true);
      }),
    );
  });

  test('the text reads back', () => {
    fc.assert(
      fc.property(decimals, (d) => {
        const back = Decimal.of(d.toString());
        expect(back.scale).toBe(d.scale);
        expect(back.unscaled).toBe(d.unscaled);
      }),
    );
  });

  test('order is that of the numbers', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(a.compare(b)).toBe(a.subtract(b).sign);
      }),
    );
  });

  test('rounding goes half up, away from zero', () => {
    expect(Decimal.of('1.25').setScale(1).toString()).toBe('1.3');
    expect(Decimal.of('-1.25').setScale(1).toString()).toBe('-1.3');
    expect(Decimal.of('1.24').setScale(1).toString()).toBe('1.2');
    expect(Decimal.of('9.95').fit(2, 1)).toBeUndefined();
  });

  test('texts', () => {
    expect(Decimal.of('-0.05').toString()).toBe('-0.05');
    expect(Decimal.of('1E3').toString()).toBe('1000');
    expect(Decimal.of('1.5e-2').toString()).toBe('0.015');
    expect(Decimal.parse('abc')).toBeUndefined();
    expect(Decimal.parse('')).toBeUndefined();
    expect(Decimal.parse('1e999999')).toBeUndefined();
  });
});
