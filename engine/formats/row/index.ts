import { messageOf, WeirError } from '../../base/errors.js';
import type { ByteWriter } from '../../records/bytes.js';
import { KeyCodec } from '../../records/key-codec.js';
import { RowCodec } from '../../records/row-codec.js';
import type { Value } from '../../values/value.js';
import { type CoderContext, DecodeError, type Format, type RowDecoder, type RowEncoder } from '../format.js';

/**
 * Weir's own format of internal topics: keys in memory-comparable order, so that the key of a repartition topic is that of
 * the store behind it, and rows as compact bytes. It holds every type exactly and is in no WITH clause.
 */
export const rowFormat: Format = {
  name: 'ROW',
  internal: true,
  supportsKeys: true,
  wrapping: 'never',
  states: 'any',
  options: {},
  validate: () => {},
  decoder: (context) => new InternalDecoder(context),
  encoder: (context) => new InternalEncoder(context),
};

class InternalDecoder implements RowDecoder {
  private readonly codec: KeyCodec | RowCodec;

  constructor({ columns, isKey }: CoderContext) {
    const types = columns.map((c) => c.type);
    this.codec = isKey ? new KeyCodec(types) : new RowCodec(types);
  }

  decode(bytes: Buffer, start: number, end: number, row: Value[]): boolean {
    try {
      this.codec.decodeInto(bytes, start, end, row);
      return true;
    } catch (e) {
      if (e instanceof WeirError) throw new DecodeError(messageOf(e));
      throw e;
    }
  }
}

class InternalEncoder implements RowEncoder {
  private readonly codec: KeyCodec | RowCodec;

  constructor({ columns, isKey }: CoderContext) {
    const types = columns.map((c) => c.type);
    this.codec = isKey ? new KeyCodec(types) : new RowCodec(types);
  }

  encode(row: readonly Value[], out: ByteWriter): boolean {
    this.codec.encode(row, out);
    return true;
  }
}
