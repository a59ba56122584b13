import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WeirError } from '../../engine/index.js';
import { errorBody, genericError, statusOf } from '../wire/errors.js';
import { isWebSocketPath } from '../ws/paths.js';

/** What is answered where there is no route. Every refusal has a body of ksqlDB's form. */

const MAX_SHOWN_URL = 200;
const shown = (url: string): string => (url.length > MAX_SHOWN_URL ? `${url.slice(0, MAX_SHOWN_URL)}…` : url);

/** A path of the routes as what a URL's path must match: `/status/:type`. */
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`);

/** What HTTP itself has a status for. */
export class Refusal extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** What a WebSocket's path answers to a request for anything else. */
export function upgradeRequired(path: string, request: FastifyRequest, reply: FastifyReply): never {
  // HTTP/2 forbids the header.
  if (request.raw.httpVersionMajor < 2) reply.header('upgrade', 'websocket');
  throw new Refusal(426, `${path} is a WebSocket.`);
}

/**
 * The handler of requests without a route: 405 with `Allow` where the path has other methods, 426 where it is a WebSocket's,
 * else 404. OPTIONS is answered for every path that there is.
 */
export function noRoute(
  endpoints: readonly { readonly method: string; readonly path: string }[],
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  const patterns = endpoints.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (request, reply) => {
    const { method } = request;
    const path = request.url.replace(/\?.*$/s, '').replace(/\/{2,}/g, '/');
    const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
    if (isWebSocketPath(trimmed)) return upgradeRequired(trimmed, request, reply);
    const methods = new Set(patterns.filter((p) => p.pattern.test(trimmed)).map((p) => p.method));
    if (methods.size === 0) throw new Refusal(404, `Path not found: ${method} ${shown(request.url)}`);
    const allow = [...methods, 'OPTIONS'].join(', ');
    reply.header('allow', allow);
    if (method === 'OPTIONS') return reply.code(204).send();
    throw new Refusal(405, `${method} is no method of ${trimmed}: it takes ${allow}.`);
  };
}

/** An error of fastify or of a route as its body. */
export function sendError(error: Error & { statusCode?: number }, reply: FastifyReply): FastifyReply {
  const { statusCode } = error;
  if (statusCode === undefined || statusCode >= 500 || error instanceof WeirError) {
    const body = errorBody(error);
    if (statusOf(body) >= 500) reply.request.log.error({ err: error }, 'request failed');
    return reply.code(statusOf(body)).send(body);
  }
  const message = statusCode === 413 ? 'The request body is larger than the server takes.' : shown(error.message);
  return reply.code(statusCode).send(genericError(statusCode * 100, message));
}

const MALFORMED: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'URL and headers together are larger than the server takes.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come in time.'],
};

/** What is no HTTP at all gets its answer too. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const [status, message] = MALFORMED[error.code ?? ''] ?? [400, 'The request is no valid HTTP.'];
  const body = JSON.stringify(genericError(status * 100, message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
