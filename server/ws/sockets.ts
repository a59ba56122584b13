import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { authorizationOf, maySignIn, subprotocolOf } from '../http/auth.js';
import type { RouteContext } from '../http/context.js';
import type { UpgradeHandler } from '../http/listener.js';
import { mayAsk } from '../http/origins.js';
import { CLOSE, FrameSender } from './frames.js';
import { isWebSocketPath, WS_QUERY } from './paths.js';
import { serveQuery } from './query-socket.js';
import { Connection } from './v1/connection.js';

const SHUTTING_DOWN = 'The server is shutting down.';
/** `/ws/query` takes nothing from its client. */
const MAX_QUERY_PAYLOAD = 64 * 1024;

/** The WebSocket endpoints: `/ws/query`, a query on each, and `/ws/v1`, many on one. */
export function webSockets(context: RouteContext): { readonly upgrade: UpgradeHandler; close(): void } {
  const { config, logger } = context;
  const options = { noServer: true, perMessageDeflate: false, handleProtocols: subprotocolOf } as const;
  const query = new WebSocketServer({ ...options, maxPayload: MAX_QUERY_PAYLOAD });
  const v1 = new WebSocketServer({ ...options, maxPayload: config.limits.maxBody });
  const connections = new Set<Connection>();

  const sender = (ws: WebSocket, socket: Duplex): FrameSender => {
    ws.on('error', (e) => logger.debug({ err: e }, 'WebSocket error'));
    return new FrameSender(ws, socket, config.limits);
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy()); // as in the listener: a reset is not an event of ours
    const url = parseUrl(request.url);
    const path = url?.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '') ?? '';
    if (url === undefined || !isWebSocketPath(path)) return refuse(socket, '404 Not Found');
    if (!maySignIn(authorizationOf(request.headers), config.users)) return refuse(socket, '401 Unauthorized');
    if (!mayAsk(request, config.allowedOrigins)) return refuse(socket, '403 Forbidden');
    if (path === WS_QUERY) {
      query.handleUpgrade(request, socket, head, (ws) => {
        serveQuery(sender(ws, socket), url, context).catch((e: unknown) => {
          logger.error({ err: e }, 'WebSocket query failed');
          ws.terminate();
        });
      });
      return;
    }
    v1.handleUpgrade(request, socket, head, (ws) => {
      const connection = new Connection(sender(ws, socket), context);
      connections.add(connection);
      ws.once('close', () => connections.delete(connection));
    });
  };

  return {
    upgrade,
    close: () => {
      for (const connection of connections) connection.shutDown();
      for (const server of [query, v1]) {
        for (const ws of server.clients) ws.close(CLOSE.retryLater, SHUTTING_DOWN);
        server.close();
      }
    },
  };
}

function parseUrl(url: string | undefined): URL | undefined {
  return url !== undefined && URL.canParse(url, 'http://weir') ? new URL(url, 'http://weir') : undefined;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}
