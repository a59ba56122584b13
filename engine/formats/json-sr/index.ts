import { WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import type { Value } from '../../values/value.js';
import { isWrapped } from '../columns.js';
import type { CoderContext, Format, RowDecoder, RowEncoder } from '../format.js';
import { jsonDecoder, jsonFormat } from '../json/index.js';
import { NON_FINITE_NUMBERS } from '../json/non-finite.js';
import { PREFIX_BYTES, schemaIdOf, writePrefix } from '../registry/framed.js';
import { FULL_SCHEMA_NAME } from '../registry/options.js';
import { pinnedSchema } from '../registry/pinned.js';
import { ConnectDecimals } from './decimals.js';
import { deriveJsonSchema } from './derive.js';
import { inferJsonSchema } from './infer.js';

/**
 * JSON behind the id of its JSON Schema: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#json.
 * Reading needs no schema, for what the columns are says all, as for JSON; but for decimals in base64.
 */
export const jsonSrFormat: Format = {
  name: 'JSON_SR',
  supportsKeys: true,
  wrapping: 'choice',
  states: 'any',
  options: { fullSchemaName: FULL_SCHEMA_NAME, nonFinite: NON_FINITE_NUMBERS },
  validate: (columns, isKey, ref) => jsonFormat.validate(columns, isKey, ref),
  decoder: (context) => new Decoder(context),
  encoder: (context) => new Encoder(context),
  schemas: {
    type: 'JSON',
    schemaOf: (columns, isKey, ref) => deriveJsonSchema(columns, isWrapped({ columns, isKey, ref })),
    columnsOf: inferJsonSchema,
  },
};

class Decoder implements RowDecoder {
  private readonly json: RowDecoder;
  private readonly decimals: ConnectDecimals;
  private readonly width: number;

  constructor(context: CoderContext) {
    this.decimals = new ConnectDecimals(context);
    this.json = jsonDecoder({ ...context, columns: this.decimals.columns }, this.decimals.leaf);
    this.width = context.columns.length;
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    if (start >= end) {
      for (let i = 0; i < this.width; i++) row[i] = null;
      return false;
    }
    this.decimals.id = schemaIdOf(bytes, start, end);
    return this.json.decode(bytes, start + PREFIX_BYTES, end, row);
  }
}

class Encoder implements RowEncoder {
  private readonly json: RowEncoder;
  private readonly id: number;
  /** One bare column: NULL is no payload. */
  private readonly single: boolean;

  constructor(context: CoderContext) {
    this.json = jsonFormat.encoder(context);
    this.single = context.columns.length > 0 && !isWrapped(context);
    const schema = pinnedSchema(context.ref, 'JSON');
    if (schema === undefined && context.columns.length > 0) {
      throw new WeirError('INTERNAL', 'A JSON_SR encoder without a registered schema.');
    }
    this.id = schema?.id ?? 0;
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    if (this.single && (row[0] ?? null) === null) return false;
    writePrefix(out, this.id);
    return this.json.encode(row, out);
  }
}
