import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Schemas } from '../support/json-schema.js';
import { type AskOptions, ask, type Json, letters, startServer, type TestServer } from './support.js';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

let server: TestServer;
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
let schemas: Schemas;
beforeAll(async () => {
  server = await startServer();
  await letters(server);
  const document = JSON.parse((await ask(server, { path: '/openapi.json' })).text) as {
    paths: typeof paths;
    components: { schemas: Json };
  };
  paths = document.paths;
  schemas = new Schemas(document.components.schemas);
});
afterAll(() => server.stop());

const sql = 'SELECT * FROM counts;';
const failing = 'SELECT nothing FROM counts;';
const json = { accept: 'application/json' };
const file = {
  name: 'a.sql',
  sql: "CREATE STREAM d (n INT) WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS=1);",
};

/** Requests of each operation, to whose answers its description must fit; also those that are refused. */
const REQUESTS: Readonly<Record<string, readonly (Omit<AskOptions, 'path'> & { readonly path?: string })[]>> = {
  'GET /': [{}],
  'GET /info': [{}],
  'GET /healthcheck': [{}],
  'GET /livez': [{}],
  'GET /readyz': [{}],
  'GET /chc/live': [{}],
  'GET /chc/ready': [{}],
  'GET /metrics': [{}],
  'GET /openapi.json': [{}],
  'GET /docs': [{}],
  'GET /api': [{}],
  'GET /api/{name}': [
    { path: '/api/counts' },
    { path: '/api/counts?n[gte]=2&select=n&order=-n&limit=1' },
    { path: '/api/letters' },
    { path: '/api/counts?nothing=1' },
    { path: '/api/none' },
  ],
  'GET /api/{name}/{key}': [{ path: '/api/counts/x' }, { path: '/api/counts/none' }, { path: '/api/letters/x' }],
  'POST /ingest/{stream}': [
    { path: '/ingest/letters', body: [{ a: 1 }] },
    { path: '/ingest/letters', body: [{ a: 'x' }] },
    { path: '/ingest/none', body: { a: 1 } },
  ],
  'POST /ingest': [
    { path: '/ingest?by=kind', body: [{ kind: 'letters', a: 1 }] },
    { path: '/ingest?by=kind', body: [{ a: 1 }] },
    { body: [{ a: 1 }] },
  ],
  'GET /topics': [{}],
  'GET /topics/{topic}': [{ path: '/topics/letters' }, { path: '/topics/none' }],
  'POST /topics/{topic}': [
    { path: '/topics/letters', body: { records: [{ value: { a: 1 } }] } },
    { path: '/topics/letters', body: {} },
  ],
  'POST /topics/{topic}/partitions/{partition}': [
    { path: '/topics/letters/partitions/0', body: { records: [{ value: { a: 1 } }] } },
    { path: '/topics/letters/partitions/99', body: { records: [{ value: { a: 1 } }] } },
  ],
  'GET /status': [{}],
  'GET /status/{type}/{entity}/{action}': [
    { path: '/status/stream/LETTERS/create' },
    { path: '/status/table/COUNTS/create' },
    { path: '/status/table/NONE/create' },
  ],
  'GET /is_valid_property/{name}': [
    { path: '/is_valid_property/auto.offset.reset' },
    { path: '/is_valid_property/none' },
  ],
  'GET /v1/metadata': [{}],
  'GET /v1/metadata/id': [{}],
  'GET /clusterStatus': [{}],
  'GET /ws/query': [{}],
  'GET /ws/v1': [{}],
  'GET /sse': [
    { path: `/sse?sql=${encodeURIComponent(sql)}` },
    { path: '/sse?sql=1', headers: { 'last-event-id': 'end' } },
    { path: '/sse' },
  ],
  'POST /heartbeat': [{ body: { hostInfo: { host: 'h', port: 1 } } }],
  'POST /lag': [{ body: { ksqlHost: { host: 'h', port: 1 }, hostStoreLags: {} } }],
  'POST /peer/queries': [{ body: '' }],
  'POST /peer/read': [{ body: {} }],
  'POST /ksql': [
    {
      body: {
        ksql: "SET 'auto.offset.reset'='earliest'; SHOW STREAMS; SHOW TABLES EXTENDED; SHOW QUERIES; SHOW TOPICS; DESCRIBE counts; EXPLAIN SELECT * FROM counts; SHOW PROPERTIES; SHOW ERRORS;",
        streamsProperties: { 'auto.offset.reset': 'earliest' },
        sessionVariables: { n: 1 },
        requestProperties: {},
        commandSequenceNumber: 0,
      },
    },
    { body: { ksql: 'rubbish;' } },
    { body: { ksql: failing, streamsProperties: null } },
  ],
  'POST /query': [
    { body: { ksql: sql } },
    { body: { ksql: 'SELECT * FROM letters;' }, headers: json },
    { body: { ksql: sql }, headers: { accept: 'application/vnd.ksqlapi.delimited.v1' } },
    { body: { ksql: sql }, headers: { accept: 'application/vnd.ksql.v1+protobuf' } },
    { body: { ksql: failing } },
    { body: { ksql: "PRINT 'letters' FROM BEGINNING LIMIT 1;" } },
  ],
  'POST /query-stream': [
    { body: { sql } },
    { body: { sql }, headers: json },
    { body: { sql: 'SELECT * FROM letters WHERE a / 0 = 1;' }, headers: json },
    { body: { sql }, headers: { accept: 'application/vnd.ksql.v1+json' } },
    { body: { sql }, headers: { accept: 'application/vnd.ksql.v1+protobuf' } },
    { body: { sql }, headers: { accept: 'text/html' } },
    { body: { sql: failing } },
  ],
  'POST /close-query': [{ body: { queryId: 'none' } }],
  'POST /inserts-stream': [
    { body: '{"target":"LETTERS"}\n{"A":1}\n' },
    { body: '{"target":"LETTERS"}\n{"A":1}\n{"A":"x"}\n', headers: json },
    { body: '{"target":"NONE"}\n' },
  ],
  'POST /topics/{topic}/records': [
    { path: '/topics/letters/records', body: { records: [{ key: 'x', value: null, timestamp: 1 }] } },
    { path: '/topics/letters/records', body: {} },
  ],
  'GET /topics/{topic}/loads/{file}': [{ path: '/topics/letters/loads/a.csv' }, { path: '/topics/none/loads/a.csv' }],
  'POST /deployments/plan': [{ body: { files: [file] } }, { body: {} }],
  'POST /deployments': [{ body: { files: [file], prune: false } }],
  'POST /ksql/terminate': [{ body: { deleteTopicList: ['none'] } }, { body: { deleteTopicList: ['('] } }],
};

