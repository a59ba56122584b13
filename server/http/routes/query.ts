import type { FastifyReply, FastifyRequest } from 'fastify';
import { optional, type Schema } from '../../wire/json-schema.js';
import {
  delimitedFormat,
  jsonArrayFormat,
  ksqlV1Format,
  linesFormat,
  objectArrayFormat,
  objectLinesFormat,
  protobufRowsFormat,
  type QueryFormat,
  sideMessagesFormat,
} from '../../wire/query-format.js';
import { sseObjectsFormat } from '../../wire/sse-format.js';
import { KSQL_V1_ARRAY, LINES, OBJECT_ARRAY, PROTOBUF_ARRAY, QUERY_ARRAY, SHAPE } from '../answers.js';
import type { RouteContext } from '../context.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import {
  contentType,
  DELIMITED,
  EVENT_STREAM,
  JSON_LINES,
  JSON_TYPE,
  KSQL_V1,
  objectsType,
  PROTOBUF,
  type RowFormat,
  rowFormat,
} from '../media.js';
import { Refusal } from '../refusals.js';
import { type BodyShape, KSQL_BODY, QUERY_STREAM_BODY, readBody } from '../request.js';
import { streamQuery } from '../stream-query.js';

/** What writes the rows of one query. */
const FORMATS: Readonly<Record<RowFormat, () => QueryFormat>> = {
  delimited: () => delimitedFormat,
  'json-array': () => jsonArrayFormat,
  'ksql-v1': () => ksqlV1Format,
  protobuf: protobufRowsFormat,
};

/** The same where rows are objects. */
const OBJECT_FORMATS: Readonly<Record<string, () => QueryFormat>> = {
  [JSON_TYPE]: objectArrayFormat,
  [JSON_LINES]: () => objectLinesFormat,
  [EVENT_STREAM]: () => sseObjectsFormat,
};

interface QueryRoute {
  readonly Querystring: { readonly shape?: string };
}

const answers = (types: Readonly<Record<string, Schema>>): Endpoint['answers'] => ({
  200: {
    types: {
      [DELIMITED]: LINES,
      [KSQL_V1]: KSQL_V1_ARRAY,
      [PROTOBUF]: PROTOBUF_ARRAY,
      [JSON_LINES]: LINES,
      [EVENT_STREAM]: LINES,
      ...types,
      'text/plain': LINES,
    },
  },
});

const declared = (
  path: '/query' | '/query-stream',
  shape: BodyShape,
  types: Readonly<Record<string, Schema>> = {},
): Endpoint =>
  endpoint<QueryRoute>({
    method: 'POST',
    path,
    summary: 'Rows of a push or pull query, or PRINT.',
    body: shape.schema,
    query: optional({ shape: SHAPE }),
    answers: answers(types),
    handler: (context) => (request, reply) => serve(context, request, reply, path, shape),
  });

/** The rows of a push or pull query, or of PRINT. */
export const QUERY: readonly Endpoint[] = [
  declared('/query', KSQL_BODY, { [JSON_TYPE]: OBJECT_ARRAY }),
  declared('/query-stream', QUERY_STREAM_BODY, { [JSON_TYPE]: { anyOf: [QUERY_ARRAY, OBJECT_ARRAY] } }),
];

async function serve(
  { engine, config, silences }: RouteContext,
  request: FastifyRequest<QueryRoute>,
  reply: FastifyReply,
  endpoint: '/query' | '/query-stream',
  shape: BodyShape,
): Promise<void> {
  const plain = request.query.shape === undefined;
  const kind = plain ? rowFormat(request, endpoint) : 'json-array';
  if (kind === undefined) throw notAcceptable(request);
  const body = readBody(request.body, shape);
  const query = await engine.openQuery(body.sql, body.context);
  if (query.kind === 'print' && endpoint === '/query-stream' && kind !== 'delimited') {
    await query.close();
    throw notAcceptable(request);
  }
  const objects = plain || query.kind === 'print' ? undefined : objectsType(request, query.kind === 'push');
  if (!plain && objects === undefined) {
    await query.close();
    throw notAcceptable(request);
  }
  reply.hijack();
  const response = reply.raw;
  const isHttp2 = request.raw.httpVersionMajor >= 2;
  const type = query.kind === 'print' ? 'text/plain; charset=utf-8' : (objects ?? contentType[kind]);
  response.writeHead(200, { 'content-type': type, ...(isHttp2 ? {} : { 'x-accel-buffering': 'no' }) });
  const format =
    objects === undefined
      ? kind === 'delimited' && body.sideMessages
        ? sideMessagesFormat
        : FORMATS[kind]()
      : OBJECT_FORMATS[objects]!();
  await streamQuery(query, query.kind === 'print' ? linesFormat : format, response, {
    perRow: isHttp2 && format.rowChunks !== undefined,
    limits: config.limits,
    silences,
    heartbeatMs: config.limits.heartbeatMs,
    isStopping: () => engine.isStopping,
    onError: (e) => request.log.warn({ err: e, queryId: query.queryId }, 'query failed'),
  });
}

const notAcceptable = ({ headers }: Pick<FastifyRequest, 'headers'>): Refusal =>
  new Refusal(406, `None of the media types ${headers.accept ?? ''} can be served here.`);
