/** How statements are written, for `\h`. Square brackets: may be left out; braces: one of these. */
export interface StatementSyntax {
  readonly name: string;
  readonly what: string;
  readonly syntax: string;
}

export const SYNTAX: readonly StatementSyntax[] = [
  {
    name: 'SELECT',
    what: 'a query: with EMIT rows as they come (push), without it the answer now (pull)',
    syntax: `SELECT { * | source.* | expression [ [AS] alias ] } [, …]
FROM source [ [AS] alias ]
  [ [ INNER | { LEFT | RIGHT | FULL } [OUTER] ] JOIN source [alias]
      [ WITHIN { n unit | (before, after) } [ GRACE PERIOD n unit ] ] ON condition ] …
[ WINDOW { TUMBLING (SIZE n unit, …) | HOPPING (SIZE n unit, ADVANCE BY n unit, …) | SESSION (n unit, …) } ]
[ WHERE condition ] [ GROUP BY expression [, …] ] [ PARTITION BY expression [, …] ] [ HAVING condition ]
[ ORDER BY expression [ASC | DESC] [ NULLS { FIRST | LAST } ] [, …] ]          (pull queries)
[ EMIT { CHANGES | FINAL } ] [ LIMIT n ] [ OFFSET n ];`,
  },
  {
    name: 'CREATE STREAM',
    what: 'a stream over a topic',
    syntax: `CREATE [OR REPLACE] [SOURCE] STREAM [IF NOT EXISTS] name
  [ (column type [ KEY | HEADERS | HEADER('name') | PAYLOAD ] [, …]) ]
  WITH (KAFKA_TOPIC='…', VALUE_FORMAT='JSON' [, KEY_FORMAT, PARTITIONS, TIMESTAMP, TIMESTAMP_FORMAT, …]);`,
  },
  {
    name: 'CREATE TABLE',
    what: 'a table over a topic',
    syntax: `CREATE [OR REPLACE] [SOURCE] TABLE [IF NOT EXISTS] name
  (column type PRIMARY KEY, column type [, …])
  WITH (KAFKA_TOPIC='…', VALUE_FORMAT='JSON' [, …]);`,
  },
  {
    name: 'CREATE STREAM AS SELECT',
    what: 'a persistent query that writes a stream',
    syntax: `CREATE [OR REPLACE] STREAM [IF NOT EXISTS] name [ WITH (property = value [, …]) ] AS SELECT … [EMIT CHANGES];`,
  },
  {
    name: 'CREATE TABLE AS SELECT',
    what: 'a persistent query that keeps a table',
    syntax: `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name [ WITH (property = value [, …]) ]
  AS SELECT … [ GROUP BY … ] [ EMIT { CHANGES | FINAL } ];`,
  },
  { name: 'CREATE TYPE', what: 'a name for a type', syntax: 'CREATE TYPE [IF NOT EXISTS] name AS type;' },
  {
    name: 'CREATE CONNECTOR',
    what: 'a connector',
    syntax: "CREATE { SOURCE | SINK } CONNECTOR [IF NOT EXISTS] name WITH ('property' = 'value' [, …]);",
  },
  {
    name: 'INSERT INTO SELECT',
    what: 'a persistent query into a source that is there',
    syntax: "INSERT INTO name [ WITH (QUERY_ID='…') ] SELECT …;",
  },
  {
    name: 'INSERT INTO VALUES',
    what: 'writes a row',
    syntax: 'INSERT INTO name [ (column [, …]) ] VALUES (expression [, …]);',
  },
  {
    name: 'DROP STREAM',
    what: 'takes a stream away, with its topic if asked for',
    syntax: 'DROP STREAM [IF EXISTS] name [DELETE TOPIC];',
  },
  {
    name: 'DROP TABLE',
    what: 'takes a table away, with its topic if asked for',
    syntax: 'DROP TABLE [IF EXISTS] name [DELETE TOPIC];',
  },
  { name: 'DROP TYPE', what: 'takes a type away', syntax: 'DROP TYPE [IF EXISTS] name;' },
  { name: 'DROP CONNECTOR', what: 'takes a connector away', syntax: 'DROP CONNECTOR [IF EXISTS] name;' },
  {
    name: 'ALTER STREAM',
    what: 'adds columns to a stream',
    syntax: 'ALTER STREAM name ADD [COLUMN] column type [, ADD …];',
  },
  {
    name: 'ALTER TABLE',
    what: 'adds columns to a table',
    syntax: 'ALTER TABLE name ADD [COLUMN] column type [, ADD …];',
  },
  { name: 'ALTER SYSTEM', what: 'a setting for the whole service', syntax: "ALTER SYSTEM 'setting' = 'value';" },
  {
    name: 'SHOW',
    what: 'lists things (LIST does the same)',
    syntax: `SHOW { STREAMS | TABLES | QUERIES | [ALL] TOPICS } [EXTENDED];
SHOW { PROPERTIES | FUNCTIONS | TYPES | VARIABLES | ERRORS | [ { SOURCE | SINK } ] CONNECTORS | CONNECTOR PLUGINS };`,
  },
  {
    name: 'DESCRIBE',
    what: 'columns of a source, with EXTENDED its topic, queries and numbers',
    syntax: `DESCRIBE name [EXTENDED];
DESCRIBE { STREAMS | TABLES } [EXTENDED];
DESCRIBE FUNCTION name;
DESCRIBE CONNECTOR name;`,
  },
  { name: 'EXPLAIN', what: 'how a query is run', syntax: 'EXPLAIN [ANALYZE] { query | query id };' },
  {
    name: 'PRINT',
    what: 'the records of a topic',
    syntax: "PRINT 'topic' [FROM BEGINNING] [ { INTERVAL | SAMPLE } n ] [LIMIT n];",
  },
  { name: 'TERMINATE', what: 'ends a persistent query', syntax: 'TERMINATE { query id | ALL };' },
  { name: 'PAUSE', what: 'halts a persistent query', syntax: 'PAUSE { query id | ALL };' },
  {
    name: 'RESUME',
    what: 'lets a query go on that is paused or in ERROR; FROM where its next records were deleted',
    syntax: 'RESUME { query id | ALL } [FROM { EARLIEST | LATEST }];',
  },
  { name: 'SET', what: 'a setting for the statements behind it', syntax: "SET 'setting' = 'value';" },
  { name: 'UNSET', what: 'takes a setting back', syntax: "UNSET 'setting';" },
  {
    name: 'DEFINE',
    what: 'a variable; statements use it with a dollar sign and braces around its name',
    syntax: "DEFINE name = 'value';",
  },
  { name: 'UNDEFINE', what: 'takes a variable away', syntax: 'UNDEFINE name;' },
  {
    name: 'ASSERT',
    what: 'fails unless a topic or schema is there',
    syntax: `ASSERT [NOT EXISTS] TOPIC name [ WITH (PARTITIONS=n, …) ] [TIMEOUT n unit];
ASSERT [NOT EXISTS] SCHEMA [SUBJECT name] [ID n] [TIMEOUT n unit];`,
  },
  { name: 'RUN SCRIPT', what: 'runs the statements of a file', syntax: "RUN SCRIPT 'file.sql';" },
];
