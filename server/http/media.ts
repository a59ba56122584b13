import type { FastifyRequest } from 'fastify';

/** How the rows of a query go over HTTP. */
export type RowFormat = 'delimited' | 'json-array' | 'ksql-v1' | 'protobuf';

export const DELIMITED = 'application/vnd.ksqlapi.delimited.v1';
export const KSQL_V1 = 'application/vnd.ksql.v1+json';
export const PROTOBUF = 'application/vnd.ksql.v1+protobuf';
export const JSON_TYPE = 'application/json';
/** JSON, a value a line. */
export const JSON_LINES = 'application/x-ndjson';
export const EVENT_STREAM = 'text/event-stream';

/** Media types of an Accept header in order of preference; undefined where there is none. */
function accepted(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  return header
    .split(',')
    .map((part) => {
      const [type = '', ...params] = part.split(';').map((s) => s.trim());
      const q = params.find((p) => p.startsWith('q='));
      return { type: type.toLowerCase(), q: q === undefined ? 1 : Number(q.slice(2)) || 0 };
    })
    .filter((a) => a.q > 0)
    .sort((a, b) => b.q - a.q)
    .map((a) => a.type);
}

const matches = (accept: string, type: string) =>
  accept === type || accept === '*/*' || (accept.endsWith('/*') && type.startsWith(accept.slice(0, -1)));

/**
 * The table of ksqlDB's content negotiation: what `/query-stream` and `/query` answer to an Accept header.
 * Undefined: nothing that the client takes (406).
 */
export function rowFormat(
  { headers }: Pick<FastifyRequest, 'headers'>,
  endpoint: '/query' | '/query-stream',
): RowFormat | undefined {
  const accept = accepted(headers.accept);
  if (accept === undefined) return endpoint === '/query' ? 'ksql-v1' : 'delimited';
  for (const a of accept) {
    if (a === JSON_TYPE) return endpoint === '/query' ? 'ksql-v1' : 'json-array';
    if (a === KSQL_V1) return 'ksql-v1';
    if (a === PROTOBUF) return 'protobuf';
    if (matches(a, DELIMITED)) return 'delimited';
  }
  return undefined;
}

/** How rows that are objects go: as it is asked for, else a pull query's as one array, a push query's as lines. */
export function objectsType({ headers }: Pick<FastifyRequest, 'headers'>, isPush: boolean): string | undefined {
  const types = isPush ? [JSON_LINES, EVENT_STREAM] : [JSON_TYPE, JSON_LINES, EVENT_STREAM];
  for (const a of accepted(headers.accept) ?? ['*/*']) {
    const found = types.find((type) => matches(a, type));
    if (found !== undefined) return found;
    if (a === JSON_TYPE) return JSON_LINES; // it never ends: no reader of an array would see its rows
  }
  return undefined;
}

export const contentType: Record<RowFormat, string> = {
  delimited: DELIMITED,
  'json-array': JSON_TYPE,
  'ksql-v1': KSQL_V1,
  protobuf: PROTOBUF,
};
