import type { StringCache } from '../../records/intern.js';
import type { Value } from '../../values/value.js';
import type { JsonCursor } from './scan.js';

/**
 * How a value is read: the first five in the loop of `ObjectReader`, the last by its reader alone. SKIP and SKIP_NUMBER: nobody
 * wants it, and any, or any number, will do.
 */
export const SKIP = 0;
export const SKIP_NUMBER = 1;
export const TEXT = 2;
export const NUMBER = 3;
export const INTEGRAL = 4;
export const OTHER = 5;
export type Op = typeof SKIP | typeof TEXT | typeof NUMBER | typeof INTEGRAL | typeof SKIP_NUMBER | typeof OTHER;

/**
 * Reads a value of one SQL type, from its first character (at `c.p`) to behind its last; null for JSON's null. ksqlDB's
 * leniency: numbers and booleans, objects and arrays become their text for a STRING; text becomes a number; a fraction is
 * cut off for INTEGER and BIGINT, and what is too wide for these wraps around; DATE and TIME have bounds.
 */
export interface ValueReader {
  /** Which of the kinds that `ObjectReader` reads in its own loop this is. */
  readonly op: Op;
  /** Of TEXT readers. */
  readonly strings?: StringCache;
  /** Of NUMBER and INTEGRAL readers: up to here digits are the value, without wrapping or rounding. */
  readonly max?: number;
  read(c: JsonCursor): Value;
}
