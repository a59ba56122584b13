import type { FastifyReply, FastifyRequest } from 'fastify';
import { EMPTY_CONTEXT, printType, type QueryStream, type RequestContext, WeirError } from '../../../engine/index.js';
import { anything, described, flag, list, map, named, object, optional, text } from '../../wire/json-schema.js';
import { objectArrayFormat, objectLine, objectLinesFormat, type QueryFormat } from '../../wire/query-format.js';
import { sseObjectsFormat } from '../../wire/sse-format.js';
import { LINES, OBJECT_ARRAY } from '../answers.js';
import type { RouteContext } from '../context.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { EVENT_STREAM, JSON_LINES, JSON_TYPE } from '../media.js';
import { keyQuery, resourceQuery, sourceOf } from '../resource-query.js';
import { streamQuery } from '../stream-query.js';

const RESOURCES = named(
  'Resources',
  list(
    object({
      name: text,
      kind: text,
      path: text,
      windowed: flag,
      columns: list(object({ name: text, type: text, key: flag })),
    }),
  ),
);
const ROW_OBJECT = named('ResourceRow', map(anything, "The columns' values by name."));

interface ResourceRoute {
  readonly Params: { readonly name: string; readonly key: string };
  readonly Querystring: Readonly<Record<string, unknown>>;
}

const PARAMETERS = {
  ...optional({
    select: described(text, 'Columns, separated by commas; left out: all.'),
    order: described(text, 'Columns to order by, separated by commas; - before one for the greatest first.'),
    limit: described(text, 'So many rows at most.'),
    offset: described(text, 'So many rows are left out first.'),
    follow: described(text, 'Goes on with each change, as lines or server-sent events.'),
  }),
  additionalProperties: anything,
};

/** A push query of a table gives the rows that there are first. */
const FOLLOWING: RequestContext = {
  ...EMPTY_CONTEXT,
  properties: { 'weir.push.snapshot': 'true' },
};

/** Streams and tables as resources: rows are objects by the names of their columns. */
export const RESOURCE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/api',
    summary: 'The streams and tables that can be read as resources.',
    answers: { 200: RESOURCES },
    handler:
      ({ engine }) =>
      () =>
        engine.sources().map(({ name, kind, windowed, columns }) => ({
          name,
          kind,
          path: `/api/${encodeURIComponent(name)}`,
          windowed,
          columns: columns.map((c) => ({ name: c.name, type: printType(c.type), key: c.key })),
        })),
  }),
  endpoint<ResourceRoute>({
    method: 'GET',
    path: '/api/:name',
    summary: 'Rows of a stream or table. Any column is a filter: city=X, fare[gte]=10, id[in]=1,2.',
    query: PARAMETERS,
    answers: { 200: { types: { [JSON_TYPE]: OBJECT_ARRAY, [JSON_LINES]: LINES, [EVENT_STREAM]: LINES } } },
    noHead: true,
    handler: (context) => async (request, reply) => {
      const { engine } = context;
      const source = sourceOf(engine.sources(), request.params.name);
      const asksEvents = request.headers.accept?.includes(EVENT_STREAM) === true;
      const parameters = asksEvents ? { follow: 'true', ...request.query } : request.query;
      const { sql, follow } = resourceQuery(source, parameters);
      // What was there of a stream is history; of a table it is the table.
      const query = await engine.openQuery(sql, follow && source.kind === 'TABLE' ? FOLLOWING : EMPTY_CONTEXT);
      const [type, format] = follow
        ? asksEvents
          ? ([EVENT_STREAM, sseObjectsFormat] as const)
          : ([JSON_LINES, objectLinesFormat] as const)
        : ([JSON_TYPE, objectArrayFormat()] as const);
      await sendRows(context, request, reply, query, type, format);
    },
  }),
  endpoint<ResourceRoute>({
    method: 'GET',
    path: '/api/:name/:key',
    summary: "The row of a table with this key (columns separated by commas); of a windowed table its windows' rows.",
    answers: { 200: { types: { [JSON_TYPE]: { anyOf: [ROW_OBJECT, OBJECT_ARRAY] } } } },
    handler:
      ({ engine }) =>
      async ({ params }, reply) => {
        const source = sourceOf(engine.sources(), params.name);
        const rows = await rowsOf(await engine.openQuery(keyQuery(source, params.key), EMPTY_CONTEXT));
        if (rows.length === 0) throw new WeirError('NOT_FOUND', `${source.name} has no row ${params.key}.`);
        return reply.type(JSON_TYPE).send(source.windowed ? `[${rows.join(',\n')}]` : rows[0]!);
      },
  }),
];

/** All rows of a query that ends, each as the text of an object. */
export async function rowsOf(query: QueryStream): Promise<string[]> {
  const rows: string[] = [];
  try {
    for (let batch = await query.next(); batch !== undefined; batch = await query.next()) {
      for (let i = 0; i < batch.rows.length; i++) rows.push(objectLine(query, batch, i));
    }
  } finally {
    await query.close();
  }
  return rows;
}

/** Sends a query's rows as they come. */
export async function sendRows(
  { engine, config, silences }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  query: QueryStream,
  type: string,
  format: QueryFormat,
): Promise<void> {
  reply.hijack();
  const isHttp2 = request.raw.httpVersionMajor >= 2;
  const unbuffered = isHttp2 ? {} : { 'x-accel-buffering': 'no' };
  reply.raw.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...unbuffered });
  await streamQuery(query, format, reply.raw, {
    perRow: isHttp2 && format.rowChunks !== undefined,
    limits: config.limits,
    silences,
    heartbeatMs: config.limits.heartbeatMs,
    isStopping: () => engine.isStopping,
    onError: (e) => request.log.warn({ err: e, queryId: query.queryId }, 'query failed'),
  });
}
