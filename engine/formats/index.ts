import { WeirError } from '../base/errors.js';
import { avroFormat } from './avro.js';
import { delimitedFormat } from './delimited.js';
import type { Format } from './format.js';
import { jsonFormat } from './json.js';
import { jsonSrFormat } from './json-sr.js';
import { kafkaFormat } from './kafka.js';
import { noneFormat } from './none.js';
import { protobufFormat, protobufNosrFormat } from './protobuf.js';
import { rowFormat } from './row.js';

export type { CoderContext, Format, RowDecoder, RowEncoder } from './format.js';
export { DecodeError } from './format.js';

/** Every format, by name. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  [
    jsonFormat,
    jsonSrFormat,
    avroFormat,
    protobufFormat,
    protobufNosrFormat,
    delimitedFormat,
    kafkaFormat,
    noneFormat,
    rowFormat,
  ].map((f) => [f.name, f]),
);

/** A format by its name in any case. Throws BAD_STATEMENT for one that is not there. */
export function formatByName(name: string): Format {
  const format = FORMATS.get(name.trim().toUpperCase());
  if (format === undefined) {
    const known = [...FORMATS.keys()].filter((n) => n !== rowFormat.name).join(', ');
    throw new WeirError('BAD_STATEMENT', `Unknown format: ${name}`, `Formats: ${known}.`);
  }
  return format;
}
