import { WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import { StringCache } from '../../records/intern.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { isWrapped } from '../columns.js';
import { type CoderContext, DecodeError, type Format, type RowDecoder, type RowEncoder } from '../format.js';
import { valueChecker } from './check.js';
import { checkEnvelope, EnvelopeDecoder, EnvelopeEncoder, isEnveloped, SCHEMAS_ENABLE } from './envelope.js';
import type { LeafReader } from './leaves.js';
import { NON_FINITE_NUMBERS, nonFiniteOf } from './non-finite.js';
import { ObjectReader } from './object.js';
import type { ValueReader } from './reader.js';
import { JsonCursor, LBRACE, skipNull, skipStart, skipWhitespace } from './scan.js';
import {
  checkUndeclared,
  UNDECLARED_FIELDS,
  UndeclaredDecoder,
  UndeclaredEncoder,
  undeclaredIndex,
} from './undeclared.js';
import { valueReader } from './values.js';
import { objectWriter, type ValueWriter, valueWriter } from './write.js';

/** JSON text, one value a record: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#json */
export const jsonFormat: Format = {
  name: 'JSON',
  supportsKeys: true,
  wrapping: 'choice',
  states: 'any',
  text: 'json',
  options: { nonFinite: NON_FINITE_NUMBERS, undeclared: UNDECLARED_FIELDS, schemasEnable: SCHEMAS_ENABLE },

  validate(columns, isKey, ref) {
    for (const c of columns) rejectMapKeys(c.type);
    checkUndeclared(columns, isKey, ref);
    checkEnvelope(ref);
  },

  // A schema can be written in many ways, and others write theirs.
  keysVary: isEnveloped,

  decoder(context) {
    if (isEnveloped(context.ref)) return new EnvelopeDecoder(context, jsonDecoder);
    const at = undeclaredIndex(context.columns, context.ref);
    return at < 0 ? jsonDecoder(context) : withUndeclared(context, at);
  },

  encoder(context) {
    const at = undeclaredIndex(context.columns, context.ref);
    if (isEnveloped(context.ref)) return new EnvelopeEncoder(context);
    if (at >= 0) return new UndeclaredEncoder(context.columns, at);
    return isWrapped(context) ? new ObjectEncoder(context.columns) : new SingleEncoder(context.columns[0]!);
  },
};

/** `leaf`: reads values of a type that holds no others, where a format has another way for some. */
export function jsonDecoder(context: CoderContext, leaf?: LeafReader): RowDecoder {
  return isWrapped(context) ? new ObjectDecoder(context, leaf) : new SingleDecoder(context, leaf);
}

/** Reads columns of which the one at `at` is for the fields that the others do not declare. */
function withUndeclared(context: CoderContext, at: number): RowDecoder {
  const columns = context.columns.toSpliced(at, 1);
  const needed = context.needed.flatMap((i) => (i === at ? [] : [i < at ? i : i - 1]));
  const others = new ObjectDecoder({ ...context, columns, needed });
  return new UndeclaredDecoder(context.columns, at, context.needed.includes(at), others, nonFiniteOf(context.ref));
}

function rejectMapKeys(type: SqlType): void {
  switch (type.kind) {
    case 'MAP':
      if (type.key.kind !== 'STRING') {
        throw new WeirError('BAD_STATEMENT', 'JSON only supports MAP types with STRING keys');
      }
      rejectMapKeys(type.value);
      return;
    case 'ARRAY':
      rejectMapKeys(type.element);
      return;
    case 'STRUCT':
      for (const f of type.fields) rejectMapKeys(f.type);
  }
}

class ObjectDecoder implements RowDecoder {
  private readonly cursor: JsonCursor;
  private readonly object: ObjectReader;
  private readonly width: number;

  constructor({ columns, needed, ref }: CoderContext, leaf?: LeafReader) {
    this.cursor = new JsonCursor(nonFiniteOf(ref));
    this.width = columns.length;
    const strings = new StringCache();
    this.object = new ObjectReader(
      columns.map(({ name, type }, i) => {
        const wanted = needed.includes(i);
        return { name, reader: (wanted ? valueReader : valueChecker)(type, strings, leaf), wanted };
      }),
    );
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    for (let i = 0; i < this.width; i++) row[i] = null;
    if (start >= end) return false;
    const c = this.cursor;
    c.reset(bytes, start, end);
    let present = true;
    if (bytes[start] !== LBRACE) present = this.atObject();
    if (present) this.object.read(c, row);
    finish(c);
    return present;
  }

  /** Moves over white space to an object, or over `null`: false. */
  private atObject(): boolean {
    const c = this.cursor;
    c.p = skipStart(c);
    if (c.bytes[c.p] === LBRACE) return true;
    if (c.bytes[c.p] !== 0x6e) throw new DecodeError('Expected a JSON object, for the columns are its fields');
    c.p = skipNull(c, c.p);
    return false;
  }
}

class SingleDecoder implements RowDecoder {
  private readonly cursor: JsonCursor;
  private readonly reader: ValueReader;
  private scratch = Buffer.alloc(64);

  private readonly wanted: boolean;

  constructor({ columns, needed, ref }: CoderContext, leaf?: LeafReader) {
    this.cursor = new JsonCursor(nonFiniteOf(ref));
    const { type } = columns[0]!;
    this.wanted = needed.length > 0;
    this.reader = (this.wanted ? valueReader : valueChecker)(type, new StringCache(), leaf);
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    row[0] = null;
    if (start >= end) return false;
    // A bare number has nothing of its own that ends it: in the batch, the next record's bytes would go on with it.
    const n = end - start;
    if (n >= this.scratch.length) this.scratch = Buffer.alloc(n * 2);
    bytes.copy(this.scratch, 0, start, end);
    this.scratch[n] = 0;
    const c = this.cursor;
    c.reset(this.scratch, 0, n);
    c.p = skipStart(c);
    const v = this.reader.read(c);
    finish(c);
    if (this.wanted) row[0] = v;
    return v !== null;
  }
}

/** Nothing but white space may be left, and nothing may have been read beyond the end. */
function finish(c: JsonCursor): void {
  let p = c.p;
  if (p < c.end) p = skipWhitespace(c.bytes, p);
  if (p < c.end) c.fail('something behind the value', p);
  if (c.p > c.end) c.fail('a value', c.end);
}

class ObjectEncoder implements RowEncoder {
  private readonly write: (row: readonly Value[], out: ByteWriter) => void;

  constructor(columns: readonly Column[]) {
    this.write = objectWriter(columns);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    this.write(row, out);
    return true;
  }
}

class SingleEncoder implements RowEncoder {
  private readonly write: ValueWriter;

  constructor(column: Column) {
    this.write = valueWriter(column.type);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    const v = row[0];
    if (v === null || v === undefined) return false;
    this.write(v, out);
    return true;
  }
}
