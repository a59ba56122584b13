-- What CREATE OR REPLACE of a running query means: it goes on from the offsets and the state of the old one.

--@test: a column is added to a table that reads a table
CREATE TABLE shop (id INT PRIMARY KEY, name STRING, floor INT) WITH (KAFKA_TOPIC='shop', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE shown AS SELECT id, name FROM shop;
INSERT INTO shop VALUES (1, 'tea', 2);
CREATE OR REPLACE TABLE shown AS SELECT id, name, floor FROM shop;
INSERT INTO shop VALUES (1, 'coffee', 3);
INSERT INTO shop VALUES (2, 'books', 1);
ASSERT VALUES shown (id, name) VALUES (1, 'tea');
ASSERT VALUES shown VALUES (1, 'coffee', 3);
ASSERT VALUES shown VALUES (2, 'books', 1);

--@test: a column that the source got after the query had begun
CREATE TABLE shop (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='shop', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE shown AS SELECT * FROM shop WHERE name <> 'gone';
INSERT INTO shop VALUES (1, 'tea');
ALTER TABLE shop ADD COLUMN floor INT;
CREATE OR REPLACE TABLE shown AS SELECT * FROM shop WHERE name <> 'gone' AND floor > 0;
INSERT INTO shop VALUES (1, 'tea', 0);
INSERT INTO shop VALUES (2, 'books', 4);
ASSERT VALUES shown (id, name) VALUES (1, 'tea');
ASSERT NULL VALUES shown KEY (1);
ASSERT VALUES shown VALUES (2, 'books', 4);

--@test: a filter on a column that was not read before
CREATE TABLE shop (id INT PRIMARY KEY, name STRING, floor INT) WITH (KAFKA_TOPIC='shop', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE shown AS SELECT id, name FROM shop;
INSERT INTO shop VALUES (1, 'tea', 2);
INSERT INTO shop VALUES (2, 'books', 9);
CREATE OR REPLACE TABLE shown AS SELECT id, name FROM shop WHERE floor > 5;
INSERT INTO shop VALUES (1, 'tea', 3);
INSERT INTO shop VALUES (2, 'books', 8);
INSERT INTO shop VALUES (2, 'books', 1);
ASSERT VALUES shown VALUES (1, 'tea');
ASSERT VALUES shown VALUES (2, 'books');
ASSERT NULL VALUES shown (id) KEY (1);
ASSERT VALUES shown VALUES (2, 'books');
ASSERT NULL VALUES shown (id) KEY (2);

--@test: rows that the new filter never let through and the old one did are deleted, the others are not
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE big AS SELECT * FROM n WHERE v > 5;
INSERT INTO n VALUES (1, 9);
INSERT INTO n VALUES (2, 3);
CREATE OR REPLACE TABLE big AS SELECT * FROM n WHERE v < 0;
INSERT INTO n VALUES (1, 8);
INSERT INTO n VALUES (2, 8);
INSERT INTO n VALUES (1, 7);
INSERT INTO n VALUES (2, -1);
INSERT INTO n VALUES (2, 1);
ASSERT VALUES big VALUES (1, 9);
ASSERT NULL VALUES big KEY (1);
ASSERT VALUES big VALUES (2, -1);
ASSERT NULL VALUES big KEY (2);

--@test: a row that comes back at once takes the place of its tombstone
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE big AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, 9);
CREATE OR REPLACE TABLE big AS SELECT * FROM n WHERE v > 10;
INSERT INTO n VALUES (1, 8);
INSERT INTO n VALUES (1, 11);
ASSERT VALUES big VALUES (1, 9);
ASSERT VALUES big VALUES (1, 11);

--@test: the source deletes a row that only the old filter had let through
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, v INT) WITH (KAFKA_TOPIC='n', KEY_FORMAT='KAFKA', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE big AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, 9);
INSERT INTO n VALUES (2, -9);
CREATE OR REPLACE TABLE big AS SELECT * FROM n WHERE v < 0;
INSERT INTO raw (id) VALUES (2);
INSERT INTO raw (id) VALUES (1);
INSERT INTO n VALUES (3, -1);
ASSERT VALUES big VALUES (1, 9);
ASSERT NULL VALUES big KEY (1);
ASSERT VALUES big VALUES (3, -1);

--@test: three versions: each row goes by the one that has put it there
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, 5);
INSERT INTO n VALUES (2, 5);
CREATE OR REPLACE TABLE t AS SELECT * FROM n WHERE v > 10;
INSERT INTO n VALUES (3, 5);
CREATE OR REPLACE TABLE t AS SELECT * FROM n WHERE v > 100;
INSERT INTO n VALUES (1, 6);
INSERT INTO n VALUES (3, 6);
INSERT INTO n VALUES (2, 101);
ASSERT VALUES t VALUES (1, 5);
ASSERT VALUES t VALUES (2, 5);
ASSERT NULL VALUES t KEY (1);
ASSERT VALUES t VALUES (2, 101);

