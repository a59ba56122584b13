import { fieldInfo, messageOf, type QueryStream, WeirError } from '../../engine/index.js';
import type { RouteContext } from '../http/context.js';
import { checkedBody, KSQL_BODY } from '../http/request.js';
import { errorBody } from '../wire/errors.js';
import { rowWriter } from '../wire/row-json.js';
import { CHUNK_BYTES, lengthOf, sharedChunks } from '../wire/shared-chunks.js';
import { CLOSE, type FrameSender, textFrame } from './frames.js';

/** A frame a row, many of them in a chunk. */
const rowFrames = sharedChunks((query, batch, from) => {
  const length = lengthOf(batch);
  const frames: Buffer[] = [];
  let bytes = 0;
  let next = from;
  for (; next < length && bytes < CHUNK_BYTES; next++) {
    const line = batch.lines?.[next];
    const deleted = batch.tombstones?.[next] ? ',"tombstone":true' : '';
    const text = line ?? `{"row":{"columns":${rowWriter(query.columns)(batch.rows[next]!)}${deleted}}}`;
    const frame = textFrame(text);
    bytes += frame.length;
    frames.push(frame);
  }
  return { chunk: Buffer.concat(frames), next };
});

/**
 * `/ws/query?request=<JSON of a /ksql body>`: the first frame is the schema, then a frame a row, then `{"error":"done"}`
 * and close 1000. Failures are `{"error":"…"}` and close 1003, 1011 or 1013.
 */
export async function serveQuery(
  client: FrameSender,
  url: URL,
  { engine, logger, silences }: RouteContext,
): Promise<void> {
  let query: QueryStream | undefined;
  let stop = (): void => {};
  client.ws.on('close', () => {
    void query?.close().catch((e: unknown) => logger.warn({ err: e }, 'closing a query failed'));
  });
  try {
    const text = url.searchParams.get('request');
    if (text === null) throw new WeirError('BAD_REQUEST', "Parameter 'request' is missing.");
    const body = checkedBody(parseJson(text), KSQL_BODY);
    query = await engine.openQuery(body.sql, body.context);
    const { columns, kind } = query;
    if (kind !== 'print') {
      client.send(textFrame(JSON.stringify(columns.map((c) => fieldInfo(c, kind === 'pull-table' && c.key)))));
    }
    const listener = silences.watch(query, (notices) => {
      if (!body.sideMessages || client.full) return;
      for (const notice of notices) client.send(textFrame(JSON.stringify({ notice })));
    });
    stop = listener.stop;
    while (client.open) {
      listener.waits();
      const batch = await query.next();
      listener.heard();
      if (batch === undefined) break;
      for (const chunk of rowFrames(query, batch)) {
        if (!client.full) client.send(chunk);
        else if (!(await client.sendInTime(chunk))) return;
      }
    }
    if (!client.open) return;
    if (query.end === 'terminated' && engine.isStopping) {
      throw new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
    }
    client.send(textFrame('{"error":"done"}'));
    client.close(CLOSE.done, 'done');
  } catch (e) {
    if (!client.open) return;
    const { error_code: code } = errorBody(e);
    if (code === 50000) logger.error({ err: e }, 'WebSocket query failed');
    client.send(textFrame(JSON.stringify({ error: messageOf(e) })));
    client.close(closeCode(code), messageOf(e));
  } finally {
    stop();
    await query?.close();
  }
}

/** Limits and a server that starts or stops pass: the client may try again. */
function closeCode(errorCode: number): number {
  if (errorCode === 40003 || errorCode === 42900 || errorCode > 50300) return CLOSE.retryLater;
  return errorCode < 50000 ? CLOSE.badRequest : CLOSE.internal;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON in parameter 'request': ${messageOf(e)}`);
  }
}
