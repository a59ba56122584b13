import { ERROR } from '../../wire/errors.js';
import { described, object, text } from '../../wire/json-schema.js';
import { type WebSocketPath, WS_QUERY, WS_V1 } from '../../ws/paths.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { upgradeRequired } from '../refusals.js';

/** What a WebSocket's path answers to requests without an upgrade. `ws/sockets.ts` has the WebSockets. */
const socket = (path: WebSocketPath, summary: string, query?: Endpoint['query']): Endpoint =>
  endpoint({
    method: 'GET',
    path,
    summary,
    ...(query === undefined ? {} : { query }),
    answers: { 101: null, 426: ERROR },
    noHead: true,
    refusesItself: true,
    handler: () => (request, reply) => upgradeRequired(path, request, reply),
  });

export const WEB_SOCKETS: readonly Endpoint[] = [
  socket(
    WS_QUERY,
    'A query over WebSocket: the schema, a frame a row, then {"error":"done"}.',
    object({ request: described(text, 'A KsqlRequest as JSON.') }),
  ),
  socket(WS_V1, 'Many queries over one WebSocket, in JSON frames: docs/api.md.'),
];