--@test: the filter is taken away
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, -5);
CREATE OR REPLACE TABLE t AS SELECT * FROM n;
INSERT INTO n VALUES (1, -6);
CREATE OR REPLACE TABLE t AS SELECT * FROM n WHERE v > 0;
INSERT INTO n VALUES (1, -7);
INSERT INTO n VALUES (1, -8);
ASSERT VALUES t VALUES (1, -6);
ASSERT NULL VALUES t KEY (1);

--@test: HAVING is put on a table that had none
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, SUM(v) AS s FROM e GROUP BY id;
INSERT INTO e VALUES (1, 1);
CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS s FROM e GROUP BY id HAVING SUM(v) > 5;
INSERT INTO e VALUES (2, 2);
INSERT INTO e VALUES (1, 1);
INSERT INTO e VALUES (1, 1);
INSERT INTO e VALUES (2, 9);
ASSERT VALUES t VALUES (1, 1);
ASSERT NULL VALUES t KEY (1);
ASSERT VALUES t VALUES (2, 11);

--@test: HAVING is taken away, and put there again
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, SUM(v) AS s FROM e GROUP BY id HAVING SUM(v) > 5;
INSERT INTO e VALUES (1, 1);
INSERT INTO e VALUES (2, 1);
CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS s FROM e GROUP BY id;
INSERT INTO e VALUES (1, 1);
CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS s FROM e GROUP BY id HAVING SUM(v) > 5;
INSERT INTO e VALUES (2, 1);
INSERT INTO e VALUES (1, 1);
INSERT INTO e VALUES (2, 4);
ASSERT VALUES t VALUES (1, 2);
ASSERT NULL VALUES t KEY (1);
ASSERT VALUES t VALUES (2, 6);

--@test: what is made of an aggregate changes, its state goes on
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, SUM(v) AS s, COUNT(*) AS n FROM e GROUP BY id;
INSERT INTO e VALUES (1, 4);
CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS s, COUNT(*) * 10 AS n, SUM(v) / COUNT(*) AS mean FROM e GROUP BY id;
INSERT INTO e VALUES (1, 6);
ASSERT VALUES t (id, s, n) VALUES (1, 4, 1);
ASSERT VALUES t VALUES (1, 10, 20, 5);

