import type { FastifyRequest } from 'fastify';
import { type EngineApi, WeirError } from '../../../engine/index.js';
import { described, integer, map, named, object, optional, text } from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { bodyText, type JsonObject, jsonText, rowsIn } from '../json-rows.js';
import { JSON_TYPE } from '../media.js';

const INGESTED = named('Ingested', object({ count: integer, streams: map(integer, 'Rows by stream.') }));
const ROWS = named('Rows', described({}, 'A JSON object, an array of objects, or an object a line.'));

interface IngestRoute {
  readonly Params: { readonly stream?: string };
  readonly Querystring: { readonly by?: string };
}

const rowsOf = async ({ body }: FastifyRequest, limit: number) => rowsIn(await bodyText(body, limit));

/** Rows over HTTP, as programs and devices send them: acknowledged once they are durable. */
export const INGEST: readonly Endpoint[] = [
  endpoint<IngestRoute>({
    method: 'POST',
    path: '/ingest/:stream',
    summary: 'Inserts JSON objects into a stream or table: all of them, or none. Answers once they are durable.',
    lines: { type: JSON_TYPE, schema: ROWS },
    answers: { 200: INGESTED },
    handler:
      ({ engine, config }) =>
      async (request) =>
        insertRows(engine, await rowsOf(request, config.limits.maxBody), () => request.params.stream!),
  }),
  endpoint<IngestRoute>({
    method: 'POST',
    path: '/ingest',
    summary: 'As /ingest/{stream}; the stream of each row is named by its field `by`.',
    lines: { type: JSON_TYPE, schema: ROWS },
    query: { ...optional({ by: described(text, 'The field that names the stream.') }), required: ['by'] },
    answers: { 200: INGESTED },
    handler:
      ({ engine, config }) =>
      async (request) => {
        const by = request.query.by!;
        return insertRows(engine, await rowsOf(request, config.limits.maxBody), (row, i) => {
          const name = row[by];
          if (typeof name !== 'string' || name === '') {
            throw new WeirError('BAD_REQUEST', `Row ${i} has no text in its field ${by}, which names the stream.`);
          }
          return name;
        });
      },
  }),
];

/** Inserts each row into the stream that `streamOf` names: of each stream all rows, or none. @returns how many went where */
export async function insertRows(
  engine: EngineApi,
  rows: readonly JsonObject[],
  streamOf: (row: JsonObject, i: number) => string,
): Promise<{ readonly count: number; readonly streams: Readonly<Record<string, number>> }> {
  const groups = new Map<string, string[]>();
  for (const [i, row] of rows.entries()) {
    const name = streamOf(row, i);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [jsonText(row)]);
    else group.push(jsonText(row));
  }
  const streams: Record<string, number> = {};
  for (const [name, texts] of groups) streams[name] = await engine.ingest(name, texts);
  return { count: rows.length, streams };
}
