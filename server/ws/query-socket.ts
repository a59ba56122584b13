import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { fieldInfo, messageOf, type QueryStream, WeirError } from '../../engine/index.js';
import type { RouteContext } from '../http/app.js';
import { readBody } from '../http/request.js';
import { errorBody } from '../wire/errors.js';

import { rowJson } from '../wire/row-json.js';

/** Bytes that may wait for a slow client before its query is paused. */
const MAX_UNSENT = 1 << 20;
/** How long a paused client may stay silent before its socket is closed. */
const STALL_TIMEOUT_MS = 30_000;
/** A close reason is at most 123 bytes (RFC 6455 §5.5). */
const MAX_REASON = 123;

const CLOSE = { done: 1000, badRequest: 1003, internal: 1011, retryLater: 1013 } as const;

/**
 * `/ws/query?request=<JSON of a /ksql body>`: the first frame is the schema, then a frame a row, then `{"error":"done"}`
 * and close 1000. Failures are `{"error":"…"}` and close 1003, 1011 or 1013.
 */
export function attachQuerySocket(
  app: FastifyInstance,
  context: RouteContext,
  mayConnect: (authorization: string | undefined) => boolean,
): { close(): Promise<void> } {
  const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, perMessageDeflate: false });
  app.server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://weir');
    if (url.pathname.replace(/\/$/, '') !== '/ws/query') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    if (!mayConnect(request.headers.authorization)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, (ws) => {
      serveQuery(ws, url, context).catch((e: unknown) => {
        context.logger.error({ err: e }, 'WebSocket query failed');
        ws.terminate();
      });
    });
  });
  return {
    close: async () => {
      for (const ws of server.clients) ws.close(CLOSE.retryLater, 'The server is shutting down.');
      server.close();
    },
  };
}

async function serveQuery(ws: WebSocket, url: URL, { engine, logger }: RouteContext): Promise<void> {
  let query: QueryStream | undefined;
  let gone = false;
  ws.on('close', () => {
    gone = true;
    void query?.close().catch((e: unknown) => logger.warn({ err: e }, 'closing a query failed'));
  });
  ws.on('error', (e) => logger.debug({ err: e }, 'WebSocket error'));
  try {
    const text = url.searchParams.get('request');
    if (text === null) throw new WeirError('BAD_REQUEST', "Parameter 'request' is missing.");
    const body = readBody(parseJson(text), 'ksql', 'streamsProperties');
    query = await engine.openQuery(body.sql, body.context);
    if (gone) return;
    if (query.kind !== 'print')
      ws.send(JSON.stringify(query.columns.map((c) => fieldInfo(c, query!.kind !== 'push' && c.key))));
    const types = query.columns.map((c) => c.type);
    for (;;) {
      const batch = await query.next();
      if (gone) return;
      if (batch === undefined) break;
      for (const line of batch.lines ?? []) ws.send(line);
      batch.rows.forEach((row, i) => {
        ws.send(`{"row":{"columns":${rowJson(types, row)}${batch.tombstones?.[i] ? ',"tombstone":true' : ''}}}`);
      });
      if (ws.bufferedAmount > MAX_UNSENT && !(await drained(ws))) {
        ws.close(CLOSE.retryLater, 'The client reads too slowly.');
        return;
      }
    }
    ws.send('{"error":"done"}');
    ws.close(CLOSE.done, 'done');
  } catch (e) {
    if (gone) return;
    const failure = errorBody(e);
    const bad = failure.error_code < 50000;
    if (!bad) logger.error({ err: e }, 'WebSocket query failed');
    ws.send(JSON.stringify({ error: messageOf(e) }));
    ws.close(bad ? CLOSE.badRequest : CLOSE.internal, reason(messageOf(e)));
  } finally {
    await query?.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON in parameter 'request': ${messageOf(e)}`);
  }
}

/** Waits until the client has taken what was sent; false where it does not within the stall timeout. */
function drained(ws: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const step = 20;
    let waited = 0;
    let last = ws.bufferedAmount;
    const timer = setInterval(() => {
      const left = ws.bufferedAmount;
      waited = left < last ? 0 : waited + step;
      last = left;
      if (left <= MAX_UNSENT / 2 || ws.readyState !== ws.OPEN) finish(true);
      else if (waited >= STALL_TIMEOUT_MS) finish(false);
    }, step);
    const finish = (ok: boolean) => {
      clearInterval(timer);
      resolve(ok);
    };
  });
}

function reason(message: string): string {
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.length <= MAX_REASON) return message;
  // Cut at a character's first byte, so that no half of one is sent.
  let end = MAX_REASON;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
