import { STATUS_CODES } from 'node:http';
import { WEB_SOCKET_PATHS } from '../ws/paths.js';
import { ref, SCHEMAS, text } from './openapi-schemas.js';

/** The API in OpenAPI's words: what `/openapi.json` answers. Routes come from the server, their descriptions from here. */

interface Operation {
  readonly summary: string;
  /** Schema of the body, by name. */
  readonly body?: string;
  /** In the query; `?` behind the name: may be left out. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Answers by status, 200 where it says nothing: the schema of each media type, or of JSON. */
  readonly answers?: Readonly<Record<string, string | Readonly<Record<string, string>> | null>>;
}

const answer = (schema: string) => ({ '200': schema });

const rowsOf = (json: string) => ({
  '200': {
    'application/vnd.ksqlapi.delimited.v1': 'Lines',
    'application/vnd.ksql.v1+json': 'KsqlV1Array',
    'application/vnd.ksql.v1+protobuf': 'ProtobufArray',
    ...(json === 'KsqlV1Array' ? {} : { 'application/json': json }),
    'text/plain': 'Lines',
  },
});

/** What a WebSocket answers to who asks for none. */
const UPGRADE = { '101': null, '426': 'Error' };

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': { summary: 'Leads to /info.', answers: { '307': null } },
  'GET /info': { summary: 'Version, service id and state of the server.', answers: answer('ServerInfo') },
  'GET /healthcheck': {
    summary: 'Health of the parts; 200 also when one is unhealthy.',
    answers: answer('Health'),
  },
  'GET /livez': { summary: 'Alive: the process answers.', answers: answer('Alive') },
  'GET /readyz': {
    summary: 'Ready for statements and queries, else 503.',
    answers: { '200': 'Ready', '503': 'Ready' },
  },
  'GET /chc/live': { summary: 'Alive, in the words of ksqlDB.', answers: answer('Nothing') },
  'GET /chc/ready': {
    summary: 'Ready, in the words of ksqlDB.',
    answers: { '200': 'Nothing', '503': 'Nothing' },
  },
  'POST /ksql': {
    summary: 'Runs statements that are no queries. The whole script is checked before any of it runs.',
    body: 'KsqlRequest',
    answers: answer('Entities'),
  },
  'POST /ksql/terminate': {
    summary: "Ends every query, drops all sources and types, deletes sinks' topics that a pattern matches.",
    body: 'TerminateRequest',
    answers: answer('Entities'),
  },
  'POST /query': {
    summary: 'Rows of a push or pull query, or PRINT.',
    body: 'KsqlRequest',
    answers: rowsOf('KsqlV1Array'),
  },
  'POST /query-stream': {
    summary: 'Rows of a push or pull query, or PRINT.',
    body: 'QueryStreamRequest',
    answers: rowsOf('QueryArray'),
  },
  'POST /close-query': { summary: 'Ends a running query.', body: 'CloseQueryRequest', answers: { '200': null } },
  'POST /inserts-stream': {
    summary: 'Inserts rows. Each is acknowledged when it is durable; the first that does not fit ends it.',
    body: 'InsertLines',
    answers: {
      '200': { 'application/vnd.ksqlapi.delimited.v1': 'Lines', 'application/json': 'Acknowledgements' },
    },
  },
  'GET /ws/query': {
    summary: 'A query over WebSocket: the schema, a frame a row, then {"error":"done"}.',
    parameters: { request: 'A KsqlRequest as JSON.' },
    answers: UPGRADE,
  },
  'GET /ws/v1': { summary: 'Many queries over one WebSocket, in JSON frames: docs/api.md.', answers: UPGRADE },
  'GET /sse': {
    summary: 'A query as server-sent events; Last-Event-ID goes on where it was, "end" is answered 204.',
    parameters: {
      sql: 'The query.',
      'properties?': 'Settings for this query, a JSON object.',
      'variables?': 'Values of variables, a JSON object.',
      'continuation?': 'A continuation token to go on behind.',
    },
    answers: { '200': { 'text/event-stream': 'Lines' }, '204': null },
  },
  'POST /topics/{topic}/records': {
    summary: 'Appends records to a topic, keys and values as text or base64.',
    body: 'RecordsRequest',
    answers: answer('Written'),
  },
  'GET /topics/{topic}/loads/{file}': {
    summary: 'How far a file has been loaded into a topic: by partition the last of its rows.',
    answers: answer('LoadMarks'),
  },
  'POST /deployments/plan': {
    summary: 'What deploying these files would do.',
    body: 'DeploymentRequest',
    answers: answer('Steps'),
  },
  'POST /deployments': {
    summary: 'Deploys files; nothing is done where a statement is refused.',
    body: 'DeploymentRequest',
    answers: answer('Steps'),
  },
  'GET /status': {
    summary: 'What became of the last commands, by their id.',
    answers: answer('CommandStatuses'),
  },
  'GET /status/{type}/{entity}/{action}': {
    summary: 'What became of one command.',
    answers: answer('CommandStatus'),
  },
  'GET /is_valid_property/{name}': {
    summary: 'True for a property that SET may name, else 400.',
    answers: answer('True'),
  },
  'GET /v1/metadata': { summary: 'Version and cluster of the server.', answers: answer('Metadata') },
  'GET /v1/metadata/id': { summary: 'Cluster of the server.', answers: answer('ClusterId') },
  'GET /clusterStatus': { summary: 'The nodes and their queries.', answers: answer('ClusterStatus') },
  'POST /heartbeat': {
    summary: 'From another node: it is alive.',
    body: 'HeartbeatRequest',
    answers: answer('Ok'),
  },
  'POST /lag': {
    summary: 'From another node: how far its copies of state are behind.',
    body: 'LagRequest',
    answers: answer('Ok'),
  },
  'POST /peer/read': {
    summary: 'From another node: rows of those partitions of a table that this node has.',
    body: 'PeerReadRequest',
    answers: { '200': { 'application/octet-stream': 'Lines' } },
  },
  'POST /peer/queries': {
    summary: 'From another node: what the persistent queries do here.',
    answers: answer('PeerQueries'),
  },
  'GET /metrics': { summary: 'Metrics for Prometheus.', answers: { '200': { 'text/plain': 'Lines' } } },
  'GET /openapi.json': { summary: 'This document.', answers: answer('Document') },
};

