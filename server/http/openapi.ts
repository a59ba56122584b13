import { WEB_SOCKET_PATHS } from '../ws/paths.js';

/** The API in OpenAPI's words: what `/openapi.json` answers. Routes come from the server, their descriptions from here. */

interface Operation {
  readonly summary: string;
  /** Schema of the body, by name. */
  readonly body?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Media types of a successful answer; JSON where it says nothing. */
  readonly produces?: readonly string[];
  readonly answer?: string;
}

const ROWS = [
  'application/vnd.ksqlapi.delimited.v1',
  'application/vnd.ksql.v1+json',
  'application/json',
  'application/vnd.ksql.v1+protobuf',
];

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': { summary: 'Leads to /info.', produces: [] },
  'GET /info': { summary: 'Version, service id and state of the server.', answer: 'ServerInfo' },
  'GET /healthcheck': { summary: 'Health of the parts; 200 also when one is unhealthy.' },
  'GET /livez': { summary: 'Alive: the process answers.' },
  'GET /readyz': { summary: 'Ready for statements and queries, else 503.' },
  'GET /chc/live': { summary: 'Alive, in the words of ksqlDB.' },
  'GET /chc/ready': { summary: 'Ready, in the words of ksqlDB.' },
  'POST /ksql': {
    summary: 'Runs statements that are no queries. The whole script is checked before any of it runs.',
    body: 'KsqlRequest',
    answer: 'Entities',
  },
  'POST /ksql/terminate': {
    summary: "Ends every query, drops all sources and types, deletes sinks' topics that a pattern matches.",
    body: 'TerminateRequest',
    answer: 'Entities',
  },
  'POST /query': { summary: 'Rows of a push or pull query, or PRINT.', body: 'KsqlRequest', produces: ROWS },
  'POST /query-stream': {
    summary: 'Rows of a push or pull query, or PRINT.',
    body: 'QueryStreamRequest',
    produces: ROWS,
  },
  'POST /close-query': { summary: 'Ends a running query.', body: 'CloseQueryRequest', produces: [] },
  'POST /inserts-stream': {
    summary:
      'Inserts rows: a line {"target": NAME}, then a JSON object a line. Each is acknowledged when it is durable.',
    produces: [ROWS[0]!, 'application/json'],
  },
  'GET /ws/query': {
    summary: 'A query over WebSocket: the schema, a frame a row, then {"error":"done"}.',
    parameters: { request: 'A KsqlRequest as JSON.' },
    produces: [],
  },
  'GET /ws/v1': { summary: 'Many queries over one WebSocket, in JSON frames: docs/api.md.', produces: [] },
  'GET /sse': {
    summary: 'A query as server-sent events; Last-Event-ID goes on where it was.',
    parameters: {
      sql: 'The query.',
      properties: 'Settings for this query, a JSON object.',
      variables: 'Values of variables, a JSON object.',
      continuation: 'A continuation token to go on behind.',
    },
    produces: ['text/event-stream'],
  },
  'POST /topics/{topic}/records': {
    summary: 'Appends records to a topic, keys and values as text or base64.',
    body: 'RecordsRequest',
  },
  'POST /deployments/plan': { summary: 'What deploying these files would do.', body: 'DeploymentRequest' },
  'POST /deployments': {
    summary: 'Deploys files; nothing is done where a statement is refused.',
    body: 'DeploymentRequest',
  },
  'GET /status': { summary: 'What became of the last commands, by their id.' },
  'GET /status/{type}/{entity}/{action}': { summary: 'What became of one command.' },
  'GET /is_valid_property/{name}': { summary: 'True for a property that SET may name, else 400.' },
  'GET /v1/metadata': { summary: 'Version and cluster of the server.' },
  'GET /v1/metadata/id': { summary: 'Cluster of the server.' },
  'GET /clusterStatus': { summary: 'The nodes and their queries.' },
  'POST /heartbeat': { summary: 'From another node: it is alive.' },
  'POST /lag': { summary: 'From another node: how far its copies of state are behind.' },
  'POST /peer/read': {
    summary: 'From another node: rows of those partitions of a table that this node has.',
    produces: ['application/octet-stream'],
  },
  'POST /peer/queries': { summary: 'From another node: what the persistent queries do here.' },
  'GET /metrics': { summary: 'Metrics for Prometheus.', produces: ['text/plain'] },
  'GET /openapi.json': { summary: 'This document.' },
};

const text = { type: 'string' };
const map = (description: string) => ({ type: 'object', description, additionalProperties: true });
const object = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const requestMembers = {
  sessionVariables: map('Values of the variables in the statements, by name.'),
  requestProperties: map("'weir.side.messages': 'true' asks for side messages; others are tolerated."),
};

const SCHEMAS = {
  KsqlRequest: object(
    {
      ksql: { ...text, description: 'Statements, each with its semicolon.' },
      streamsProperties: map("Settings for this request, like SET: {'auto.offset.reset': 'earliest'}."),
      ...requestMembers,
      commandSequenceNumber: {
        type: 'integer',
        description: 'Waits until this command has been carried out, or fails with 50301.',
      },
    },
    ['ksql'],
  ),
  QueryStreamRequest: object({ sql: text, properties: map('Settings for this query.'), ...requestMembers }, ['sql']),
  CloseQueryRequest: object({ queryId: text }, ['queryId']),
  TerminateRequest: object({ deleteTopicList: { type: 'array', items: text } }),
  DeploymentRequest: object(
    {
      files: { type: 'array', items: object({ name: text, sql: text }, ['name', 'sql']) },
      prune: { type: 'boolean', description: 'Drops what is in no file.' },
    },
    ['files'],
  ),
  RecordsRequest: object(
    {
      records: {
        type: 'array',
        items: object({
          key: text,
          value: text,
          keyBase64: text,
          valueBase64: text,
          timestamp: { type: 'integer' },
          partition: { type: 'integer' },
        }),
      },
      partitions: { type: 'integer', description: 'Of the topic, where it has to be made.' },
    },
    ['records'],
  ),
  Entities: { type: 'array', items: object({ '@type': text, statementText: text }, ['@type']) },
  ServerInfo: object({
    KsqlServerInfo: object({ version: text, kafkaClusterId: text, ksqlServiceId: text, serverStatus: text }),
  }),
  Error: object(
    {
      '@type': { enum: ['generic_error', 'statement_error'] },
      error_code: { type: 'integer', description: 'Its first three digits are the HTTP status.' },
      message: text,
      hint: text,
      code: { ...text, description: "Weir's own name of the error." },
      statementText: text,
      entities: { type: 'array' },
      stackTrace: { type: 'array', items: text },
    },
    ['@type', 'error_code', 'message'],
  ),
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

function operationOf(path: string, operation: Operation): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => ({
    name: m[1],
    in: 'path',
    required: true,
    schema: text,
  }));
  const inQuery = Object.entries(operation.parameters ?? {}).map(([name, description]) => ({
    name,
    in: 'query',
    required: true,
    description,
    schema: text,
  }));
  const types = operation.produces ?? ['application/json'];
  const schema = operation.answer === undefined ? {} : { schema: ref(operation.answer) };
  return {
    summary: operation.summary,
    parameters: [...inPath, ...inQuery],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: ref(operation.body) } } } }),
    responses: {
      '200': { description: 'Done.', content: Object.fromEntries(types.map((t) => [t, schema])) },
      default: { description: 'Refused or failed.', content: { 'application/json': { schema: ref('Error') } } },
    },
  };
}
