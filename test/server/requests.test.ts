import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, letters, refused, run, startServer, type TestServer } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await letters(server);
});
afterAll(() => server.stop());

const one = async (sql: string, properties: object = {}, variables: object = {}): Promise<Json> => {
  const entities = await run(server, sql, properties, variables);
  expect(entities).toHaveLength(1);
  return entities[0]!;
};

describe('sessions', () => {
  it('SET, UNSET and DEFINE hold for the statements behind them in the request', async () => {
    const entities = await run(
      server,
      "SET 'auto.offset.reset'='earliest'; DEFINE s = 'letters'; DESCRIBE ${s}; UNDEFINE s; SHOW VARIABLES; SHOW PROPERTIES; UNSET 'auto.offset.reset'; SHOW PROPERTIES;",
    );
    const reset = (e: Json) =>
      (e.properties as { name: string; value: string }[]).find((p) => p.name.endsWith('auto.offset.reset'))!.value;
    expect(entities.map((e) => e['@type'])).toEqual(['sourceDescription', 'variables', 'properties', 'properties']);
    expect(entities[0]).toMatchObject({ statementText: 'DESCRIBE letters;', sourceDescription: { name: 'LETTERS' } });
    expect(entities[1]).toMatchObject({ variables: [] });
    expect([reset(entities[2]!), reset(entities[3]!)]).toEqual(['earliest', 'latest']);
    expect(entities[2]).toMatchObject({ overwrittenProperties: ['auto.offset.reset'] });
  });

  it('variables come with a request', async () => {
    expect(await one('DESCRIBE ${Name};', {}, { name: 'letters' })).toMatchObject({
      sourceDescription: { name: 'LETTERS' },
    });
    expect(await one('SHOW VARIABLES;', {}, { a: '1' })).toMatchObject({ variables: [{ name: 'a', value: '1' }] });
    const query = await ask(server, {
      path: '/query',
      body: { ksql: "SELECT n FROM counts WHERE b = '${who}';", sessionVariables: { who: 'x' } },
    });
    expect(query.text).toContain('[2]');
  });

  it('a query may have SET before it; two queries may not go together', async () => {
    const set = "SET 'auto.offset.reset'='earliest'; SELECT a FROM letters EMIT CHANGES LIMIT 1;";
    expect((await ask(server, { path: '/query-stream', body: { sql: set } })).text).toContain('[1]');
    const two = await ask(server, {
      path: '/query-stream',
      body: { sql: 'SELECT * FROM counts; SELECT * FROM counts;' },
    });
    expect([two.status, JSON.parse(two.text)]).toMatchObject([
      400,
      { error_code: 40000, message: expect.stringContaining('exactly one') },
    ]);
  });

  it('what is no setting is refused', async () => {
    expect(await refused(server, "SET 'no.such.thing'='1';")).toMatchObject({
      error_code: 40001,
      message: 'Unknown property: no.such.thing',
    });
    expect(await refused(server, "SET 'auto.offset.reset'='x';")).toMatchObject({ status: 400 });
    expect(await refused(server, "SET 'auto.ofset.reset'='earliest';")).toMatchObject({
      hint: 'Did you mean auto.offset.reset?',
    });
  });

  it('names that are near are suggested for topics and functions, too', async () => {
    const print = await ask(server, { path: '/query-stream', body: { sql: "PRINT 'leters';" } });
    expect(JSON.parse(print.text)).toMatchObject({ hint: "Did you mean 'letters'?" });
    expect(await refused(server, 'DESCRIBE FUNCTION ucas;')).toMatchObject({ hint: 'Did you mean UCASE?' });
    expect(await refused(server, 'DESCRIBE FUNCTION upper;')).toMatchObject({ hint: 'Write UCASE(text).' });
  });
});

describe('errors', () => {
  it('place a syntax error, with the statement that has it', async () => {
    const error = await refused(server, 'SHOW TYPES; CREATE STREM x AS SELECT 1;');
    expect(error).toMatchObject({
      status: 400,
      '@type': 'statement_error',
      error_code: 40001,
      message: expect.stringMatching(/^line 1:20: Syntax Error\n/),
      statementText: 'CREATE STREM x AS SELECT 1;',
      entities: [],
      stackTrace: [],
    });
    expect(Object.keys(error).slice(1, 4)).toEqual(['@type', 'error_code', 'message']);
  });

  it('a query on the wrong endpoint is 40002, on both sides', async () => {
    const statement = await refused(server, 'SELECT * FROM letters;');
    expect(statement).toMatchObject({
      '@type': 'statement_error',
      error_code: 40002,
      statementText: 'SELECT * FROM letters;',
    });
    expect(await refused(server, "PRINT 'letters';")).toMatchObject({ error_code: 40002 });
    for (const path of ['/query', '/query-stream']) {
      const sql = 'SHOW TYPES;';
      const answer = await ask(server, { path, body: { sql, ksql: sql } });
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
        400,
        { '@type': 'generic_error', error_code: 40002 },
      ]);
    }
  });

  it('a script is refused whole', async () => {
    const error = await refused(
      server,
      "CREATE STREAM s1 (a INT) WITH (KAFKA_TOPIC='letters', VALUE_FORMAT='JSON'); CREATE STREAM s2 AS SELECT nope FROM s1;",
    );
    expect(error).toMatchObject({
      statementText: 'CREATE STREAM s2 AS SELECT nope FROM s1;',
      message: expect.stringContaining('NOPE'),
    });
    expect(await refused(server, 'DESCRIBE s1;')).toMatchObject({ error_code: 40001 });
  });

  it.each([
    "RUN SCRIPT 'file.sql';",
    'ASSERT VALUES letters (a) VALUES (1);',
    "ASSERT STREAM letters (a INT) WITH (KAFKA_TOPIC='x');",
  ])('what belongs to the shell or to tests is told so: %s', async (sql) => {
    const error = await refused(server, sql);
    expect(error).toMatchObject({
      error_code: 40001,
      code: 'SYNTAX_ERROR',
      hint: expect.stringMatching(/shell|test scripts/),
    });
  });
});
