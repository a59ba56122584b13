-- CREATE STREAM AS and CREATE TABLE AS: a query that runs for good and writes into a topic of its own.

--@test: the topic has the name of the stream
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM boats;
ASSERT STREAM o WITH (KAFKA_TOPIC='O', VALUE_FORMAT='JSON');

--@test: WITH names another topic and another format
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o WITH (KAFKA_TOPIC='harbour', VALUE_FORMAT='AVRO') AS SELECT * FROM boats;
ASSERT STREAM o WITH (KAFKA_TOPIC='harbour', VALUE_FORMAT='AVRO');
INSERT INTO boats VALUES (1, 'Elsa');
ASSERT VALUES o VALUES (1, 'Elsa');

--@test: a query takes the formats of its source
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', KEY_FORMAT='JSON', VALUE_FORMAT='AVRO', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM boats;
ASSERT STREAM o WITH (KEY_FORMAT='JSON', VALUE_FORMAT='AVRO');

--@test: a query reads what its topic had before it began
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 'Elsa');
CREATE STREAM o AS SELECT * FROM boats;
INSERT INTO boats VALUES (2, 'Lene');
ASSERT VALUES o VALUES (1, 'Elsa');
ASSERT VALUES o VALUES (2, 'Lene');

--@test: queries stand on queries
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM doubled AS SELECT id, n * 2 AS n FROM boats;
CREATE STREAM large AS SELECT * FROM doubled WHERE n > 5;
CREATE TABLE counted AS SELECT id, COUNT(*) AS n FROM large GROUP BY id;
INSERT INTO boats VALUES (1, 2);
INSERT INTO boats VALUES (1, 3);
ASSERT VALUES large VALUES (1, 6);
ASSERT VALUES counted VALUES (1, 1);

--@test: a stream of a table is refused
--@expected.error: KsqlException
--@expected.message: Invalid result type. Your SELECT query produces a TABLE.
CREATE TABLE boats (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM boats;

--@test: a table of a stream needs GROUP BY
--@expected.error: KsqlException
--@expected.message: Invalid result type. Your SELECT query produces a STREAM.
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT * FROM boats;

--@test: TIMESTAMP in WITH takes the time of rows from a column of the result
CREATE STREAM boats (id INT KEY, seen BIGINT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o WITH (TIMESTAMP='seen') AS SELECT * FROM boats;
INSERT INTO boats (ROWTIME, id, seen) VALUES (5, 1, 777);
ASSERT VALUES o (ROWTIME, id) VALUES (777, 1);

--@test: a table over a table follows it
CREATE TABLE boats (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, n + 1 AS n FROM boats;
INSERT INTO boats VALUES (1, 1);
INSERT INTO boats VALUES (1, 2);
ASSERT VALUES o VALUES (1, 2);
ASSERT VALUES o VALUES (1, 3);

--@test: a query over a source that is not there is refused
--@expected.error: KsqlException
--@expected.message: BOATS does not exist.
CREATE STREAM o AS SELECT * FROM boats;
