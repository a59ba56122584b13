import { WeirError } from '../../base/errors.js';
import { type ByteWriter, readInt64 } from '../../records/bytes.js';
import { StringCache } from '../../records/intern.js';
import type { TypeKind } from '../../values/sql-type.js';
import { bigintValue, type Value } from '../../values/value.js';
import { printColumns } from '../columns.js';
import { DecodeError, type Format, type RowDecoder, type RowEncoder } from '../format.js';

/** One column as Kafka's own serializers write it: big-endian numbers, UTF-8 text, bytes as they are. */
export const kafkaFormat: Format = {
  name: 'KAFKA',
  supportsKeys: true,
  wrapping: 'never',
  states: 'none',
  options: {},

  validate(columns, isKey) {
    if (columns.length > 1) {
      const got = printColumns(columns, isKey);
      throw new WeirError('BAD_STATEMENT', `The 'KAFKA' format only supports a single field. Got: ${got}`);
    }
    for (const { type } of columns) {
      if (!KINDS.includes(type.kind)) {
        throw new WeirError('BAD_STATEMENT', `The 'KAFKA' format does not support type '${type.kind}'`);
      }
    }
  },

  decoder: ({ columns, needed }) =>
    columns.length === 0 ? NOTHING : new KafkaDecoder(columns[0]!.type.kind, needed.length > 0),
  encoder: ({ columns }) => (columns.length === 0 ? NOTHING : new KafkaEncoder(columns[0]!.type.kind)),
};

const KINDS: readonly TypeKind[] = ['INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'BYTES'];

const SIZES: { readonly [kind in TypeKind]?: number } = { INTEGER: 4, BIGINT: 8, DOUBLE: 8 };

const NOTHING: RowDecoder & RowEncoder = { decode: () => false, encode: () => false };

class KafkaDecoder implements RowDecoder {
  private readonly strings = new StringCache();

  constructor(
    private readonly kind: TypeKind,
    private readonly wanted: boolean,
  ) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    const size = SIZES[this.kind];
    if (size !== undefined && end - start !== size) {
      throw new DecodeError(`Expected ${size} bytes of type ${this.kind}, got ${end - start}`);
    }
    row[0] = this.wanted ? this.value(bytes, start, end) : null;
    return true;
  }

  private value(bytes: Buffer, start: number, end: number): Value {
    switch (this.kind) {
      case 'STRING':
        return this.strings.get(bytes, start, end);
      case 'INTEGER':
        return bytes.readInt32BE(start);
      case 'BIGINT': {
        const v = readInt64(bytes, start);
        return Number.isSafeInteger(v) ? v : bigintValue(bytes.readBigInt64BE(start));
      }
      case 'DOUBLE':
        return bytes.readDoubleBE(start);
      default:
        return new Uint8Array(bytes.subarray(start, end));
    }
  }
}

class KafkaEncoder implements RowEncoder {
  constructor(private readonly kind: TypeKind) {}

  encode(row: readonly Value[], out: ByteWriter): boolean {
    const v = row[0];
    if (v === null || v === undefined) return false;
    switch (this.kind) {
      case 'STRING':
        out.utf8(v as string);
        break;
      case 'INTEGER':
        out.int32(v as number);
        break;
      case 'BIGINT':
        out.int64(v as number | bigint);
        break;
      case 'DOUBLE':
        out.double(v as number);
        break;
      default:
        out.copy(v as Uint8Array);
    }
    return true;
  }
}
