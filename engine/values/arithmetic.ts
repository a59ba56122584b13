import type { Decimal } from './decimal.js';
import { EvaluationError } from './evaluation-error.js';
import { fitDecimal } from './fit.js';
import type { SqlType } from './sql-type.js';
import { bigintValue } from './value.js';

export type ArithOp = '+' | '-' | '*' | '/' | '%';

/** A BIGINT at run time. */
export type Long = number | bigint;

const divisionByZero = (): never => {
  throw new EvaluationError('/ by zero');
};

/*
 * BIGINT: 64 bits, wrapping as Java's long. Two safe integers whose result is safe never leave the number type; `+ 0` turns
 * a negative zero, which the one form of a BIGINT does not have, into zero.
 */
export function addLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const r = a + b;
    if (Number.isSafeInteger(r)) return r;
  }
  return bigintValue(BigInt(a) + BigInt(b));
}

export function subtractLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const r = a - b;
    if (Number.isSafeInteger(r)) return r;
  }
  return bigintValue(BigInt(a) - BigInt(b));
}

export function multiplyLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const r = a * b;
    if (Number.isSafeInteger(r)) return r + 0;
  }
  return bigintValue(BigInt(a) * BigInt(b));
}

export function divideLong(a: Long, b: Long): Long {
  if (b === 0) return divisionByZero();
  // The quotient of two safe integers, rounded to a double, never reaches the next whole number: truncation is exact.
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return bigintValue(BigInt(a) / BigInt(b));
}

export function remainderLong(a: Long, b: Long): Long {
  if (b === 0) return divisionByZero();
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return bigintValue(BigInt(a) % BigInt(b));
}

export const negateLong = (a: Long): Long => (typeof a === 'number' ? 0 - a : bigintValue(-a));

const divideInt = (a: number, b: number): number => (b === 0 ? divisionByZero() : (a / b) | 0);
const remainderInt = (a: number, b: number): number => (b === 0 ? divisionByZero() : (a % b) | 0);

/** The operator on two non-null values of one kind; `result` is the operator's type. */
export function arithmetic(op: ArithOp, result: SqlType): (a: never, b: never) => number | bigint | Decimal {
  switch (result.kind) {
    case 'INTEGER':
      return {
        '+': (a: number, b: number) => (a + b) | 0,
        '-': (a: number, b: number) => (a - b) | 0,
        '*': (a: number, b: number) => Math.imul(a, b),
        '/': divideInt,
        '%': remainderInt,
      }[op];
    case 'BIGINT':
      return { '+': addLong, '-': subtractLong, '*': multiplyLong, '/': divideLong, '%': remainderLong }[op];
    case 'DOUBLE':
      return {
        '+': (a: number, b: number) => a + b,
        '-': (a: number, b: number) => a - b,
        '*': (a: number, b: number) => a * b,
        '/': (a: number, b: number) => a / b,
        '%': (a: number, b: number) => a % b,
      }[op];
    case 'DECIMAL': {
      const { precision, scale } = result;
      const bounded = (d: Decimal): Decimal => fitDecimal(d, precision, scale);
      const nonZero = (d: Decimal): Decimal => (d.unscaled === 0n ? divisionByZero() : d);
      return {
        '+': (a: Decimal, b: Decimal) => bounded(a.add(b)),
        '-': (a: Decimal, b: Decimal) => bounded(a.subtract(b)),
        '*': (a: Decimal, b: Decimal) => bounded(a.multiply(b)),
        '/': (a: Decimal, b: Decimal) => bounded(a.divide(nonZero(b), scale)),
        '%': (a: Decimal, b: Decimal) => bounded(a.remainder(nonZero(b))),
      }[op];
    }
    default:
      throw new Error(`no arithmetic on ${result.kind}`);
  }
}
