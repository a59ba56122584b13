import { WeirError } from '../base/errors.js';
import type { FormatRef } from '../plan/topology.js';
import type { ByteWriter } from '../records/bytes.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';
import { checkAvroNames, checkAvroType, DEFAULT_NAME, deriveAvro } from './avro/derive.js';
import { inferAvro } from './avro/infer.js';
import { avroReader } from './avro/read.js';
import { parseAvro } from './avro/schema.js';
import { avroWriter } from './avro/write.js';
import { isWrapped } from './columns.js';
import type { CoderContext, Format, RowEncoder } from './format.js';
import { FramedDecoder, writePrefix } from './registry/framed.js';
import { pinnedSchema } from './registry/pinned.js';

/** Avro, its schemas in a registry: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#avro */
export const avroFormat: Format = {
  name: 'AVRO',
  supportsKeys: true,
  wrapByDefault: true,

  validate(columns, isKey, ref) {
    if (wrapped(columns, isKey, ref)) checkAvroNames(columns);
    else for (const c of columns) checkAvroType(c.type);
  },

  decoder(context) {
    const { columns, needed, isKey, ref } = context;
    if (columns.length === 0) return { decode: () => false };
    return new FramedDecoder(context, 'AVRO', (schema) =>
      avroReader(parseAvro(schema), columns, needed, wrapped(columns, isKey, ref)),
    );
  },

  encoder: (context) => new AvroEncoder(context),

  schemas: {
    type: 'AVRO',
    schemaOf: (columns, isKey, ref) =>
      deriveAvro(columns, wrapped(columns, isKey, ref), ref.properties.fullSchemaName ?? DEFAULT_NAME),
    columnsOf: (schema, options) => inferAvro(parseAvro(schema), options),
  },
};

const wrapped = (columns: readonly Column[], isKey: boolean, ref: FormatRef): boolean =>
  isWrapped({ columns, needed: [], isKey, ref }, true);

class AvroEncoder implements RowEncoder {
  private readonly id: number;
  private readonly write: (row: readonly Value[], out: ByteWriter) => void;
  private readonly single: boolean;

  constructor({ columns, isKey, ref }: CoderContext) {
    this.single = !wrapped(columns, isKey, ref);
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
