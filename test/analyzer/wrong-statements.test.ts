import { describe, expect, it } from 'vitest';
import { OTHER_FUNCTIONS } from '../../engine/analyzer/other-functions.js';
import { BUILT_IN_FUNCTIONS } from '../../engine/functions/index.js';
import { parseExpression, SqlError } from '../../parser/index.js';
import { Session } from './support.js';

const SETUP = `
CREATE STREAM s (id INT KEY, a INT, b STRING, l ARRAY<INT>, st STRUCT<lat DOUBLE, lon DOUBLE>, ts TIMESTAMP) WITH (kafka_topic='s', value_format='JSON', partitions=1);
CREATE STREAM s2 (id INT KEY, x INT) WITH (kafka_topic='s2', value_format='JSON', partitions=1);
CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);
CREATE TABLE agg AS SELECT b, COUNT(*) AS n FROM s GROUP BY b;
`;
const WITH = "WITH (kafka_topic='n', value_format='JSON')";

function failure(sql: string, properties: Record<string, string> = {}): SqlError {
  const session = new Session();
  session.run(SETUP);
  session.properties = properties;
  try {
    session.run(sql);
  } catch (e) {
    if (e instanceof SqlError) return e;
    throw e;
  }
  throw new Error(`did not fail: ${sql}`);
}

