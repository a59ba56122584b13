import { ERROR } from '../wire/errors.js';
import { anything, described, flag, list, map, named, object, oneOf, type Schema, text } from '../wire/json-schema.js';

/** What queries answer, by the form of their rows. */

export const LINES = named('Lines', described(text, 'JSON, a value a line: docs/api.md.'));

const ROW = named('Row', { type: 'array', description: "The columns' values." });
const HEADER = named('QueryHeader', object({ queryId: text, columnNames: list(text), columnTypes: list(text) }));

/** Of `/query-stream` with `Accept: application/json`. */
export const QUERY_ARRAY = named('QueryArray', { ...list({ anyOf: [HEADER, ROW, ERROR] }), minItems: 1 });

/** Rows with `shape=objects`. */
export const OBJECT_ARRAY = named(
  'ObjectArray',
  list(named('RowObject', map(anything, "The columns' values by name."))),
);

/** `?shape=objects` */
export const SHAPE = described(oneOf('objects'), 'Rows as objects by the names of their columns, not as arrays.');

const arrayOf = (header: Schema, row: Schema): Schema =>
  list({
    anyOf: [object({ header }), object({ row }), object({ finalMessage: text }), object({ errorMessage: ERROR })],
  });

export const KSQL_V1_ARRAY = named(
  'KsqlV1Array',
  arrayOf(object({ queryId: text, schema: text }), object({ columns: ROW, tombstone: flag }, ['tombstone'])),
);

export const PROTOBUF_ARRAY = named(
  'ProtobufArray',
  arrayOf(
    object({ queryId: text, protoSchema: text }),
    object({ protobufBytes: text, tombstone: flag }, ['tombstone']),
  ),
);
