import { describe, expect, test } from 'vitest';
import { parseScript, parseStatement, printStatement, statementTextOf } from '../../parser/index.js';
import { ALL, bare, column, id, query, statement } from './support.js';

const print = (sql: string): string => printStatement(parseStatement(sql, ALL));

describe('CREATE STREAM and TABLE', () => {
  test('columns, key roles and properties', () => {
    const s = statement(
      'CreateSource',
      `create stream s (id bigint key, v decimal(9, 2), "Mixed" array<string>, h array<struct<key string, value bytes>>
       headers, one bytes header('trace')) with (kafka_topic='t', 'my.prop'='x', partitions=4, retention_ms=-1)`,
    );
    expect(s).toMatchObject({ sourceKind: 'STREAM', orReplace: false, ifNotExists: false, isSource: false });
    expect(s.name).toMatchObject(id('S'));
    expect(s.columns.map((c) => [c.name.name, c.type.kind, c.role, c.headerKey])).toEqual([
      ['ID', 'PrimitiveType', 'KEY', undefined],
      ['V', 'DecimalType', 'NONE', undefined],
      ['Mixed', 'ArrayType', 'NONE', undefined],
      ['H', 'ArrayType', 'HEADERS', undefined],
      ['ONE', 'PrimitiveType', 'HEADER', 'trace'],
    ]);
    expect(bare(s.properties)).toEqual([
      { kind: 'Property', name: 'KAFKA_TOPIC', quoted: false, value: { kind: 'StringLiteral', value: 't' } },
      { kind: 'Property', name: 'my.prop', quoted: true, value: { kind: 'StringLiteral', value: 'x' } },
      { kind: 'Property', name: 'PARTITIONS', quoted: false, value: { kind: 'IntegerLiteral', value: 4 } },
      { kind: 'Property', name: 'RETENTION_MS', quoted: false, value: { kind: 'IntegerLiteral', value: -1 } },
    ]);
  });

  test('all the words in front', () => {
    expect(print("CREATE OR REPLACE SOURCE TABLE IF NOT EXISTS t (k INT PRIMARY KEY) WITH (format='JSON')")).toBe(
      "CREATE OR REPLACE SOURCE TABLE IF NOT EXISTS T (K INTEGER PRIMARY KEY) WITH (FORMAT='JSON');",
    );
    expect(statement('CreateSource', 'CREATE STREAM s;')).toMatchObject({ columns: [], properties: [] });
    expect(statement('CreateSource', 'CREATE STREAM if (a INT)').name.name).toBe('IF');
  });

  test('AS SELECT', () => {
    expect(
      print('create or replace table if not exists t with (partitions=1) as select a, count(*) c from s group by a'),
    ).toBe(`CREATE OR REPLACE TABLE IF NOT EXISTS T WITH (PARTITIONS=1) AS
SELECT A, COUNT(*) AS C
FROM S
GROUP BY A;`);
  });

  test('every type and alias', () => {
    const types = [
      'BOOLEAN',
      'INT',
      'INTEGER',
      'BIGINT',
      'DOUBLE',
      'STRING',
      'VARCHAR',
      'VARCHAR(10)',
      'VARCHAR(STRING)',
      'BYTES',
      'TIME',
      'DATE',
      'TIMESTAMP',
      'DECIMAL(4,2)',
      'DEC(4,2)',
      'NUMERIC(4,2)',
      'ARRAY<ARRAY<INT>>',
      'MAP<STRING,INT>',
      'STRUCT<a INT, `b` STRUCT<>>',
      'STRUCT< >',
      'address',
      '`INT`',
    ]; // prettier-ignore
    const s = statement('CreateSource', `CREATE STREAM s (${types.map((t, i) => `c${i} ${t}`).join(', ')});`);
    expect(printStatement(s)).toBe(
      'CREATE STREAM S (C0 BOOLEAN, C1 INTEGER, C2 INTEGER, C3 BIGINT, C4 DOUBLE, C5 STRING, C6 STRING, C7 STRING, ' +
        'C8 STRING, C9 BYTES, C10 TIME, C11 DATE, C12 TIMESTAMP, C13 DECIMAL(4, 2), C14 DECIMAL(4, 2), ' +
        'C15 DECIMAL(4, 2), C16 ARRAY<ARRAY<INTEGER>>, C17 MAP<STRING, INTEGER>, ' +
        'C18 STRUCT<A INTEGER, `b` STRUCT<>>, C19 STRUCT<>, C20 ADDRESS, C21 `INT`);',
    );
  });
});