/** Statement, the text that the caret stands under, a part of the hint. */
const FOREIGN: readonly (readonly [string, string, string])[] = [
  // Functions
  ['SELECT UPPER(b) FROM s EMIT CHANGES;', 'UPPER', 'Write UCASE(text).'],
  ['SELECT a FROM s WHERE LENGTH(b) > 1 EMIT CHANGES;', 'LENGTH', 'Write LEN(text).'],
  ['SELECT NOW() FROM s EMIT CHANGES;', 'NOW', 'FROM_UNIXTIME(UNIX_TIMESTAMP())'],
  ['SELECT CURRENT_TIMESTAMP FROM s EMIT CHANGES;', 'CURRENT_TIMESTAMP', 'FROM_UNIXTIME(UNIX_TIMESTAMP())'],
  ['SELECT NVL(a, 1) FROM s EMIT CHANGES;', 'NVL', 'IFNULL(x, other)'],
  ['SELECT IF(a > 1, 2, 3) FROM s EMIT CHANGES;', 'IF', 'CASE WHEN'],
  [
    'SELECT b, STRING_AGG(b) FROM s GROUP BY b EMIT CHANGES;',
    'STRING_AGG',
    'ARRAY_JOIN(COLLECT_LIST(text), delimiter)',
  ],
  ['SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM s EMIT CHANGES;', 'OVER', 'no window functions'],
  ['SELECT ROW_NUMBER() FROM s EMIT CHANGES;', 'ROW_NUMBER', 'no window functions'],
  ['SELECT UCAS(b) FROM s EMIT CHANGES;', 'UCAS', 'Did you mean UCASE?'],
  ['SELECT COUNT(DISTINCT b) FROM s EMIT CHANGES;', 'DISTINCT', 'COUNT_DISTINCT'],
  ['SELECT COUNT(*) FILTER (WHERE a > 1) FROM s EMIT CHANGES;', 'FILTER', 'CASE WHEN'],
  ['SELECT EXTRACT(YEAR FROM ts) FROM s EMIT CHANGES;', 'FROM', 'FORMAT_TIMESTAMP'],
  ['SELECT ts + INTERVAL 1 DAY FROM s EMIT CHANGES;', 'INTERVAL', 'TIMESTAMPADD'],
  // Types
  [`CREATE STREAM n (v TEXT) ${WITH};`, 'TEXT', 'Write STRING.'],
  [`CREATE STREAM n (v ARRAY<FLOAT>) ${WITH};`, 'FLOAT', 'Write DOUBLE.'],
  [`CREATE STREAM n (v STRUCT<x DATETIME>) ${WITH};`, 'DATETIME', 'Write TIMESTAMP.'],
  ['SELECT CAST(a AS TEXT) FROM s EMIT CHANGES;', 'TEXT', 'Write STRING.'],
  [`CREATE STREAM n (v STRNG) ${WITH};`, 'STRNG', 'Did you mean STRING?'],
  [`CREATE STREAM n (v CHAR(10)) ${WITH};`, '10', 'Write STRING.'],
  [`CREATE STREAM n (v DECIMAL) ${WITH};`, 'DECIMAL', 'DECIMAL(10, 2)'],
  [`CREATE STREAM n (v DECIMAL(5)) ${WITH};`, 'DECIMAL', 'DECIMAL(10, 2)'],
  [`CREATE STREAM n (v INT[]) ${WITH};`, '[', 'ARRAY<type>'],
  // Columns
  [`CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY) ${WITH};`, 'AUTO_INCREMENT', 'UUID()'],
  [`CREATE TABLE n (id INT NOT NULL PRIMARY KEY) ${WITH};`, 'NOT', 'no constraints'],
  [`CREATE TABLE n (id INT PRIMARY KEY, v INT DEFAULT 0) ${WITH};`, 'DEFAULT', 'no constraints'],
  [`CREATE TABLE n (id INT, v INT, PRIMARY KEY (id)) ${WITH};`, 'PRIMARY', 'id INT PRIMARY KEY'],
  // Statements
  ['CREATE VIEW x AS SELECT * FROM s;', 'VIEW', 'CREATE TABLE … AS SELECT'],
  ['CREATE OR REPLACE VIEW x AS SELECT * FROM s;', 'VIEW', 'CREATE TABLE … AS SELECT'],
  ['CREATE MATERIALIZED VIEW x AS SELECT * FROM s;', 'MATERIALIZED', 'CREATE TABLE … AS SELECT'],
  ['CREATE INDEX i ON s (a);', 'INDEX', 'no indexes'],
  ['DROP TABLE t CASCADE;', 'CASCADE', 'Leave it out'],
  ['ALTER TABLE t DROP COLUMN v;', 'DROP', 'CREATE OR REPLACE'],
  ['UPDATE t SET v = 1;', 'UPDATE', 'replaces it'],
  ['DELETE FROM t WHERE id = 1;', 'DELETE', 'tombstone'],
  ['WITH x AS (SELECT * FROM s) SELECT * FROM x;', 'WITH', 'CREATE … AS SELECT'],
  ['SHOW DATABASES;', 'DATABASES', 'SHOW STREAMS'],
  ['DESC s;', 'DESC', 'DESCRIBE'],
  ['INSERT INTO t VALUES (1, 2), (2, 3);', ',', 'One row a statement'],
  ['INSERT t VALUES (1, 2);', 't', 'INSERT INTO'],
  ['INSERT INTO t (id, v) SELECT a, a FROM s;', 'SELECT', 'SELECT list'],
  // Clauses
  ['SELECT TOP 5 a FROM s EMIT CHANGES;', 'TOP', 'LIMIT'],
  ['SELECT a FROM s LIMIT 5 EMIT CHANGES;', 'LIMIT', 'behind EMIT CHANGES'],
  ['SELECT a FROM s EMIT CHANGES WHERE a > 1;', 'WHERE', 'The order is'],
  ['SELECT b, COUNT(*) FROM s GROUP BY b WINDOW TUMBLING (SIZE 1 DAY) EMIT CHANGES;', 'WINDOW', 'The order is'],
  ['SELECT b, COUNT(*) FROM s WINDOW TUMBLING (SIZE 1 MIN) GROUP BY b EMIT CHANGES;', 'MIN', 'MINUTES'],
  ['SELECT a FROM s FETCH FIRST 5 ROWS ONLY;', 'FETCH', 'LIMIT'],
  ['SELECT * FROM (SELECT * FROM s) EMIT CHANGES;', '(', 'no subqueries'],
  ['SELECT * FROM s WHERE a IN (SELECT x FROM s2) EMIT CHANGES;', 'SELECT', 'no subqueries'],
  ['SELECT * FROM s, s2 EMIT CHANGES;', ',', 'JOIN'],
  ['SELECT * FROM s CROSS JOIN s2 EMIT CHANGES;', 'CROSS', 'ON a.x = b.y'],
  ['SELECT * FROM s JOIN s2 USING (id) EMIT CHANGES;', 'USING', 'ON a.x = b.x'],
  ['SELECT a FROM s UNION ALL SELECT x FROM s2;', 'UNION', 'INSERT INTO … SELECT'],
  // Signs and quotes
  ['SELECT a::STRING FROM s EMIT CHANGES;', ':', 'CAST(x AS type)'],
  ['SELECT a && 1 FROM s EMIT CHANGES;', '&', 'AND'],
  ['SELECT a FROM s WHERE b = "x" EMIT CHANGES;', '"x"', 'single quotes'],
  ['SELECT "a" FROM s EMIT CHANGES;', '"a"', '`A` exists'],
  ['SELECT st.lat FROM s EMIT CHANGES;', 'st', 'ST->LAT'],
  ['SELECT nothing_like_it FROM s EMIT CHANGES;', 'nothing_like_it', '`ID`, `A`, `B`, `L`, `ST` and `TS`'],
];

