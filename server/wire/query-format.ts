import type { QueryStream, ResultColumn, RowBatch, Value } from '../../engine/index.js';
import { printType } from '../../engine/index.js';
import type { Progress } from '../push/silence.js';
import type { Notice } from '../push/why-no-rows.js';
import type { ErrorBody } from './errors.js';
import { type ProtoRows, protoRows } from './proto-rows.js';
import { objectWriter, rowWriter } from './row-json.js';
import { CHUNK_BYTES, lengthOf, sharedChunks } from './shared-chunks.js';

/** Writes a query's header, rows and end in one of the wire formats. */
export interface QueryFormat {
  /** What a client of this format takes for a sign of life of a push query that has no rows. */
  readonly heartbeat?: string;
  header(query: QueryStream): string;
  /** The rows of a batch, in pieces of about 64 KiB. */
  chunks(query: QueryStream, batch: RowBatch): Iterable<Buffer>;
  /** The same, a row in each: some clients parse every chunk they get, so over HTTP/2 each row has a DATA frame. */
  readonly rowChunks?: (query: QueryStream, batch: RowBatch) => Iterable<Buffer>;
  /** Where the format has side messages. */
  notice?(notice: Notice): string;
  /** Where its clients ask to be told how far the query is. */
  progress?(progress: Progress): string;
  end(query: QueryStream): string;
  /** The query failed after its header was sent. */
  failure(query: QueryStream, body: ErrorBody): string;
}

/** The text of a row of a batch. */
export type RowText = (query: QueryStream, batch: RowBatch, index: number) => string;

/** Chunks of the texts of rows; `after` is what follows a batch's last row. */
function chunked(row: RowText, maxBytes: number, after: (batch: RowBatch) => string = () => '') {
  return sharedChunks<Buffer>((query, batch, from) => {
    const length = lengthOf(batch);
    let text = '';
    let next = from;
    while (next < length && (text === '' || text.length < maxBytes)) text += row(query, batch, next++);
    if (next === length) text += after(batch);
    return { chunk: Buffer.from(text, 'utf8'), next };
  });
}

/** ``"`A` BIGINT, `B` STRING KEY"``. */
function schemaText(columns: readonly ResultColumn[], markKeys: boolean): string {
  return columns.map((c) => `\`${c.name}\` ${printType(c.type)}${markKeys && c.key ? ' KEY' : ''}`).join(', ');
}

const delimitedHeader = (q: QueryStream): string =>
  JSON.stringify({
    queryId: q.queryId,
    columnNames: q.columns.map((c) => c.name),
    columnTypes: q.columns.map((c) => printType(c.type)),
  });

const line: RowText = (q, batch, i) => `${batch.lines?.[i] ?? rowWriter(q.columns)(batch.rows[i]!)}\n`;

/** A line for the header, then a line a row. */
export const delimitedFormat: QueryFormat = {
  header: (q) => `${delimitedHeader(q)}\n`,
  chunks: chunked(line, CHUNK_BYTES),
  rowChunks: chunked(line, 0),
  end: () => '',
  failure: (_, body) => `${JSON.stringify(body)}\n`,
};

/** The lines of PRINT. */
export const linesFormat: QueryFormat = { ...delimitedFormat, header: () => '' };

const sideLine: RowText = (q, batch, i) =>
  batch.tombstones?.[i] ? `{"tombstone":${rowWriter(q.columns)(batch.rows[i]!)}}\n` : line(q, batch, i);

const sideLinesAfter = ({ snapshotEnd, continuation }: RowBatch): string =>
  (snapshotEnd === true ? '{"snapshotEnd":true}\n' : '') +
  (continuation === undefined ? '' : `${JSON.stringify({ continuation })}\n`);

/** The delimited form with side messages (`weir.side.messages`), each an object in a line. */
export const sideMessagesFormat: QueryFormat = {
  ...delimitedFormat,
  chunks: chunked(sideLine, CHUNK_BYTES, sideLinesAfter),
  rowChunks: chunked(sideLine, 0, sideLinesAfter),
  notice: (notice) => `${JSON.stringify({ notice })}\n`,
  progress: (progress) => `${JSON.stringify({ progress })}\n`,
};

/** `/query-stream` as one JSON array: the header object, then an array a row. */
export const jsonArrayFormat: QueryFormat = {
  header: (q) => `[${delimitedHeader(q)}`,
  chunks: chunked((q, batch, i) => `,\n${rowWriter(q.columns)(batch.rows[i]!)}`, CHUNK_BYTES),
  end: () => ']\n',
  failure: (_, body) => `,\n${JSON.stringify(body)}]\n`,
};

/** The member that marks the object of a row that is deleted. Names of columns that begin so would be theirs alone. */
const DELETED = '"@deleted":true';

/** A row as an object; that of a deleted one says so. */
export const objectLine: RowText = (q, batch, i) => {
  const text = objectWriter(q.columns)(batch.rows[i]!);
  if (!batch.tombstones?.[i]) return text;
  return text === '{}' ? `{${DELETED}}` : `{${DELETED},${text.slice(1)}`;
};

/**
 * Rows as one JSON array of objects, and nothing else in it. Where the query fails behind its first rows the array is not
 * closed, so that nobody takes a part for the whole.
 */
export function objectArrayFormat(): QueryFormat {
  let first = true;
  return {
    header: () => '[',
    *chunks(q, batch) {
      let text = '';
      for (let i = 0; i < lengthOf(batch); i++) {
        text += `${first ? '' : ',\n'}${objectLine(q, batch, i)}`;
        first = false;
        if (text.length < CHUNK_BYTES) continue;
        yield Buffer.from(text, 'utf8');
        text = '';
      }
      yield Buffer.from(text, 'utf8');
    },
    end: () => ']\n',
    failure: (_, body) => `${first ? '' : ',\n'}${JSON.stringify(body)}\n`,
  };
}

const objectAndEnd: RowText = (q, batch, i) => `${objectLine(q, batch, i)}\n`;

/** Rows as objects, one a line; an error is the last. */
export const objectLinesFormat: QueryFormat = {
  header: () => '',
  chunks: chunked(objectAndEnd, CHUNK_BYTES),
  rowChunks: chunked(objectAndEnd, 0),
  end: () => '',
  failure: (_, body) => `${JSON.stringify(body)}\n`,
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
  const objectOf: RowText = (q, batch, i) => {
    const text = `{"row":{${row(q, batch.rows[i]!)}${batch.tombstones?.[i] ? ',"tombstone":true' : ''}}}`;
    return q.kind === 'push' ? `${text},\n` : `,\n${text}`;
  };
  return {
    heartbeat: '\n',
    header: (q) => {
      const header = { header: { queryId: q.queryId, ...schema(q) } };
      return `[${JSON.stringify(header)}${q.kind === 'push' ? ',\n' : ''}`;
    },
    chunks: chunked(objectOf, CHUNK_BYTES),
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
  (q, row) => `"columns":${rowWriter(q.columns)(row)}`,
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

const column = (c: ResultColumn) => ({ name: c.name, type: printType(c.type), key: c.key });

/** What `/ws/v1` and `/sse` say of a query when it is open. */
export const schemaOf = (q: QueryStream) => ({
  queryId: q.queryId,
  kind: q.kind,
  columns: q.kind === 'print' ? [] : q.columns.map(column),
});
