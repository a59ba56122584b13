-- The time of a row is that of its record, unless TIMESTAMP names a column. Queries go by the time of the rows, never by
-- the clock of the machine.

--@test: TIMESTAMP takes the time from a column of milliseconds
CREATE STREAM ticks (id INT KEY, at BIGINT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWTIME AS t FROM ticks;
INSERT INTO ticks (ROWTIME, id, at) VALUES (5, 1, 777);
ASSERT VALUES o (ROWTIME, id, t) VALUES (777, 1, 777);

--@test: TIMESTAMP takes the time from a column of TIMESTAMP
CREATE STREAM ticks (id INT KEY, at TIMESTAMP) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWTIME AS t FROM ticks;
INSERT INTO ticks (id, at) VALUES (1, '1970-01-01T00:00:02.500');
ASSERT VALUES o VALUES (1, 2500);

--@test: TIMESTAMP_FORMAT says how a text is read as a time
CREATE STREAM ticks (id INT KEY, at STRING) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', TIMESTAMP_FORMAT='yyyy-MM-dd HH:mm:ssX', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWTIME AS t FROM ticks;
INSERT INTO ticks (id, at) VALUES (1, '1970-01-01 01:00:10+01');
ASSERT VALUES o VALUES (1, 10000);

--@test: a row whose time cannot be read is left out
CREATE STREAM ticks (id INT KEY, at STRING) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', TIMESTAMP_FORMAT='yyyy-MM-dd''T''HH:mm:ssX', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWTIME AS t FROM ticks;
INSERT INTO ticks (id, at) VALUES (1, 'yesterday');
INSERT INTO ticks (id, at) VALUES (2, '1970-01-01T00:00:01Z');
ASSERT VALUES o VALUES (2, 1000);

--@test: windows go by the column that TIMESTAMP names
CREATE STREAM ticks (id INT KEY, at BIGINT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', PARTITIONS=1);
CREATE TABLE o AS SELECT id, COUNT(*) AS n FROM ticks WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;
INSERT INTO ticks (ROWTIME, id, at) VALUES (5, 1, 12000);
ASSERT VALUES o (windowstart, n) VALUES (10000, 1);

--@test: TIMESTAMP in the result of a query sets the time of what it writes
CREATE STREAM ticks (id INT KEY, at BIGINT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o WITH (TIMESTAMP='at') AS SELECT id, at FROM ticks;
INSERT INTO ticks (ROWTIME, id, at) VALUES (5, 1, 777);
ASSERT VALUES o (ROWTIME, at) VALUES (777, 777);

--@test: TIMESTAMP must name a column
--@expected.error: KsqlException
--@expected.message: WHEN_SEEN
CREATE STREAM ticks (id INT KEY, at BIGINT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='when_seen', PARTITIONS=1);

--@test: TIMESTAMP cannot be a column of BOOLEAN
--@expected.error: KsqlException
--@expected.message: Timestamp column, `AT`, should be LONG(INT64), TIMESTAMP
CREATE STREAM ticks (id INT KEY, at BOOLEAN) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', TIMESTAMP='at', PARTITIONS=1);

--@test: a text as time needs no format where it is as ISO 8601 says
CREATE STREAM ticks (id INT KEY, n INT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM ticks WHERE ROWTIME < '1970-01-02';
INSERT INTO ticks (ROWTIME, id, n) VALUES (86400000, 1, 1);
INSERT INTO ticks (ROWTIME, id, n) VALUES (86399999, 2, 1);
ASSERT VALUES o (id) VALUES (2);

--@test: a row that comes later than its time keeps its time
CREATE STREAM ticks (id INT KEY, n INT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM ticks;
INSERT INTO ticks (ROWTIME, id, n) VALUES (2000, 1, 1);
INSERT INTO ticks (ROWTIME, id, n) VALUES (1000, 2, 2);
ASSERT VALUES o (ROWTIME, id) VALUES (2000, 1);
ASSERT VALUES o (ROWTIME, id) VALUES (1000, 2);

--@test: the last record of a key counts in a table, whatever its time
CREATE TABLE last (id INT PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='last', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM asks (id INT KEY, q INT) WITH (KAFKA_TOPIC='asks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, n FROM asks a JOIN last l ON a.id = l.id;
INSERT INTO last (ROWTIME, id, n) VALUES (2000, 1, 1);
INSERT INTO last (ROWTIME, id, n) VALUES (1000, 1, 2);
INSERT INTO asks (ROWTIME, id, q) VALUES (3000, 1, 0);
ASSERT VALUES o VALUES (1, 2);

--@test: UNIX_TIMESTAMP() stands still during a test
CREATE STREAM ticks (id INT KEY, n INT) WITH (KAFKA_TOPIC='ticks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, UNIX_TIMESTAMP() - ROWTIME AS ms FROM ticks;
INSERT INTO ticks VALUES (1, 1);
ASSERT VALUES o VALUES (1, 0);
