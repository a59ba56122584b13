import { describe, expect, it } from 'vitest';
import { SqlError } from '../../parser/index.js';
import { Session } from './support.js';

const SETUP = `
CREATE STREAM rides (vendor VARCHAR KEY, distance DOUBLE, zone INT, fare DECIMAL(6,2), at STRUCT<lat DOUBLE, lon DOUBLE>, tags ARRAY<VARCHAR>) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');
CREATE STREAM other (id INT KEY, zone INT) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON');
CREATE TABLE zones (id INT PRIMARY KEY, name VARCHAR, region INT) WITH (KAFKA_TOPIC='zones', VALUE_FORMAT='JSON');
CREATE TABLE counts AS SELECT vendor, COUNT(*) AS n FROM rides GROUP BY vendor;
CREATE SOURCE STREAM fixed (id INT KEY, v INT) WITH (KAFKA_TOPIC='fixed', VALUE_FORMAT='JSON');
`;

function failure(sql: string): SqlError {
  const session = new Session();
  session.run(SETUP);
  try {
    session.run(sql);
  } catch (e) {
    if (e instanceof SqlError) return e;
    throw e;
  }
  throw new Error(`did not fail: ${sql}`);
}

/** Statement, part of the message, the text that the error points at. */
const CASES: readonly (readonly [string, string, string])[] = [
  // Names
  ['SELECT distnce FROM rides EMIT CHANGES;', "SELECT column 'DISTNCE' cannot be resolved.", 'distnce'],
  ['SELECT r.nope FROM rides r EMIT CHANGES;', "SELECT column 'R.NOPE' cannot be resolved.", 'r.nope'],
  ['SELECT rides.zone FROM rides r EMIT CHANGES;', "'RIDES' is not a valid stream/table name or alias.", 'rides'],
  ['SELECT * FROM ride EMIT CHANGES;', 'RIDE does not exist.', 'ride'],
  ['SELECT `zone` FROM rides EMIT CHANGES;', "SELECT column '`zone`' cannot be resolved.", '`zone`'],
  ['SELECT vendor FROM rides WHERE nope = 1 EMIT CHANGES;', "WHERE column 'NOPE' cannot be resolved.", 'nope'],
  ['SELECT at->alt FROM rides EMIT CHANGES;', "Could not find field 'ALT' in 'AT'.", 'alt'],
  ['SELECT LENN(vendor) FROM rides EMIT CHANGES;', "Can't find any functions with the name 'LENN'", 'LENN'],
  // Types
  [
    "SELECT * FROM rides WHERE zone > 'x' EMIT CHANGES;",
    "Error in WHERE expression: Cannot compare ZONE (INTEGER) to 'x' (STRING) with GREATER_THAN.",
    "zone > 'x'",
  ],
  [
    'SELECT * FROM rides WHERE distance EMIT CHANGES;',
    'Type error in WHERE expression: Should evaluate to boolean but is DISTANCE (DOUBLE) instead.',
    'distance',
  ],
  [
    'SELECT * FROM rides WHERE zone = NULL EMIT CHANGES;',
    'Comparison with NULL not supported: INTEGER = NULL',
    'zone = NULL',
  ],
  [
    'SELECT vendor * 2 FROM rides EMIT CHANGES;',
    'Error processing expression: (VENDOR * 2). Unsupported arithmetic types. STRING INTEGER',
    'vendor * 2',
  ],
  [
    'SELECT CAST(tags AS INT) FROM rides EMIT CHANGES;',
    'Cast of ARRAY<STRING> to INTEGER is not supported',
    'CAST(tags AS INT)',
  ],
  [
    'SELECT * FROM rides WHERE zone IN (1, TRUE) EMIT CHANGES;',
    'Invalid Predicate: operator does not exist: INTEGER = BOOLEAN (true)',
    'TRUE',
  ],
  ["SELECT ARRAY[1, 'x'] FROM rides EMIT CHANGES;", 'invalid input syntax for type INTEGER: "x".', "'x'"],
  // Persistent queries
  [
    'CREATE STREAM s AS SELECT distance FROM rides;',
    'The query used to build `S` must include the key column VENDOR in its projection (eg, SELECT VENDOR...).',
    'distance',
  ],
  [
    'CREATE STREAM s AS SELECT vendor, vendor AS v2, zone FROM rides;',
    'The projection contains a key column (`VENDOR`) more than once, aliased as: V2 and VENDOR.',
    'vendor AS v2',
  ],
  ['CREATE STREAM s AS SELECT vendor FROM rides;', 'The projection contains no value columns.', 'vendor'],
  [
    'CREATE STREAM s AS SELECT vendor, zone AS a, distance AS a FROM rides;',
    'Duplicate value columns found in schema: `A` DOUBLE',
    'distance AS a',
  ],
  [
    'CREATE STREAM s AS SELECT vendor, zone AS rowtime FROM rides;',
    '`ROWTIME` is a reserved column name. You cannot use it as an alias for a column.',
    'zone AS rowtime',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, zone FROM rides;',
    'Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.',
    't',
  ],
  [
    'CREATE STREAM s AS SELECT * FROM rides LIMIT 3;',
    "statements don't support LIMIT clause.",
    'SELECT * FROM rides LIMIT 3',
  ],
  ['CREATE STREAM rides AS SELECT * FROM other;', 'A stream with the same name already exists', 'rides'],
  // Aggregation
  [
    'CREATE TABLE t AS SELECT vendor, zone, COUNT(*) FROM rides GROUP BY vendor;',
    'Non-aggregate SELECT expression(s) not part of GROUP BY: ZONE',
    'zone',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, COUNT(*) FROM rides GROUP BY vendor HAVING zone > 1;',
    'Non-aggregate HAVING expression not part of GROUP BY: ZONE',
    'zone',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, SUM(COUNT(*)) FROM rides GROUP BY vendor;',
    'Aggregate functions can not be nested: SUM(COUNT())',
    'COUNT(*)',
  ],
  [
    'CREATE STREAM t AS SELECT vendor, EXPLODE(EXPLODE(ARRAY[ARRAY[1]])) AS n FROM rides;',
    'Table functions can not be nested: EXPLODE(EXPLODE())',
    'EXPLODE(ARRAY[ARRAY[1]])',
  ],
  [
    'CREATE TABLE t WITH (RETENTION_MS=1000) AS SELECT vendor, COUNT(*) AS n FROM rides GROUP BY vendor;',
    'Non-windowed tables do not support retention.',
    'RETENTION_MS=1000',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, LATEST_BY_OFFSET(zone, 0) AS n FROM rides GROUP BY vendor;',
    'latestN must be 1 or greater',
    'LATEST_BY_OFFSET(zone, 0)',
  ],
  [
    'CREATE TABLE t AS SELECT region, COUNT(*) AS n FROM zones WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY region;',
    'Windowing not supported for table aggregations.',
    'WINDOW TUMBLING (SIZE 1 HOUR)',
  ],
  ['SELECT * FROM rides PARTITION BY nope EMIT CHANGES;', "PARTITION BY column 'NOPE' cannot be resolved.", 'nope'],
  [
    'SELECT CASE WHEN zone THEN 1 END FROM rides EMIT CHANGES;',
    "WHEN operand type should be boolean.\nType for 'ZONE' is INTEGER",
    'zone',
  ],
  [
    "CREATE STREAM s (a BYTES HEADER('x'), b BYTES HEADER('x')) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');",
    "Schema already contains a HEADER('x') column.",
    "b BYTES HEADER('x')",
  ],
  [
    'CREATE TABLE t AS SELECT vendor, MIN(WINDOWSTART) FROM rides WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY vendor;',
    'Window bounds column WINDOWSTART can only be used in the SELECT clause of windowed aggregations',
    'WINDOWSTART',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, COUNT(*) AS n FROM rides GROUP BY vendor EMIT FINAL;',
    'EMIT FINAL is only supported for windowed aggregations.',
    'rides',
  ],
  [
    'CREATE TABLE t AS SELECT id, MAX(region) AS m FROM zones GROUP BY id;',
    'The aggregation function MAX cannot be applied to a table source, only to a stream source.',
    'MAX(region)',
  ],
  [
    'CREATE TABLE t AS SELECT vendor, COUNT(*) AS n FROM rides WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 1 MINUTE) GROUP BY vendor;',
    'The RETENTION of a window must be at least its size and its grace period together',
    '1 MINUTE',
  ],
  // WITH
  [
    "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMT='JSON');",
    'Invalid config variable(s) in the WITH clause: VALUE_FORMT',
    "VALUE_FORMT='JSON'",
  ],
  ["CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSN');", 'Unknown format: JSN', "VALUE_FORMAT='JSN'"],
  ["CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s');", "missing the 'VALUE_FORMAT' property", 's'],
  [
    "CREATE STREAM s (a INT) WITH (VALUE_FORMAT='JSON');",
    'Missing required property "KAFKA_TOPIC" which has no default value.',
    's',
  ],
  [
    "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=0);",
    'Invalid value for property PARTITIONS: expected a whole number of at least 1.',
    'PARTITIONS=0',
  ],
  [
    "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', TIMESTAMP='b');",
    "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'B'",
    "TIMESTAMP='b'",
  ],
  ["CREATE TABLE t (a INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');", 'Tables require a PRIMARY KEY.', 't'],
  [
    "CREATE STREAM s (a INT, ROWTIME INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');",
    "'ROWTIME' is a reserved column name. You cannot use it as a name for a column.",
    'ROWTIME',
  ],
  // INSERT
  ['INSERT INTO nowhere VALUES (1);', 'Source `NOWHERE` does not exist.', 'nowhere'],
  ['INSERT INTO other (id, zne) VALUES (1, 2);', 'Column name `ZNE` does not exist.', 'zne'],
  [
    'INSERT INTO other (id, ROWOFFSET) VALUES (1, 2);',
    'Inserting into column `ROWOFFSET` is not allowed.',
    'ROWOFFSET',
  ],
  [
    'INSERT INTO other (id, zone) VALUES (1, TRUE);',
    'Expected type INTEGER for field `ZONE` but got BOOLEAN(true)',
    'TRUE',
  ],
  ['INSERT INTO other VALUES (1);', 'Expected 2 values but 1 were given.', 'other'],
  ["INSERT INTO zones (name) VALUES ('x');", 'Value for primary key column(s) ID is required for tables', 'zones'],
  ['INSERT INTO fixed VALUES (1, 2);', 'Cannot insert values into read-only stream: FIXED', 'fixed'],
  ['INSERT INTO other SELECT vendor, zone FROM rides;', 'Incompatible schema between results and sink.', 'vendor'],
  [
    'INSERT INTO zones SELECT * FROM zones;',
    'INSERT INTO can only be used to insert into a stream. ZONES is a table.',
    'zones',
  ],
  // Pull queries
  ['SELECT * FROM zones;', "The `ZONES` table isn't queryable.", 'zones'],
  ['SELECT COUNT(*) FROM rides GROUP BY zone;', "Pull queries don't support GROUP BY clauses.", 'zone'],
  [
    'SELECT vendor, ROWTIME FROM counts GROUP BY vendor;',
    "Pull queries don't support GROUP BY clauses without: ",
    'ROWTIME',
  ],
  ['SELECT vendor FROM counts ORDER BY nope;', "ORDER BY column 'NOPE' cannot be resolved.", 'nope'],
  ['SELECT vendor FROM counts ORDER BY 2;', 'ORDER BY 2 names no column: the select list has 1.', '2'],
  ['SELECT vendor FROM counts ORDER BY ARRAY[n];', 'ORDER BY takes values that have an order: ', 'ARRAY[n]'],
  ['SELECT DISTINCT vendor FROM counts ORDER BY n;', 'With SELECT DISTINCT, ORDER BY takes columns of the', 'n'],
  ['SELECT COUNT(*) FROM counts ORDER BY n;', 'Non-aggregate ORDER BY expression not part of GROUP BY: N', 'n'],
  ['SELECT * FROM rides ORDER BY zone EMIT CHANGES;', 'ORDER BY is only supported in pull queries', 'zone'],
  ['CREATE TABLE x AS SELECT * FROM counts ORDER BY n;', 'ORDER BY is only supported in pull queries', 'n'],
  ['SELECT a.n FROM counts a JOIN counts a ON a.n = a.n;', 'The name A stands for two sources.', 'counts a'],
  ['SELECT a.n FROM counts a JOIN counts b ON a.n < b.n;', 'only equality is supported', 'a.n < b.n'],
  ['SELECT a.n FROM counts a JOIN counts b ON a.n = 1;', '(A.N = 1) must compare a column of one source', 'a.n = 1'],
  [
    'SELECT a.n FROM counts a JOIN rides r ON a.n = r.id;',
    "Pull queries don't support JOIN clauses.",
    'counts a JOIN rides r ON a.n = r.id',
  ],
  [
    'SELECT vendor, ROWPARTITION FROM counts;',
    "Pull queries don't support the following columns in SELECT clauses: `ROWPARTITION`",
    'ROWPARTITION',
  ],
  // Sources and queries
  ['DROP STREAM nope;', 'Stream NOPE does not exist', 'nope'],
  ['DROP TABLE rides;', 'Incompatible data source type is STREAM, but statement was DROP TABLE', 'rides'],
  ['DROP STREAM rides;', 'The following queries read from this source: [CTAS_COUNTS_0].', 'rides'],
  ['DROP STREAM fixed DELETE TOPIC;', 'Cannot delete topic for read-only source: FIXED', 'fixed'],
  ['TERMINATE nope;', 'Unknown queryId: NOPE', 'nope'],
  ['ALTER STREAM rides ADD COLUMN zone INT;', 'A column with the same name already exists.', 'zone'],
  [
    "CREATE OR REPLACE STREAM other (id INT KEY, zone BIGINT) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON');",
    'The following columns are changed, missing or reordered: [`ZONE` INTEGER]',
    'other',
  ],
  // Joins
  [
    'SELECT * FROM rides r JOIN other o WITHIN 1 HOUR ON r.zone = o.zone AND r.zone = o.id EMIT CHANGES;',
    'joins on multiple conditions are not yet supported. Got ((R.ZONE = O.ZONE) AND (R.ZONE = O.ID)).',
    'r.zone = o.zone AND r.zone = o.id',
  ],
  [
    'SELECT * FROM rides r JOIN other o ON r.zone = o.zone EMIT CHANGES;',
    'Stream-Stream joins must have a WITHIN clause specified.',
    'rides r JOIN other o ON r.zone = o.zone',
  ],
  [
    'SELECT zone FROM rides r JOIN other o WITHIN 1 HOUR ON r.zone = o.id EMIT CHANGES;',
    "Column 'ZONE' is ambiguous. Could be O.ZONE or R.ZONE.",
    'zone',
  ],
];

