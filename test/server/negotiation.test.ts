import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, EARLIEST, letters, startServer, type TestServer } from './support.js';

const DELIMITED = 'application/vnd.ksqlapi.delimited.v1';
const V1 = 'application/vnd.ksql.v1+json';
const JSON_TYPE = 'application/json';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await letters(server);
});
afterAll(() => server.stop());

const PUSH = 'SELECT b, a FROM letters EMIT CHANGES LIMIT 2;';

const query = (path: '/query' | '/query-stream', accept: string | undefined, sql = PUSH) =>
  ask(server, {
    path,
    body: path === '/query' ? { ksql: sql, streamsProperties: EARLIEST } : { sql, properties: EARLIEST },
    headers: accept === undefined ? {} : { accept },
  });

/** The body with the query's id, which is another each time, as `ID`. */
const withoutId = (text: string) => text.replace(/"queryId":"[^"]+"/, '"queryId":"ID"');

const delimited = '{"queryId":"ID","columnNames":["B","A"],"columnTypes":["STRING","BIGINT"]}\n["x",1]\n["y",2]\n';
const array = '[{"queryId":"ID","columnNames":["B","A"],"columnTypes":["STRING","BIGINT"]},\n["x",1],\n["y",2]]\n';
const v1 =
  '[{"header":{"queryId":"ID","schema":"`B` STRING, `A` BIGINT"}},\n' +
  '{"row":{"columns":["x",1]}},\n{"row":{"columns":["y",2]}},\n{"finalMessage":"Limit Reached"}]\n';

describe('content negotiation', () => {
  it.each([
    ['/query-stream', undefined, DELIMITED, delimited],
    ['/query-stream', '*/*', DELIMITED, delimited],
    ['/query-stream', DELIMITED, DELIMITED, delimited],
    ['/query-stream', JSON_TYPE, JSON_TYPE, array],
    ['/query-stream', V1, V1, v1],
    ['/query', undefined, V1, v1],
    ['/query', '*/*', DELIMITED, delimited],
    ['/query', JSON_TYPE, V1, v1],
    ['/query', V1, V1, v1],
    ['/query', DELIMITED, DELIMITED, delimited],
    ['/query-stream', `text/html, ${V1}; q=0.5, ${DELIMITED}; q=0.9`, DELIMITED, delimited],
    ['/query-stream', 'APPLICATION/JSON; charset=utf-8', JSON_TYPE, array],
  ] as const)('%s with Accept %s answers %s', async (path, accept, type, body) => {
    const answer = await query(path, accept);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
    expect(withoutId(answer.text)).toBe(body);
  });

  it.each(['/query', '/query-stream'] as const)('%s refuses what it cannot serve with 406', async (path) => {
    for (const accept of ['text/html', 'application/xml, image/*', `${DELIMITED}; q=0`]) {
      const answer = await query(path, accept);
      expect([answer.status, answer.headers['content-type']]).toEqual([406, JSON_TYPE]);
      expect(answer.text).toMatch(/^\{"@type":"generic_error","error_code":40600,/);
      expect(JSON.parse(answer.text)).toMatchObject({ stackTrace: [] });
    }
  });

  it('/ksql answers application/json, to the vnd type as well', async () => {
    for (const accept of [undefined, JSON_TYPE, V1, '*/*', 'text/html']) {
      const answer = await ask(server, {
        path: '/ksql',
        body: { ksql: 'SHOW TYPES;' },
        headers: accept === undefined ? {} : { accept },
      });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, JSON_TYPE]);
      expect(answer.text).toMatch(/^\[\{"@type":"type_list",/);
    }
  });

  it('takes a body whatever its type says, or says nothing', async () => {
    for (const type of [undefined, JSON_TYPE, V1, DELIMITED, 'text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await ask(server, {
        path: '/ksql',
        body: { ksql: 'SHOW TYPES;' },
        headers: type === undefined ? {} : { 'content-type': type },
      });
      expect([type, answer.status]).toEqual([type, 200]);
    }
  });
});