describe('queries', () => {
  test('every clause', () => {
    const q = query(`
      SELECT a, b AS c, d e, *, s.*, f->g->*, sum(h)
      FROM s AS x
      LEFT JOIN t y WITHIN 1 HOUR GRACE PERIOD 5 MINUTES ON x.id = y.id
      FULL OUTER JOIN u WITHIN (1 DAY, 2 DAYS) ON x.id = u.id
      WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 1 SECOND, RETENTION 7 DAYS, GRACE PERIOD 0 SECONDS)
      WHERE a > 1 GROUP BY a, b PARTITION BY c HAVING count(*) > 2 ORDER BY a DESC, b EMIT CHANGES LIMIT 5 OFFSET 2;`);
    expect(q.select.map((i) => i.kind)).toEqual([
      'SelectExpression',
      'SelectExpression',
      'SelectExpression',
      'SelectStar',
      'SelectStar',
      'SelectStructStar',
      'SelectExpression',
    ]);
    expect(bare(q.select[5])).toMatchObject({ base: { kind: 'StructAccess', base: column('F'), field: id('G') } });
    expect(q).toMatchObject({ emit: 'CHANGES', limit: 5, offset: 2, partitionBy: [{ kind: 'ColumnRef' }] });
    expect(q.from).toMatchObject({
      kind: 'Join',
      joinType: 'FULL',
      within: { before: { value: 1, unit: 'DAYS' }, after: { value: 2, unit: 'DAYS' } },
      left: {
        kind: 'Join',
        joinType: 'LEFT',
        left: { kind: 'SourceRef', name: id('S'), alias: id('X') },
        within: { before: { value: 1, unit: 'HOURS' }, after: { value: 1 }, grace: { value: 5, unit: 'MINUTES' } },
      },
    });
    expect(q.window).toMatchObject({
      kind: 'HoppingWindow',
      size: { value: 10 },
      advance: { value: 1, unit: 'SECONDS' },
      retention: { value: 7, unit: 'DAYS' },
      grace: { value: 0 },
    });
    expect(q.orderBy?.map((o) => o.descending)).toEqual([true, false]);
  });

  test('a pull query has no emit', () => {
    const q = query('SELECT * FROM t WHERE k = 1;');
    expect(q.emit).toBeUndefined();
    expect(Object.keys(q)).toEqual(['kind', 'select', 'from', 'where', 'span']);
  });

  test.each([
    ['TUMBLING (SIZE 1 MINUTE)', 'WINDOW TUMBLING (SIZE 1 MINUTES)'],
    ['TUMBLING (GRACE PERIOD 1 HOUR, SIZE 1 MINUTE)', 'WINDOW TUMBLING (SIZE 1 MINUTES, GRACE PERIOD 1 HOURS)'],
    ['HOPPING (ADVANCE BY 1 DAY, SIZE 1 WEEK)', 'WINDOW HOPPING (SIZE 1 WEEKS, ADVANCE BY 1 DAYS)'],
    ['SESSION (60 SECONDS)', 'WINDOW SESSION (60 SECONDS)'],
    [
      'SESSION (5 MILLISECONDS, RETENTION 1 YEAR, GRACE PERIOD 1 MONTH)',
      'WINDOW SESSION (5 MILLISECONDS, RETENTION 1 YEARS, GRACE PERIOD 1 MONTHS)',
    ],
  ])('WINDOW %s', (written, printed) => {
    expect(print(`SELECT count(*) FROM s WINDOW ${written} GROUP BY a;`).split('\n')[2]).toBe(printed);
  });

  test('GROUP BY and PARTITION BY take a list with and without parentheses', () => {
    expect(query('SELECT a FROM s GROUP BY (a, b + 1)').groupBy).toHaveLength(2);
    expect(query('SELECT a FROM s GROUP BY (a)').groupBy).toHaveLength(1);
    expect(query('SELECT a FROM s GROUP BY (a + 1) * 2, b').groupBy).toHaveLength(2);
    expect(query('SELECT a FROM s PARTITION BY (a IS NULL)').partitionBy).toMatchObject([{ kind: 'IsNull' }]);
  });

  test('words that begin clauses are names elsewhere, and aliases after AS', () => {
    const q = query('SELECT window, limit AS emit, order order FROM partition AS window WHERE emit = offset');
    expect(q.select).toHaveLength(3);
    expect(q.from).toMatchObject({ name: id('PARTITION'), alias: id('WINDOW') });
  });

  test('joins of all kinds print as ksqlDB names them', () => {
    const sql =
      'SELECT * FROM a JOIN b ON a.x = b.x INNER JOIN c ON a.x = c.x RIGHT JOIN d ON a.x = d.x LEFT OUTER JOIN e ON a.x = e.x';
    expect(print(sql).match(/\w+ (OUTER )?JOIN/g)).toEqual([
      'INNER JOIN',
      'INNER JOIN',
      'RIGHT OUTER JOIN',
      'LEFT OUTER JOIN',
    ]);
  });
});

