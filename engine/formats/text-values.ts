import type { Decimal } from '../values/decimal.js';
import * as text from '../values/parse-text.js';
import { DAY_MS } from '../values/temporal.js';
import { DecodeError } from './format.js';

/*
 * Values from their text, as DELIMITED fields and JSON strings hold them. What Java's parse methods refuse is refused. And
 * numbers within the bounds of their types, in all formats.
 */

const mismatch = (s: string, type: string) =>
  new DecodeError(`Not a value of type ${type}: '${s.length > 40 ? `${s.slice(0, 40)}…` : s}'`);

const reader =
  <T>(type: string, parse: (s: string) => T | undefined) =>
  (s: string): T => {
    const v = parse(s);
    if (v === undefined) throw mismatch(s, type);
    return v;
  };

export const parseInteger = reader('INTEGER', text.parseInt32);
export const parseBigint = reader('BIGINT', text.parseInt64);
export const parseDoubleText = reader('DOUBLE', text.parseFloat64);
export const parseBase64 = reader('BYTES', text.parseBase64);
const decimalOf = reader('DECIMAL', text.parseDecimal);

/** A DATE, the days since 1970-01-01 that `v` is. */
export function day(v: number | bigint): number {
  if (!(v >= -2147483648 && v <= 2147483647))
    throw new DecodeError(`Not a value of type DATE: ${v} is no number of days`);
  return Number(v);
}

/** A TIME, the milliseconds since midnight that `v` is. */
export function timeOfDay(v: number | bigint): number {
  if (!(v >= 0 && v < DAY_MS)) throw new DecodeError(`Not a value of type TIME: ${v} is no millisecond of a day`);
  return Number(v);
}

export const parseDecimal = (s: string, precision: number, scale: number): Decimal =>
  fitDecimal(decimalOf(s), precision, scale);

/** At the scale of the column, rounded half up; an error where the whole part does not fit. */
export function fitDecimal(d: Decimal, precision: number, scale: number): Decimal {
  const fitted = d.fit(precision, scale);
  if (fitted === undefined) {
    throw new DecodeError(
      `Numeric field overflow: A field with precision ${precision} and scale ${scale} must round to an absolute value less than 10^${precision - scale}. Got ${brief(d)}`,
    );
  }
  return fitted;
}

const MOST_DIGITS = 60;

/** The text of huge numbers takes long to make. */
const brief = (d: Decimal): string => (isHuge(d) ? 'a number of too many digits' : d.toString().slice(0, MOST_DIGITS));

const isHuge = (d: Decimal): boolean => BigInt.asIntN(4096, d.unscaled) !== d.unscaled || d.scale > 1000;

export const base64Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** `true` and `false` in any case. */
export const parseBoolean = reader('BOOLEAN', (s) => {
  const word = s.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
});
