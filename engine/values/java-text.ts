import type { Decimal } from './decimal.js';
import { javaEntries } from './java-map-order.js';
import type { SqlType } from './sql-type.js';
import { dateText, timestampText, timeText } from './temporal.js';
import type { Value } from './value.js';

/** Java's `Double.toString`: `1.0`, `1.0E7`, `1.0E-4`, `NaN`, `Infinity`. */
export function doubleText(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (v === Number.POSITIVE_INFINITY) return 'Infinity';
  if (v === Number.NEGATIVE_INFINITY) return '-Infinity';
  if (v === 0) return Object.is(v, -0) ? '-0.0' : '0.0';
  const size = Math.abs(v);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(v) ? `${v}.0` : String(v);
  if (size > 2 ** 54 && size < 2 ** 63) return wholeText(v);
  // Shortest digits as Java 19 and later print them, always with one digit behind the point.
  let text = v.toExponential();
  if (!text.includes('.')) {
    // Java takes the nearest of two digits where one would do: 4.9E-324, not 5.0E-324.
    const two = v.toExponential(1);
    text = Number(two) === v ? two : text.replace('e', '.0e');
  }
  return text.replace(/e\+?/, 'E');
}

/** Digits that say nothing of a whole double in [2^n, 2^(n+1)), from n = 54 on: fewer than those below its unit in the last place. */
const INSIGNIFICANT = [0, 0, 0, 0, 1, 1, 1, 2, 2] as const;

/**
 * A whole number between 2^54 and 2^63: its own digits but for those, as Java prints it up to version 18 (2^62 is
 * 4.6116860184273879E18). ksqlDB's suite was written on such a Java.
 */
function wholeText(v: number): string {
  const size = BigInt(Math.abs(v));
  const unit = 10n ** BigInt(INSIGNIFICANT[size.toString(2).length - 55]!);
  const digits = String((size + unit / 2n) / unit);
  const exponent = digits.length - 1 + String(unit).length - 1;
  const fraction = digits.slice(1).replace(/0+$/, '');
  return `${v < 0 ? '-' : ''}${digits[0]}.${fraction === '' ? '0' : fraction}E${exponent}`;
}

/**
 * A JSON number as Java prints it: an integer's digits, else BigDecimal's text (`1E+2`, `0.10`, `1E-7`). Undefined where
 * its exponent is beyond a BigDecimal's.
 */
export function jsonNumberText(text: string): string | undefined {
  const m = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const fraction = m[3] ?? '';
  if (m[3] === undefined && m[4] === undefined) return text === '-0' ? '0' : text;
  const digits = (m[2]! + fraction).replace(/^0+(?=\d)/, '');
  const sign = m[1] === '-' && digits !== '0' && /[1-9]/.test(digits) ? '-' : '';
  const scale = fraction.length - Number(m[4] ?? 0);
  if (!Number.isSafeInteger(scale) || Math.abs(scale) > 2147483647) return undefined;
  const exponent = digits.length - 1 - scale;
  if (scale >= 0 && exponent >= -6) {
    if (scale === 0) return sign + digits;
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${sign}${mantissa}E${exponent >= 0 ? '+' : ''}${exponent}`;
}

/** The text that CAST(… AS STRING) gives; null for null. */
export function javaText(type: SqlType): (v: Value) => string | null {
  const print = printer(type) as (v: Value) => string;
  return (v) => (v === null ? null : print(v));
}

/** How a value shows inside another: null as `null`. */
function nested(type: SqlType): (v: Value) => string {
  const print = printer(type) as (v: Value) => string;
  return (v) => (v === null ? 'null' : print(v));
}

function printer(type: SqlType): (v: never) => string {
  switch (type.kind) {
    case 'STRING':
      return (v: string) => v;
    case 'DOUBLE':
      return doubleText;
    case 'DECIMAL':
      // Its own digits: GREATEST gives a value that has fewer than its type.
      return (v: Decimal) => v.toString();
    case 'DATE':
      return dateText;
    case 'TIME':
      // Whole seconds, as ksqlDB.
      return (v: number) => timeText(v - (v % 1000));
    case 'TIMESTAMP':
      return timestampText;
    case 'BYTES':
      return (v: Uint8Array) => Buffer.from(v.buffer, v.byteOffset, v.length).toString('base64');
    case 'ARRAY': {
      const element = nested(type.element);
      return (v: Value[]) => `[${v.map(element).join(', ')}]`;
    }
    case 'MAP': {
      const key = nested(type.key);
      const value = nested(type.value);
      return (v: Map<Value, Value>) =>
        `{${javaEntries(v)
          .map(([k, x]) => `${key(k)}=${value(x)}`)
          .join(', ')}}`;
    }
    case 'STRUCT': {
      const fields = type.fields.map((f) => ({ name: f.name, print: nested(f.type) }));
      // Kafka Connect's Struct leaves out the fields that are null.
      return (v: Value[]) =>
        `Struct{${fields.flatMap((f, i) => (v[i] === null || v[i] === undefined ? [] : [`${f.name}=${f.print(v[i]!)}`])).join(',')}}`;
    }
    default:
      return (v: boolean | number | bigint) => String(v);
  }
}
