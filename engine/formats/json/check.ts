import type { StringCache } from '../../records/intern.js';
import type { SqlType } from '../../values/sql-type.js';
import { type LeafReader, leafReader } from './leaves.js';
import { OTHER, SKIP, SKIP_NUMBER, type ValueReader } from './reader.js';
import { DOT, type JsonCursor, MINUS, nonFiniteAt, QUOTE, skipNull, skipNumber, skipString } from './scan.js';
import { compactText } from './text.js';
import { ArrayReader, MapReader, structReader } from './values.js';

/**
 * Reads what `valueReader` reads, refuses what that refuses, and keeps nothing of it where it can: what it gives is null for
 * null, else anything. For columns that nobody wants: whether a record is one must not depend on who reads it.
 */
export function valueChecker(type: SqlType, strings: StringCache, leaf?: LeafReader): ValueReader {
  switch (type.kind) {
    case 'STRING':
      return TEXT_CHECKER;
    case 'ARRAY':
      return new ArrayReader(valueChecker(type.element, strings, leaf), false);
    case 'MAP':
      return new MapReader(valueChecker(type.value, strings, leaf), null, null);
    case 'STRUCT':
      return structReader(type, (t) => valueChecker(t, strings, leaf), false);
  }
  const reader = leafReader(type, strings, leaf);
  switch (type.kind) {
    case 'INTEGER':
    case 'BIGINT':
    case 'DOUBLE':
    case 'TIMESTAMP':
      return { op: SKIP_NUMBER, read: (c) => reader.read(c) };
    case 'DECIMAL':
      return new DecimalChecker(type.precision - type.scale, type.scale, reader);
    default:
      return { op: OTHER, read: (c) => reader.read(c) };
  }
}

/** Any value is the text of a STRING, but for numbers that have none. */
class TextChecker implements ValueReader {
  readonly op = SKIP;

  read(c: JsonCursor): string | null {
    const first = c.bytes[c.p];
    if (first === QUOTE) c.p = skipString(c, c.p);
    else if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    } else if (c.nonFinite === 'NULL' && nonFiniteAt(c, c.p) !== undefined) {
      c.p = skipNumber(c, c.p);
      return null;
    } else compactText(c);
    return '';
  }
}

const TEXT_CHECKER = new TextChecker();

/** Numbers of so few digits that they fit need no arithmetic. */
class DecimalChecker implements ValueReader {
  readonly op = OTHER;

  constructor(
    private readonly whole: number,
    private readonly scale: number,
    private readonly reader: ValueReader,
  ) {}

  read(c: JsonCursor): 0 | null {
    const b = c.bytes;
    const from = b[c.p] === MINUS ? c.p + 1 : c.p;
    if (b[from]! >= 0x30 && b[from]! <= 0x39) {
      const end = skipNumber(c, c.p);
      let p = from;
      while (p < end && b[p]! >= 0x30 && b[p]! <= 0x39) p++;
      const whole = p - from;
      if (b[p] === DOT) {
        const point = p++;
        while (p < end && b[p]! >= 0x30 && b[p]! <= 0x39) p++;
        // Digits that are rounded away may carry.
        if (p === end && whole <= this.whole && p - point - 1 <= this.scale) {
          c.p = end;
          return 0;
        }
      } else if (p === end && whole <= this.whole) {
        c.p = end;
        return 0;
      }
    }
    return this.reader.read(c) === null ? null : 0;
  }
}
