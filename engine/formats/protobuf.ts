import type { ByteWriter } from '../types/bytes.js';
import { WeirError } from '../types/errors.js';
import type { Column } from '../types/schema.js';
import type { FormatRef } from '../types/topology.js';
import type { Value } from '../types/value.js';
import { type CoderContext, DecodeError, type Format, type RowDecoder, type RowEncoder } from './format.js';
import { ProtoCursor, toZigzag, writeVarint, zigzag32 } from './protobuf/bytes.js';
import { checkProto, deriveProto, type Nullable } from './protobuf/derive.js';
import { inferProto, messageOf } from './protobuf/infer.js';
import { protoReader } from './protobuf/read.js';
import { type ProtoFile, type ProtoMessage, parseProto } from './protobuf/schema.js';
import { protoWriter } from './protobuf/write.js';
import { FramedDecoder, writePrefix } from './registry/framed.js';
import { pinnedSchema } from './registry/pinned.js';
import type { SchemaText } from './registry/registry.js';

/**
 * Protobuf, its schemas in a registry: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#protobuf.
 * What proto3 does not tell from its default is not NULL but that default, unless `nullableRepresentation` says how.
 */
export const protobufFormat: Format = {
  name: 'PROTOBUF',
  supportsKeys: true,
  wrapByDefault: undefined,
  validate: (columns) => checkProto(columns),

  decoder(context) {
    if (context.columns.length === 0) return { decode: () => false };
    return new FramedDecoder(context, 'PROTOBUF', (schema) => new IndexedDecoder(parseProto(schema), context));
  },

  encoder: (context) => new FramedEncoder(context),

  schemas: {
    type: 'PROTOBUF',
    schemaOf: derived,
    columnsOf: (schema, { ref, exact }) =>
      inferProto(messageOf(parseProto(schema), ref), exact, ref.properties.unwrapPrimitives === 'true'),
  },
};

/** Protobuf without a registry: the message is that of the columns, the payload the message alone. */
export const protobufNosrFormat: Format = {
  name: 'PROTOBUF_NOSR',
  supportsKeys: true,
  wrapByDefault: undefined,
  validate: (columns) => checkProto(columns),

  decoder({ columns, needed, ref }) {
    if (columns.length === 0) return { decode: () => false };
    return protoReader(parseProto(derived(columns, false, ref)).first, columns, needed);
  },

  encoder({ columns, ref }) {
    if (columns.length === 0) return { encode: () => false };
    const write = protoWriter(parseProto(derived(columns, false, ref)).first, columns);
    return {
      encode(row, out) {
        write(row, out);
        return true;
      },
    };
  },
};

function derived(columns: readonly Column[], _isKey: boolean, ref: FormatRef): SchemaText {
  const nullable = (ref.properties.nullableRepresentation ?? 'none') as Nullable;
  return deriveProto(columns, nullable, ref.properties.fullSchemaName);
}

/** Nesting of messages that message indexes may name. */
const MAX_INDEXES = 100;

/** Reads payloads that begin with the indexes of their message in the schema. */
class IndexedDecoder implements RowDecoder {
  private readonly cursor = new ProtoCursor();
  private readonly readers = new Map<string, RowDecoder>();
  private first: RowDecoder | undefined;

  constructor(
    private readonly file: ProtoFile,
    private readonly context: CoderContext,
  ) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    const c = this.cursor;
    c.reset(bytes, start, end);
    const count = zigzag32(c.int32());
    if (count === 0) {
      this.first ??= this.reader(this.file.first);
      return this.first.decode(bytes, c.p, end, row);
    }
    if (count < 0 || count > MAX_INDEXES) throw new DecodeError('The payload does not begin with message indexes');
    const path = Array.from({ length: count }, () => zigzag32(c.int32()));
    const key = path.join();
    let reader = this.readers.get(key);
    if (reader === undefined) {
      const message = this.file.at(path);
      if (message === undefined) throw new DecodeError(`The schema has no message at [${key}]`);
      this.readers.set(key, (reader = this.reader(message)));
    }
    return reader.decode(bytes, c.p, end, row);
  }

  private reader(message: ProtoMessage): RowDecoder {
    return protoReader(message, this.context.columns, this.context.needed);
  }
}

class FramedEncoder implements RowEncoder {
  private readonly id: number;
  private readonly path: readonly number[];
  private readonly write: (row: readonly Value[], out: ByteWriter) => void;

  constructor({ columns, ref }: CoderContext) {
    this.path = [0];
    if (columns.length === 0) {
      this.id = 0;
      this.write = () => {};
      return;
    }
    const schema = pinnedSchema(ref, 'PROTOBUF');
    if (schema === undefined) throw new WeirError('INTERNAL', 'A Protobuf encoder without a registered schema.');
    this.id = schema.id;
    const file = parseProto(schema);
    const message = messageOf(file, ref);
    this.path = file.pathOf(message) ?? [0];
    this.write = protoWriter(message, columns);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    if (row.length === 0) return false;
    writePrefix(out, this.id);
    if (this.path.length === 1 && this.path[0] === 0) out.byte(0);
    else {
      writeVarint(out, toZigzag(this.path.length));
      for (const i of this.path) writeVarint(out, toZigzag(i));
    }
    this.write(row, out);
    return true;
  }
}
