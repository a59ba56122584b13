import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  EARLIEST,
  eventually,
  type Json,
  letters,
  produce,
  refused,
  run,
  startServer,
  type TestServer,
} from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ 'ksql.service.id': 'svc_' });
  await letters(server);
});
afterAll(() => server.stop());

const one = async (sql: string, properties: object = {}, variables: object = {}): Promise<Json> => {
  const entities = await run(server, sql, properties, variables);
  expect(entities).toHaveLength(1);
  return entities[0]!;
};
const rows = async (sql: string): Promise<unknown[]> => {
  const { text } = await ask(server, { path: '/query-stream', body: { sql, properties: EARLIEST } });
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((l) => JSON.parse(l) as unknown);
};

describe('commands', () => {
  it('answer the status that clients read, with the command id in back quotes', async () => {
    const sql =
      "CREATE STREAM notes (id INT KEY, text STRING) WITH (KAFKA_TOPIC='notes', VALUE_FORMAT='JSON', PARTITIONS=2);";
    const { text } = await ask(server, { path: '/ksql', body: { ksql: sql } });
    const entity = (JSON.parse(text) as Json[])[0]!;
    expect(text).toMatch(/^\[\{"@type":"currentStatus","statementText":"CREATE STREAM/);
    expect(entity).toEqual({
      '@type': 'currentStatus',
      statementText: sql,
      commandId: 'stream/`NOTES`/create',
      commandStatus: { status: 'SUCCESS', message: 'Stream created', queryId: null },
      commandSequenceNumber: expect.any(Number),
      warnings: [],
    });
    const next = await one('CREATE STREAM shout AS SELECT id, UCASE(text) AS t FROM notes;', EARLIEST);
    expect(next).toMatchObject({
      commandId: 'stream/`SHOUT`/create',
      commandStatus: { status: 'SUCCESS', message: 'Created query with ID CSAS_SHOUT_1', queryId: 'CSAS_SHOUT_1' },
      commandSequenceNumber: (entity.commandSequenceNumber as number) + 1,
    });
    expect(await one('CREATE TABLE by_text AS SELECT text, COUNT(*) AS n FROM notes GROUP BY text;')).toMatchObject({
      commandId: 'table/`BY_TEXT`/create',
      commandStatus: { queryId: 'CTAS_BY_TEXT_2' },
    });
    expect(await one('INSERT INTO shout SELECT id, text AS t FROM notes;', EARLIEST)).toMatchObject({
      commandId: 'stream/`INSERTQUERY_3`/create',
      commandStatus: { queryId: 'INSERTQUERY_3' },
    });
  });

  it('IF NOT EXISTS on what exists warns, and does nothing', async () => {
    const sql = "CREATE STREAM IF NOT EXISTS notes (a INT) WITH (KAFKA_TOPIC='notes', VALUE_FORMAT='JSON');";
    expect(await one(sql)).toEqual({
      '@type': 'warning_entity',
      statementText: sql,
      message: 'Cannot add stream `NOTES`: A stream with the same name already exists.',
      warnings: [],
    });
    expect(
      await one('CREATE TABLE IF NOT EXISTS by_text AS SELECT text, COUNT(*) AS n FROM notes GROUP BY text;'),
    ).toMatchObject({
      '@type': 'warning_entity',
      message: expect.stringMatching(/^Cannot add table/),
    });
    // The one that was there is as it was.
    expect(await one('DESCRIBE notes;')).toMatchObject({
      sourceDescription: { fields: [{ name: 'ID' }, { name: 'TEXT' }] },
    });
    expect(await refused(server, sql.replace('IF NOT EXISTS ', ''))).toMatchObject({
      status: 400,
      error_code: 40001,
      message: expect.stringContaining('Cannot add stream'),
    });
  });

  it('INSERT VALUES writes one record, and answers nothing', async () => {
    expect(
      await run(server, "INSERT INTO notes (id, text) VALUES (1, 'hello'); INSERT INTO notes VALUES (2, 'you');"),
    ).toEqual([]);
    const all = async () => (await rows('SELECT t FROM shout;')).flat().sort();
    expect(await eventually(all, (r) => r.length === 4)).toEqual(['HELLO', 'YOU', 'hello', 'you']);
    // What is refused does not show the values.
    const wrong = await refused(server, "INSERT INTO notes (id, text) VALUES ('secret', 'other');");
    expect(wrong).toMatchObject({
      '@type': 'statement_error',
      statementText: "INSERT INTO `NOTES` (`ID`, `TEXT`) VALUES ('[value]', '[value]');",
    });
  });

  it('PAUSE, RESUME and TERMINATE, one by one and ALL', async () => {
    const states = async () => {
      const { queries } = (await one('SHOW QUERIES;')) as { queries: { id: string; state: string }[] };
      return Object.fromEntries(queries.map((q) => [q.id, q.state]));
    };
    expect(await one('PAUSE CSAS_SHOUT_1;')).toMatchObject({
      '@type': 'currentStatus',
      commandId: 'pause/`CSAS_SHOUT_1`/execute',
    });
    expect(await eventually(states, (s) => s.CSAS_SHOUT_1 === 'PAUSED')).toMatchObject({ CTAS_BY_TEXT_2: 'RUNNING' });
    await run(server, "INSERT INTO notes VALUES (3, 'later');");
    await one('RESUME csas_shout_1;');
    await eventually(states, (s) => s.CSAS_SHOUT_1 === 'RUNNING');
    await eventually(
      () => rows("SELECT t FROM shout WHERE t = 'LATER';"),
      (r) => r.length === 1,
    );
    expect(await one('PAUSE ALL;')).toMatchObject({ '@type': 'currentStatus' });
    await eventually(states, (s) => Object.values(s).every((x) => x === 'PAUSED'));
    await one('RESUME ALL;');
    await eventually(states, (s) => Object.values(s).every((x) => x === 'RUNNING'));
    expect(await one('TERMINATE INSERTQUERY_3;')).toMatchObject({
      '@type': 'currentStatus',
      commandId: 'terminate/`INSERTQUERY_3`/execute',
      commandStatus: { message: 'Query terminated.' },
    });
    expect(Object.keys(await states())).not.toContain('INSERTQUERY_3');
    expect(await refused(server, 'TERMINATE insertquery_3;')).toMatchObject({
      error_code: 40001,
      message: expect.stringContaining('Unknown queryId'),
    });
  });

  it('DROP takes the query along, and the topic where it is told to', async () => {
    const names = async () => ((await one('SHOW TOPICS;')) as { topics: { name: string }[] }).topics.map((t) => t.name);
    expect(await names()).toContain('BY_TEXT');
    expect(await one('DROP TABLE by_text;')).toMatchObject({
      commandId: 'table/`BY_TEXT`/drop',
      commandStatus: { message: 'Source `BY_TEXT` (topic: BY_TEXT) was dropped.' },
    });
    expect(await names()).toContain('BY_TEXT');
    await one('DROP STREAM shout DELETE TOPIC;');
    expect(await names()).not.toContain('SHOUT');
    expect(await refused(server, 'DROP STREAM shout;')).toMatchObject({ error_code: 40001 });
    expect(await one('DROP STREAM IF EXISTS shout;')).toMatchObject({ commandStatus: { status: 'SUCCESS' } });
    expect(await refused(server, 'DROP TABLE notes;')).toMatchObject({ error_code: 40001 });
    expect(await one('SHOW QUERIES;')).toMatchObject({ queries: [{ id: 'CTAS_COUNTS_0' }] });
  });

  it('DROP waits for the queries that use a source, also of the same request', async () => {
    await run(
      server,
      `CREATE STREAM base (id INT KEY, a INT) WITH (KAFKA_TOPIC='base', VALUE_FORMAT='JSON', PARTITIONS=1);
       CREATE STREAM mid AS SELECT id, a FROM base;
       CREATE STREAM top AS SELECT id, a FROM mid;`,
    );
    const { queries } = (await one('SHOW QUERIES;')) as { queries: { id: string; sinks: string[] }[] };
    const id = (sink: string) => queries.find((q) => q.sinks.includes(sink))!.id;
    for (const [name, reader] of [
      ['base', id('MID')],
      ['mid', id('TOP')],
    ]) {
      const error = await refused(server, `DROP STREAM ${name} DELETE TOPIC;`);
      expect(error).toMatchObject({ status: 400, error_code: 40001 });
      expect(error.message).toContain(`The following queries read from this source: [${reader}].`);
    }
    // A statement that could not be run keeps those before it from running.
    await refused(server, `TERMINATE ${id('TOP')}; DROP STREAM base;`);
    expect(((await one('SHOW QUERIES;')) as { queries: unknown[] }).queries).toHaveLength(queries.length);
    await run(server, `TERMINATE ${id('TOP')}; DROP STREAM mid DELETE TOPIC; DROP STREAM base DELETE TOPIC;`);
    const names = ((await one('SHOW TOPICS;')) as { topics: { name: string }[] }).topics.map((t) => t.name);
    expect(names).toContain('TOP');
    expect(names).not.toContain('MID');
    expect(names).not.toContain('base');
    // The stream of a query that was ended stays, and what is in it, until it is dropped.
    expect(await one('DESCRIBE top;')).toMatchObject({ sourceDescription: { writeQueries: [] } });
    await one('DROP STREAM top DELETE TOPIC;');
  });

  it('PAUSE and RESUME keep counts right, also while records come', async () => {
    await produce(server, 'visits', [], 2);
    await run(
      server,
      `CREATE STREAM visits (who STRING KEY, n INT) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON');
       CREATE TABLE by_who AS SELECT who, COUNT(*) AS n, SUM(n) AS total FROM visits GROUP BY who;`,
      EARLIEST,
    );
    const { queries } = (await one('SHOW QUERIES;')) as { queries: { id: string; sinks: string[] }[] };
    const { id } = queries.find((q) => q.sinks.includes('BY_WHO'))!;
    const visits = (count: number) =>
      produce(
        server,
        'visits',
        Array.from({ length: count }, (_, i) => ({ key: `w${i % 4}`, value: '{"N":1}' })),
        2,
      );
    for (let round = 0; round < 5; round++) {
      await visits(100);
      await one(`PAUSE ${id};`);
      await visits(100);
      await one(`RESUME ${id};`);
    }
    await eventually(
      () => rows('SELECT who, n, total FROM by_who;'),
      (r) => r.length === 4 && (r as [string, number, number][]).every(([, n, total]) => n === 250 && total === 250),
    );
    await run(server, `TERMINATE ${id}; DROP TABLE by_who DELETE TOPIC; DROP STREAM visits;`);
  });

  it('ALTER SYSTEM holds for requests from then on; a request’s own settings win', async () => {
    const value = async (properties: object = {}) => {
      const { properties: all } = (await one('SHOW PROPERTIES;', properties)) as {
        properties: { name: string; value: string }[];
      };
      return all.find((p) => p.name === 'ksql.streams.auto.offset.reset')!.value;
    };
    expect(await value()).toBe('latest');
    expect(await one("ALTER SYSTEM 'auto.offset.reset'='earliest';")).toMatchObject({ '@type': 'currentStatus' });
    expect(await value()).toBe('earliest');
    expect(await value({ 'auto.offset.reset': 'latest' })).toBe('latest');
    const first = await ask(server, {
      path: '/query-stream',
      body: { sql: 'SELECT a FROM letters EMIT CHANGES LIMIT 1;' },
    });
    expect(first.text).toContain('[1]');
    await one("ALTER SYSTEM 'auto.offset.reset'='latest';");
    expect(await refused(server, "ALTER SYSTEM 'auto.offset.reset'='never';")).toMatchObject({ status: 400 });
  });

  it('ASSERT TOPIC looks for a while, then says what is wrong', async () => {
    expect(await one('ASSERT TOPIC letters WITH (PARTITIONS=1);')).toEqual({
      '@type': 'assert_topic',
      statementText: 'ASSERT TOPIC letters WITH (PARTITIONS=1);',
      topicName: 'letters',
      exists: true,
      warnings: [],
    });
    expect(await one('ASSERT NOT EXISTS TOPIC nowhere;')).toMatchObject({ exists: false });
    expect(await refused(server, 'ASSERT TOPIC nowhere TIMEOUT 10 MILLISECONDS;')).toMatchObject({
      status: 417,
      error_code: 41700,
      message: 'Topic nowhere does not exist',
    });
    const waiting = one('ASSERT TOPIC soon TIMEOUT 20 SECONDS;');
    await produce(server, 'soon', []);
    expect(await waiting).toMatchObject({ exists: true });
  });

  it('ASSERT SCHEMA looks for a subject, an id, or both', async () => {
    expect(await refused(server, "ASSERT SCHEMA SUBJECT 'avro-value' ID 1 TIMEOUT 10 MILLISECONDS;")).toMatchObject({
      status: 417,
      error_code: 41700,
      message: 'Schema with subject name avro-value id 1 does not exist',
    });
    await run(server, "CREATE STREAM avro (a INT) WITH (KAFKA_TOPIC='avro', VALUE_FORMAT='AVRO', PARTITIONS=1);");
    expect(await one("ASSERT SCHEMA SUBJECT 'avro-value';")).toEqual({
      '@type': 'assert_schema',
      statementText: "ASSERT SCHEMA SUBJECT 'avro-value';",
      subject: 'avro-value',
      exists: true,
      warnings: [],
    });
    expect(await one("ASSERT SCHEMA SUBJECT 'avro-value' ID 1;")).toMatchObject({ id: 1, exists: true });
    expect(await one('ASSERT SCHEMA ID 1;')).toMatchObject({ id: 1 });
    expect(await one("ASSERT NOT EXISTS SCHEMA SUBJECT 'avro-value' ID 2;")).toMatchObject({ exists: false });
    expect(await refused(server, 'ASSERT NOT EXISTS SCHEMA ID 1 TIMEOUT 10 MILLISECONDS;')).toMatchObject({
      status: 417,
      message: 'Schema with id 1 exists',
    });
    await run(server, 'DROP STREAM avro;');
  });
});

describe('lists and descriptions', () => {
  it('have the members that the Java client reads', async () => {
    const summary = { topic: 'letters', keyFormat: 'KAFKA', valueFormat: 'JSON', isWindowed: false };
    expect(await one('LIST STREAMS;')).toMatchObject({
      '@type': 'streams',
      streams: expect.arrayContaining([{ type: 'STREAM', name: 'LETTERS', ...summary }]),
    });
    expect(await one('SHOW TABLES;')).toMatchObject({
      '@type': 'tables',
      tables: [{ type: 'TABLE', name: 'COUNTS', ...summary, topic: 'COUNTS' }],
    });
    const topics = (await one('SHOW TOPICS;')) as { topics: Json[] };
    expect(topics.topics).toContainEqual({ name: 'letters', replicaInfo: [1] });
    expect(topics.topics.every((t) => !(t.name as string).startsWith('_'))).toBe(true);
    expect((await one('SHOW ALL TOPICS EXTENDED;')) as Json).toMatchObject({
      '@type': 'kafka_topics_extended',
      topics: expect.arrayContaining([
        expect.objectContaining({ name: expect.stringMatching(/^_/), consumerCount: 0, consumerGroupCount: 0 }),
      ]),
    });
    expect(await one('SHOW QUERIES;')).toMatchObject({
      '@type': 'queries',
      queries: [
        {
          id: 'CTAS_COUNTS_0',
          queryString: expect.stringMatching(/^CREATE TABLE counts AS SELECT/),
          sinks: ['COUNTS'],
          sinkKafkaTopics: ['COUNTS'],
          queryType: 'PERSISTENT',
          statusCount: { RUNNING: 1 },
          state: 'RUNNING',
        },
      ],
    });
  });

  it('DESCRIBE tells fields with KEY, and the queries', async () => {
    const stat = (name: string) => ({
      host: expect.any(String),
      name,
      value: expect.any(Number),
      timestamp: expect.any(Number),
    });
    expect(await one('DESCRIBE counts EXTENDED;')).toMatchObject({
      '@type': 'sourceDescription',
      sourceDescription: {
        name: 'COUNTS',
        type: 'TABLE',
        windowType: null,
        fields: [
          { name: 'B', schema: { type: 'STRING', fields: null, memberSchema: null }, type: 'KEY' },
          { name: 'N', schema: { type: 'BIGINT', fields: null, memberSchema: null } },
        ],
        writeQueries: [{ id: 'CTAS_COUNTS_0' }],
        partitions: 1,
        replication: 1,
        statistics: expect.stringContaining('records read: '),
        clusterStatistics: [stat('total-messages')],
        clusterErrorStats: [stat('skipped-messages'), stat('late-messages'), stat('evaluation-errors')],
      },
    });
    expect(await one('DESCRIBE letters EXTENDED;')).toMatchObject({
      sourceDescription: {
        clusterStatistics: [stat('consumer-total-messages')],
        clusterErrorStats: [stat('consumer-failed-messages')],
      },
    });
    expect(await one('DESCRIBE letters;')).toMatchObject({
      sourceDescription: {
        readQueries: [{ id: 'CTAS_COUNTS_0' }],
        clusterStatistics: [],
        clusterErrorStats: [],
      },
    });
    expect(await one('DESCRIBE STREAMS;')).toMatchObject({ '@type': 'source_descriptions' });
    expect(await one('SHOW TABLES EXTENDED;')).toMatchObject({
      '@type': 'source_descriptions',
      sourceDescriptions: [{ name: 'COUNTS' }],
    });
    expect(await refused(server, 'DESCRIBE count;')).toMatchObject({
      hint: 'Did you mean COUNTS?',
      statementText: 'DESCRIBE count;',
    });
  });

  it('types of all kinds', async () => {
    await run(
      server,
      `CREATE TYPE address AS STRUCT<street STRING, zip INT>;
       CREATE STREAM all_types (a ARRAY<address>, m MAP<STRING, DECIMAL(9, 2)>, h BYTES HEADER('who')) WITH (KAFKA_TOPIC='all', VALUE_FORMAT='JSON', PARTITIONS=1);`,
    );
    const { sourceDescription } = (await one('DESCRIBE all_types;')) as { sourceDescription: { fields: Json[] } };
    expect(sourceDescription.fields).toEqual([
      {
        name: 'A',
        schema: {
          type: 'ARRAY',
          fields: null,
          memberSchema: {
            type: 'STRUCT',
            fields: [
              { name: 'STREET', schema: { type: 'STRING', fields: null, memberSchema: null } },
              { name: 'ZIP', schema: { type: 'INTEGER', fields: null, memberSchema: null } },
            ],
            memberSchema: null,
          },
        },
      },
      {
        name: 'M',
        schema: {
          type: 'MAP',
          fields: null,
          memberSchema: { type: 'DECIMAL', fields: null, memberSchema: null, parameters: { precision: 9, scale: 2 } },
        },
      },
      { name: 'H', schema: { type: 'BYTES', fields: null, memberSchema: null }, type: 'HEADER', headerKey: 'who' },
    ]);
    expect(await one('SHOW TYPES;')).toMatchObject({ '@type': 'type_list', types: { ADDRESS: { type: 'STRUCT' } } });
    expect(await one('DROP TYPE address;')).toMatchObject({ commandId: 'type/`ADDRESS`/drop' });
  });

  it('functions', async () => {
    const { functions } = (await one('SHOW FUNCTIONS;')) as { functions: Json[] };
    expect(functions).toContainEqual(expect.objectContaining({ name: 'COUNT', type: 'AGGREGATE' }));
    expect(functions).toContainEqual(expect.objectContaining({ name: 'UCASE', type: 'SCALAR' }));
    expect(await one('DESCRIBE FUNCTION substring;')).toMatchObject({
      '@type': 'describe_function',
      name: 'SUBSTRING',
      functions: expect.arrayContaining([
        { arguments: expect.any(Array), returnType: 'STRING', description: expect.any(String) },
      ]),
    });
    expect(await refused(server, 'DESCRIBE FUNCTION sub_string;')).toMatchObject({ error_code: 40001 });
  });

  it('EXPLAIN of a query, and of a statement', async () => {
    expect(await one('EXPLAIN CTAS_COUNTS_0;')).toMatchObject({
      '@type': 'queryDescription',
      queryDescription: {
        id: 'CTAS_COUNTS_0',
        sources: ['LETTERS'],
        sinks: ['COUNTS'],
        queryType: 'PERSISTENT',
        state: 'RUNNING',
        topology: expect.stringContaining('aggregate'),
        queryErrors: [],
      },
    });
    expect(await one('EXPLAIN SELECT a FROM letters EMIT CHANGES;')).toMatchObject({
      queryDescription: { queryType: 'PUSH', executionPlan: expect.stringContaining('LETTERS') },
    });
    expect(await one('EXPLAIN SELECT n FROM counts;')).toMatchObject({ queryDescription: { queryType: 'PULL' } });
    expect(await one('EXPLAIN CREATE STREAM e AS SELECT b, a FROM letters;')).toMatchObject({
      queryDescription: { queryType: 'PERSISTENT' },
    });
    expect(await refused(server, 'EXPLAIN no_such_query;')).toMatchObject({ error_code: 40001 });
    expect(await one('SHOW QUERIES EXTENDED;')).toMatchObject({
      '@type': 'query_descriptions',
      queryDescriptions: [{ id: 'CTAS_COUNTS_0' }],
    });
  });
});
