import type { FastifyInstance, FastifyRequest } from 'fastify';
import { messageOf, type QueryStream, WeirError } from '../../../engine/index.js';
import { errorBody } from '../../wire/errors.js';
import { LAST_ID, sseError, sseFormat } from '../../wire/sse-format.js';
import type { RouteContext } from '../app.js';
import { type KsqlBody, readBody, resumable, SUBSCRIBE_MEMBERS } from '../request.js';
import { streamQuery } from '../stream-query.js';

/** Between comments that keep proxies from closing a silent connection. */
const COMMENT_MS = 15_000;
const EVENT_STREAM = 'text/event-stream';

interface Parameters {
  readonly sql?: string;
  readonly properties?: string;
  readonly variables?: string;
  readonly continuation?: string;
}

type SseRequest = FastifyRequest<{ Querystring: Parameters }>;

/** `GET /sse?sql=…`: one query as server-sent events, for a browser's `EventSource`. */
export function sseRoutes(app: FastifyInstance, { engine, config, silences }: RouteContext): void {
  // HEAD would open a query that nobody reads.
  app.get<{ Querystring: Parameters }>('/sse', { exposeHeadRoute: false }, async (request, reply) => {
    const lastId = request.headers['last-event-id'];
    if (lastId === LAST_ID) return reply.code(204).send();
    const head = { 'content-type': EVENT_STREAM, 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    let query: QueryStream;
    try {
      const { sql, context } = readRequest(request);
      query = await engine.openQuery(sql, resumable(context, tokenOf(request, lastId)));
    } catch (e) {
      // EventSource cannot read the body of an error.
      if (request.headers.accept?.includes(EVENT_STREAM) !== true) throw e;
      return reply
        .code(200)
        .headers(head)
        .send(sseError(errorBody(e)));
    }
    reply.hijack();
    reply.raw.writeHead(200, head);
    await streamQuery(query, sseFormat, reply.raw, {
      perRow: false,
      limits: config.limits,
      silences,
      heartbeatMs: COMMENT_MS,
      isStopping: () => engine.isStopping,
      onError: (e) => request.log.warn({ err: e, queryId: query.queryId }, 'query failed'),
    });
  });
}

function tokenOf({ query }: SseRequest, lastId: string | string[] | undefined): string | undefined {
  const token = typeof lastId === 'string' && lastId !== '' ? lastId : query.continuation;
  return token === '' ? undefined : token;
}

function readRequest({ query }: SseRequest): KsqlBody {
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) throw new WeirError('BAD_REQUEST', `Parameter '${name}' is given more than once.`);
  }
  if (query.sql === undefined) throw new WeirError('BAD_REQUEST', "Parameter 'sql' is missing.");
  return readBody(
    {
      sql: query.sql,
      properties: parse('properties', query.properties),
      variables: parse('variables', query.variables),
    },
    SUBSCRIBE_MEMBERS,
  );
}

function parse(name: string, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON in parameter '${name}': ${messageOf(e)}`);
  }
}
