-- Columns over the headers of records. A header column is read only: INSERT cannot give one.

--@test: HEADERS gives all headers, none of them as an empty array
CREATE STREAM calls (id INT KEY, v INT, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ARRAY_LENGTH(h) AS n FROM calls;
INSERT INTO calls (id, v) VALUES (1, 5);
ASSERT VALUES o VALUES (1, 0);

--@test: HEADER of one name is NULL where the record has none of it
CREATE STREAM calls (id INT KEY, v INT, trace BYTES HEADER('trace')) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, trace IS NULL AS untraced FROM calls;
INSERT INTO calls (id, v) VALUES (1, 5);
ASSERT VALUES o VALUES (1, TRUE);

--@test: a header column cannot be inserted
--@expected.error: KsqlException
--@expected.message: Cannot insert into HEADER columns: TRACE
CREATE STREAM calls (id INT KEY, v INT, trace BYTES HEADER('trace')) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO calls (id, v, trace) VALUES (1, 5, NULL);

--@test: a column of one header is of type BYTES
--@expected.error: KsqlException
--@expected.message: Invalid type for HEADER('trace') column: expected BYTES, got STRING
CREATE STREAM calls (id INT KEY, trace STRING HEADER('trace')) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: there is one column of all headers at most
--@expected.error: KsqlException
--@expected.message: Schema already contains a HEADERS column.
CREATE STREAM calls (id INT KEY, g ARRAY<STRUCT<key STRING, value BYTES>> HEADERS, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
