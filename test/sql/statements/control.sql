-- PAUSE, RESUME and TERMINATE; SET and UNSET.

--@test: a paused query goes on where it stood
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, SUM(n) AS n FROM taps GROUP BY id;
INSERT INTO taps VALUES (1, 1);
PAUSE ALL;
INSERT INTO taps VALUES (1, 2);
RESUME ALL;
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (1, 3);

--@test: one query may be paused by its id while others go on
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='small') SELECT * FROM taps WHERE n < 10;
INSERT INTO o WITH (QUERY_ID='large') SELECT * FROM taps WHERE n >= 10;
PAUSE small;
INSERT INTO taps VALUES (1, 1);
INSERT INTO taps VALUES (2, 20);
RESUME small;
ASSERT VALUES o VALUES (2, 20);
ASSERT VALUES o VALUES (1, 1);

--@test: a query that was terminated writes no more, and its stream stays
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM taps;
INSERT INTO taps VALUES (1, 1);
TERMINATE ALL;
INSERT INTO taps VALUES (2, 2);
INSERT INTO o VALUES (3, 3);
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (3, 3);

--@test: one query may be terminated by its id
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='copy') SELECT * FROM taps;
INSERT INTO taps VALUES (1, 1);
TERMINATE copy;
INSERT INTO taps VALUES (2, 2);
INSERT INTO o VALUES (3, 3);
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (3, 3);

--@test: a source may be dropped when the query that read it is terminated
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o (id INT KEY, n INT) WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO o WITH (QUERY_ID='copy') SELECT * FROM taps;
TERMINATE copy;
DROP STREAM taps;
ASSERT STREAM o;

--@test: a query that is not there cannot be terminated
--@expected.error: KsqlException
--@expected.message: Unknown queryId: NOWHERE
TERMINATE nowhere;

--@test: SET holds for the statements behind it
SET 'ksql.persistence.default.format.value' = 'AVRO';
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', PARTITIONS=1);
ASSERT STREAM taps WITH (VALUE_FORMAT='AVRO');

--@test: UNSET takes a setting back
--@expected.error: KsqlException
--@expected.message: Statement is missing the 'VALUE_FORMAT' property from the WITH clause.
SET 'ksql.persistence.default.format.value' = 'AVRO';
UNSET 'ksql.persistence.default.format.value';
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', PARTITIONS=1);
