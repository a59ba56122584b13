import type { FastifyRequest } from 'fastify';

/** How the rows of a query go over HTTP. */
export type RowFormat = 'delimited' | 'json-array' | 'ksql-v1' | 'protobuf';

export const DELIMITED = 'application/vnd.ksqlapi.delimited.v1';
export const KSQL_V1 = 'application/vnd.ksql.v1+json';
export const PROTOBUF = 'application/vnd.ksql.v1+protobuf';
export const JSON_TYPE = 'application/json';

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
export function rowFormat(request: FastifyRequest, endpoint: '/query' | '/query-stream'): RowFormat | undefined {
  const accept = accepted(request.headers.accept);
  if (accept === undefined) return endpoint === '/query' ? 'ksql-v1' : 'delimited';
  for (const a of accept) {
    if (a === JSON_TYPE) return endpoint === '/query' ? 'ksql-v1' : 'json-array';
    if (a === KSQL_V1) return 'ksql-v1';
    if (a === PROTOBUF) return 'protobuf';
    if (matches(a, DELIMITED)) return 'delimited';
  }
  return undefined;
}

export const contentType: Record<RowFormat, string> = {
  delimited: DELIMITED,
  'json-array': JSON_TYPE,
  'ksql-v1': KSQL_V1,
  protobuf: PROTOBUF,
};
