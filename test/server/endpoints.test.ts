import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../engine/index.js';
import { endpoint } from '../../server/http/endpoint.js';
import { ENDPOINTS } from '../../server/http/routes/index.js';
import { integer, named, object, text } from '../../server/wire/json-schema.js';
import { FakeEngine, startFake } from './fake-engine.js';
import { ask, type Json, type TestServer } from './support.js';

const refusal = async (server: TestServer, path: string, body: unknown): Promise<[number, unknown, unknown]> => {
  const answer = await ask(server, { method: 'POST', path, body });
  const { error_code, message, ...rest } = JSON.parse(answer.text) as Json;
  expect(rest).toMatchObject({ '@type': 'generic_error', stackTrace: [] });
  return [answer.status, error_code, message];
};

describe('an endpoint that is declared', () => {
  let server: TestServer;
  const greetings = endpoint<{ Params: { readonly name: string }; Body: { readonly times: number } }>({
    method: 'POST',
    path: '/greetings/:name',
    summary: 'Greets.',
    body: named('GreetingRequest', object({ times: { ...integer, minimum: 1, maximum: 9 } })),
    answers: { 200: named('Greeting', object({ text })) },
    handler:
      () =>
      ({ params, body }) => ({ text: params.name.repeat(body.times), got: body }),
  });
  beforeAll(async () => {
    const settings = { 'weir.auth.users': 'ada:secret' };
    server = await startFake(new FakeEngine(), settings, undefined, [...ENDPOINTS, greetings]);
  });
  afterAll(() => server.stop());
  const headers = { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` };

  it('is for those who have signed in, and checked', async () => {
    const path = '/greetings/ho';
    const body = { times: 3, more: null };
    expect((await ask(server, { path, body })).status).toBe(401);
    // What the schema does not name comes to the handler, and what its answer does not name goes out.
    expect(JSON.parse((await ask(server, { path, body, headers })).text)).toEqual({ text: 'hohoho', got: body });
    const refused = await ask(server, { path, body: { times: 10 }, headers });
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      400,
      { error_code: 40000, message: "Member 'times' of the request must be a whole number from 1 to 9." },
    ]);
    expect((await ask(server, { path, headers })).headers.allow).toBe('POST, OPTIONS');
  });

  it('is in /openapi.json', async () => {
    const document = JSON.parse((await ask(server, { path: '/openapi.json', headers })).text) as {
      paths: Record<string, unknown>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.paths['/greetings/{name}']).toEqual({
      post: {
        summary: 'Greets.',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/GreetingRequest' } } },
        },
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          200: {
            description: 'OK',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Greeting' } } },
          },
          default: {
            description: 'Refused or failed.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        },
      },
    });
    expect(document.components.schemas.GreetingRequest).toEqual({
      type: 'object',
      properties: { times: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['times'],
    });
  });

  it('has names of its own for its schemas', async () => {
    const other = endpoint({ ...greetings, path: '/others', answers: { 200: named('Ready', object({ text })) } });
    await expect(startFake(new FakeEngine(), {}, undefined, [...ENDPOINTS, other])).rejects.toThrow(
      'Two schemas are called Ready.',
    );
  });

  it('may be open', async () => {
    for (const path of ['/livez', '/readyz', '/healthcheck', '/chc/live', '/chc/ready', '//livez/?x']) {
      expect([path, (await ask(server, { path })).status]).toEqual([path, 200]);
    }
    for (const path of ['/info', '/metrics', '/openapi.json', '/none', '/livez/x']) {
      expect([path, (await ask(server, { path })).status]).toEqual([path, 401]);
    }
  });
});

describe('what comes with a request', () => {
  let server: TestServer;
  const contexts: RequestContext[] = [];
  beforeAll(async () => {
    const engine = new FakeEngine();
    engine.execute = async (_sql, context) => {
      contexts.push(context);
      return [];
    };
    server = await startFake(engine);
  });
  afterAll(() => server.stop());

  it('comes to the engine as it was sent; nulls count as absent', async () => {
    const body = {
      ksql: 'x;',
      streamsProperties: { a: '1', b: 2, c: false, d: null },
      sessionVariables: { v: 3, w: null },
      requestProperties: { 'request.ksql.query.pull.skip.forwarding': 'true', other: { any: ['thing'] } },
      commandSequenceNumber: '7',
      unknown: {},
    };
    const absent = { ksql: 'x;', streamsProperties: null, sessionVariables: null, requestProperties: null };
    for (const b of [
      body,
      absent,
      { ...absent, commandSequenceNumber: null },
      { ...absent, commandSequenceNumber: '' },
    ]) {
      expect((await ask(server, { path: '/ksql', body: b })).status).toBe(200);
    }
    const none = { properties: {}, variables: {} };
    expect(contexts).toEqual([
      {
        properties: { a: '1', b: 2, c: false, 'request.ksql.query.pull.skip.forwarding': 'true' },
        variables: { v: '3' },
        afterCommand: 7,
      },
      none,
      none,
      none,
    ]);
  });

  it.each([
    ['/ksql', undefined, 'The request needs a JSON object as its body.'],
    ['/ksql', [], 'The request needs a JSON object as its body.'],
    ['/ksql', {}, "Member 'ksql' of the request is missing."],
    ['/query', { ksql: 5 }, "Member 'ksql' of the request must be text."],
    ['/query-stream', { sql: null }, "Member 'sql' of the request must be text."],
    [
      '/ksql',
      { ksql: '', streamsProperties: [] },
      "Member 'streamsProperties' of the request must be an object or null.",
    ],
    [
      '/ksql',
      { ksql: '', streamsProperties: { 'a.b/c~': [] } },
      "Value of 'a.b/c~' in 'streamsProperties' must be text, a number, a boolean or null.",
    ],
    [
      '/ksql',
      { ksql: '', requestProperties: { 'weir.side.messages': {} } },
      "Member 'requestProperties.weir.side.messages' of the request must be text, a number, a boolean or null.",
    ],
    ...[1.5, true, 'x', '1.5', 2 ** 53, '12345678901234567'].map((commandSequenceNumber) => [
      '/ksql',
      { ksql: '', commandSequenceNumber },
      "Member 'commandSequenceNumber' of the request must be a whole number.",
    ]),
    ['/close-query', { queryId: 7 }, "Member 'queryId' of the request must be text."],
    ['/ksql/terminate', 'x', 'The request needs a JSON object as its body.'],
    ['/ksql/terminate', { deleteTopicList: ['a', 5] }, 'Pattern 1 must be text.'],
    [
      '/heartbeat',
      { hostInfo: { host: 'h', port: '1' } },
      "Member 'hostInfo.port' of the request must be a whole number.",
    ],
    [
      '/peer/read',
      { queryId: 'q', read: { queryId: 'q', subtopology: 0, node: { id: 5 }, steps: [], columns: [] } },
      "Member 'properties' of the request is missing.",
    ],
    ['/deployments', { files: [{ name: 'a', sql: '' }, { name: 'b' }] }, "Member 'sql' of file 1 is missing."],
    ['/deployments', { files: [], prune: 'yes' }, "Member 'prune' of the request must be a boolean."],
    ['/topics/t/records', { records: 'x' }, "Member 'records' of the request must be a list."],
    ['/topics/t/records', { records: [{}, []] }, 'Record 1 must be an object.'],
    ['/topics/t/records', { records: [{ key: 1 }] }, "Member 'key' of record 0 must be text or null."],
    ['/topics/t/records', { records: [{ keyBase64: 1 }] }, "Member 'keyBase64' of record 0 must be text or null."],
    [
      '/topics/t/records',
      { records: [{ partition: '0' }] },
      "Member 'partition' of record 0 must be a whole number or null.",
    ],
    [
      '/topics/t/records',
      { records: [{ headers: [{ key: 'k' }] }] },
      "Member 'value' of header 0 of record 0 is missing.",
    ],
    [
      '/topics/t/records',
      { records: [], partitions: 0 },
      "Member 'partitions' of the request must be a whole number from 1 to 10000 or null.",
    ],
  ] as [string, unknown, string][])('is refused where it does not fit: %s %j', async (path, body, message) => {
    expect(await refusal(server, path, body === undefined ? '' : JSON.stringify(body))).toEqual([400, 40000, message]);
  });

  it('is refused where there is too much of it', async () => {
    const records = Array(10_001).fill({});
    expect(await refusal(server, '/topics/t/records', { records })).toEqual([
      429,
      42900,
      'At most 10000 records go in one request.',
    ]);
  });

  it('may be in the query', async () => {
    for (const [path, message] of [
      ['/sse', "Parameter 'sql' is missing."],
      ['/sse?sql=1&sql=2', "Parameter 'sql' is given more than once."],
      ['/sse?sql=1&x=1&x=2', "Parameter 'x' is given more than once."],
      ['/sse?sql=1&properties=[]', "Member 'properties' of the request must be an object or null."],
    ] as const) {
      const { status, text } = await ask(server, { path });
      expect([path, status, (JSON.parse(text) as Json).message]).toEqual([path, 400, message]);
    }
  });
});
