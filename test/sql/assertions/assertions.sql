-- What the assertions of `.sql` tests compare, and what they say where it differs.

--@test: a script is run, and its statements are there
RUN SCRIPT 'scripts/sources.sql';
INSERT INTO taps VALUES (1, 2.5, 'x');
ASSERT VALUES full_taps VALUES (1, 2.5, 'x');

--@test: a path that begins with a slash is one of the test's folder first
RUN SCRIPT '/scripts/sources.sql';
ASSERT STREAM full_taps;

--@test: a script that is not there
--@expected.error: KsqlException
--@expected.message: There is no script scripts/nowhere.sql
RUN SCRIPT 'scripts/nowhere.sql';

--@test: some of the columns, in any order, the time of the record among them
RUN SCRIPT 'scripts/sources.sql';
INSERT INTO taps (rowtime, id, litres, note) VALUES (17, 1, 2.5, 'x');
INSERT INTO taps (rowtime, id, litres, note) VALUES (18, 2, 3.5, NULL);
ASSERT VALUES full_taps (note) VALUES ('x');
ASSERT VALUES full_taps (litres, rowtime, id, note) VALUES (3.5, 18, 2, NULL);

--@test: windows of tables
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE w AS SELECT id, SUM(v) AS s FROM e WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;
CREATE TABLE g AS SELECT id, SUM(v) AS s FROM e WINDOW SESSION (10 SECONDS) GROUP BY id;
INSERT INTO e (rowtime, id, v) VALUES (12000, 1, 5);
INSERT INTO e (rowtime, id, v) VALUES (15000, 1, 6);
ASSERT VALUES w (windowstart, windowend, id, s) VALUES (10000, 20000, 1, 5);
ASSERT VALUES w (id, s, rowtime) VALUES (1, 11, 15000);
ASSERT VALUES g (windowstart, windowend, s) VALUES (12000, 12000, 5);
ASSERT NULL VALUES g (id, windowstart, windowend) KEY (1, 12000, 12000);
ASSERT VALUES g (windowstart, windowend, s) VALUES (12000, 15000, 11);

--@test: another window
--@expected.error: AssertionError
--@expected.message: Expected record does not match actual
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE w AS SELECT id, SUM(v) AS s FROM e WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;
INSERT INTO e (rowtime, id, v) VALUES (12000, 1, 5);
ASSERT VALUES w (windowstart, id, s) VALUES (0, 1, 5);

--@test: values of every kind
CREATE TYPE pair AS STRUCT<a INT, b STRING>;
CREATE STREAM e (id INT KEY, d DECIMAL(6, 2), l ARRAY<BIGINT>, m MAP<STRING, DOUBLE>, p pair, t TIMESTAMP, y BYTES, f BOOLEAN)
  WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM c WITH (VALUE_FORMAT='AVRO') AS SELECT * FROM e;
INSERT INTO e (id, d, l, m, p, t, f) VALUES (1, 12.50, ARRAY[9007199254740993], MAP('k' := 0.5), STRUCT(a := 1, b := 'x'), '2024-01-02T03:04:05', true);
ASSERT VALUES c (d, l, m, p, t, y, f) VALUES (12.5, ARRAY[9007199254740993], MAP('k' := 0.5), STRUCT(a := 1, b := 'x'), '2024-01-02T03:04:05', NULL, true);

--@test: a value that differs in one of many
--@expected.error: AssertionError
--@expected.message: |ACTUAL        |1             |2.5           |x             |
RUN SCRIPT 'scripts/sources.sql';
INSERT INTO taps VALUES (1, 2.5, 'x');
ASSERT VALUES full_taps VALUES (1, 2.5, 'y');

--@test: a tombstone is no row
--@expected.error: AssertionError
--@expected.message: (tombstone)
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, 1);
INSERT INTO n VALUES (1, 0);
ASSERT VALUES t VALUES (1, 1);
ASSERT VALUES t (id) VALUES (1);

