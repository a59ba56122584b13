import { messageOf, WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/topology.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Value } from '../../values/value.js';
import { type CoderContext, DecodeError, type Format, type RowDecoder, type RowEncoder } from '../format.js';
import { FramedDecoder, writePrefix } from '../registry/framed.js';
import { FULL_SCHEMA_NAME } from '../registry/options.js';
import { pinnedSchema } from '../registry/pinned.js';
import type { SchemaText } from '../registry/registry.js';
import { checkProtobuf, printProtobuf } from './derive.js';
import { inferProtobuf } from './infer.js';
import { derived, NULLABLE_REPRESENTATION, throughMessage } from './of-columns.js';
import { messageAt, messageNamed, type ProtoFile, type ProtoMessage, parseProtobuf } from './parse.js';
import { protobufReader } from './read.js';
import { WireCursor, writeSint32 } from './wire.js';
import { protobufWriter } from './write.js';

/**
 * Protobuf, its schemas in a registry; columns are always fields of a message:
 * https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#protobuf
 */
export const protobufFormat: Format = {
  name: 'PROTOBUF',
  supportsKeys: true,
  wrapping: 'always',
  states: 'any',
  options: { fullSchemaName: FULL_SCHEMA_NAME, nullableRepresentation: NULLABLE_REPRESENTATION },
  // Wrappers of scalars in registered schemas are read as the scalars.
  implied: () => ({ unwrapPrimitives: 'true' }),

  validate(columns, _isKey, ref) {
    // With a schema of someone else's the names are theirs.
    checkProtobuf('PROTOBUF', columns, pinnedSchema(ref, 'PROTOBUF') === undefined);
  },

  decoder(context) {
    if (context.columns.length === 0) return { decode: () => false };
    return new FramedDecoder(context, 'PROTOBUF', (schema) => new IndexedDecoder(schema, context));
  },

  encoder: (context) => new ProtobufEncoder(context),

  readBack(columns, ref) {
    const schema = pinnedSchema(ref, 'PROTOBUF');
    return throughMessage(schema === undefined ? derived(columns, ref) : chosen(schema, ref).type, columns);
  },

  schemas: {
    type: 'PROTOBUF',
    schemaOf: (columns, _isKey, ref) => ({
      type: 'PROTOBUF',
      text: printProtobuf(derived(columns, ref)),
      references: [],
    }),
    columnsOf(schema, { exact, ref }) {
      return inferProtobuf(chosen(schema, ref).type, exact);
    },
  },
};

/** The message that a format's full name names; else the first. */
function find(file: ProtoFile, { properties }: FormatRef): ProtoMessage | undefined {
  const name = properties.fullSchemaName;
  return name === undefined ? file.messages[0] : messageNamed(file, name);
}

function chosen(schema: SchemaText, ref: FormatRef): ProtoMessage {
  const message = find(parseProtobuf(schema), ref);
  if (message === undefined) {
    const { fullSchemaName } = ref.properties;
    throw new WeirError(
      'BAD_STATEMENT',
      fullSchemaName === undefined
        ? 'The Protobuf schema has no message'
        : `The Protobuf schema has no message ${fullSchemaName}`,
    );
  }
  return message;
}

/** More messages than a schema has that anyone reads, and more nesting. */
const MAX_READERS = 1000;
const MAX_INDEXES = 64;

/** Reads payloads of one schema. Each begins with the place of its message in that schema. */
class IndexedDecoder implements RowDecoder {
  private file: ProtoFile | undefined;
  private readonly cursor = new WireCursor();
  private readonly readers = new Map<string, RowDecoder | DecodeError>();
  private first: RowDecoder | undefined;

  constructor(
    private readonly schema: SchemaText,
    private readonly context: CoderContext,
  ) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    // A zero stands for the list of a single zero: the first message.
    if (bytes[start] === 0 && start < end) {
      this.first ??= this.reader([0]);
      return this.first.decode(bytes, start + 1, end, row);
    }
    const c = this.cursor;
    c.reset(bytes, start, end);
    const n = c.sint32();
    if (n < 0 || n > MAX_INDEXES)
      throw new DecodeError('The Protobuf payload does not begin with the place of a message');
    const indexes: number[] = [];
    for (let i = 0; i < n; i++) indexes.push(c.sint32());
    return this.reader(n === 0 ? [0] : indexes).decode(bytes, c.p, end, row);
  }

  private reader(indexes: readonly number[]): RowDecoder {
    const key = indexes.join();
    let reader = this.readers.get(key);
    if (reader === undefined) {
      reader = this.makeReader(indexes);
      if (this.readers.size >= MAX_READERS) this.readers.clear();
      this.readers.set(key, reader);
    }
    if (reader instanceof DecodeError) throw reader;
    return reader;
  }

  private makeReader(indexes: readonly number[]): RowDecoder | DecodeError {
    try {
      this.file ??= parseProtobuf(this.schema);
      const message = messageAt(this.file, indexes);
      if (message === undefined) return new DecodeError(`The Protobuf schema has no message at ${indexes.join('.')}`);
      return protobufReader(message.type, this.context.columns, this.context.needed);
    } catch (e) {
      return e instanceof DecodeError ? e : new DecodeError(messageOf(e));
    }
  }
}

class ProtobufEncoder implements RowEncoder {
  private readonly id: number;
  private readonly indexes: readonly number[];
  private readonly write: (row: readonly Value[], out: ByteWriter) => void;

  constructor({ columns, ref }: CoderContext) {
    if (columns.length === 0) {
      this.id = 0;
      this.indexes = [];
      this.write = () => {};
      return;
    }
    const schema = pinnedSchema(ref, 'PROTOBUF');
    if (schema === undefined) throw new WeirError('INTERNAL', 'A Protobuf encoder without a registered schema.');
    const message = chosen(schema, ref);
    this.id = schema.id;
    this.indexes = message.indexes;
    this.write = protobufWriter(message.type, columns);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    if (row.length === 0) return false;
    writePrefix(out, this.id);
    if (this.indexes.length === 1 && this.indexes[0] === 0) out.byte(0);
    else {
      writeSint32(out, this.indexes.length);
      for (const i of this.indexes) writeSint32(out, i);
    }
    this.write(row, out);
    return true;
  }
}
