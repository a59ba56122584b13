-- CREATE STREAM and CREATE TABLE declare what lies in a topic.

--@test: a stream has the columns and formats that are declared
CREATE STREAM boats (id INT KEY, name STRING, draught DECIMAL(4, 2)) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM boats (id INT KEY, name STRING, draught DECIMAL(4, 2)) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', KEY_FORMAT='KAFKA');

--@test: a table has a primary key
CREATE TABLE boats (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT TABLE boats (id INT PRIMARY KEY, name STRING);

--@test: FORMAT is the format of keys and values
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM boats WITH (KEY_FORMAT='JSON', VALUE_FORMAT='JSON');

--@test: names of properties and formats may be in any case
CREATE STREAM boats (id INT KEY, name STRING) WITH (kafka_topic='boats', Value_Format='json', partitions=1);
ASSERT STREAM boats WITH (VALUE_FORMAT='JSON');

--@test: a stream may be without a key
CREATE STREAM boats (name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES ('Elsa');
ASSERT VALUES boats VALUES ('Elsa');

--@test: a table without a primary key is refused
--@expected.error: KsqlException
--@expected.message: Tables require a PRIMARY KEY
CREATE TABLE boats (id INT, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: a table's key is called PRIMARY KEY
--@expected.error: KsqlException
--@expected.message: please use 'PRIMARY KEY' for tables.
CREATE TABLE boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: a stream's key is called KEY
--@expected.error: KsqlException
--@expected.message: please use 'KEY' for streams.
CREATE STREAM boats (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: two columns of one name are refused
--@expected.error: KsqlException
--@expected.message: Duplicate column names: `NAME`
CREATE STREAM boats (id INT KEY, name STRING, NAME INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: what is there already is not made again
--@expected.error: KsqlException
--@expected.message: A stream with the same name already exists
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: IF NOT EXISTS leaves what is there
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM IF NOT EXISTS boats (id INT KEY, other STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM boats (id INT KEY, name STRING);

--@test: IF NOT EXISTS with a query leaves the query that is there
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM IF NOT EXISTS o AS SELECT id, n * 2 AS n FROM boats;
CREATE STREAM IF NOT EXISTS o AS SELECT id, n * 3 AS n FROM boats;
INSERT INTO boats VALUES (1, 5);
ASSERT VALUES o VALUES (1, 10);

--@test: OR REPLACE adds columns behind those that are there
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE OR REPLACE STREAM boats (id INT KEY, name STRING, flag STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM boats (id INT KEY, name STRING, flag STRING);

--@test: OR REPLACE takes no column away
--@expected.error: KsqlException
--@expected.message: NAME
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE OR REPLACE STREAM boats (id INT KEY, flag STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: two streams may read one topic with different columns
CREATE STREAM boats (id INT KEY, name STRING, flag STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM flags (id INT KEY, flag STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM flags;
INSERT INTO boats VALUES (1, 'Elsa', 'NO');
ASSERT VALUES o VALUES (1, 'NO');

--@test: a SOURCE stream is only read
--@expected.error: KsqlException
--@expected.message: Cannot insert values into read-only stream: BOATS
CREATE SOURCE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 'Elsa');

--@test: a SOURCE table can be read by a query
CREATE TABLE boats (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE SOURCE TABLE known (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON');
CREATE TABLE o AS SELECT id, UCASE(name) AS name FROM known;
INSERT INTO boats VALUES (1, 'Elsa');
ASSERT VALUES o VALUES (1, 'ELSA');

--@test: a property that is not there is refused
--@expected.error: KsqlException
--@expected.message: Invalid config variable(s) in the WITH clause: VALUE_FROMAT
CREATE STREAM boats (id INT KEY, name STRING) WITH (KAFKA_TOPIC='boats', VALUE_FROMAT='JSON', PARTITIONS=1);

--@test: the topic must be named
--@expected.error: KsqlException
--@expected.message: KAFKA_TOPIC
CREATE STREAM boats (id INT KEY, name STRING) WITH (VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: ROWTIME is no name for a column
--@expected.error: KsqlException
--@expected.message: 'ROWTIME' is a reserved column name
CREATE STREAM boats (id INT KEY, ROWTIME BIGINT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
