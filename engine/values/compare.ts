import type { Decimal } from './decimal.js';
import type { SqlType } from './sql-type.js';
import type { Value } from './value.js';

/** Negative, zero or positive, for two non-null values of one type. */
export type Comparator = (a: never, b: never) => number;

const natural = (a: number | bigint | string | boolean, b: number | bigint | string | boolean): number =>
  a < b ? -1 : a > b ? 1 : 0;

/**
 * The one order of DOUBLE, Java's `Double.compare`: -0 before 0, and NaN, which is equal to itself, behind all numbers.
 * Comparison, sorting, MIN and MAX go by it, and stored keys have it in their bytes (key-codec.ts). Keys of a MAP do not: for
 * JavaScript's Map -0 is 0.
 */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b && a !== 0) return 0;
  return rank(a) - rank(b);
}

/** Of what JavaScript's operators cannot tell apart: -0, 0 and NaN. */
const rank = (v: number): number => (Object.is(v, -0) ? -1 : v === 0 ? 0 : Number.isNaN(v) ? 2 : v > 0 ? 1 : -2);

/** The equality that goes with `compareDoubles`. */
const doublesEqual = (a: number, b: number): boolean => Object.is(a, b);

/** The order of a type: numbers by value, text by UTF-16 code units as in Java, bytes unsigned, false before true. */
export function compareValues(type: SqlType): Comparator {
  switch (type.kind) {
    case 'DOUBLE':
      return compareDoubles;
    case 'DECIMAL':
      return (a: Decimal, b: Decimal) => a.compare(b);
    case 'BYTES':
      return (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b);
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      throw new Error(`${type.kind} has no order`);
    default:
      return natural;
  }
}

/** Equality of non-null values of one type; nulls inside a collection are equal to each other. */
export function valuesEqual(type: SqlType): (a: never, b: never) => boolean {
  switch (type.kind) {
    case 'DOUBLE':
      return doublesEqual;
    case 'DECIMAL':
      return (a: Decimal, b: Decimal) => a.compare(b) === 0;
    case 'BYTES':
      return (a: Uint8Array, b: Uint8Array) => a.length === b.length && Buffer.compare(a, b) === 0;
    case 'ARRAY': {
      const element = nullSafeEqual(type.element);
      return (a: Value[], b: Value[]) => a.length === b.length && a.every((x, i) => element(x, b[i] ?? null));
    }
    case 'STRUCT': {
      const fields = type.fields.map((f) => nullSafeEqual(f.type));
      return (a: Value[], b: Value[]) => fields.every((equal, i) => equal(a[i] ?? null, b[i] ?? null));
    }
    case 'MAP': {
      const value = nullSafeEqual(type.value);
      const key = hashKey(type.key);
      return (a: Map<Value, Value>, b: Map<Value, Value>) => {
        if (a.size !== b.size) return false;
        const byKey = new Map([...b].map(([k, y]) => [key(k), y]));
        for (const [k, x] of a) {
          const y = byKey.get(key(k));
          if (y === undefined || !value(x, y)) return false;
        }
        return true;
      };
    }
    default:
      return (a: Value, b: Value) => a === b;
  }
}

/** Equality where NULL equals NULL alone: IS NOT DISTINCT FROM. */
export function nullSafeEqual(type: SqlType): (a: Value, b: Value) => boolean {
  const equal = valuesEqual(type) as (a: Value, b: Value) => boolean;
  return (a, b) => (a === null || b === null ? a === b : equal(a, b));
}

/** A primitive that is the same for equal values and differs for others: what a Set or Map can go by. Null for null. */
export function hashKey(type: SqlType): (v: Value) => string | number | bigint | boolean | null {
  switch (type.kind) {
    case 'DOUBLE':
      // To a Set or Map, NaN is itself, and -0 is 0.
      return (v) => (v === 0 && Object.is(v, -0) ? '-0' : (v as number | null));
    case 'DECIMAL':
      return (v) => (v === null ? null : plain(v as Decimal));
    case 'BYTES':
      return (v) => (v === null ? null : Buffer.from(v as Uint8Array).toString('latin1'));
    case 'ARRAY': {
      const element = framed(type.element);
      return (v) => (v === null ? null : (v as Value[]).map(element).join(''));
    }
    case 'STRUCT': {
      const fields = type.fields.map((f) => framed(f.type));
      return (v) => (v === null ? null : fields.map((f, i) => f((v as Value[])[i] ?? null)).join(''));
    }
    case 'MAP': {
      const key = framed(type.key);
      const value = framed(type.value);
      return (v) =>
        v === null
          ? null
          : [...(v as Map<Value, Value>)]
              .map(([k, x]) => key(k) + value(x))
              .sort()
              .join('');
    }
    default:
      return (v) => v as string | number | bigint | boolean | null;
  }
}

/** A part's key with its length in front, so that parts put together stay apart. */
function framed(type: SqlType): (v: Value) => string {
  const key = hashKey(type);
  return (v) => {
    const k = key(v);
    if (k === null) return '-';
    const text = String(k);
    return `${text.length}:${text}`;
  };
}

/** 1.0 and 1.00 are one number. */
function plain(d: Decimal): string {
  let { unscaled, scale } = d;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return `${unscaled}e${-scale}`;
}
