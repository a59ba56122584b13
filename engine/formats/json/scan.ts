import { DecodeError } from '../format.js';

/*
 * Strict JSON (RFC 8259) read straight from UTF-8 bytes. Positions only move forward, and a record's last position is
 * compared with its end: so the loops below need no check of their own against running into the next record's bytes.
 * Malformed UTF-8 inside a string becomes U+FFFD.
 */

/** Nesting beyond this is refused, whether or not anyone wants the value. */
const MAX_DEPTH = 500;
/** Longer numbers are refused where an exact one is wanted: exact arithmetic on them costs more than linear time. */
export const MAX_NUMBER_LENGTH = 1000;

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const LBRACE = 0x7b;
export const RBRACE = 0x7d;
export const LBRACKET = 0x5b;
export const RBRACKET = 0x5d;

/** 10^n for n up to 22: those that doubles hold exactly. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** 1 for bytes that may stand in a string as they are: all but control characters, the quote and the backslash. */
export const PLAIN = new Uint8Array(256).fill(1, 0x20);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** Whether four bytes (as a little-endian word) may all stand in a string as they are: PLAIN, four at a time. */
export function allPlain(w: number): boolean {
  const q = w ^ 0x22222222;
  const s = w ^ 0x5c5c5c5c;
  return ((((q - 0x01010101) & ~q) | ((s - 0x01010101) & ~s) | ((w - 0x20202020) & ~w)) & 0x80808080) === 0;
}

/**
 * What `NaN`, `Infinity` and `-Infinity` as bare words are, which JSON does not have: nothing, so that a record with one is
 * bad; the number in DOUBLE, the text in STRING, and NULL in types without such numbers; or NULL everywhere.
 */
export type NonFinite = 'REJECT' | 'ACCEPT' | 'NULL';

/** A place in a payload. `start` and `end` are those of the record; readers begin at `p` and leave it behind what they read. */
export class JsonCursor {
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  p = 0;
  depth = 0;

  constructor(readonly nonFinite: NonFinite = 'REJECT') {}

  reset(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.start = start;
    this.end = end;
    this.p = start;
    this.depth = 0;
  }

  fail(problem: string, at: number = this.p): never {
    throw new DecodeError(
      at >= this.end ? `Invalid JSON: ${problem}, but it ends` : `Invalid JSON at byte ${at - this.start}: ${problem}`,
    );
  }

  enter(): void {
    if (++this.depth > MAX_DEPTH) throw new DecodeError(`Invalid JSON: nested deeper than ${MAX_DEPTH}`);
  }
}

export function skipWhitespace(b: Buffer, at: number): number {
  let p = at;
  for (;;) {
    const c = b[p];
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return p;
    p++;
  }
}

/** Over a byte order mark and white space. */
export function skipStart(c: JsonCursor): number {
  const b = c.bytes;
  const p = c.p;
  return skipWhitespace(b, b[p] === 0xef && b[p + 1] === 0xbb && b[p + 2] === 0xbf ? p + 3 : p);
}

/** From the opening quote to behind the closing one. */
export function skipString(c: JsonCursor, at: number): number {
  const b = c.bytes;
  let p = at + 1;
  for (;;) {
    while (PLAIN[b[p]!] === 1) p++;
    if (b[p] === QUOTE) return p + 1;
    if (b[p] !== BACKSLASH) return c.fail('a string that is not closed', p);
    p = escapeEnd(c, p);
  }
}

/** From a backslash to behind its escape. */
function escapeEnd(c: JsonCursor, at: number): number {
  const b = c.bytes;
  switch (b[at + 1]) {
    case 0x75: {
      for (let i = at + 2; i < at + 6; i++) if (!isHex(b[i]!)) return c.fail('expected four hexadecimal digits', i);
      return at + 6;
    }
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
    default:
      return c.fail('no such escape in a string', at);
  }
}

const isHex = (x: number): boolean => (x >= 0x30 && x <= 0x39) || ((x | 0x20) >= 0x61 && (x | 0x20) <= 0x66);

const NON_FINITE = ['NaN', 'Infinity', '-Infinity'];

/** The word at `at` for a number that is not finite, where the source may have such; undefined: there is none. */
export function nonFiniteAt(c: JsonCursor, at: number): string | undefined {
  if (c.nonFinite === 'REJECT') return undefined;
  return NON_FINITE.find(
    (word) => at + word.length <= c.end && c.bytes.toString('latin1', at, at + word.length) === word,
  );
}