describe('/openapi.json', () => {
  it('has requests here for every operation that it describes', () => {
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(Object.keys(REQUESTS).sort()).toEqual(described.sort());
  });

  it('is held against answers by a check that sees what is missing, wrong or not described', () => {
    const ready = { $ref: '#/components/schemas/Ready' };
    expect(schemas.faults(ready, { ready: true, kafka: true })).toEqual([]);
    expect(schemas.faults(ready, { ready: 1, more: true })).toEqual([
      "must have required property 'kafka'",
      '/ready must be boolean',
      'must NOT have unevaluated properties more',
    ]);
    const acknowledgement = { $ref: '#/components/schemas/Acknowledgement' };
    expect(schemas.faults(acknowledgement, { status: 'error', seq: 1 })).not.toEqual([]);
  });

  it.each(Object.keys(REQUESTS))('describes what %s takes and answers', async (name) => {
    const [method, path] = name.split(' ') as [string, string];
    const operation = paths[path]![method.toLowerCase()]!;
    const [taken] = Object.values(operation.requestBody?.content ?? {});
    for (const request of REQUESTS[name]!) {
      const answer = await ask(server, { path, ...request, method });
      const seen = `${JSON.stringify(request)}: ${answer.status} ${answer.text.slice(0, 400)}`;
      if (answer.status < 300 && taken !== undefined)
        expect([seen, schemas.faults(taken.schema, request.body)]).toEqual([seen, []]);
      const { content } = operation.responses[answer.status] ?? operation.responses.default!;
      const type = answer.headers['content-type']?.replace(/;.*/, '');
      if (content === undefined) {
        expect([seen, answer.text]).toEqual([seen, '']);
        continue;
      }
      expect([seen, Object.keys(content)]).toEqual([seen, expect.arrayContaining([type])]);
      const isJson = type!.endsWith('json') || type!.endsWith('protobuf');
      const value: unknown = isJson ? JSON.parse(answer.text) : answer.text;
      expect([seen, schemas.faults(content[type!]!.schema, value)]).toEqual([seen, []]);
    }
    for (const { name: parameter, required } of operation.parameters ?? []) {
      if (required) expect(path.includes(`{${parameter}}`) || ['sql', 'request', 'by'].includes(parameter)).toBe(true);
    }
  });
});
