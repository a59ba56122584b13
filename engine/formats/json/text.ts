import { jsonNumberText } from '../../values/java-text.js';
import { DecodeError } from '../format.js';
import {
  COLON,
  COMMA,
  type JsonCursor,
  LBRACE,
  LBRACKET,
  MAX_NUMBER_LENGTH,
  nonFiniteAt,
  QUOTE,
  RBRACE,
  RBRACKET,
  readString,
  skipFalse,
  skipNull,
  skipNumber,
  skipTrue,
  skipWhitespace,
} from './scan.js';

/**
 * The text that a STRING column gets from an object or array: compact, strings escaped only where JSON demands it, numbers
 * as `numberText`, of a repeated name the last value in the first place (what a parse into a tree and back gives).
 */
export function compactText(c: JsonCursor): string {
  const b = c.bytes;
  const at = c.p;
  switch (b[at]) {
    case QUOTE:
      return quote(readString(c));
    case 0x6e:
      c.p = skipNull(c, at);
      return 'null';
    case 0x74:
      c.p = skipTrue(c, at);
      return 'true';
    case 0x66:
      c.p = skipFalse(c, at);
      return 'false';
    case LBRACE:
      return compactObject(c);
    case LBRACKET:
      return compactArray(c);
    default:
      c.p = skipNumber(c, at);
      // Inside of a text that others parse again, as Weir's own JSON has it.
      if (nonFiniteAt(c, at) !== undefined)
        return c.nonFinite === 'NULL' ? 'null' : `"${b.toString('latin1', at, c.p)}"`;
      return numberText(b.toString('latin1', at, c.p));
  }
}

function compactArray(c: JsonCursor): string {
  const b = c.bytes;
  const elements: string[] = [];
  c.enter();
  c.p = skipWhitespace(b, c.p + 1);
  if (b[c.p] === RBRACKET) c.p++;
  else {
    for (;;) {
      elements.push(compactText(c));
      const p = skipWhitespace(b, c.p);
      c.p = p + 1;
      if (b[p] === RBRACKET) break;
      if (b[p] !== COMMA) return c.fail("expected ',' or ']'", p);
      c.p = skipWhitespace(b, p + 1);
    }
  }
  c.depth--;
  return `[${elements.join(',')}]`;
}

function compactObject(c: JsonCursor): string {
  const b = c.bytes;
  const members = new Map<string, string>();
  c.enter();
  c.p = skipWhitespace(b, c.p + 1);
  if (b[c.p] === RBRACE) c.p++;
  else {
    for (;;) {
      if (b[c.p] !== QUOTE) return c.fail('expected a name in quotes');
      const name = readString(c);
      let p = skipWhitespace(b, c.p);
      if (b[p] !== COLON) return c.fail("expected ':'", p);
      c.p = skipWhitespace(b, p + 1);
      members.set(name, compactText(c));
      p = skipWhitespace(b, c.p);
      c.p = p + 1;
      if (b[p] === RBRACE) break;
      if (b[p] !== COMMA) return c.fail("expected ',' or '}'", p);
      c.p = skipWhitespace(b, p + 1);
    }
  }
  c.depth--;
  return `{${[...members].map(([name, value]) => `${quote(name)}:${value}`).join(',')}}`;
}

/** Java's libraries write control characters with upper-case digits. */
const quote = (s: string): string =>
  JSON.stringify(s).replace(/\\u00[01][a-f]/g, (e) => `\\u${e.slice(2).toUpperCase()}`);

/** A JSON number as Java prints it. */
export function numberText(text: string): string {
  if (text.length > MAX_NUMBER_LENGTH) throw new DecodeError(`A number of more than ${MAX_NUMBER_LENGTH} characters`);
  const printed = jsonNumberText(text);
  if (printed === undefined) throw new DecodeError(`Number out of range: ${text}`);
  return printed;
}
