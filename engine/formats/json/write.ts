import type { ByteWriter } from '../../records/bytes.js';
import type { Decimal } from '../../values/decimal.js';
import { doubleText } from '../../values/java-text.js';
import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { base64Text } from '../text-values.js';
import { BACKSLASH, COLON, COMMA, LBRACE, LBRACKET, MINUS, PLAIN, QUOTE, RBRACE, RBRACKET } from './scan.js';

/** Appends a value that is not null as JSON; null values are `null` to whoever holds them. */
export type ValueWriter = (v: Value, out: ByteWriter) => void;

/** Writes values of a type that holds no others, where a format has another way for it; undefined: the usual one. */
export type LeafWriter = (type: SqlType) => ValueWriter | undefined;

export function valueWriter(type: SqlType, leaf?: LeafWriter): ValueWriter {
  const own = leaf?.(type);
  if (own !== undefined) return own;
  switch (type.kind) {
    case 'STRING':
      return writeJsonString as ValueWriter;
    case 'DOUBLE':
      return writeDouble as ValueWriter;
    case 'INTEGER':
    case 'BIGINT':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return writeInteger as ValueWriter;
    case 'BOOLEAN':
      return (v, out) => out.copy(v ? TRUE : FALSE);
    case 'DECIMAL': {
      const scale = type.scale;
      return (v, out) => writeAscii((v as Decimal).setScale(scale).toString(), out);
    }
    case 'BYTES':
      return (v, out) => {
        out.byte(QUOTE);
        writeAscii(base64Text(v as Uint8Array), out);
        out.byte(QUOTE);
      };
    case 'ARRAY': {
      const element = valueWriter(type.element, leaf);
      return (v, out) => {
        const elements = v as readonly Value[];
        out.byte(LBRACKET);
        for (let i = 0; i < elements.length; i++) {
          if (i > 0) out.byte(COMMA);
          writeNullable(element, elements[i]!, out);
        }
        out.byte(RBRACKET);
      };
    }
    case 'MAP': {
      const value = valueWriter(type.value, leaf);
      return (v, out) => {
        let first = true;
        out.byte(LBRACE);
        for (const [key, x] of v as ReadonlyMap<Value, Value>) {
          if (!first) out.byte(COMMA);
          first = false;
          writeJsonString(String(key), out);
          out.byte(COLON);
          writeNullable(value, x, out);
        }
        out.byte(RBRACE);
      };
    }
    case 'STRUCT':
      return objectWriter(type.fields, leaf) as ValueWriter;
  }
}

