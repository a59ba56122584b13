import type { StringCache } from '../../records/intern.js';
import { Decimal } from '../../values/decimal.js';
import type { SqlType } from '../../values/sql-type.js';
import { DAY_MS } from '../../values/temporal.js';
import { bigintValue } from '../../values/value.js';
import { DecodeError } from '../format.js';
import {
  day,
  parseBase64,
  parseBigint,
  parseDecimal,
  parseDoubleText,
  parseInteger,
  timeOfDay,
} from '../text-values.js';
import { INTEGRAL, NUMBER, OTHER, TEXT, type ValueReader } from './reader.js';
import {
  BACKSLASH,
  DOT,
  type JsonCursor,
  LBRACE,
  LBRACKET,
  MAX_NUMBER_LENGTH,
  MINUS,
  nonFiniteAt,
  POWERS_OF_TEN,
  QUOTE,
  readString,
  skipFalse,
  skipNull,
  skipNumber,
  skipTrue,
  skipValue,
} from './scan.js';
import { compactText, numberText } from './text.js';

/** The types that hold no others. */
export type Leaf = Exclude<SqlType, { readonly kind: 'ARRAY' | 'MAP' | 'STRUCT' }>;

/** Makes what reads a type that holds no others, given what usually does. */
export type LeafReader = (type: Leaf, usual: ValueReader) => ValueReader;

export function leafReader(type: Leaf, strings: StringCache, other?: LeafReader): ValueReader {
  const usual = usualReader(type, strings);
  return other === undefined ? usual : other(type, usual);
}

function usualReader(type: Leaf, strings: StringCache): ValueReader {
  switch (type.kind) {
    case 'STRING':
      return new TextReader(strings);
    case 'DOUBLE':
      return DOUBLE_READER;
    case 'INTEGER':
      return INTEGER_READER;
    case 'DATE':
      return DATE_READER;
    case 'TIME':
      return TIME_READER;
    case 'BIGINT':
      return BIGINT_READER;
    case 'TIMESTAMP':
      return TIMESTAMP_READER;
    case 'BOOLEAN':
      return BOOLEAN_READER;
    case 'BYTES':
      return BYTES_READER;
    case 'DECIMAL':
      return new DecimalReader(type.precision, type.scale);
  }
}

/**
 * For a value that was not expected here: NULL, behind it, where it is a number that is not finite and the source may have
 * such; else the error of what it is, strict JSON first, so that a malformed record is called that.
 */
export function unexpected(c: JsonCursor, wanted: string): null {
  const first = c.bytes[c.p];
  const at = c.p;
  const word = nonFiniteAt(c, at);
  if (word !== undefined) {
    c.p += word.length;
    return null;
  }
  skipValue(c, at);
  const found =
    first === LBRACE
      ? 'an object'
      : first === LBRACKET
        ? 'an array'
        : first === QUOTE
          ? 'text'
          : first === 0x74 || first === 0x66
            ? 'a boolean'
            : 'a number';
  throw new DecodeError(`Can't convert ${found} to ${wanted} (byte ${at - c.start})`);
}

const isNumberStart = (x: number | undefined): boolean => x === MINUS || (x! >= 48 && x! <= 57);

export class TextReader implements ValueReader {
  readonly op = TEXT;

  constructor(readonly strings: StringCache) {}

  read(c: JsonCursor): string | null {
    const b = c.bytes;
    const at = c.p;
    const first = b[at];
    if (first === QUOTE) {
      let p = at + 1;
      let x = b[p]!;
      let h = 0;
      while (x !== QUOTE && x !== BACKSLASH && x >= 32) {
        h = (Math.imul(h, 31) + x) | 0;
        x = b[++p]!;
      }
      if (x !== QUOTE) return readString(c);
      c.p = p + 1;
      return this.strings.getHashed(b, at + 1, p, h);
    }
    const word = nonFiniteAt(c, at);
    if (word !== undefined) {
      c.p += word.length;
      return c.nonFinite === 'ACCEPT' ? word : null;
    }
    if (isNumberStart(first)) {
      const end = skipNumber(c, at);
      c.p = end;
      const s = this.strings.get(b, at, end);
      return isPlainInteger(s) ? s : numberText(s);
    }
    if (first === 0x6e) {
      c.p = skipNull(c, at);
      return null;
    }
    if (first === 0x74) {
      c.p = skipTrue(c, at);
      return 'true';
    }
    if (first === 0x66) {
      c.p = skipFalse(c, at);
      return 'false';
    }
    return compactText(c);
  }
}

