import type { StringCache } from '../../records/intern.js';
import { castFunction } from '../../values/cast.js';
import { type SqlType, STRING } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { ChoiceReader, isChoice, type Struct } from './choice.js';
import { type LeafReader, leafReader, TextReader, unexpected } from './leaves.js';
import { type ObjectField, ObjectReader } from './object.js';
import { OTHER, type ValueReader } from './reader.js';
import {
  COLON,
  COMMA,
  type JsonCursor,
  LBRACE,
  LBRACKET,
  QUOTE,
  RBRACE,
  RBRACKET,
  skipNull,
  skipString,
  skipWhitespace,
} from './scan.js';

/** `strings`: shared by all columns of a decoder. `leaf`: where a format reads some types in another way. */
export function valueReader(type: SqlType, strings: StringCache, leaf?: LeafReader): ValueReader {
  switch (type.kind) {
    case 'ARRAY':
      return new ArrayReader(valueReader(type.element, strings, leaf), true);
    case 'MAP': {
      const keyOf = castFunction(STRING, type.key) ?? null;
      return new MapReader(valueReader(type.value, strings, leaf), new TextReader(strings), keyOf);
    }
    case 'STRUCT':
      return structReader(type, (t) => valueReader(t, strings, leaf), true);
    default:
      return leafReader(type, strings, leaf);
  }
}

/** @param wanted what is read is kept; `read` makes the readers of the fields */
export function structReader(type: Struct, read: (type: SqlType) => ValueReader, wanted: boolean): ValueReader {
  const readers = type.fields.map((f) => read(f.type));
  const whole = new StructReader(type.fields.map(({ name }, i) => ({ name, reader: readers[i]!, wanted })));
  return isChoice(type) ? new ChoiceReader(type, readers, whole) : whole;
}

export class ArrayReader implements ValueReader {
  readonly op = OTHER;

  constructor(
    private readonly element: ValueReader,
    /** False: elements are read, and left out. */
    private readonly keep: boolean,
  ) {}

  read(c: JsonCursor): Value[] | null {
    const b = c.bytes;
    if (b[c.p] === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    if (b[c.p] !== LBRACKET) return unexpected(c, 'ARRAY');
    c.enter();
    const out: Value[] = [];
    c.p = skipWhitespace(b, c.p + 1);
    if (b[c.p] === RBRACKET) c.p++;
    else {
      for (;;) {
        const v = this.element.read(c);
        if (this.keep) out.push(v);
        const p = skipWhitespace(b, c.p);
        c.p = p + 1;
        if (b[p] === RBRACKET) break;
        if (b[p] !== COMMA) return c.fail("expected ',' or ']'", p);
        c.p = skipWhitespace(b, p + 1);
      }
    }
    c.depth--;
    return out;
  }
}

export class MapReader implements ValueReader {
  readonly op = OTHER;

  constructor(
    private readonly value: ValueReader,
    /** Null: nothing is kept. */
    private readonly keys: TextReader | null,
    /** The key that a name stands for; null: itself. */
    private readonly keyOf: ((name: Value) => Value) | null,
  ) {}

  read(c: JsonCursor): Map<Value, Value> | null {
    const b = c.bytes;
    if (b[c.p] === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    if (b[c.p] !== LBRACE) return unexpected(c, 'MAP');
    c.enter();
    const out = new Map<Value, Value>();
    c.p = skipWhitespace(b, c.p + 1);
    if (b[c.p] === RBRACE) c.p++;
    else {
      for (;;) {
        if (b[c.p] !== QUOTE) return c.fail('expected a name in quotes');
        let key: Value = null;
        if (this.keys === null) c.p = skipString(c, c.p);
        else key = this.keys.read(c);
        let p = skipWhitespace(b, c.p);
        if (b[p] !== COLON) return c.fail("expected ':'", p);
        c.p = skipWhitespace(b, p + 1);
        const v = this.value.read(c);
        if (this.keys !== null) out.set(this.keyOf === null ? key : this.keyOf(key), v);
        p = skipWhitespace(b, c.p);
        c.p = p + 1;
        if (b[p] === RBRACE) break;
        if (b[p] !== COMMA) return c.fail("expected ',' or '}'", p);
        c.p = skipWhitespace(b, p + 1);
      }
    }
    c.depth--;
    return out;
  }
}

class StructReader implements ValueReader {
  readonly op = OTHER;
  private readonly object: ObjectReader;
  private readonly size: number;

  constructor(fields: readonly ObjectField[]) {
    this.object = new ObjectReader(fields);
    this.size = fields.length;
  }

  read(c: JsonCursor): Value[] | null {
    const first = c.bytes[c.p];
    if (first === 0x6e) {
      c.p = skipNull(c, c.p);
      return null;
    }
    if (first !== LBRACE) return unexpected(c, 'STRUCT');
    const out = new Array<Value>(this.size).fill(null);
    this.object.read(c, out);
    return out;
  }
}
