/** JSON Schemas of the bodies of requests and answers, by name: components of `/openapi.json`. */

export const text = { type: 'string' };
const integer = { type: 'integer' };
const flag = { type: 'boolean' };
const list = (items: object) => ({ type: 'array', items });
const map = (values: object, description?: string) => ({
  type: 'object',
  ...(description === undefined ? {} : { description }),
  additionalProperties: values,
});
/** All members are there but those of `optional`. */
const object = (members: object, optional: readonly string[] = []) => ({
  type: 'object',
  properties: members,
  required: Object.keys(members).filter((name) => !optional.includes(name)),
});
const orNull = (type: string) => ({ type: [type, 'null'] });
const described = (schema: object, description: string) => ({ ...schema, description });
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const anything = true as unknown as object;
const scalars = (description: string) => map({ type: ['string', 'number', 'boolean', 'null'] }, description);

const SESSION = {
  sessionVariables: scalars('Values of the variables in the statements, by name.'),
  requestProperties: map(anything, "'weir.side.messages': 'true' asks for side messages; others are tolerated."),
};
const SESSION_MEMBERS = Object.keys(SESSION);

const REQUESTS = {
  KsqlRequest: object(
    {
      ksql: described(text, 'Statements, each with its semicolon.'),
      streamsProperties: scalars("Settings for this request, like SET: {'auto.offset.reset': 'earliest'}."),
      ...SESSION,
      commandSequenceNumber: described(
        { type: ['integer', 'null'] },
        'Waits until this command has been carried out, or fails with 50301.',
      ),
    },
    ['streamsProperties', 'commandSequenceNumber', ...SESSION_MEMBERS],
  ),
  QueryStreamRequest: object({ sql: text, properties: scalars('Settings for this query.'), ...SESSION }, [
    'properties',
    ...SESSION_MEMBERS,
  ]),
  CloseQueryRequest: object({ queryId: text }),
  TerminateRequest: object({ deleteTopicList: list(text) }, ['deleteTopicList']),
  DeploymentRequest: object(
    { files: list(object({ name: text, sql: text })), prune: described(flag, 'Drops what is in no file.') },
    ['prune'],
  ),
  RecordsRequest: object(
    {
      records: list(
        object(
          {
            key: orNull('string'),
            value: orNull('string'),
            keyBase64: text,
            valueBase64: text,
            timestamp: integer,
            partition: integer,
            headers: list(object({ key: text, value: text })),
          },
          ['key', 'value', 'keyBase64', 'valueBase64', 'timestamp', 'partition', 'headers'],
        ),
      ),
      partitions: described(integer, 'Of the topic, where it has to be made.'),
    },
    ['partitions'],
  ),
  InsertLines: described(text, 'A line {"target": NAME}, then a JSON object a line.'),
  HeartbeatRequest: object({ hostInfo: ref('HostInfo') }),
  LagRequest: object({ ksqlHost: ref('HostInfo'), hostStoreLags: map(anything) }),
  HostInfo: object({ host: text, port: integer }),
  PeerReadRequest: map(anything, 'What one node asks of another; no API for clients.'),
};

const QUERY_HEADER = { queryId: text, columnNames: list(text), columnTypes: list(text) };

const ANSWERS = {
  ServerInfo: object({
    KsqlServerInfo: object({
      version: text,
      kafkaClusterId: text,
      ksqlServiceId: text,
      serverStatus: { enum: ['RUNNING', 'STARTING'] },
      weirVersion: text,
    }),
  }),
  Health: object({
    isHealthy: flag,
    details: map(object({ isHealthy: flag, message: text }, ['message']), 'By the name of the part.'),
    serverState: { enum: ['READY', 'INITIALIZING'] },
  }),
  Alive: object({ status: { enum: ['ok'] } }),
  Ready: object({ ready: flag, kafka: flag }),
  Nothing: object({}),
  Entities: list(ref('Entity')),
  Entity: {
    ...described(
      object({ '@type': text, statementText: text }, ['statementText']),
      'Further members by @type, as in ksqlDB.',
    ),
    additionalProperties: true,
  },
  QueryHeader: object(QUERY_HEADER),
  Row: { type: 'array', description: "The columns' values." },
  /** Of `/query-stream` with `Accept: application/json`. */
  QueryArray: { ...list({ anyOf: [ref('QueryHeader'), ref('Row'), ref('Error')] }), minItems: 1 },
  KsqlV1Array: list({
    anyOf: [
      object({ header: object({ queryId: text, schema: text }) }),
      object({ row: object({ columns: ref('Row'), tombstone: flag }, ['tombstone']) }),
      object({ finalMessage: text }),
      object({ errorMessage: ref('Error') }),
    ],
  }),
  ProtobufArray: list({
    anyOf: [
      object({ header: object({ queryId: text, protoSchema: text }) }),
      object({ row: object({ protobufBytes: text, tombstone: flag }, ['tombstone']) }),
      object({ finalMessage: text }),
      object({ errorMessage: ref('Error') }),
    ],
  }),
  Lines: described(text, 'JSON, a value a line: docs/api.md.'),
  Acknowledgements: list(ref('Acknowledgement')),
  Acknowledgement: {
    anyOf: [
      object({ status: { enum: ['ok'] }, seq: integer }),
      { allOf: [ref('Error')], type: 'object', properties: { status: { enum: ['error'] }, seq: integer } },
    ],
  },
  Written: object({ count: integer, partitions: integer }),
  LoadMarks: object({ partitions: integer, run: orNull('integer'), rows: list(integer) }),
  Steps: object({
    steps: list(
      object({
        action: { enum: ['unchanged', 'create', 'replace', 'run', 'refused', 'extra', 'drop'] },
        file: orNull('string'),
        line: orNull('integer'),
        subject: text,
        sql: text,
        was: orNull('string'),
        reason: orNull('string'),
        hint: orNull('string'),
      }),
    ),
  }),
  CommandStatuses: object({ commandStatuses: map(text) }),
  CommandStatus: object({ status: text, message: text, queryId: orNull('string') }),
  True: { enum: [true] },
  Metadata: object({ version: text, clusterId: ref('ClusterId') }),
  ClusterId: object({ scope: object({ path: list(text), clusters: map(text) }), id: text }),
  ClusterStatus: object({
    clusterStatus: map(
      object({
        hostAlive: flag,
        lastStatusUpdateMs: integer,
        activeStandbyPerQuery: map(
          object({
            activeStores: list(text),
            activePartitions: list(anything),
            standByStores: list(text),
            standByPartitions: list(anything),
          }),
        ),
        hostStoreLags: object({ stateStoreLags: map(anything), updateTimeMs: integer }),
      }),
      'By host:port.',
    ),
  }),
  Ok: object({ ok: flag }),
  PeerQueries: object({ queries: list(map(anything)) }),
  Document: map(anything, 'OpenAPI 3.1.'),
  Error: object(
    {
      '@type': { enum: ['generic_error', 'statement_error'] },
      error_code: described(integer, 'Its first three digits are the HTTP status.'),
      message: text,
      hint: text,
      code: described(text, "Weir's own name of the error (docs/errors.md)."),
      statementText: text,
      entities: list(anything),
      stackTrace: list(text),
    },
    ['hint', 'code', 'statementText', 'entities'],
  ),
};

export const SCHEMAS: Readonly<Record<string, object>> = { ...REQUESTS, ...ANSWERS };
