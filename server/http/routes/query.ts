import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { genericError } from '../../wire/errors.js';
import {
  delimitedFormat,
  jsonArrayFormat,
  ksqlV1Format,
  linesFormat,
  protobufRowsFormat,
  type QueryFormat,
  sideMessagesFormat,
} from '../../wire/query-format.js';
import type { RouteContext } from '../app.js';
import { contentType, type RowFormat, rowFormat } from '../media.js';
import { KSQL_MEMBERS, QUERY_STREAM_MEMBERS, readBody } from '../request.js';
import { streamQuery } from '../stream-query.js';

/** What writes the rows of one query. */
const FORMATS: Readonly<Record<RowFormat, () => QueryFormat>> = {
  delimited: () => delimitedFormat,
  'json-array': () => jsonArrayFormat,
  'ksql-v1': () => ksqlV1Format,
  protobuf: protobufRowsFormat,
};

/** `POST /query` and `POST /query-stream`: the rows of a push or pull query, or of PRINT. */
export function queryRoutes(app: FastifyInstance, { engine, config, silences }: RouteContext): void {
  const serve = async (request: FastifyRequest, reply: FastifyReply, endpoint: '/query' | '/query-stream') => {
    const kind = rowFormat(request, endpoint);
    if (kind === undefined) return notAcceptable(reply, request);
    const body = readBody(request.body, endpoint === '/query' ? KSQL_MEMBERS : QUERY_STREAM_MEMBERS);
    const query = await engine.openQuery(body.sql, body.context);
    if (query.kind === 'print' && endpoint === '/query-stream' && kind !== 'delimited') {
      await query.close();
      return notAcceptable(reply, request);
    }
    reply.hijack();
    const response = reply.raw;
    const isHttp2 = request.raw.httpVersionMajor >= 2;
    const type = query.kind === 'print' ? 'text/plain; charset=utf-8' : contentType[kind];
    response.writeHead(200, { 'content-type': type, ...(isHttp2 ? {} : { 'x-accel-buffering': 'no' }) });
    const format = kind === 'delimited' && body.sideMessages ? sideMessagesFormat : FORMATS[kind]();
    await streamQuery(query, query.kind === 'print' ? linesFormat : format, response, {
      perRow: isHttp2 && format.rowChunks !== undefined,
      limits: config.limits,
      silences,
      heartbeatMs: config.limits.heartbeatMs,
      isStopping: () => engine.isStopping,
      onError: (e) => request.log.warn({ err: e, queryId: query.queryId }, 'query failed'),
    });
  };
  app.post('/query', (request, reply) => serve(request, reply, '/query'));
  app.post('/query-stream', (request, reply) => serve(request, reply, '/query-stream'));
}

function notAcceptable(reply: FastifyReply, request: FastifyRequest): FastifyReply {
  const message = `None of the media types ${request.headers.accept ?? ''} can be served here.`;
  return reply.code(406).send(genericError(40600, message));
}
