import { WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Value } from '../../values/value.js';
import { isWrapped } from '../columns.js';
import type { CoderContext, Format, RowEncoder } from '../format.js';
import { FramedDecoder, writePrefix } from '../registry/framed.js';
import { FULL_SCHEMA_NAME } from '../registry/options.js';
import { pinnedSchema } from '../registry/pinned.js';
import { checkAvroNames, checkAvroType, DEFAULT_NAME, DEFAULT_NAMESPACE, deriveAvro } from './derive.js';
import { inferAvro } from './infer.js';
import { avroReader } from './read.js';
import { parseAvro } from './schema.js';
import { avroWriter } from './write.js';

/** Avro, its schemas in a registry: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#avro */
export const avroFormat: Format = {
  name: 'AVRO',
  supportsKeys: true,
  wrapping: 'choice',
  states: 'any',
  options: { fullSchemaName: FULL_SCHEMA_NAME },
  // Keys and values of one topic are records of two names.
  implied: (keyOf): Readonly<Record<string, string>> => (keyOf === undefined ? {} : { fullSchemaName: keyName(keyOf) }),

  validate(columns, isKey, ref) {
    if (isWrapped({ columns, isKey, ref })) checkAvroNames(columns);
    else for (const c of columns) checkAvroType(c.type);
  },

  decoder(context) {
    const { columns, needed, isKey, ref } = context;
    if (columns.length === 0) return { decode: () => false };
    return new FramedDecoder(context, 'AVRO', (schema) =>
      avroReader(parseAvro(schema), columns, needed, isWrapped({ columns, isKey, ref })),
    );
  },

  encoder: (context) => new AvroEncoder(context),

  schemas: {
    type: 'AVRO',
    schemaOf: (columns, isKey, ref) =>
      deriveAvro(columns, isWrapped({ columns, isKey, ref }), ref.properties.fullSchemaName ?? DEFAULT_NAME),
    columnsOf: (schema, options) => inferAvro(parseAvro(schema), options),
  },
};

/** `MY_STREAM` gives `io.confluent.ksql.avro_schemas.MyStreamKey`. */
function keyName(source: string): string {
  const words = source.split('_').filter((w) => w !== '');
  const camel = words.map((w) => w[0]!.toUpperCase() + w.slice(1).toLowerCase()).join('');
  return `${DEFAULT_NAMESPACE}.${camel}Key`;
}

class AvroEncoder implements RowEncoder {
  private readonly id: number;
  private readonly write: (row: readonly Value[], out: ByteWriter) => void;
  private readonly single: boolean;

  constructor({ columns, isKey, ref }: CoderContext) {
    this.single = !isWrapped({ columns, isKey, ref });
    if (columns.length === 0) {
      this.id = 0;
      this.write = () => {};
      return;
    }
    const schema = pinnedSchema(ref, 'AVRO');
    if (schema === undefined) throw new WeirError('INTERNAL', 'An Avro encoder without a registered schema.');
    this.id = schema.id;
    this.write = avroWriter(parseAvro(schema), columns, !this.single);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    if (row.length === 0 || (this.single && (row[0] ?? null) === null)) return false;
    writePrefix(out, this.id);
    this.write(row, out);
    return true;
  }
}