describe('errors of the analyzer', () => {
  it.each(CASES)('%s', (sql, message, pointed) => {
    const e = failure(sql);
    expect(e.message).toContain(message);
    expect(e.code).toBe('BAD_STATEMENT');
    expect(e.span && sql.slice(e.span.start, e.span.end)).toBe(pointed);
  });

  it('suggests names that are near', () => {
    expect(failure('SELECT distnce FROM rides EMIT CHANGES;').hint).toBe('Did you mean DISTANCE?');
    expect(failure('SELECT * FROM ride EMIT CHANGES;').hint).toBe('Did you mean RIDES?');
    expect(failure('SELECT `zone` FROM rides EMIT CHANGES;').hint).toContain('case-sensitive');
    expect(failure("CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMT='JSON');").hint).toBe(
      'Did you mean VALUE_FORMAT?',
    );
    expect(failure("CREATE TABLE s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', KEY='a');").hint).toBe(
      'Leave KEY out, and mark the column in the list: a … PRIMARY KEY of a table, a … KEY of a stream.',
    );
    expect(failure("CREATE TABLE s WITH (KEY='zone') AS SELECT zone, COUNT(*) FROM rides GROUP BY zone;").hint).toBe(
      'Leave KEY out: GROUP BY zone or PARTITION BY zone makes the key.',
    );
    expect(failure('SELECT completely_else FROM rides EMIT CHANGES;').hint).toBe(
      'There are `VENDOR`, `DISTANCE`, `ZONE`, `FARE`, `AT` and `TAGS`.',
    );
  });

  it('names what is not supported yet', () => {
    const e = failure("SELECT FROM_UNIXTIME(ROWTIME) AT TIME ZONE 'UTC' FROM rides EMIT CHANGES;");
    expect(e.code).toBe('NOT_SUPPORTED');
    expect(e.message).toBe('AT TIME ZONE is not supported yet.');
  });
});
