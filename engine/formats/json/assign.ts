import type { StringCache } from '../../records/intern.js';
import { castFunction } from '../../values/cast.js';
import { Decimal } from '../../values/decimal.js';
import { type SqlType, STRING } from '../../values/sql-type.js';
import { bigintValue, type Value } from '../../values/value.js';
import { DecodeError } from '../format.js';
import { type Leaf, lexeme, unexpected } from './leaves.js';
import { OTHER, type ValueReader } from './reader.js';
import { type JsonCursor, MINUS, QUOTE, readString, skipNumber } from './scan.js';
import { valueReader } from './values.js';

/**
 * Reads a JSON value for a column as `canAssign` says, a number being the number that its digits are: what a client sends
 * is what is stored, or it is refused. Text is STRING, BYTES (base64), DATE, TIME and TIMESTAMP, and a DECIMAL, as clients
 * that have no such numbers send it; for DOUBLE `NaN` and the infinities, as results show them.
 */
export const assignedReader = (type: SqlType, strings: StringCache): ValueReader =>
  valueReader(type, strings, assigned);

function assigned(type: Leaf, usual: ValueReader): ValueReader {
  const fromText = castFunction(STRING, type);
  const read = (c: JsonCursor): Value => {
    const first = c.bytes[c.p]!;
    if (first === 0x6e) return usual.read(c);
    const number = first === MINUS || (first >= 0x30 && first <= 0x39);
    switch (type.kind) {
      case 'BOOLEAN':
        return usual.read(c);
      case 'INTEGER':
      case 'BIGINT':
        return number ? whole(c, type.kind) : unexpected(c, type.kind);
      case 'DECIMAL':
        return usual.read(c);
      case 'DOUBLE': {
        if (number) return usual.read(c);
        const at = c.p;
        if (first !== QUOTE || !/^(?:NaN|-?Infinity)$/.test(readString(c))) {
          c.p = at;
          return unexpected(c, type.kind);
        }
        c.p = at;
        return usual.read(c);
      }
      case 'STRING':
        return first === QUOTE ? usual.read(c) : unexpected(c, type.kind);
      default:
        return first === QUOTE ? fromText!(readString(c)) : unexpected(c, type.kind);
    }
  };
  return { op: OTHER, read };
}

/** `1e3` is a whole number, `1.5` and what does not fit are none. */
function whole(c: JsonCursor, kind: 'INTEGER' | 'BIGINT'): number | bigint {
  const at = c.p;
  c.p = skipNumber(c, at);
  const text = lexeme(c, at, c.p);
  const d = Decimal.parse(text);
  const v = d?.toBigInt();
  if (
    d === undefined ||
    v === undefined ||
    !d.equals(Decimal.fromInteger(v)) ||
    BigInt.asIntN(kind === 'INTEGER' ? 32 : 64, v) !== v
  ) {
    throw new DecodeError(`${text.slice(0, 60)} is no ${kind}`);
  }
  return bigintValue(v);
}
