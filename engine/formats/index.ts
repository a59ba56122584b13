import { WeirError } from '../base/errors.js';
import { avroFormat } from './avro/index.js';
import { delimitedFormat } from './delimited/index.js';
import { withFieldNames } from './field-names.js';
import type { Format } from './format.js';
import { jsonFormat } from './json/index.js';
import { jsonSrFormat } from './json-sr/index.js';
import { kafkaFormat } from './kafka/index.js';
import { noneFormat } from './none/index.js';
import { protobufFormat } from './protobuf/index.js';
import { protobufNosrFormat } from './protobuf-nosr/index.js';
import { rowFormat } from './row/index.js';

export type { CoderContext, Format, FormatOption, RowDecoder, RowEncoder } from './format.js';
export { DecodeError } from './format.js';

/** Every format, by name. */
export const FORMATS = {
  AVRO: withFieldNames(avroFormat),
  DELIMITED: delimitedFormat,
  JSON: withFieldNames(jsonFormat),
  JSON_SR: withFieldNames(jsonSrFormat),
  KAFKA: kafkaFormat,
  NONE: noneFormat,
  PROTOBUF: withFieldNames(protobufFormat),
  PROTOBUF_NOSR: withFieldNames(protobufNosrFormat),
  ROW: rowFormat,
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

/** The formats that a statement can name. */
export const NAMED_FORMATS: readonly Format[] = Object.values<Format>(FORMATS).filter((f) => f.internal !== true);

/** A format by its name as it is in a FormatRef; undefined: there is none. */
export const formatNamed = (name: string): Format | undefined =>
  Object.hasOwn(FORMATS, name) ? FORMATS[name as FormatName] : undefined;

/** A format by its name in any case. Throws BAD_STATEMENT for one that is not there. */
export function formatByName(name: string): Format {
  const format = formatNamed(name.trim().toUpperCase());
  if (format === undefined) {
    const known = NAMED_FORMATS.map((f) => f.name).join(', ');
    throw new WeirError('BAD_STATEMENT', `Unknown format: ${name}`, `Formats: ${known}.`);
  }
  return format;
}