describe('the ends of pull queries', () => {
  const v1Of = async (sql: string) => withoutId((await query('/query', V1, sql)).text);

  it('a pull on a stream is completed', async () => {
    expect(await v1Of('SELECT * FROM letters;')).toBe(
      '[{"header":{"queryId":"ID","schema":"`B` STRING, `A` BIGINT"}},\n' +
        '{"row":{"columns":["x",1]}},\n{"row":{"columns":["y",2]}},\n{"row":{"columns":["x",3]}},\n' +
        '{"finalMessage":"Query Completed"}]\n',
    );
    expect(await v1Of('SELECT a FROM letters LIMIT 1;')).toBe(
      '[{"header":{"queryId":"ID","schema":"`A` BIGINT"}},\n{"row":{"columns":[1]}},\n{"finalMessage":"Limit Reached"}]\n',
    );
  });

  it('a pull on a table has no final message', async () => {
    expect(await v1Of("SELECT * FROM counts WHERE b = 'x';")).toBe(
      '[{"header":{"queryId":"ID","schema":"`B` STRING KEY, `N` BIGINT"}},\n{"row":{"columns":["x",2]}}]\n',
    );
    expect(await v1Of("SELECT * FROM counts WHERE b = 'nobody';")).toBe(
      '[{"header":{"queryId":"ID","schema":"`B` STRING KEY, `N` BIGINT"}}]\n',
    );
  });

  it('a pull on a table marks its key columns, and says nothing of its limit', async () => {
    expect(await v1Of('SELECT * FROM counts LIMIT 1;')).toMatch(
      /^\[\{"header":\{"queryId":"ID","schema":"`B` STRING KEY, `N` BIGINT"\}\},\n\{"row":\{"columns":\["[xy]",\d\]\}\}\]\n$/,
    );
  });

  it('rows as Protobuf messages, under their schema', async () => {
    const sql = "SELECT b, n, MAP('D' := n, 'Q' := CAST(0 AS BIGINT)) AS m FROM counts WHERE b = 'x';";
    const answer = await query('/query-stream', 'application/vnd.ksql.v1+protobuf', sql);
    expect(answer.headers['content-type']).toBe('application/vnd.ksql.v1+protobuf');
    const [head, row] = JSON.parse(answer.text) as [
      { header: { protoSchema: string } },
      { row: { protobufBytes: string } },
    ];
    expect(head.header.protoSchema).toContain('message ConnectDefault1 {\n  string B = 1;\n  int64 N = 2;');
    const type = protobuf.parse(head.header.protoSchema, { keepCase: true }).root.lookupType('ConnectDefault1');
    const message = type.toObject(type.decode(Buffer.from(row.row.protobufBytes, 'base64')), { longs: Number });
    expect(message).toEqual({ B: 'x', N: 2, M: [{ key: 'Q' }, { key: 'D', value: 2 }] });
  });

  it('an empty result is one header in every format', async () => {
    const none = "SELECT * FROM counts WHERE b = 'nobody';";
    expect(withoutId((await query('/query-stream', JSON_TYPE, none)).text)).toBe(
      '[{"queryId":"ID","columnNames":["B","N"],"columnTypes":["STRING","BIGINT"]}]\n',
    );
    expect((await query('/query-stream', DELIMITED, none)).text.split('\n')).toHaveLength(2);
  });
});

describe('PRINT', () => {
  const PRINT = "PRINT 'letters' FROM BEGINNING LIMIT 2;";
  const lines = [
    'Key format: KAFKA_STRING',
    'Value format: JSON or KAFKA_STRING',
    'rowtime: 1970/01/01 00:00:00.010 Z, key: x, value: {"A":1}, partition: 0',
    'rowtime: 1970/01/01 00:00:00.020 Z, key: y, value: {"A":2}, partition: 0',
    '',
  ].join('\n');

  it('is lines of text, without a header', async () => {
    expect((await query('/query-stream', undefined, PRINT)).text).toBe(lines);
    expect((await query('/query', undefined, PRINT)).text).toBe(lines);
  });

  it('is delimited only on /query-stream', async () => {
    expect((await query('/query-stream', JSON_TYPE, PRINT)).status).toBe(406);
    expect((await query('/query-stream', V1, PRINT)).status).toBe(406);
    expect((await query('/query-stream', DELIMITED, PRINT)).status).toBe(200);
  });

  it('knows INTERVAL, and topics that are not there', async () => {
    const every = await query('/query', undefined, "PRINT 'letters' FROM BEGINNING INTERVAL 2 LIMIT 2;");
    expect(every.text).toContain('"A":1');
    expect(every.text).toContain('"A":3');
    expect(every.text).not.toContain('"A":2');
    const none = await query('/query', undefined, "PRINT 'LETTERS' LIMIT 1;");
    expect([none.status, JSON.parse(none.text)]).toMatchObject([
      400,
      {
        '@type': 'statement_error',
        error_code: 40001,
        hint: "Did you mean 'letters'?",
        statementText: "PRINT 'LETTERS' LIMIT 1;",
      },
    ]);
  });
});
