-- ALTER adds columns to what was declared; DROP takes a source away, and its topic if that is said.

--@test: ALTER adds a column behind the others
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ALTER STREAM boats ADD COLUMN flag STRING;
ASSERT STREAM boats (id INT KEY, name STRING, flag STRING);
INSERT INTO boats VALUES (1, 'Elsa', 'NO');
ASSERT VALUES boats VALUES (1, 'Elsa', 'NO');

--@test: ALTER adds several columns at once
CREATE TABLE boats (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ALTER TABLE boats ADD COLUMN flag STRING, ADD COLUMN n INT;
ASSERT TABLE boats (id INT PRIMARY KEY, name STRING, flag STRING, n INT);

--@test: rows that were there before have NULL in a new column
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 'Elsa');
ALTER STREAM boats ADD COLUMN flag STRING;
CREATE STREAM o AS SELECT * FROM boats;
ASSERT VALUES o VALUES (1, 'Elsa', NULL);

--@test: a column that is there is not added again
--@expected.error: KsqlException
--@expected.message: Cannot add column `NAME` to schema.
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ALTER STREAM boats ADD COLUMN name STRING;

--@test: ALTER has no place for what a query computes
--@expected.error: KsqlException
--@expected.message: ALTER command is not supported for CREATE ... AS statements.
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM boats;
ALTER STREAM o ADD COLUMN flag STRING;

--@test: ALTER says of which kind the source is
--@expected.error: KsqlException
--@expected.message: Incompatible data source type is STREAM, but statement was ALTER TABLE
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ALTER TABLE boats ADD COLUMN flag STRING;

--@test: what was dropped can be made again
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
DROP STREAM boats;
CREATE TABLE boats (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT TABLE boats (id INT PRIMARY KEY, n INT);

--@test: DROP leaves the topic with its records
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 5);
DROP STREAM boats;
CREATE STREAM again (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM again;
ASSERT VALUES o VALUES (1, 5);

--@test: DELETE TOPIC deletes the topic too
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 5);
DROP STREAM boats DELETE TOPIC;
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (2, 6);
ASSERT VALUES boats VALUES (2, 6);

--@test: DROP of a table that a query computes ends the query
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, SUM(n) AS n FROM boats GROUP BY id;
INSERT INTO boats VALUES (1, 5);
DROP TABLE o DELETE TOPIC;
CREATE TABLE o AS SELECT id, COUNT(*) AS n FROM boats GROUP BY id;
ASSERT VALUES o VALUES (1, 1);

--@test: a source that a query reads is not dropped
--@expected.error: KsqlException
--@expected.message: Cannot drop BOATS.
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM boats;
DROP STREAM boats;

--@test: DROP of what is not there is refused
--@expected.error: KsqlException
--@expected.message: Stream BOATS does not exist.
DROP STREAM boats;

--@test: IF EXISTS lets DROP of what is not there pass
DROP STREAM IF EXISTS boats;
DROP TABLE IF EXISTS boats DELETE TOPIC;
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM boats;

--@test: DROP says of which kind the source is
--@expected.error: KsqlException
--@expected.message: Incompatible data source type is STREAM
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
DROP TABLE boats;
