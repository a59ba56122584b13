import { Decimal } from './decimal.js';
import { bigintValue } from './value.js';

/*
 * Values from their text, as Java's parse methods take and refuse it. Undefined: the text is none. None of these functions
 * trims. Who wants that calls `javaTrim` first: CAST does, decoders do not.
 */

/** Java's `String.trim`: only characters up to the blank go. */
export function javaTrim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 0x20) from++;
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

const ASCII = /^[\0-\x7f]*$/;
const DIGIT = /\p{Nd}/u;

/** Decimal digits of other scripts as those of ASCII. They come in runs of ten, from zero on. */
function asciiDigits(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(/\p{Nd}/gu, (c) => {
    let value = 0;
    const code = c.charCodeAt(0);
    while (value < 9 && DIGIT.test(String.fromCharCode(code - value - 1))) value++;
    return c.length === 1 ? String(value) : c;
  });
}

const INTEGER_TEXT = /^[+-]?\d{1,1000}$/;

function parseWhole(text: string): number | bigint | undefined {
  const t = asciiDigits(text);
  if (!INTEGER_TEXT.test(t)) return undefined;
  const v = Number(t);
  return Number.isSafeInteger(v) ? v + 0 : BigInt(t.startsWith('+') ? t.slice(1) : t);
}

/** `Integer.parseInt`. */
export function parseInt32(text: string): number | undefined {
  const v = parseWhole(text);
  return typeof v === 'number' && v >= -2147483648 && v <= 2147483647 ? v : undefined;
}

/** `Long.parseLong`. */
export function parseInt64(text: string): number | bigint | undefined {
  const v = parseWhole(text);
  return typeof v === 'bigint' ? (BigInt.asIntN(64, v) === v ? bigintValue(v) : undefined) : v;
}

/** `new BigDecimal(text)`. */
export const parseDecimal = (text: string): Decimal | undefined => Decimal.parse(asciiDigits(text));

const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const HEX_DOUBLE =
  /^([+-]?)0[xX](?:([\da-fA-F]{1,1000})\.?|([\da-fA-F]{0,1000})\.([\da-fA-F]{1,1000}))[pP]([+-]?\d+)[fFdD]?$/;
const NO_FINITE = /^([+-]?)(NaN|Infinity)$/;

/** `Double.parseDouble`, which trims. */
export function parseFloat64(text: string): number | undefined {
  const t = javaTrim(text);
  if (DOUBLE_TEXT.test(t)) return Number(/[fFdD]$/.test(t) ? t.slice(0, -1) : t);
  const named = NO_FINITE.exec(t);
  if (named !== null) {
    if (named[2] === 'NaN') return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = HEX_DOUBLE.exec(t);
  if (hex === null) return undefined;
  const fraction = hex[4] ?? '';
  const size = scaled(BigInt(`0x${hex[2] ?? hex[3]! + fraction}`), Number(hex[5]) - 4 * fraction.length);
  return hex[1] === '-' ? -size : size;
}

/** The double nearest to `m` × 2^`exponent`, ties to even. */
function scaled(m: bigint, exponent: number): number {
  if (m === 0n) return 0;
  const bits = m.toString(2).length;
  if (bits + exponent > 1024) return Number.POSITIVE_INFINITY;
  // A double has 53 digits, and none below 2^-1074.
  const drop = Math.max(bits - 53, -1074 - exponent, 0);
  if (drop > bits) return 0;
  const half = drop === 0 ? 0n : 1n << BigInt(drop - 1);
  let kept = m >> BigInt(drop);
  const rest = m - (kept << BigInt(drop));
  if (drop > 0 && (rest > half || (rest === half && (kept & 1n) === 1n))) kept++;
  // Two steps: 2^n alone is no double where n is below -1074.
  const e = exponent + drop;
  const first = Math.max(e, -1000);
  return Number(kept) * 2 ** first * 2 ** (e - first);
}

const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;

/** `Base64.getDecoder()`: RFC 4648, padded in full or not at all, nothing else in it. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (!BASE64_TEXT.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const left = (text.length - padding) % 4;
  if (left === 1 || (padding > 0 && left + padding !== 4)) return undefined;
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** Any beginning of `true` and `yes`, of `false` and `no`, in any case, trimmed. */
export function parseBooleanWord(text: string): boolean | undefined {
  const word = javaTrim(text).toLowerCase();
  if (word === '') return undefined;
  if ('true'.startsWith(word) || 'yes'.startsWith(word)) return true;
  return 'false'.startsWith(word) || 'no'.startsWith(word) ? false : undefined;
}