--@test: groups of another key than the source's
CREATE STREAM e (id INT KEY, g STRING, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT g, SUM(v) AS s FROM e WHERE v > 0 GROUP BY g;
INSERT INTO e VALUES (1, 'a', 4);
CREATE OR REPLACE TABLE t AS SELECT g, SUM(v) AS s, AS_VALUE(g) AS name FROM e WHERE v > 10 GROUP BY g;
INSERT INTO e VALUES (1, 'a', 5);
INSERT INTO e VALUES (1, 'a', 11);
ASSERT VALUES t (g, s) VALUES ('a', 4);
ASSERT VALUES t VALUES ('a', 15, 'a');

--@test: expressions and the filter of a stream
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT id, v * 2 AS w FROM e WHERE v > 0;
INSERT INTO e VALUES (1, 1);
CREATE OR REPLACE STREAM t AS SELECT id, v * 3 AS w, v FROM e WHERE v < 0;
INSERT INTO e VALUES (1, 1);
INSERT INTO e VALUES (1, -1);
ASSERT VALUES t (id, w) VALUES (1, 2);
ASSERT VALUES t VALUES (1, -3, -1);

--@test: a stream under another key, and one with a table function
CREATE STREAM e (id INT KEY, v INT, l ARRAY<INT>) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM p AS SELECT v, id FROM e PARTITION BY v;
CREATE STREAM x AS SELECT id, EXPLODE(l) AS one FROM e;
INSERT INTO e VALUES (1, 7, ARRAY[1, 2]);
CREATE OR REPLACE STREAM p AS SELECT v, id, id + 1 AS more FROM e WHERE id > 1 PARTITION BY v;
CREATE OR REPLACE STREAM x AS SELECT id, EXPLODE(l) AS one, v FROM e WHERE id > 1;
INSERT INTO e VALUES (1, 8, ARRAY[3]);
INSERT INTO e VALUES (2, 9, ARRAY[4]);
ASSERT VALUES p (v, id) VALUES (7, 1);
ASSERT VALUES p VALUES (9, 2, 3);
ASSERT VALUES x (id, one) VALUES (1, 1);
ASSERT VALUES x (id, one) VALUES (1, 2);
ASSERT VALUES x VALUES (2, 4, 9);

--@test: a query behind the one that is replaced goes on
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE v > 0;
CREATE TABLE c AS SELECT v, COUNT(*) AS n FROM t GROUP BY v;
INSERT INTO n VALUES (1, 5);
CREATE OR REPLACE TABLE t AS SELECT * FROM n WHERE v > 10;
INSERT INTO n VALUES (1, 6);
ASSERT VALUES c VALUES (5, 1);
ASSERT VALUES c VALUES (5, 0);

--@test: other aggregates are refused
--@expected.error: KsqlException
--@expected.message: its state is of other aggregates: COUNT
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, COUNT(v) AS n FROM e GROUP BY id;
CREATE OR REPLACE TABLE t AS SELECT id, COUNT(v) AS n, SUM(v) AS s FROM e GROUP BY id;

--@test: another column in an aggregate is refused
--@expected.error: KsqlException
--@expected.message: StreamAggregate must have matching columns not part of aggregate. Values differ: [`ID`, `V`] vs. [`ID`, `W`]
CREATE STREAM e (id INT KEY, v INT, w INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, SUM(v) AS n FROM e GROUP BY id;
CREATE OR REPLACE TABLE t AS SELECT id, SUM(w) AS n FROM e GROUP BY id;

--@test: another source is refused
--@expected.error: KsqlException
--@expected.message: it reads f and not e
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM f (id INT KEY, v INT) WITH (KAFKA_TOPIC='f', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT * FROM e;
CREATE OR REPLACE STREAM t AS SELECT * FROM f;

--@test: a window of another size is refused
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for StreamWindowedAggregate
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, SUM(v) AS n FROM e WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY id;
CREATE OR REPLACE TABLE t AS SELECT id, SUM(v) AS n FROM e WINDOW TUMBLING (SIZE 2 MINUTES) GROUP BY id;

--@test: an aggregation of a table is refused
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for TableAggregate
CREATE TABLE e (id INT PRIMARY KEY, g INT, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT g, SUM(v) AS n FROM e GROUP BY g;
CREATE OR REPLACE TABLE t AS SELECT g, SUM(v) AS n FROM e WHERE v > 0 GROUP BY g;

--@test: a windowed source is refused
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for WindowedStreamSource
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1, WINDOW_TYPE='SESSION');
CREATE STREAM t AS SELECT * FROM e;
CREATE OR REPLACE STREAM t AS SELECT * FROM e WHERE v > 0;

--@test: joins of streams, of tables, of a foreign key are refused: two streams
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for StreamStreamJoin
CREATE STREAM l (id INT KEY, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM r (id INT KEY, v INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT l.id, l.v, r.v FROM l JOIN r WITHIN 1 MINUTE ON l.id = r.id;
CREATE OR REPLACE STREAM t AS SELECT l.id, l.v, r.v FROM l JOIN r WITHIN 1 MINUTE ON l.id = r.id WHERE l.v > 0;

--@test: two tables
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for TableTableJoin
CREATE TABLE l (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE r (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT l.id, l.v, r.v FROM l JOIN r ON l.id = r.id;
CREATE OR REPLACE TABLE t AS SELECT l.id, l.v, r.v FROM l JOIN r ON l.id = r.id WHERE l.v > 0;

--@test: a foreign key
--@expected.error: KsqlException
--@expected.message: Upgrades not yet supported for ForeignKeyTableTableJoin
CREATE TABLE l (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE r (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT l.id, l.v, r.v FROM l JOIN r ON l.v = r.id;
CREATE OR REPLACE TABLE t AS SELECT l.id, l.v, r.v FROM l JOIN r ON l.v = r.id WHERE l.v > 0;

--@test: the same statement once more is no change, whatever it is
CREATE STREAM s (id INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE r (id INT PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT s.id, v, w FROM s JOIN r ON s.id = r.id;
INSERT INTO r VALUES (1, 2);
CREATE OR REPLACE STREAM t AS SELECT s.id, v, w FROM s JOIN r ON s.id = r.id;
INSERT INTO s VALUES (1, 3);
ASSERT VALUES t VALUES (1, 3, 2);

--@test: the key of the table is another
--@expected.error: KsqlException
--@expected.message: (Key columns must be identical. The following key columns are changed, missing or reordered: [`G` INTEGER KEY])
CREATE STREAM e (id INT KEY, g INT, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT g, COUNT(*) AS n FROM e GROUP BY g;
CREATE OR REPLACE TABLE t AS SELECT v, COUNT(*) AS n FROM e GROUP BY v;

--@test: values that readers could not tell apart: another delimiter
--@expected.error: KsqlException
--@expected.message: DataSource '`T`' has valueFormat delimiter = none which cannot be upgraded to |
CREATE STREAM e (id INT KEY, v INT, w INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='DELIMITED', PARTITIONS=1);
CREATE STREAM t AS SELECT * FROM e;
CREATE OR REPLACE STREAM t WITH (VALUE_DELIMITER='|') AS SELECT * FROM e;

--@test: one column that was written without its name
--@expected.error: KsqlException
--@expected.message: DataSource '`T`' has valueFormat features = [UNWRAP_SINGLES] which cannot be upgraded to []
CREATE STREAM e (id INT KEY, v INT, w INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t WITH (WRAP_SINGLE_VALUE=false) AS SELECT id, v FROM e;
CREATE OR REPLACE STREAM t AS SELECT id, v, w FROM e;

--@test: schemas of a registry: a column and a filter
CREATE TABLE shop (id STRING PRIMARY KEY, name STRING, floor INT) WITH (KAFKA_TOPIC='shop', FORMAT='AVRO', PARTITIONS=1);
CREATE TABLE shown AS SELECT id, name FROM shop WHERE floor > 0;
INSERT INTO shop VALUES ('a', 'tea', 2);
CREATE OR REPLACE TABLE shown AS SELECT id, name, floor FROM shop WHERE floor > 4;
INSERT INTO shop VALUES ('a', 'tea', 3);
INSERT INTO shop VALUES ('b', 'books', 5);
ASSERT VALUES shown (id, name) VALUES ('a', 'tea');
ASSERT NULL VALUES shown (id) KEY ('a');
ASSERT VALUES shown VALUES ('b', 'books', 5);

--@test: groups of the same name that are computed otherwise
--@expected.error: KsqlException
--@expected.message: its groups would be others
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT v + 1 AS k, COUNT(*) AS n FROM e GROUP BY v + 1;
CREATE OR REPLACE TABLE t AS SELECT v + 2 AS k, COUNT(*) AS n FROM e GROUP BY v + 2;

--@test: keys of the same name that are computed otherwise
--@expected.error: KsqlException
--@expected.message: its rows would have other keys
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT ABS(v) AS k, v FROM e PARTITION BY ABS(v);
CREATE OR REPLACE STREAM t AS SELECT ABS(v) + 1 AS k, v FROM e PARTITION BY ABS(v) + 1;

--@test: the same key over a source that has got columns
CREATE STREAM e (id INT KEY, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t AS SELECT ABS(v) AS k, v FROM e PARTITION BY ABS(v);
ALTER STREAM e ADD COLUMN w INT;
CREATE OR REPLACE STREAM t AS SELECT ABS(v) AS k, v, w FROM e WHERE w > 0 PARTITION BY ABS(v);
INSERT INTO e VALUES (1, -4, 0);
INSERT INTO e VALUES (1, -5, 1);
ASSERT VALUES t VALUES (5, -5, 1);

--@test: an aggregate of the same column that is computed otherwise
--@expected.error: KsqlException
--@expected.message: its state is of other aggregates: SUM
CREATE STREAM e (id INT KEY, g INT, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT g, SUM(v + 1) AS s FROM e GROUP BY g;
CREATE OR REPLACE TABLE t AS SELECT g, SUM(v + 2) AS s FROM e GROUP BY g;

--@test: aggregates of every sort go on with their state
CREATE STREAM e (id INT KEY, g INT, v INT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT id, COLLECT_LIST(v) AS l, LATEST_BY_OFFSET(g) AS m, AVG(v) AS a, TOPK(v, 2) AS k, COUNT_DISTINCT(v) AS d, HISTOGRAM(CAST(v AS STRING)) AS h
  FROM e GROUP BY id;
INSERT INTO e VALUES (1, 1, 5);
CREATE OR REPLACE TABLE t AS SELECT id, COLLECT_LIST(v) AS l, LATEST_BY_OFFSET(g) AS m, AVG(v) AS a, TOPK(v, 2) AS k, COUNT_DISTINCT(v) AS d, HISTOGRAM(CAST(v AS STRING)) AS h, ARRAY_LENGTH(COLLECT_LIST(v)) AS n
  FROM e WHERE v > 5 GROUP BY id;
INSERT INTO e VALUES (1, 2, 5);
INSERT INTO e VALUES (1, 3, 7);
ASSERT VALUES t (l, m) VALUES (ARRAY[5], 1);
ASSERT VALUES t (l, m, a, k, d, n, h) VALUES (ARRAY[5, 7], 3, 6.0, ARRAY[7, 5], 2, 2, MAP('5' := 1, '7' := 1));