/** From the first character of a number to behind its last; of a word that stands for one, where the source may have such. */
export function skipNumber(c: JsonCursor, at: number): number {
  const b = c.bytes;
  let p = at;
  if (b[p] === MINUS) p++;
  let d = b[p]! - 48;
  if (!(d >= 0 && d <= 9)) {
    const word = nonFiniteAt(c, at);
    if (word !== undefined) return at + word.length;
  }
  if (d === 0) {
    p++;
    d = b[p]! - 48;
    if (d >= 0 && d <= 9) return c.fail('a number with a leading zero', p);
  } else {
    if (!(d > 0 && d <= 9)) return c.fail('expected a value', p);
    do d = b[++p]! - 48;
    while (d >= 0 && d <= 9);
  }
  if (b[p] === DOT) {
    d = b[++p]! - 48;
    if (!(d >= 0 && d <= 9)) return c.fail('expected digits behind the point', p);
    do d = b[++p]! - 48;
    while (d >= 0 && d <= 9);
  }
  if ((b[p]! | 0x20) === 0x65) {
    p++;
    if (b[p] === MINUS || b[p] === 0x2b) p++;
    d = b[p]! - 48;
    if (!(d >= 0 && d <= 9)) return c.fail('expected digits in the exponent', p);
    do d = b[++p]! - 48;
    while (d >= 0 && d <= 9);
  }
  return p;
}

/** Behind `null`, `true` or `false`; `at` is its first character. */
export function skipNull(c: JsonCursor, at: number): number {
  const b = c.bytes;
  if (b[at + 1] !== 0x75 || b[at + 2] !== 0x6c || b[at + 3] !== 0x6c) return c.fail('expected a value', at);
  return at + 4;
}

export function skipTrue(c: JsonCursor, at: number): number {
  const b = c.bytes;
  if (b[at + 1] !== 0x72 || b[at + 2] !== 0x75 || b[at + 3] !== 0x65) return c.fail('expected a value', at);
  return at + 4;
}

export function skipFalse(c: JsonCursor, at: number): number {
  const b = c.bytes;
  if (b[at + 1] !== 0x61 || b[at + 2] !== 0x6c || b[at + 3] !== 0x73 || b[at + 4] !== 0x65) {
    return c.fail('expected a value', at);
  }
  return at + 5;
}

/** Behind any value, every character of which is checked. `at` is its first character. */
export function skipValue(c: JsonCursor, at: number): number {
  const b = c.bytes;
  switch (b[at]) {
    case QUOTE:
      return skipString(c, at);
    case 0x6e:
      return skipNull(c, at);
    case 0x74:
      return skipTrue(c, at);
    case 0x66:
      return skipFalse(c, at);
    case LBRACE: {
      c.enter();
      let p = skipWhitespace(b, at + 1);
      if (b[p] === RBRACE) p++;
      else {
        for (;;) {
          if (b[p] !== QUOTE) return c.fail('expected a name in quotes', p);
          p = skipWhitespace(b, skipString(c, p));
          if (b[p] !== COLON) return c.fail("expected ':'", p);
          p = skipWhitespace(b, skipValue(c, skipWhitespace(b, p + 1)));
          const next = b[p++];
          if (next === RBRACE) break;
          if (next !== COMMA) return c.fail("expected ',' or '}'", p - 1);
          p = skipWhitespace(b, p);
        }
      }
      c.depth--;
      return p;
    }
    case LBRACKET: {
      c.enter();
      let p = skipWhitespace(b, at + 1);
      if (b[p] === RBRACKET) p++;
      else {
        for (;;) {
          p = skipWhitespace(b, skipValue(c, p));
          const next = b[p++];
          if (next === RBRACKET) break;
          if (next !== COMMA) return c.fail("expected ',' or ']'", p - 1);
          p = skipWhitespace(b, p);
        }
      }
      c.depth--;
      return p;
    }
    default:
      return skipNumber(c, at);
  }
}

/** The string whose opening quote is at `c.p`, escapes resolved. */
export function readString(c: JsonCursor): string {
  const b = c.bytes;
  const start = c.p + 1;
  let p = start;
  while (PLAIN[b[p]!] === 1) p++;
  if (b[p] === QUOTE) {
    c.p = p + 1;
    return b.toString('utf8', start, p);
  }
  const end = skipString(c, c.p);
  let s = '';
  let from = start;
  for (p = start; p < end - 1; p++) {
    if (b[p] !== BACKSLASH) continue;
    s += b.toString('utf8', from, p);
    const e = b[p + 1]!;
    if (e === 0x75) {
      s += String.fromCharCode(Number.parseInt(b.toString('latin1', p + 2, p + 6), 16));
      p += 5;
    } else {
      s += ESCAPED[e];
      p += 1;
    }
    from = p + 1;
  }
  c.p = end;
  return s + b.toString('utf8', from, end - 1);
}

const ESCAPED: Readonly<Record<number, string>> = {
  [QUOTE]: '"',
  [BACKSLASH]: '\\',
  47: '/',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
};
