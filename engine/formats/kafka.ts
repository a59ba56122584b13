import { type ByteWriter, readInt64 } from '../types/bytes.js';
import { WeirError } from '../types/errors.js';
import { StringCache } from '../types/intern.js';
import type { TypeKind } from '../types/sql-type.js';
import { bigintValue, type Value } from '../types/value.js';
import { printColumns } from './columns.js';
import { DecodeError, type Format, type RowDecoder, type RowEncoder } from './format.js';

/** One column as Kafka's own serializers write it: big-endian numbers, UTF-8 text, bytes as they are. */
export const kafkaFormat: Format = {
  name: 'KAFKA',
  supportsKeys: true,
  wrapByDefault: undefined,

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

  decoder: ({ columns }) => (columns.length === 0 ? NOTHING : new KafkaDecoder(columns[0]!.type.kind)),
  encoder: ({ columns }) => (columns.length === 0 ? NOTHING : new KafkaEncoder(columns[0]!.type.kind)),
};

const KINDS: readonly TypeKind[] = ['INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'BYTES'];

const NOTHING: RowDecoder & RowEncoder = { decode: () => false, encode: () => false };

class KafkaDecoder implements RowDecoder {
  private readonly strings = new StringCache();

  constructor(private readonly kind: TypeKind) {}

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    switch (this.kind) {
      case 'STRING':
        row[0] = this.strings.get(bytes, start, end);
        return true;
      case 'INTEGER':
        this.expect(end - start, 4);
        row[0] = bytes.readInt32BE(start);
        return true;
      case 'BIGINT': {
        this.expect(end - start, 8);
        const v = readInt64(bytes, start);
        row[0] = Number.isSafeInteger(v) ? v : bigintValue(bytes.readBigInt64BE(start));
        return true;
      }
      case 'DOUBLE':
        this.expect(end - start, 8);
        row[0] = bytes.readDoubleBE(start);
        return true;
      default:
        row[0] = new Uint8Array(bytes.subarray(start, end));
        return true;
    }
  }

  private expect(length: number, wanted: number): void {
    if (length !== wanted) throw new DecodeError(`Expected ${wanted} bytes of type ${this.kind}, got ${length}`);
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