export interface Route {
  readonly method: string;
  /** As fastify has it: `/status/:type`. */
  readonly path: string;
}

/** Not routes of HTTP: upgrades of connections. */
const WEB_SOCKETS: readonly Route[] = WEB_SOCKET_PATHS.map((path) => ({ method: 'GET', path }));

export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path } of [...routes, ...WEB_SOCKETS]) {
    const named = path.replace(/:(\w+)/g, '{$1}');
    const operation = OPERATIONS[`${method} ${named}`];
    (paths[named] ??= {})[method.toLowerCase()] = operationOf(named, operation ?? { summary: '' });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir',
      version,
      description: "Streaming SQL over HTTP, as ksqlDB's clients speak it.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas: SCHEMAS, securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
    security: [{ basic: [] }, {}],
  };
}

/** Bodies that are no JSON, with their type. */
const BODY_TYPES: Readonly<Record<string, string>> = { InsertLines: 'application/vnd.ksqlapi.delimited.v1' };

function operationOf(path: string, { summary, body, parameters = {}, answers = {} }: Operation): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => ({
    name: m[1],
    in: 'path',
    required: true,
    schema: text,
  }));
  const inQuery = Object.entries(parameters).map(([name, description]) => ({
    name: name.replace('?', ''),
    in: 'query',
    required: !name.endsWith('?'),
    description,
    schema: text,
  }));
  const bodyType = BODY_TYPES[body ?? ''] ?? 'application/json';
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [bodyType]: { schema: ref(body) } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, types]) => [status, responseOf(status, types)])),
      default: { description: 'Refused or failed.', content: contentOf('Error') },
    },
  };
}

type Types = NonNullable<Operation['answers']>[string];

const contentOf = (types: NonNullable<Types>): object =>
  Object.fromEntries(
    Object.entries(typeof types === 'string' ? { 'application/json': types } : types).map(([type, schema]) => [
      type,
      { schema: ref(schema) },
    ]),
  );

const responseOf = (status: string, types: Types): object => ({
  description: STATUS_CODES[status] ?? '',
  ...(types === null ? {} : { content: contentOf(types) }),
});
