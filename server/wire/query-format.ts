import type { ProtoRows, QueryStream, ResultColumn, RowBatch, SqlType, Value } from '../../engine/index.js';
import { printType, protoRows } from '../../engine/index.js';
import type { ErrorBody } from './errors.js';
import { rowJson } from './row-json.js';

/** Writes a query's header, rows and end in one of the wire formats. Each call gives the text of one frame. */
export interface QueryFormat {
  /** Whether clients of this format parse every chunk they get: then over HTTP/2 each row has a DATA frame of its own. */
  readonly rowFrames: boolean;
  /** What a client of this format takes for a sign of life of a push query that has no rows. */
  readonly heartbeat?: string;
  header(query: QueryStream): string;
  /** A text for each row. */
  rows(query: QueryStream, batch: RowBatch): string[];
  end(query: QueryStream): string;
  /** The query failed after its header was sent. */
  failure(query: QueryStream, body: ErrorBody): string;
}

const typesOf = (query: QueryStream): SqlType[] => query.columns.map((c) => c.type);

/** ``"`A` BIGINT, `B` STRING KEY"``. */
export function schemaText(columns: readonly ResultColumn[], markKeys: boolean): string {
  return columns.map((c) => `\`${c.name}\` ${printType(c.type)}${markKeys && c.key ? ' KEY' : ''}`).join(', ');
}

/** A line for the header, then a line a row. */
export const delimitedFormat: QueryFormat = {
  rowFrames: true,
  header: (q) =>
    `${JSON.stringify({
      queryId: q.queryId,
      columnNames: q.columns.map((c) => c.name),
      columnTypes: q.columns.map((c) => printType(c.type)),
    })}\n`,
  rows: (q, batch) => {
    if (batch.lines !== undefined) return batch.lines.map((l) => `${l}\n`);
    const types = typesOf(q);
    return batch.rows.map((r) => `${rowJson(types, r)}\n`);
  },
  end: () => '',
  failure: (_, body) => `${JSON.stringify(body)}\n`,
};

/** `/query-stream` as one JSON array: the header object, then an array a row. */
export const jsonArrayFormat: QueryFormat = {
  rowFrames: false,
  header: (q) => `[${delimitedFormat.header(q).trimEnd()}`,
  rows: (q, batch) => {
    const types = typesOf(q);
    return batch.rows.map((r) => `,\n${rowJson(types, r)}`);
  },
  end: () => ']\n',
  failure: (_, body) => `,\n${JSON.stringify(body)}]\n`,
};

/**
 * `/query`: to the byte what ksqlDB sends, because clients cut it at its line ends. A push query's lines are complete
 * (`,` and newline) as soon as they are sent; a pull query's last row is followed by `]` alone, so there the separator
 * goes before each row.
 */
function objectsFormat(
  schema: (q: QueryStream) => object,
  row: (q: QueryStream, row: readonly Value[]) => string,
): QueryFormat {
  return {
    rowFrames: false,
    heartbeat: '\n',
    header: (q) => {
      const header = { header: { queryId: q.queryId, ...schema(q) } };
      return `[${JSON.stringify(header)}${q.kind === 'push' ? ',\n' : ''}`;
    },
    rows: (q, batch) =>
      batch.rows.map((r, i) => {
        const text = `{"row":{${row(q, r)}${batch.tombstones?.[i] ? ',"tombstone":true' : ''}}}`;
        return q.kind === 'push' ? `${text},\n` : `,\n${text}`;
      }),
    end: (q) => {
      if (q.kind === 'pull-table') return ']\n';
      const message = q.end === 'limit' ? 'Limit Reached' : 'Query Completed';
      return `${q.kind === 'push' ? '' : ',\n'}{"finalMessage":"${message}"}]\n`;
    },
    failure: (q, body) => `${q.kind === 'push' ? '' : ',\n'}${JSON.stringify({ errorMessage: body })}]\n`,
  };
}

/** Rows as JSON arrays, under the schema as text. Only a pull on a table marks its key columns. */
export const ksqlV1Format: QueryFormat = objectsFormat(
  (q) => ({ schema: schemaText(q.columns, q.kind === 'pull-table') }),
  (q, row) => `"columns":${rowJson(typesOf(q), row)}`,
);

/** Rows as Protobuf messages in base64, under the text of their schema. For one query. */
export function protobufRowsFormat(): QueryFormat {
  let rows: ProtoRows | undefined;
  const rowsOf = (q: QueryStream): ProtoRows => (rows ??= protoRows(q.columns));
  return objectsFormat(
    (q) => ({ protoSchema: rowsOf(q).schema }),
    (q, row) => `"protobufBytes":"${rowsOf(q).encode(row).toString('base64')}"`,
  );
}
