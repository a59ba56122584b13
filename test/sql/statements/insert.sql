-- INSERT INTO … VALUES writes one row; INSERT INTO … SELECT lets a query write into a stream that is there.

--@test: without a list of columns values go in the order of the schema
CREATE STREAM boats (id INT KEY, name STRING, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 'Elsa', 5);
ASSERT VALUES boats VALUES (1, 'Elsa', 5);

--@test: with a list of columns values go in the order of the list
CREATE STREAM boats (id INT KEY, name STRING, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats (n, id, name) VALUES (5, 1, 'Elsa');
ASSERT VALUES boats VALUES (1, 'Elsa', 5);

--@test: a column that is not named is NULL
CREATE STREAM boats (id INT KEY, name STRING, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats (id, n) VALUES (1, 5);
ASSERT VALUES boats VALUES (1, NULL, 5);

--@test: a stream takes a row without a key
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats (n) VALUES (5);
ASSERT VALUES boats VALUES (NULL, 5);

--@test: a table takes no row without a key
--@expected.error: KsqlException
--@expected.message: Failed to insert values into 'BOATS'. Value for primary key column(s) ID is required for tables
CREATE TABLE boats (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats (n) VALUES (5);

--@test: values may be expressions
CREATE STREAM boats (id INT KEY, name STRING, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, UCASE('el' + 'sa'), 2 + 3 * 4);
ASSERT VALUES boats VALUES (1, 'ELSA', 14);

--@test: an INT is taken for a BIGINT, a DOUBLE or a DECIMAL
CREATE STREAM boats (id INT KEY, a BIGINT, b DOUBLE, c DECIMAL(5, 2)) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 2, 3, 4);
ASSERT VALUES boats VALUES (1, 2, 3.0, 4.00);

--@test: a text is no number
--@expected.error: KsqlException
--@expected.message: Expected type INTEGER for field
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, '5');

--@test: more values than columns are refused
--@expected.error: KsqlException
--@expected.message: Expected a value for each column.
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, 5, 6);

--@test: a column that is not there is refused
--@expected.error: KsqlException
--@expected.message: Column name `M` does not exist.
CREATE STREAM boats (id INT KEY, n INT) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats (id, m) VALUES (1, 5);

--@test: arrays, maps and structs are written as they are computed
CREATE STREAM boats (id INT KEY, crew ARRAY<STRING>, load MAP<STRING, INT>, at STRUCT<x INT, y INT>) WITH (KAFKA_TOPIC='boats', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO boats VALUES (1, ARRAY['Ada', 'Bob'], MAP('cod' := 3), STRUCT(x := 1, y := 2));
ASSERT VALUES boats VALUES (1, ARRAY['Ada', 'Bob'], MAP('cod' := 3), STRUCT(x := 1, y := 2));

--@test: INSERT INTO SELECT brings two streams together
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM south (id INT KEY, n INT) WITH (KAFKA_TOPIC='south', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, n, 'north' AS side FROM north;
INSERT INTO o SELECT id, n, 'south' AS side FROM south;
INSERT INTO north VALUES (1, 5);
INSERT INTO south VALUES (2, 6);
ASSERT VALUES o VALUES (1, 5, 'north');
ASSERT VALUES o VALUES (2, 6, 'south');

--@test: INSERT INTO SELECT writes into a stream that was declared
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='AVRO', PARTITIONS=1);
INSERT INTO o SELECT * FROM north WHERE n > 0;
INSERT INTO north VALUES (1, 0);
INSERT INTO north VALUES (2, 6);
ASSERT VALUES o VALUES (2, 6);

--@test: the query of INSERT INTO may have an id of its own
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='from_north') SELECT * FROM north;
INSERT INTO north VALUES (1, 5);
TERMINATE FROM_NORTH;
INSERT INTO north VALUES (2, 6);
INSERT INTO o VALUES (3, 7);
ASSERT VALUES o VALUES (1, 5);
ASSERT VALUES o VALUES (3, 7);

--@test: two queries cannot have one id
--@expected.error: KsqlException
--@expected.message: Query ID 'COPY' already exists.
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='copy') SELECT * FROM north;
INSERT INTO o WITH (QUERY_ID='Copy') SELECT * FROM north;

--@test: an id is of letters, digits and underscores
--@expected.error: KsqlException
--@expected.message: Query IDs may contain only alphanumeric characters and '_'. Got: 'A COPY'
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='a copy') SELECT * FROM north;

--@test: an id does not look like one that is given by itself
--@expected.error: KsqlException
--@expected.message: Query IDs must not start with a reserved query ID prefix
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='insertquery_9') SELECT * FROM north;

--@test: the columns of INSERT INTO SELECT must be those of the stream
--@expected.error: KsqlException
--@expected.message: Incompatible schema between results and sink.
CREATE STREAM north (id INT KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, name STRING) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o SELECT * FROM north;

--@test: INSERT INTO SELECT has no place for a table
--@expected.error: KsqlException
--@expected.message: INSERT INTO can only be used to insert into a stream.
CREATE TABLE north (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='north', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o SELECT * FROM north;
