import type { ServerResponse } from 'node:http';
import type { QueryStream } from '../../engine/index.js';
import { errorBody } from '../wire/errors.js';
import type { QueryFormat } from '../wire/query-format.js';

/**
 * Sends a query's rows until it ends or the client goes. A client that reads slowly holds up its own query only: the next
 * rows are asked for when the socket has drained. `perRow`: each row is written by itself (a DATA frame a row over HTTP/2).
 */
export async function streamQuery(
  query: QueryStream,
  format: QueryFormat,
  response: ServerResponse,
  options: { readonly perRow: boolean; readonly onError: (e: unknown) => void },
): Promise<void> {
  let gone = false;
  const onClose = () => {
    gone = true;
    void query.close().catch(options.onError);
  };
  response.once('close', onClose);
  try {
    response.write(format.header(query));
    for (;;) {
      const batch = await query.next();
      if (gone || batch === undefined) break;
      const texts = format.rows(query, batch);
      if (options.perRow) {
        for (const text of texts) if (!response.write(text) && !gone) await drained(response);
      } else if (!response.write(texts.join('')) && !gone) await drained(response);
    }
    if (!gone) response.end(format.end(query));
  } catch (e) {
    options.onError(e);
    if (!gone) response.end(format.failure(errorBody(e)));
  } finally {
    response.removeListener('close', onClose);
    await query.close();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.removeListener('drain', done);
      response.removeListener('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}
