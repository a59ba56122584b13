import { Decimal } from '../../values/decimal.js';
import type { Value } from '../../values/value.js';
import { readUnscaled } from '../avro/bytes.js';
import { DecodeError } from '../format.js';
import type { Leaf } from '../json/leaves.js';
import { OTHER, type ValueReader } from '../json/reader.js';
import { type JsonCursor, QUOTE, readString } from '../json/scan.js';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/;

/**
 * Connect writes a decimal as base64 of its unscaled value (`decimal.format=BASE64`, the default), others as a number: text that
 * can be base64 is that. The scale is the column's, which is the schema's where the column came from it.
 */
export function connectDecimals(type: Leaf, usual: ValueReader): ValueReader {
  if (type.kind !== 'DECIMAL') return usual;
  const { precision, scale } = type;
  return {
    op: OTHER,
    read(c: JsonCursor): Value {
      const at = c.p;
      if (c.bytes[at] !== QUOTE) return usual.read(c);
      const text = readString(c);
      if (!BASE64.test(text)) {
        c.p = at;
        return usual.read(c);
      }
      const bytes = Buffer.from(text, 'base64');
      const d = new Decimal(readUnscaled(bytes, 0, bytes.length), scale).fit(precision, scale);
      if (d === undefined) throw new DecodeError(`A number that does not fit DECIMAL(${precision}, ${scale})`);
      return d;
    },
  };
}
