import type { FastifyRequest } from 'fastify';
import { messageOf, type QueryStream, WeirError } from '../../../engine/index.js';
import { errorBody } from '../../wire/errors.js';
import { described, optional, text } from '../../wire/json-schema.js';
import { LAST_ID, sseError, sseFormat, sseObjectsFormat } from '../../wire/sse-format.js';
import { LINES, SHAPE } from '../answers.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { EVENT_STREAM } from '../media.js';
import { checkedBody, type KsqlBody, resumable, SUBSCRIBE_BODY } from '../request.js';
import { streamQuery } from '../stream-query.js';

/** Between comments that keep proxies from closing a silent connection. */
const COMMENT_MS = 15_000;

interface SseRoute {
  readonly Querystring: {
    readonly sql: string;
    readonly properties?: string;
    readonly variables?: string;
    readonly continuation?: string;
    readonly shape?: string;
  };
}

type SseRequest = FastifyRequest<SseRoute>;

/** `GET /sse?sql=…`: one query as server-sent events, for a browser's `EventSource`. */
export const SSE: readonly Endpoint[] = [
  endpoint<SseRoute>({
    method: 'GET',
    path: '/sse',
    summary: 'A query as server-sent events; Last-Event-ID goes on where it was, "end" is answered 204.',
    query: {
      ...optional({
        sql: described(text, 'The query.'),
        properties: described(text, 'Settings for this query, a JSON object.'),
        variables: described(text, 'Values of variables, a JSON object.'),
        continuation: described(text, 'A continuation token to go on behind.'),
        shape: SHAPE,
      }),
      required: ['sql'],
      // Unknown parameters are tolerated, as pages add some. None may be given twice.
      additionalProperties: text,
    },
    answers: { 200: { types: { [EVENT_STREAM]: LINES } }, 204: null },
    noHead: true,
    // EventSource cannot read the body of an error, and the last id ends whatever was asked.
    refusesItself: true,
    handler:
      ({ engine, config, silences }) =>
      async (request, reply) => {
        const lastId = request.headers['last-event-id'];
        if (lastId === LAST_ID) return reply.code(204).send();
        const head = { 'content-type': EVENT_STREAM, 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
        let query: QueryStream;
        try {
          if (request.validationError !== undefined) throw request.validationError;
          const { sql, context } = readRequest(request);
          query = await engine.openQuery(sql, resumable(context, tokenOf(request, lastId)));
        } catch (e) {
          if (request.headers.accept?.includes(EVENT_STREAM) !== true) throw e;
          return reply
            .code(200)
            .headers(head)
            .send(sseError(errorBody(e)));
        }
        reply.hijack();
        reply.raw.writeHead(200, head);
        const format = request.query.shape === undefined ? sseFormat : sseObjectsFormat;
        await streamQuery(query, format, reply.raw, {
          perRow: false,
          limits: config.limits,
          silences,
          heartbeatMs: COMMENT_MS,
          isStopping: () => engine.isStopping,
          onError: (e) => request.log.warn({ err: e, queryId: query.queryId }, 'query failed'),
        });
      },
  }),
];

function tokenOf({ query }: SseRequest, lastId: string | string[] | undefined): string | undefined {
  const token = typeof lastId === 'string' && lastId !== '' ? lastId : query.continuation;
  return token === '' ? undefined : token;
}

const readRequest = ({ query }: SseRequest): KsqlBody =>
  checkedBody(
    {
      sql: query.sql,
      properties: parse('properties', query.properties),
      variables: parse('variables', query.variables),
    },
    SUBSCRIBE_BODY,
  );

function parse(name: string, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Invalid JSON in parameter '${name}': ${messageOf(e)}`);
  }
}
