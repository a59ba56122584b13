-- Fields that nobody declares: a column that takes them along (VALUE_UNDECLARED_FIELDS), and one that holds the whole value
-- (PAYLOAD). Streams of the format KAFKA write and read the topics' bytes as text.

--@test: undeclared fields go through a query, with their exact digits, in the place of their column
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (trip_id STRING, fare DOUBLE, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM processed AS SELECT *, fare * 1.2 AS surge_price FROM trips;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='PROCESSED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO raw VALUES ('{"trip_id":"1234","fare":15.75}');
INSERT INTO raw VALUES ('{ "tip" : 1.500, "trip_id":"5", "fare":10, "n": 12345678901234567890.10e2, "tags": ["a", {"b": 1.0}], "é\n":null }');
ASSERT VALUES o VALUES ('{"TRIP_ID":"1234","FARE":15.75,"SURGE_PRICE":18.9}');
ASSERT VALUES o VALUES ('{"TRIP_ID":"5","FARE":10.0,"tip":1.500,"n":12345678901234567890.10e2,"tags":["a", {"b": 1.0}],"é\n":null,"SURGE_PRICE":12.0}');

--@test: the column is the text of an object, and NULL where nothing is undeclared
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (id INT, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM o WITH (VALUE_FORMAT='DELIMITED') AS SELECT id, rest, EXTRACTJSONFIELD(rest, '$.tip') AS tip FROM trips;
INSERT INTO raw VALUES ('{"ID":1,"tip":2.50}');
INSERT INTO raw VALUES ('{"Id":2}');
INSERT INTO raw VALUES ('{}');
INSERT INTO raw VALUES ('{"rest":"its own name is no field of its own","tip":1,"tip":2}');
ASSERT VALUES o VALUES (1, '{"tip":2.50}', '2.50');
ASSERT VALUES o VALUES (2, NULL, NULL);
ASSERT VALUES o VALUES (NULL, NULL, NULL);
ASSERT VALUES o VALUES (NULL, '{"rest":"its own name is no field of its own","tip":2}', '2');

--@test: a column goes before an undeclared field of its name, ignoring case
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (fare DOUBLE, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM processed AS SELECT *, fare * 2 AS surge_price FROM trips;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='PROCESSED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO raw VALUES ('{"surge_price":0,"fare":1,"x":1}');
ASSERT VALUES o VALUES ('{"FARE":1.0,"x":1,"SURGE_PRICE":2.0}');

--@test: the column can be inserted, and is fields of the record then
CREATE STREAM trips (rest STRING, id INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO trips VALUES (' {"a": [1], "id": 7} ', 1);
INSERT INTO trips VALUES (NULL, 2);
INSERT INTO trips VALUES ('{}', 3);
ASSERT VALUES o VALUES ('{"a":[1],"ID":1}');
ASSERT VALUES o VALUES ('{"ID":2}');
ASSERT VALUES o VALUES ('{"ID":3}');

--@test: a text that is no object cannot be written
--@expected.error: KsqlException
--@expected.message: The UNDECLARED_FIELDS column `V` must hold a JSON object: Invalid JSON at byte 0: expected '{'
CREATE STREAM s (id INT, v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='v');
INSERT INTO s VALUES (1, '[1]');

--@test: nor can what is left open
--@expected.error: KsqlException
--@expected.message: must hold a JSON object: Invalid JSON: expected ',' or '}', but it ends
CREATE STREAM s (id INT, v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='v');
INSERT INTO s VALUES (1, '{"a":1');

--@test: nor can what has more behind it
--@expected.error: KsqlException
--@expected.message: must hold a JSON object: Invalid JSON at byte 8: something behind the object
CREATE STREAM s (id INT, v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='v');
INSERT INTO s VALUES (1, '{"a":1} {}');

--@test: a sink without the column, or with another type of it, does not inherit the property
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (id INT, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM renamed AS SELECT id, rest AS other FROM trips;
CREATE STREAM lengths AS SELECT id, LEN(rest) AS rest FROM trips;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='RENAMED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO raw VALUES ('{"id":1,"x":2}');
ASSERT VALUES o VALUES ('{"ID":1,"OTHER":"{\"x\":2}"}');
ASSERT VALUES lengths VALUES (1, 7);

--@test: fields survive a repartition, a join and an aggregate
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (id INT, zone INT, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest');
CREATE TABLE zones (zone INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='zones', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM named AS SELECT t.zone AS zone, t.id AS id, z.name AS name, t.rest AS rest FROM trips t JOIN zones z ON t.zone = z.zone;
CREATE TABLE latest AS SELECT zone, LATEST_BY_OFFSET(rest) AS rest FROM named GROUP BY zone;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='NAMED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
CREATE STREAM changes (v STRING) WITH (KAFKA_TOPIC='LATEST', VALUE_FORMAT='KAFKA');
CREATE STREAM p AS SELECT * FROM changes;
INSERT INTO zones VALUES (7, 'Midtown');
INSERT INTO raw VALUES ('{"id":1,"zone":7,"tip":1.50}');
ASSERT VALUES o VALUES ('{"ID":1,"NAME":"Midtown","tip":1.50}');
ASSERT VALUES p VALUES ('{"tip":1.50}');

--@test: numbers that are not finite are written as JSON
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_UNDECLARED_FIELDS='rest', VALUE_JSON_NON_FINITE_NUMBERS='ACCEPT');
CREATE STREAM o WITH (VALUE_FORMAT='DELIMITED') AS SELECT * FROM t;
INSERT INTO raw VALUES ('{"id":1,"a":NaN,"b":[1,-Infinity,"NaN \" NaN"]}');
ASSERT VALUES o VALUES (1, '{"a":"NaN","b":[1,"-Infinity","NaN \" NaN"]}');

--@test: the column must be declared
--@expected.error: KsqlException
--@expected.message: The UNDECLARED_FIELDS column `REST` does not exist among the value columns.
CREATE STREAM t (id INT, b STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='rest');

--@test: the column must be a STRING
--@expected.error: KsqlException
--@expected.message: The UNDECLARED_FIELDS column `rest` is a INTEGER.
CREATE STREAM t (id INT, `rest` INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='`rest`');

--@test: keys have no such column
--@expected.error: KsqlException
--@expected.message: The UNDECLARED_FIELDS column `K` cannot be in a key.
CREATE STREAM t (k STRING KEY, id INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON', PARTITIONS=1, KEY_UNDECLARED_FIELDS='k');

--@test: other formats do not have the property
--@expected.error: KsqlException
--@expected.message: JSON_SR does not support the following configs: [undeclared]
CREATE STREAM t (id INT, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON_SR', PARTITIONS=1, VALUE_UNDECLARED_FIELDS='rest');

--@test: PAYLOAD is the value as it is, whatever is declared
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, whole STRING PAYLOAD, b BYTES) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');
CREATE STREAM o AS SELECT id, whole, EXTRACTJSONFIELD(whole, '$.tip') AS tip FROM t;
INSERT INTO raw VALUES (' {"id": 1, "tip": 2.50}');
INSERT INTO t (id) VALUES (2);
ASSERT VALUES o VALUES (1, ' {"id": 1, "tip": 2.50}', '2.50');
ASSERT VALUES o VALUES (2, '{"ID":2,"B":null}', NULL);

--@test: PAYLOAD is BYTES in any format
CREATE STREAM t (id INT, n BIGINT, whole BYTES PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='PROTOBUF_NOSR', PARTITIONS=1);
CREATE STREAM o WITH (VALUE_FORMAT='JSON') AS SELECT id, FROM_BYTES(whole, 'hex') AS whole FROM t;
INSERT INTO t (id, n) VALUES (1, 2);
ASSERT VALUES o VALUES (1, '08011002');

--@test: PAYLOAD is no STRING where payloads are no text
--@expected.error: KsqlException
--@expected.message: The PAYLOAD column `WHOLE` cannot be a STRING: payloads of the 'PROTOBUF_NOSR' format are no text.
CREATE STREAM t (id INT, whole STRING PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='PROTOBUF_NOSR', PARTITIONS=1);

--@test: PAYLOAD is BYTES or STRING
--@expected.error: KsqlException
--@expected.message: Invalid type for PAYLOAD column: expected BYTES, got INTEGER
CREATE STREAM t (id INT, whole INT PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: there is one PAYLOAD column, beside headers
--@expected.error: KsqlException
--@expected.message: Schema already contains a PAYLOAD column.
CREATE STREAM s (id INT, a STRING PAYLOAD, h BYTES HEADER('h'), payload STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t (id INT, a STRING PAYLOAD, b BYTES PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: a PAYLOAD column cannot be inserted
--@expected.error: KsqlException
--@expected.message: Cannot insert into PAYLOAD columns: WHOLE
CREATE STREAM t (id INT, whole STRING PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO t (id, whole) VALUES (1, '{}');

--@test: no query writes into a stream with a PAYLOAD column
--@expected.error: KsqlException
--@expected.message: Cannot insert into T because it has a PAYLOAD column: WHOLE
CREATE STREAM s (id INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM t (id INT, whole STRING PAYLOAD) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO t SELECT * FROM s;