--@test: a row is no tombstone
--@expected.error: AssertionError
--@expected.message: Expected record does not match actual
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO n VALUES (1, 1);
ASSERT NULL VALUES n KEY (1);

--@test: there is no further record
--@expected.error: AssertionError
--@expected.message: Expected another record (1) for TAPS on topic taps, but there is none.
RUN SCRIPT 'scripts/sources.sql';
INSERT INTO taps VALUES (1, 2.5, 'x');
ASSERT VALUES taps VALUES (1, 2.5, 'x');
ASSERT VALUES taps VALUES (1, 2.5, 'x');

--@test: a column that is not there
--@expected.error: KsqlException
--@expected.message: Column name `COLOUR` does not exist.
RUN SCRIPT 'scripts/sources.sql';
INSERT INTO taps VALUES (1, 2.5, 'x');
ASSERT VALUES taps (colour) VALUES ('red');

--@test: what a source is: of its properties all, where some are named
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='AVRO', PARTITIONS=1);
CREATE STREAM e (id INT KEY, v INT, at BIGINT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', TIMESTAMP='at', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='1 MINUTE', PARTITIONS=1);
ASSERT TABLE n;
ASSERT TABLE n (id INT PRIMARY KEY, v INT);
ASSERT TABLE n (id INT PRIMARY KEY, v INT) WITH (VALUE_FORMAT='AVRO');
ASSERT TABLE n WITH (KAFKA_TOPIC='n', VALUE_FORMAT='AVRO');
ASSERT STREAM e WITH (TIMESTAMP='at', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='1 MINUTE');

--@test: another window of a source
--@expected.error: KsqlException
--@expected.message: Expected window size does not match actual for source E. Expected: 30000, Actual: 60000
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='1 MINUTE', PARTITIONS=1);
ASSERT STREAM e WITH (WINDOW_TYPE='TUMBLING', WINDOW_SIZE='30 SECONDS');

--@test: a key in another format
--@expected.error: KsqlException
--@expected.message: Expected key format does not match actual for source N. Expected: KAFKA, Actual: JSON
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON');

--@test: the clock stands still
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT id, UNIX_TIMESTAMP() - ROWTIME AS since FROM e;
INSERT INTO e VALUES (1, 1);
ASSERT VALUES t VALUES (1, 0);

--@test: a query that is paused reads what has come when it goes on
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT * FROM e;
PAUSE ALL;
INSERT INTO e VALUES (1, 1);
RESUME ALL;
INSERT INTO e VALUES (2, 2);
ASSERT VALUES t VALUES (1, 1);
ASSERT VALUES t VALUES (2, 2);

--@test: padded rows of joins come with each record
CREATE STREAM l (id INT KEY, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM r (id INT KEY, w INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM j AS SELECT l.id AS id, v, w FROM l LEFT JOIN r WITHIN 1 SECOND GRACE PERIOD 0 SECONDS ON l.id = r.id;
INSERT INTO l (rowtime, id, v) VALUES (0, 1, 1);
INSERT INTO l (rowtime, id, v) VALUES (10000, 2, 2);
INSERT INTO l (rowtime, id, v) VALUES (20000, 3, 3);
INSERT INTO r (rowtime, id, w) VALUES (20500, 3, 9);
ASSERT VALUES j VALUES (1, 1, NULL);
ASSERT VALUES j VALUES (2, 2, NULL);
ASSERT VALUES j VALUES (3, 3, 9);

--@test: a statement that only asks
--@expected.error: KsqlException
--@expected.message: A test cannot run this statement: ASSERT TOPIC
RUN SCRIPT 'scripts/sources.sql';
ASSERT TOPIC taps;

--@test: a statement that acts on a server is refused
--@expected.error: KsqlException
--@expected.message: A test cannot run this statement: ALTER SYSTEM
ALTER SYSTEM 'auto.offset.reset'='earliest';