/** Each statement, and how it prints; undefined where it prints as written. */
const FORMS: readonly (readonly [sql: string, kind: string, printed?: string])[] = [
  ['INSERT INTO S (A, B) VALUES (1, STRUCT(X := 2));', 'InsertValues'],
  ["INSERT INTO S VALUES ('a', -1.50, NULL);", 'InsertValues'],
  ['INSERT INTO S\nSELECT *\nFROM T;', 'InsertInto'],
  ["INSERT INTO S WITH (QUERY_ID='q1')\nSELECT *\nFROM T\nEMIT CHANGES;", 'InsertInto'],
  ['ALTER STREAM S ADD COLUMN A INTEGER, ADD COLUMN B STRING;', 'AlterSource'],
  ['alter table t add a int', 'AlterSource', 'ALTER TABLE T ADD COLUMN A INTEGER;'],
  ['ALTER TABLE t ADD COLUMN INT;', 'AlterSource', 'ALTER TABLE T ADD COLUMN COLUMN INTEGER;'],
  ['DROP STREAM IF EXISTS S DELETE TOPIC;', 'DropSource'],
  ['DROP TABLE T;', 'DropSource'],
  ['CREATE TYPE IF NOT EXISTS ADDRESS AS STRUCT<STREET STRING, NO INTEGER>;', 'CreateType'],
  ['DROP TYPE IF EXISTS ADDRESS;', 'DropType'],
  ["CREATE SOURCE CONNECTOR IF NOT EXISTS `jdbc-1` WITH ('connector.class'='x');", 'CreateConnector'],
  ["CREATE SINK CONNECTOR 'c' WITH (A='b');", 'CreateConnector', "CREATE SINK CONNECTOR `c` WITH (A='b');"],
  ["CREATE OR REPLACE SINK CONNECTOR C WITH (A='b');", 'CreateConnector'],
  ['DROP CONNECTOR IF EXISTS C;', 'DropConnector'],
  ['PAUSE CONNECTOR C;', 'PauseConnector'],
  ["RESUME CONNECTOR 'c' FROM EARLIEST;", 'ResumeConnector', 'RESUME CONNECTOR `c` FROM EARLIEST;'],
  ['RESUME CONNECTOR C;', 'ResumeConnector'],
  ['PAUSE CONNECTOR;', 'Pause'],
  ['RESUME CONNECTOR FROM LATEST;', 'Resume'],
  ['TERMINATE CSAS_S_0;', 'Terminate'],
  ['TERMINATE ALL;', 'Terminate'],
  ['PAUSE CTAS_T_1;', 'Pause'],
  ['PAUSE ALL;', 'Pause'],
  ['RESUME CTAS_T_1;', 'Resume'],
  ['RESUME ALL;', 'Resume'],
  ['RESUME CTAS_T_1 FROM EARLIEST;', 'Resume'],
  ['resume all from latest;', 'Resume', 'RESUME ALL FROM LATEST;'],
  ['LIST STREAMS;', 'List', 'SHOW STREAMS;'],
  ['SHOW STREAMS EXTENDED;', 'List'],
  ['SHOW TABLES EXTENDED;', 'List'],
  ['SHOW QUERIES EXTENDED;', 'List'],
  ['SHOW TOPICS;', 'List'],
  ['SHOW ALL TOPICS EXTENDED;', 'List'],
  ['SHOW PROPERTIES;', 'List'],
  ['SHOW FUNCTIONS;', 'List'],
  ['SHOW CONNECTORS;', 'List'],
  ['SHOW SOURCE CONNECTORS;', 'List'],
  ['SHOW SINK CONNECTORS;', 'List'],
  ['SHOW CONNECTOR PLUGINS;', 'List'],
  ['SHOW TYPES;', 'List'],
  ['SHOW VARIABLES;', 'List'],
  ['SHOW ERRORS;', 'List'],
  ['DESCRIBE S;', 'DescribeSource'],
  ['DESCRIBE S EXTENDED;', 'DescribeSource'],
  ['DESCRIBE EXTENDED s;', 'DescribeSource', 'DESCRIBE S EXTENDED;'],
  ['DESCRIBE FUNCTION;', 'DescribeSource'],
  ['DESCRIBE STREAMS;', 'DescribeSources'],
  ['DESCRIBE TABLES EXTENDED;', 'DescribeSources'],
  ['DESCRIBE FUNCTION SUBSTRING;', 'DescribeFunction'],
  ['DESCRIBE CONNECTOR C;', 'DescribeConnector'],
  ['EXPLAIN CSAS_S_0;', 'Explain'],
  ['EXPLAIN SELECT *\nFROM S\nEMIT CHANGES;', 'Explain'],
  ['EXPLAIN ANALYZE CREATE STREAM T AS\nSELECT *\nFROM S;', 'Explain'],
  ['EXPLAIN ANALYZE;', 'Explain'],
  ['EXPLAIN ANALYZE CTAS_T_1;', 'Explain'],
  ["PRINT 'My-Topic' FROM BEGINNING INTERVAL 5 LIMIT 3;", 'Print'],
  ['print myTopic sample 2', 'Print', 'PRINT myTopic INTERVAL 2;'],
  ["SET 'auto.offset.reset'='earliest';", 'SetProperty'],
  ["UNSET 'auto.offset.reset';", 'UnsetProperty'],
  ["ALTER SYSTEM 'a'='b';", 'AlterSystem'],
  ["DEFINE FORMAT = 'it''s';", 'Define'],
  ['UNDEFINE FORMAT;', 'Undefine'],
  ["RUN SCRIPT 'a.sql';", 'RunScript'],
  ['ASSERT TOPIC orders WITH (PARTITIONS=3) TIMEOUT 10 SECONDS;', 'AssertTopic'],
  ["ASSERT NOT EXISTS TOPIC 'a-b';", 'AssertTopic'],
  ["ASSERT SCHEMA SUBJECT 'S-value' ID 3 TIMEOUT 1 MINUTES;", 'AssertSchema'],
  ['ASSERT NOT EXISTS SCHEMA ID 3;', 'AssertSchema'],
  ['ASSERT VALUES S (A, B) VALUES (1, 2);', 'AssertValues'],
  ['ASSERT VALUES S VALUES (1);', 'AssertValues'],
  ['ASSERT NULL VALUES S (A) KEY (1);', 'AssertNullValues'],
  ["ASSERT STREAM S (A INTEGER KEY) WITH (KAFKA_TOPIC='s');", 'AssertStream'],
  ['ASSERT TABLE T (A INTEGER PRIMARY KEY);', 'AssertTable'],
];