function isPlainInteger(s: string): boolean {
  if (s.length > 15) return false;
  for (let i = 0; i < s.length; i++) {
    const d = s.charCodeAt(i) - 48;
    if (!(d >= 0 && d <= 9)) return false;
  }
  return true;
}

class DoubleReader implements ValueReader {
  readonly op = NUMBER;
  readonly max = Number.MAX_SAFE_INTEGER;

  read(c: JsonCursor): number | null {
    const b = c.bytes;
    const at = c.p;
    let p = at;
    let negative = false;
    if (b[p] === MINUS) {
      negative = true;
      p++;
    }
    let d = b[p]! - 48;
    if (!(d >= 0 && d <= 9)) return this.other(c);
    let m = d;
    d = b[++p]! - 48;
    if (m === 0 && d >= 0 && d <= 9) return c.fail('a number with a leading zero', p);
    while (d >= 0 && d <= 9) {
      m = m * 10 + d;
      d = b[++p]! - 48;
    }
    let decimals = 0;
    if (b[p] === DOT) {
      const point = p;
      d = b[++p]! - 48;
      if (!(d >= 0 && d <= 9)) return c.fail('expected digits behind the point', p);
      do {
        m = m * 10 + d;
        d = b[++p]! - 48;
      } while (d >= 0 && d <= 9);
      decimals = p - point - 1;
    }
    // Two exact doubles: their quotient is rounded correctly, so it is the double nearest to the text.
    if (m > 9007199254740991 || decimals > 22 || (b[p]! | 0x20) === 0x65) {
      p = skipNumber(c, at);
      c.p = p;
      return Number(b.toString('latin1', at, p));
    }
    c.p = p;
    if (decimals !== 0) m /= POWERS_OF_TEN[decimals]!;
    return negative ? -m : m;
  }

  private other(c: JsonCursor): number | null {
    const first = c.bytes[c.p];
    if (first === QUOTE) return parseDoubleText(readString(c));
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    const word = c.nonFinite === 'ACCEPT' ? nonFiniteAt(c, c.p) : undefined;
    if (word === undefined) return unexpected(c, 'DOUBLE');
    c.p += word.length;
    return Number(word);
  }
}

/** The text of a number from `at` to `end`, for exact arithmetic. */
export function lexeme(c: JsonCursor, at: number, end: number): string {
  if (end - at > MAX_NUMBER_LENGTH) throw new DecodeError(`A number of more than ${MAX_NUMBER_LENGTH} characters`);
  return c.bytes.toString('latin1', at, end);
}

abstract class IntegralReader implements ValueReader {
  readonly op = INTEGRAL;
  abstract readonly max: number;
  protected abstract readonly name: string;
  protected abstract fromNumber(v: number): number | bigint;
  protected abstract fromBigInt(v: bigint): number | bigint;
  protected abstract fromText(s: string): number | bigint;

  read(c: JsonCursor): number | bigint | null {
    const b = c.bytes;
    const at = c.p;
    let p = at;
    let negative = false;
    if (b[p] === MINUS) {
      negative = true;
      p++;
    }
    let d = b[p]! - 48;
    if (!(d >= 0 && d <= 9)) return this.other(c);
    let m = d;
    d = b[++p]! - 48;
    if (m === 0 && d >= 0 && d <= 9) return c.fail('a number with a leading zero', p);
    while (d >= 0 && d <= 9) {
      m = m * 10 + d;
      d = b[++p]! - 48;
    }
    const x = b[p]!;
    if (m <= 9007199254740991 && x !== DOT && (x | 0x20) !== 0x65) {
      c.p = p;
      // Not -m: there is no negative zero here.
      return this.fromNumber(negative ? 0 - m : m);
    }
    return this.exact(c, at);
  }

