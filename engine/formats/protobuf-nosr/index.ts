import type { Format } from '../format.js';
import { checkProtobuf } from '../protobuf/derive.js';
import { derived, NULLABLE_REPRESENTATION, throughMessage } from '../protobuf/of-columns.js';
import { protobufReader } from '../protobuf/read.js';
import { protobufWriter } from '../protobuf/write.js';

/** Protobuf's messages without a registry: nothing stands in front, and the schema is that of the columns. */
export const protobufNosrFormat: Format = {
  name: 'PROTOBUF_NOSR',
  supportsKeys: true,
  wrapping: 'always',
  states: 'any',
  options: { nullableRepresentation: NULLABLE_REPRESENTATION },

  validate(columns) {
    checkProtobuf('PROTOBUF_NOSR', columns, false);
  },

  decoder({ columns, needed, ref }) {
    if (columns.length === 0) return { decode: () => false };
    return protobufReader(derived(columns, ref), columns, needed);
  },

  encoder({ columns, ref }) {
    const write = protobufWriter(derived(columns, ref), columns);
    return {
      encode(row, out) {
        if (row.length === 0) return false;
        write(row, out);
        return true;
      },
    };
  },

  readBack: (columns, ref) => throughMessage(derived(columns, ref), columns),
};
