import { WeirError } from '../../base/errors.js';
import type { FormatRef } from '../../plan/format-ref.js';
import { ByteWriter } from '../../records/bytes.js';
import type { Column } from '../../values/schema.js';
import type { Value } from '../../values/value.js';
import type { FormatOption } from '../format.js';
import { deriveMessage, nullableOf } from './derive.js';
import { protobufReader } from './read.js';
import type { MessageType } from './schema.js';
import { protobufWriter } from './write.js';

/** What PROTOBUF and PROTOBUF_NOSR have in common: messages that come from columns. */

/** How Protobuf tells a NULL scalar from its default. */
export const NULLABLE_REPRESENTATION: FormatOption = {
  property: 'PROTOBUF_NULLABLE_REPRESENTATION',
  inherited: true,
  read(value, property) {
    const lower = value.toLowerCase();
    if (lower === 'optional' || lower === 'wrapper') return lower;
    throw new WeirError(
      'BAD_STATEMENT',
      `Configuration ${property} is invalid: Invalid value ${value}: String must be one of: OPTIONAL, WRAPPER`,
    );
  },
};

/** What reading gives of rows that were written as this message. */
export function throughMessage(type: MessageType, columns: readonly Column[]): (row: readonly Value[]) => Value[] {
  const write = protobufWriter(type, columns);
  const all = columns.map((_, i) => i);
  const reader = protobufReader(type, columns, all);
  const out = new ByteWriter();
  return (row) => {
    out.reset();
    write(row, out);
    const back = new Array<Value>(columns.length).fill(null);
    reader.decode(out.buffer, 0, out.length, back);
    return back;
  };
}

/** The message that these columns are written as. */
export const derived = (columns: readonly Column[], { properties }: FormatRef): MessageType =>
  deriveMessage(columns, nullableOf(properties.nullableRepresentation), properties.fullSchemaName);