describe('all other statements', () => {
  test.each(FORMS.map(([sql, kind, printed = sql]) => [sql, kind, printed] as const))('%s', (sql, kind, printed) => {
    const parsed = parseStatement(sql, ALL);
    expect(parsed.kind).toBe(kind);
    expect(printStatement(parsed)).toBe(printed);
    expect(bare(parseStatement(printStatement(parsed), ALL))).toEqual(bare(parsed));
  });

  test('what the forms hold', () => {
    expect(statement('Print', 'PRINT myTopic LIMIT 2')).toMatchObject({ topic: 'myTopic', quoted: false, limit: 2 });
    expect(statement('Explain', 'EXPLAIN q')).toMatchObject({ analyze: false, queryId: id('Q') });
    expect(statement('Explain', 'EXPLAIN ANALYZE')).toMatchObject({ analyze: false, queryId: id('ANALYZE') });
    expect(statement('AssertSchema', 'ASSERT NOT EXISTS SCHEMA SUBJECT aB TIMEOUT 2 HOURS')).toMatchObject({
      exists: false,
      subject: 'aB',
      timeout: { value: 2, unit: 'HOURS' },
    });
    expect(bare(parseStatement('TERMINATE ALL'))).toEqual({ kind: 'Terminate' });
    expect(statement('List', 'SHOW SINK CONNECTORS')).toMatchObject({ connectorKind: 'SINK', all: false });
  });
});

describe('scripts', () => {
  test('statements come in order, with their own text', () => {
    const text = "-- first\nSHOW STREAMS;;\n  SELECT ';' FROM s; /* ; */ SHOW TABLES";
    const statements = parseScript(text);
    expect(statements.map((s) => statementTextOf(text, s))).toEqual([
      'SHOW STREAMS;',
      "SELECT ';' FROM s;",
      'SHOW TABLES',
    ]);
    expect(statements.map(({ span }) => [span.line, span.column])).toEqual([
      [2, 1],
      [3, 3],
      [3, 30],
    ]);
  });

  test('nothing is no statement', () => {
    expect(parseScript('')).toEqual([]);
    expect(parseScript(' ; -- done')).toEqual([]);
  });
});