/** Statement, a part of the message, the column (or what else it names) that the caret stands under. */
const NAMED: readonly (readonly [string, string, string])[] = [
  ['SELECT STRUCT(a := 1, b := 2, a := 3) FROM s EMIT CHANGES;', 'Duplicate field names found in STRUCT', 'a'],
  ['INSERT INTO t (id, v) VALUES (1);', 'Expected number columns and values to match: ID, V, 1', 'v'],
  ['INSERT INTO t (id, v) VALUES (NULL, 1);', 'primary key column(s) ID', 'NULL'],
  ['INSERT INTO s2 SELECT id, b AS x FROM s;', 'Incompatible schema between results and sink.', 'b AS x'],
  [
    'CREATE TABLE x AS SELECT b, a, COUNT(*) FROM s GROUP BY b;',
    'Non-aggregate SELECT expression(s) not part of GROUP BY: A',
    'a',
  ],
  ['CREATE TABLE x AS SELECT b, COUNT(*) FROM s GROUP BY b HAVING COUNT(*) > 1 AND a > 1;', 'GROUP BY: A', 'a'],
  ['CREATE TABLE x AS SELECT id, MAX(v) FROM t GROUP BY id;', 'MAX cannot be applied to a table source', 'MAX(v)'],
  [
    "CREATE STREAM x (id INT KEY, m MAP<INT, INT>) WITH (kafka_topic='x', value_format='JSON');",
    'JSON only supports MAP types with STRING keys',
    'm MAP<INT, INT>',
  ],
  [
    "CREATE STREAM x (k ARRAY<INT> KEY, v INT) WITH (kafka_topic='x', value_format='JSON');",
    "The 'KAFKA' format does not support type 'ARRAY'",
    'k ARRAY<INT> KEY',
  ],
  [
    "CREATE STREAM x WITH (value_format='DELIMITED') AS SELECT id, a, st AS place FROM s;",
    "The 'DELIMITED' format does not support type 'STRUCT'",
    'st AS place',
  ],
  [
    "CREATE STREAM x (v INT, m MAP<STRING, INT> KEY) WITH (kafka_topic='x', format='JSON');",
    'Key column name: `M`',
    'm MAP<STRING, INT> KEY',
  ],
  ['CREATE TABLE x AS SELECT a, COUNT(*) FROM s GROUP BY a, b, s.a;', 'Duplicate GROUP BY expression: A', 's.a'],
  [
    "CREATE STREAM x (h BYTES HEADER('h'), v INT, i BYTES HEADER('h')) WITH (kafka_topic='x', value_format='JSON');",
    "a HEADER('h') column",
    "i BYTES HEADER('h')",
  ],
];

const HINTED: readonly (readonly [string, string])[] = [
  ['SELECT UCASE(a) FROM s EMIT CHANGES;', 'A is INTEGER.'],
  ['SELECT CONCAT(b, st->lat) FROM s EMIT CHANGES;', 'B is STRING and ST->LAT is DOUBLE.'],
  ['INSERT INTO t VALUES (1);', 'The columns are `ID` and `V`.'],
  ['SELECT -b FROM s EMIT CHANGES;', 'B is STRING.'],
  ['SELECT a[1] FROM s EMIT CHANGES;', 'A is INTEGER.'],
  ['SELECT a->x FROM s EMIT CHANGES;', 'A is INTEGER.'],
  ['SELECT a->* FROM s EMIT CHANGES;', 'A is INTEGER.'],
  ['SELECT CAST(l AS INT) FROM s EMIT CHANGES;', 'L is ARRAY<INTEGER>.'],
];

describe('what people type who know another SQL', () => {
  it.each(FOREIGN)('%s', (sql, pointedAt, hint) => {
    const error = failure(sql);
    expect(sql.slice(error.span!.start, error.span!.end)).toBe(pointedAt);
    expect(error.hint).toContain(hint);
  });

  it('is no function here, and what is written instead is', () => {
    const names = new Set(BUILT_IN_FUNCTIONS.map((f) => f.name));
    for (const [name, instead] of Object.entries(OTHER_FUNCTIONS)) {
      expect(names.has(name), name).toBe(false);
      for (const [, used] of instead.matchAll(/\b([A-Z][A-Z_0-9]+)\(/g)) {
        expect(used === 'CAST' || names.has(used!), `${name}: ${instead}`).toBe(true);
      }
    }
    for (const example of ["DATE_PART('year', ts)", 'SUBSTRING(text, -2)']) parseExpression(example);
  });
});

describe('the caret stands under what the message names', () => {
  it.each(NAMED)('%s', (sql, message, pointedAt) => {
    const error = failure(sql);
    expect(error.message).toContain(message);
    expect(sql.slice(error.span!.start, error.span!.end)).toBe(pointedAt);
  });

  it.each(HINTED)('%s: the hint names the columns', (sql, hint) => {
    expect(failure(sql).hint).toBe(hint);
  });

  it('where a pull query needs a table scan', () => {
    const off = { 'ksql.query.pull.table.scan.enabled': 'false' };
    const at = (sql: string): string => {
      const { span, message } = failure(sql, off);
      expect(message).toContain('Query requires table scan to be enabled.');
      return sql.slice(span!.start, span!.end);
    };
    expect(at("SELECT * FROM agg WHERE b = 'x' OR n > 1;")).toBe('n > 1');
    expect(at("SELECT * FROM agg WHERE b = 'x' OR b > 'y';")).toBe("b > 'y'");
    expect(at('SELECT * FROM agg;')).toBe('agg');
  });
});

it('no message of ours sends people to pages of another product', () => {
  const disabled = failure("SELECT * FROM agg WHERE b = 'x';", { 'ksql.pull.queries.enable': 'false' });
  expect(disabled.message).not.toContain('http');
  expect(
    failure('SELECT b, SUM(WINDOWSTART) FROM s WINDOW TUMBLING (SIZE 1 DAY) GROUP BY b EMIT CHANGES;').message,
  ).not.toContain('http');
});
