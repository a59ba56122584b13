import type { ErrorBody } from './errors.js';
import { objectLine, type QueryFormat, type RowText, schemaOf } from './query-format.js';
import { rowWriter } from './row-json.js';
import { CHUNK_BYTES, lengthOf, sharedChunks } from './shared-chunks.js';

/** The id of what no other try would change: a client that comes back with it is told to stop (204). */
export const LAST_ID = 'end';

const RETRY_MS = 2000;

const event = (name: string, data: string, id?: string): string =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;

/** Whether the same request may fare better later. */
const isPassing = ({ error_code: code }: ErrorBody): boolean => code === 40003 || code === 42900 || code >= 50300;

/** An `error` event; what would only come again has the last id. */
export function sseError(body: ErrorBody): string {
  const { code, error_code, message, hint, statementText } = body;
  const data = JSON.stringify({ code, error_code, message, hint, statementText });
  return event('error', data, isPassing(body) ? undefined : LAST_ID);
}

/**
 * A query as server-sent events (HTML standard §9.2). Rows are plain messages; `id:` after a batch is its continuation
 * token, so that `EventSource` goes on there by itself.
 */
const sseOf = (row: RowText): QueryFormat => ({
  heartbeat: ':\n\n',
  header: (q) => `retry: ${RETRY_MS}\n\n${event('schema', JSON.stringify(schemaOf(q)))}`,
  chunks: sharedChunks((q, batch, from) => {
    const length = lengthOf(batch);
    let text = '';
    let next = from;
    for (; next < length && text.length < CHUNK_BYTES; next++) {
      const line = batch.lines?.[next];
      const data = line === undefined ? row(q, batch, next) : JSON.stringify(line);
      text += batch.tombstones?.[next] ? event('tombstone', data) : `data: ${data}\n\n`;
    }
    if (next === length) {
      if (batch.snapshotEnd === true) text += event('snapshot_end', '{}');
      if (batch.continuation !== undefined) text += `id: ${batch.continuation}\n\n`;
    }
    return { chunk: Buffer.from(text, 'utf8'), next };
  }),
  notice: (notice) => event('notice', JSON.stringify(notice)),
  end: (q) => event('end', JSON.stringify({ reason: q.end }), LAST_ID),
  failure: (_, body) => sseError(body),
});

/** Rows are arrays. */
export const sseFormat: QueryFormat = sseOf((q, batch, i) => rowWriter(q.columns)(batch.rows[i]!));

/** Rows are objects; that of a deleted one has `"@deleted":true`. */
export const sseObjectsFormat: QueryFormat = sseOf(objectLine);
