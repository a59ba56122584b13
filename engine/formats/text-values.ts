import { Decimal } from '../types/decimal.js';
import { bigintValue } from '../types/value.js';
import { DecodeError } from './format.js';

/*
 * Values from their text, as DELIMITED fields and JSON strings hold them. What Java's parse methods refuse is refused.
 */

const INTEGER_TEXT = /^[+-]?\d{1,25}$/;
const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;

const mismatch = (text: string, type: string) =>
  new DecodeError(`Not a value of type ${type}: '${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`);

/** Java's Integer.parseInt; also days and times of the day. */
export function parseInteger(text: string): number {
  if (!INTEGER_TEXT.test(text)) throw mismatch(text, 'INTEGER');
  const v = Number(text);
  if (v < -2147483648 || v > 2147483647) throw mismatch(text, 'INTEGER');
  return v + 0;
}

/** Java's Long.parseLong. */
export function parseBigint(text: string): number | bigint {
  if (!INTEGER_TEXT.test(text)) throw mismatch(text, 'BIGINT');
  const v = Number(text);
  if (Number.isSafeInteger(v)) return v + 0;
  const wide = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (wide !== BigInt.asIntN(64, wide)) throw mismatch(text, 'BIGINT');
  return bigintValue(wide);
}

/** Java's Double.parseDouble, but for its hexadecimal form. */
export function parseDoubleText(text: string): number {
  const t = text.trim();
  if (DOUBLE_TEXT.test(t)) return Number(/[fFdD]$/.test(t) ? t.slice(0, -1) : t);
  switch (t) {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
    case '+Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    default:
      throw mismatch(text, 'DOUBLE');
  }
}

/** At the scale of the column, rounded half up; an error where the whole part does not fit. */
export function parseDecimal(text: string, precision: number, scale: number): Decimal {
  const d = Decimal.parse(text);
  if (d === undefined) throw mismatch(text, 'DECIMAL');
  const fitted = d.fit(precision, scale);
  if (fitted === undefined) {
    throw new DecodeError(
      `Numeric field overflow: A field with precision ${precision} and scale ${scale} must round to an absolute value less than 10^${precision - scale}. Got ${d.toString().slice(0, 60)}`,
    );
  }
  return fitted;
}

/** RFC 4648 base 64, padded or not, nothing else in it. */
export function parseBase64(text: string): Uint8Array {
  if (!BASE64_TEXT.test(text) || text.replace(/=+$/, '').length % 4 === 1) throw mismatch(text, 'BYTES');
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export const base64Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** `true` and `false` in any case. */
export function parseBoolean(text: string): boolean {
  const t = text.toLowerCase();
  if (t === 'true') return true;
  if (t === 'false') return false;
  throw mismatch(text, 'BOOLEAN');
}
