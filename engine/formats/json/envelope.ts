import { WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/format-ref.js';
import type { ByteWriter } from '../../records/bytes.js';
import { Decimal } from '../../values/decimal.js';
import type { Column } from '../../values/schema.js';
import type { SqlType } from '../../values/sql-type.js';
import type { Value } from '../../values/value.js';
import { readUnscaled, unscaledBytes } from '../avro/bytes.js';
import { isWrapped } from '../columns.js';
import { type CoderContext, DecodeError, type FormatOption, type RowDecoder, type RowEncoder } from '../format.js';
import { base64Text, fitDecimal, parseBase64 } from '../text-values.js';
import { connectSchema, connectStruct, decimalScales } from './connect-schema.js';
import type { Leaf, LeafReader } from './leaves.js';
import { nonFiniteOf } from './non-finite.js';
import { OTHER, type ValueReader } from './reader.js';
import {
  COLON,
  COMMA,
  JsonCursor,
  LBRACE,
  QUOTE,
  RBRACE,
  readString,
  skipNull,
  skipStart,
  skipValue,
  skipWhitespace,
} from './scan.js';
import { type LeafWriter, objectWriter, type ValueWriter, valueWriter } from './write.js';

/*
 * `{"schema":{…},"payload":…}`: JSON as Kafka Connect's JsonConverter has it with `schemas.enable=true`, its default. Connect's
 * sinks need the schema: without it they have maps whose values have no types.
 */

/** Called as Connect calls it: `value.converter.schemas.enable`. */
export const SCHEMAS_ENABLE: FormatOption = {
  property: 'SCHEMAS_ENABLE',
  inherited: true,
  read(value, property) {
    const word = value.trim().toLowerCase();
    if (word === 'true' || word === 'false') return word;
    throw new WeirError(
      'BAD_STATEMENT',
      `Invalid value '${value}' for property ${property}.`,
      'true or false, as schemas.enable of the JsonConverter that reads or writes the topic.',
    );
  },
};

export const isEnveloped = (ref: FormatRef): boolean => ref.properties.schemasEnable === 'true';

/** Throws WeirError BAD_STATEMENT for fields that no schema could name. */
export function checkEnvelope(ref: FormatRef): void {
  if (!isEnveloped(ref) || ref.properties.undeclared === undefined) return;
  throw new WeirError(
    'BAD_STATEMENT',
    'SCHEMAS_ENABLE and UNDECLARED_FIELDS do not go together: the schema beside a payload names all of its fields',
    'Leave one of the two out.',
  );
}

/** Other types are written as they are in plain JSON. */
const connectLeaf: LeafWriter = (type) => {
  switch (type.kind) {
    case 'DECIMAL':
      return (v, out) => {
        out.byte(QUOTE);
        out.utf8(base64Text(unscaledBytes((v as Decimal).setScale(type.scale).unscaled)));
        out.byte(QUOTE);
      };
    case 'DOUBLE': {
      const usual = valueWriter(type);
      // The converter takes text for 0.0, and there is no other way to write such a number.
      return (v, out) => (Number.isFinite(v) ? usual(v, out) : out.copy(NULL));
    }
    default:
      return undefined;
  }
};

const NULL = Buffer.from('null');

export class EnvelopeEncoder implements RowEncoder {
  private readonly prefix: Buffer;
  private readonly object: ((row: readonly Value[], out: ByteWriter) => void) | null;
  private readonly single: ValueWriter;

  constructor(context: CoderContext) {
    const { columns } = context;
    const wrapped = isWrapped(context);
    const schema = wrapped ? connectStruct(columns) : connectSchema(columns[0]!.type);
    // A record and a key are there; a bare value that is not finite is null.
    const optional = !wrapped && !context.isKey;
    this.prefix = Buffer.from(`{"schema":${JSON.stringify({ ...schema, optional })},"payload":`);
    this.object = wrapped ? objectWriter(columns, connectLeaf) : null;
    this.single = wrapped ? () => {} : valueWriter(columns[0]!.type, connectLeaf);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    const v = row[0] ?? null;
    if (this.object === null && v === null) return false;
    out.copy(this.prefix);
    if (this.object === null) this.single(v, out);
    else this.object(row, out);
    out.byte(RBRACE);
    return true;
  }
}

/**
 * Reads the payload with another decoder. The schema is looked at for one thing only: the scale of decimals, which the
 * converter writes as bytes. Records of a topic mostly have the same schema, byte for byte: it is kept.
 */
export class EnvelopeDecoder implements RowDecoder {
  private readonly cursor: JsonCursor;
  private readonly payload: RowDecoder;
  /** A type object of its own at each place, which scales are found by. */
  private readonly type: SqlType;
  private readonly width: number;
  private schema: Buffer = Buffer.alloc(0);
  private scales: ReadonlyMap<SqlType, number> | undefined;

  /** @param decoderOf makes the payload's decoder */
  constructor(context: CoderContext, decoderOf: (context: CoderContext, leaf: LeafReader) => RowDecoder) {
    this.cursor = new JsonCursor(nonFiniteOf(context.ref));
    const columns = context.columns.map((c): Column => ({ ...c, type: ownType(c.type) }));
    this.type = isWrapped(context) ? { kind: 'STRUCT', fields: columns } : columns[0]!.type;
    this.payload = decoderOf({ ...context, columns }, (type, usual) => this.leaf(type, usual));
    this.width = columns.length;
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    for (let i = 0; i < this.width; i++) row[i] = null;
    if (start >= end) return false;
    const c = this.cursor;
    c.reset(bytes, start, end);
    let p = skipStart(c);
    if (bytes[p] === 0x6e) {
      p = skipNull(c, p);
      if (skipWhitespace(bytes, p) < end || p > end) c.fail('something behind the value', p);
      return false;
    }
    const [from, to] = this.members(p);
    return this.payload.decode(bytes, from, to, row);
  }

  /** Where the payload begins and ends. The schema that stands beside it is kept. */
  private members(at: number): readonly [number, number] {
    const c = this.cursor;
    const b = c.bytes;
    let schema = false;
    let payload: readonly [number, number] | undefined;
    if (b[at] !== LBRACE) throw noEnvelope();
    let p = at;
    do {
      p = skipWhitespace(b, p + 1);
      if (b[p] !== QUOTE) {
        if (b[p] === RBRACE && p === skipWhitespace(b, at + 1)) break;
        return c.fail('expected a name in quotes', p);
      }
      c.p = p;
      const name = readString(c);
      p = skipWhitespace(b, c.p);
      if (b[p] !== COLON) return c.fail("expected ':'", p);
      const from = skipWhitespace(b, p + 1);
      let to: number;
      if (name === 'schema' && !schema) {
        schema = true;
        to = this.keepSchema(from);
      } else if (name === 'payload' && payload === undefined) {
        to = skipValue(c, from);
        payload = [from, to];
      } else throw noEnvelope();
      p = skipWhitespace(b, to);
    } while (b[p] === COMMA);
    if (b[p] !== RBRACE) return c.fail("expected ',' or '}'", p);
    if (p >= c.end) return c.fail("expected '}'", p);
    p = skipWhitespace(b, p + 1);
    if (p < c.end) return c.fail('something behind the value', p);
    if (!schema || payload === undefined) throw noEnvelope();
    return payload;
  }

  /** Over the schema at `from`. */
  private keepSchema(from: number): number {
    const c = this.cursor;
    const { schema } = this;
    const known = from + schema.length;
    if (schema.length > 0 && known <= c.end && schema.compare(c.bytes, from, known) === 0) return known;
    const to = skipValue(c, from);
    this.schema = Buffer.from(c.bytes.subarray(from, to));
    this.scales = undefined;
    return to;
  }

  private leaf(type: Leaf, usual: ValueReader): ValueReader {
    if (type.kind !== 'DECIMAL') return usual;
    return {
      op: OTHER,
      read: (c: JsonCursor): Value => {
        const scale = c.bytes[c.p] === QUOTE ? this.scaleOf(type) : undefined;
        if (scale === undefined) return usual.read(c);
        const bytes = Buffer.from(parseBase64(readString(c)));
        return fitDecimal(new Decimal(readUnscaled(bytes, 0, bytes.length), scale), type.precision, type.scale);
      },
    };
  }

  private scaleOf(type: SqlType): number | undefined {
    this.scales ??= decimalScales(this.type, JSON.parse(this.schema.toString('utf8')));
    const scale = this.scales.get(type);
    if (scale !== undefined && !(Number.isInteger(scale) && Math.abs(scale) <= MAX_SCALE)) {
      throw new DecodeError(`No scale of a decimal: ${scale}`);
    }
    return scale;
  }
}

const MAX_SCALE = 1000;

const noEnvelope = (): DecodeError =>
  new DecodeError('SCHEMAS_ENABLE: expected an object of "schema" and "payload", and nothing else');

function ownType(type: SqlType): SqlType {
  switch (type.kind) {
    case 'ARRAY':
      return { ...type, element: ownType(type.element) };
    case 'MAP':
      return { ...type, value: ownType(type.value) };
    case 'STRUCT':
      return { ...type, fields: type.fields.map((f) => ({ ...f, type: ownType(f.type) })) };
    default:
      return { ...type };
  }
}