  /** More than 53 bits, a fraction or an exponent. */
  private exact(c: JsonCursor, at: number): number | bigint {
    c.p = skipNumber(c, at);
    const decimal = Decimal.parse(lexeme(c, at, c.p));
    if (decimal === undefined) throw new DecodeError(`A number out of range for ${this.name} (byte ${at - c.start})`);
    return this.fromBigInt(decimal.toBigInt());
  }

  private other(c: JsonCursor): number | bigint | null {
    const first = c.bytes[c.p];
    if (first === QUOTE) return this.fromText(readString(c));
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    return unexpected(c, this.name);
  }
}

class IntegerReader extends IntegralReader {
  readonly max = 2147483647;
  protected readonly name = 'INTEGER';
  protected fromNumber(v: number): number {
    return v | 0;
  }
  protected fromBigInt(v: bigint): number {
    return Number(BigInt.asIntN(32, v));
  }
  protected fromText(s: string): number {
    return parseInteger(s);
  }
}

/** DATE and TIME: numbers that do not wrap around. */
class BoundedReader extends IntegralReader {
  constructor(
    protected readonly name: string,
    /** Up to here every number is one, so that the loop need not ask. */
    readonly max: number,
    private readonly checked: (v: number | bigint) => number,
  ) {
    super();
  }
  protected fromNumber(v: number): number {
    return this.checked(v);
  }
  protected fromBigInt(v: bigint): number {
    return this.checked(v);
  }
  protected fromText(s: string): number {
    return this.checked(parseInteger(s));
  }
}

class BigintReader extends IntegralReader {
  readonly max = Number.MAX_SAFE_INTEGER;
  protected readonly name: string = 'BIGINT';
  protected fromNumber(v: number): number {
    return v;
  }
  protected fromBigInt(v: bigint): number | bigint {
    return bigintValue(v);
  }
  protected fromText(s: string): number | bigint {
    return parseBigint(s);
  }
}

class TimestampReader extends BigintReader {
  protected override readonly name = 'TIMESTAMP';
  protected override fromBigInt(v: bigint): number {
    return Number(BigInt.asIntN(64, v));
  }
  protected override fromText(s: string): number {
    return Number(parseBigint(s));
  }
}

class BooleanReader implements ValueReader {
  readonly op = OTHER;

  read(c: JsonCursor): boolean | null {
    const first = c.bytes[c.p];
    if (first === 0x74) {
      c.p = skipTrue(c, c.p);
      return true;
    }
    if (first === 0x66) {
      c.p = skipFalse(c, c.p);
      return false;
    }
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    return unexpected(c, 'BOOLEAN');
  }
}

class BytesReader implements ValueReader {
  readonly op = OTHER;

  read(c: JsonCursor): Uint8Array | null {
    const first = c.bytes[c.p];
    if (first === QUOTE) return parseBase64(readString(c));
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    return unexpected(c, 'BYTES');
  }
}

class DecimalReader implements ValueReader {
  readonly op = OTHER;

  constructor(
    private readonly precision: number,
    private readonly scale: number,
  ) {}

  read(c: JsonCursor): Decimal | null {
    const at = c.p;
    const first = c.bytes[at];
    if (first === QUOTE) return parseDecimal(readString(c), this.precision, this.scale);
    if (first === 0x6e) {
      c.p = skipNull(c, at);
      return null;
    }
    if (!isNumberStart(first) || nonFiniteAt(c, at) !== undefined) return unexpected(c, 'DECIMAL');
    c.p = skipNumber(c, at);
    return parseDecimal(lexeme(c, at, c.p), this.precision, this.scale);
  }
}

const DOUBLE_READER = new DoubleReader();
const DATE_READER = new BoundedReader('DATE', 2147483647, day);
const TIME_READER = new BoundedReader('TIME', DAY_MS - 1, timeOfDay);
const INTEGER_READER = new IntegerReader();
const BIGINT_READER = new BigintReader();
const TIMESTAMP_READER = new TimestampReader();
const BOOLEAN_READER = new BooleanReader();
const BYTES_READER = new BytesReader();
