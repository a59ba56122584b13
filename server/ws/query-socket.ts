import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { fieldInfo, messageOf, type QueryStream, WeirError } from '../../engine/index.js';
import type { RouteContext } from '../http/app.js';
import type { UpgradeHandler } from '../http/listener.js';
import { readBody } from '../http/request.js';
import { errorBody } from '../wire/errors.js';
import { rowJson } from '../wire/row-json.js';

/** Bytes that may wait for a slow client before its query is paused. */
const MAX_UNSENT = 1 << 20;
const DRAIN_STEP_MS = 20;
/** A close reason is at most 123 bytes (RFC 6455 §5.5). */
const MAX_REASON = 123;

const CLOSE = { done: 1000, badRequest: 1003, internal: 1011, retryLater: 1013 } as const;

const SHUTTING_DOWN = 'The server is shutting down.';

/**
 * `/ws/query?request=<JSON of a /ksql body>`: the first frame is the schema, then a frame a row, then `{"error":"done"}`
 * and close 1000. Failures are `{"error":"…"}` and close 1003, 1011 or 1013.
 */
export function querySocket(
  context: RouteContext,
  mayConnect: (authorization: string | undefined) => boolean,
): { readonly upgrade: UpgradeHandler; close(): void } {
  const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, perMessageDeflate: false });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy()); // as in the listener: a reset is not an event of ours
    const url = parseUrl(request.url);
    if (url?.pathname.replace(/\/$/, '') !== '/ws/query') return refuse(socket, '404 Not Found');
    if (!mayConnect(request.headers.authorization)) return refuse(socket, '401 Unauthorized');
    server.handleUpgrade(request, socket, head, (ws) => {
      serveQuery(ws, url, context).catch((e: unknown) => {
        context.logger.error({ err: e }, 'WebSocket query failed');
        ws.terminate();
      });
    });
  };
  return {
    upgrade,
    close: () => {
      for (const ws of server.clients) ws.close(CLOSE.retryLater, SHUTTING_DOWN);
      server.close();
    },
  };
}

function parseUrl(url: string | undefined): URL | undefined {
  return url !== undefined && URL.canParse(url, 'http://weir') ? new URL(url, 'http://weir') : undefined;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

async function serveQuery(ws: WebSocket, url: URL, { engine, logger, config }: RouteContext): Promise<void> {
  let query: QueryStream | undefined;
  let gone = false;
  ws.on('close', () => {
    gone = true;
    void query?.close().catch((e: unknown) => logger.warn({ err: e }, 'closing a query failed'));
  });
  ws.on('error', (e) => logger.debug({ err: e }, 'WebSocket error'));
  const send = async (frame: string): Promise<void> => {
    if (gone) return;
    ws.send(frame);
    if (ws.bufferedAmount <= MAX_UNSENT || (await drained(ws, config.limits.stallTimeoutMs)) || gone) return;
    ws.close(CLOSE.retryLater, 'The client reads too slowly.');
    // It may not read the close frame either.
    setTimeout(() => ws.terminate(), config.limits.stopGraceMs).unref();
    gone = true;
  };
  try {
    const text = url.searchParams.get('request');
    if (text === null) throw new WeirError('BAD_REQUEST', "Parameter 'request' is missing.");
    const body = readBody(parseJson(text), 'ksql', 'streamsProperties');
    query = await engine.openQuery(body.sql, body.context);
    const { columns, kind } = query;
    if (kind !== 'print') await send(JSON.stringify(columns.map((c) => fieldInfo(c, kind === 'pull-table' && c.key))));
    const types = columns.map((c) => c.type);
    while (!gone) {
      const batch = await query.next();
      if (gone) return;
      if (batch === undefined) break;
      for (const line of batch.lines ?? []) await send(line);
      for (const [i, row] of batch.rows.entries()) {
        await send(`{"row":{"columns":${rowJson(types, row)}${batch.tombstones?.[i] ? ',"tombstone":true' : ''}}}`);
      }
    }
    if (gone) return;
    if (query.end === 'terminated' && engine.isStopping) throw new WeirError('SHUTTING_DOWN', SHUTTING_DOWN);
    ws.send('{"error":"done"}');
    ws.close(CLOSE.done, 'done');
  } catch (e) {
    if (gone) return;
    const { error_code: code } = errorBody(e);
    if (code === 50000) logger.error({ err: e }, 'WebSocket query failed');
    ws.send(JSON.stringify({ error: messageOf(e) }));
    ws.close(closeCode(code), reason(messageOf(e)));
  } finally {
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

/** Waits until the client has taken what was sent; false where it takes nothing within the stall timeout. */
function drained(ws: WebSocket, stallTimeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let waited = 0;
    let last = ws.bufferedAmount;
    const timer = setInterval(() => {
      const left = ws.bufferedAmount;
      waited = left < last ? 0 : waited + DRAIN_STEP_MS;
      last = left;
      if (left <= MAX_UNSENT / 2 || ws.readyState !== ws.OPEN) finish(true);
      else if (waited >= stallTimeoutMs) finish(false);
    }, DRAIN_STEP_MS);
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