/** Writes rows as objects, fields in order, names encoded once. */
export function objectWriter(
  fields: readonly { readonly name: string; readonly type: SqlType }[],
  leaf?: LeafWriter,
): (row: readonly Value[], out: ByteWriter) => void {
  const names = fields.map((f, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(f.name)}:`));
  const writers = fields.map((f) => valueWriter(f.type, leaf));
  const n = fields.length;
  return (row, out) => {
    if (n === 0) out.byte(LBRACE);
    for (let i = 0; i < n; i++) {
      out.copy(names[i]!);
      const v = row[i];
      if (v === null || v === undefined) out.copy(NULL);
      else writers[i]!(v, out);
    }
    out.byte(RBRACE);
  };
}

function writeNullable(writer: ValueWriter, v: Value, out: ByteWriter): void {
  if (v === null) out.copy(NULL);
  else writer(v, out);
}

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** A character that JSON wants escaped; all others go out as UTF-8. */
const ESCAPED = /["\\\u0000-\u001f]/;

function writeJsonString(s: string, out: ByteWriter): void {
  const n = s.length;
  if (n < 48) {
    out.ensure(n + 2);
    const b = out.buffer;
    const start = out.length + 1;
    let i = 0;
    for (; i < n; i++) {
      const c = s.charCodeAt(i);
      if (c >= 0x80 || PLAIN[c] !== 1) break;
      b[start + i] = c;
    }
    if (i === n) {
      b[start - 1] = QUOTE;
      b[start + n] = QUOTE;
      out.length = start + n + 1;
      return;
    }
  }
  out.byte(QUOTE);
  if (ESCAPED.test(s)) writeEscaped(s, out);
  else out.utf8(s);
  out.byte(QUOTE);
}

const SHORT_ESCAPES: Readonly<Record<number, number>> = {
  [QUOTE]: QUOTE,
  [BACKSLASH]: BACKSLASH,
  8: 0x62,
  9: 0x74,
  10: 0x6e,
  12: 0x66,
  13: 0x72,
};
const HEX = Buffer.from('0123456789ABCDEF');

function writeEscaped(s: string, out: ByteWriter): void {
  let from = 0;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c >= 0x80 || PLAIN[c] === 1) continue;
    out.utf8(s.slice(from, i));
    out.byte(BACKSLASH);
    const short = SHORT_ESCAPES[c];
    if (short !== undefined) out.byte(short);
    else {
      out.byte(0x75);
      out.byte(0x30);
      out.byte(0x30);
      out.byte(HEX[c >>> 4]!);
      out.byte(HEX[c & 15]!);
    }
    from = i + 1;
  }
  out.utf8(s.slice(from));
}

/** Digits and signs only. */
function writeAscii(s: string, out: ByteWriter): void {
  const n = s.length;
  out.ensure(n);
  const b = out.buffer;
  const p = out.length;
  for (let i = 0; i < n; i++) b[p + i] = s.charCodeAt(i);
  out.length = p + n;
}

function writeInteger(v: number | bigint, out: ByteWriter): void {
  if (typeof v === 'bigint' || v > 2147483647 || v < -2147483647) {
    writeAscii(String(v), out);
    return;
  }
  out.ensure(11);
  const b = out.buffer;
  let p = out.length;
  let n = v | 0;
  if (n < 0) {
    b[p++] = MINUS;
    n = -n;
  }
  out.length = writeDigits(b, p, n);
}

/** A non-negative integer below 2^31, without leading zeros; the position behind it. */
function writeDigits(b: Buffer, at: number, v: number): number {
  let end = at + 1;
  for (let x = v; x >= 10; x = (x / 10) | 0) end++;
  let rest = v;
  for (let p = end - 1; p >= at; p--) {
    const tenth = (rest / 10) | 0;
    b[p] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

/**
 * A double as Java's `Double.toString` prints it; NaN and the infinities as text, which is how they come back.
 *
 * The fast way: up to 15 digits, a decimal number has a double of its own, so if `v` is the double nearest to k/100 (or
 * k/10^8), then the digits of k are the shortest that stand for it, once their trailing zeros are off.
 */
function writeDouble(v: number, out: ByteWriter): void {
  const size = v < 0 ? -v : v;
  if (size < 1e7 && size >= 1e-3) {
    const hundredths = Math.round(size * 100);
    if (hundredths / 100 === size) {
      const whole = Math.floor(hundredths / 100);
      writeFixed(v < 0, whole, hundredths - whole * 100, 2, out);
      return;
    }
    const k = Math.round(size * 1e8);
    if (k / 1e8 === size) {
      const whole = Math.floor(k / 1e8);
      writeFixed(v < 0, whole, k - whole * 1e8, 8, out);
      return;
    }
  }
  const text = doubleText(v);
  const finite = Number.isFinite(v);
  if (!finite) out.byte(QUOTE);
  writeAscii(text, out);
  if (!finite) out.byte(QUOTE);
}

/** `whole`.`fraction`, the fraction of `places` digits, its trailing zeros left out but for one digit. */
function writeFixed(negative: boolean, whole: number, fraction: number, places: number, out: ByteWriter): void {
  out.ensure(20);
  const b = out.buffer;
  let p = out.length;
  if (negative) b[p++] = MINUS;
  p = writeDigits(b, p, whole);
  b[p++] = 0x2e;
  let rest = fraction;
  let n = places;
  while (n > 1 && rest % 10 === 0) {
    rest = (rest / 10) | 0;
    n--;
  }
  for (let i = n - 1; i >= 0; i--) {
    const tenth = (rest / 10) | 0;
    b[p + i] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  out.length = p + n;
}
