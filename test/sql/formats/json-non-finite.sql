-- NaN, Infinity and -Infinity as bare words, which JSON does not have and Python writes. A second stream over each topic writes
-- and reads its bytes as text.

--@test: without the property a record with a bare NaN is bad, whether its column is read, unread or not declared
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, d DOUBLE, s STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');
CREATE STREAM ids AS SELECT id FROM t;
CREATE STREAM doubles AS SELECT id, d FROM t;
INSERT INTO raw VALUES ('{"id":1,"d":NaN}');
INSERT INTO raw VALUES ('{"id":2,"other":-Infinity}');
INSERT INTO raw VALUES ('{"id":3,"s":[Infinity]}');
INSERT INTO raw VALUES ('{"id":4,"d":"NaN"}');
ASSERT VALUES ids VALUES (4);
ASSERT VALUES doubles VALUES (4, CAST('NaN' AS DOUBLE));

--@test: ACCEPT gives DOUBLE the number, STRING its text, and NULL to types without such numbers
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, d DOUBLE, s STRING, i INT, l BIGINT, c DECIMAL(4, 2), b BOOLEAN, y BYTES, dt DATE, tm TIME, ts TIMESTAMP, a ARRAY<DOUBLE>, m MAP<STRING, DOUBLE>, r STRUCT<x DOUBLE, n INT>) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_JSON_NON_FINITE_NUMBERS='ACCEPT');
CREATE STREAM o AS SELECT * FROM t;
INSERT INTO raw VALUES ('{"id":1,"d":NaN,"s":NaN,"i":NaN,"l":-Infinity,"c":-Infinity,"b":NaN,"y":NaN,"dt":NaN,"tm":NaN,"ts":NaN,"a":NaN,"m":NaN,"r":NaN}');
INSERT INTO raw VALUES ('{"id":2,"d":-Infinity,"s":{"x":[NaN,1.0]},"a":[1, NaN ,Infinity],"m":{"k":-Infinity},"r":{"x":Infinity,"n":NaN},"other":[NaN]}');
ASSERT VALUES o VALUES (1, CAST('NaN' AS DOUBLE), 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
ASSERT VALUES o VALUES (2, CAST('-Infinity' AS DOUBLE), '{"x":["NaN",1.0]}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[1.0, CAST('NaN' AS DOUBLE), CAST('Infinity' AS DOUBLE)], MAP('k' := CAST('-Infinity' AS DOUBLE)), STRUCT(x := CAST('Infinity' AS DOUBLE), n := CAST(NULL AS INT)));

--@test: NULL makes NULL of them in every type
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, d DOUBLE, s STRING, a ARRAY<DOUBLE>) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_JSON_NON_FINITE_NUMBERS='NULL');
CREATE STREAM o AS SELECT * FROM t;
INSERT INTO raw VALUES ('{"id":1,"d":NaN,"s":-Infinity,"a":[Infinity,2.5]}');
INSERT INTO raw VALUES ('{"id":2,"d":0.5,"s":{"x":NaN},"a":null}');
ASSERT VALUES o VALUES (1, NULL, NULL, ARRAY[NULL, 2.5]);
ASSERT VALUES o VALUES (2, 0.5, '{"x":null}', NULL);

--@test: what is no such word is bad all the same
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, d DOUBLE) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_JSON_NON_FINITE_NUMBERS=true);
CREATE STREAM o AS SELECT * FROM t;
INSERT INTO raw VALUES ('{"id":1,"d":nan}');
INSERT INTO raw VALUES ('{"id":2,"d":NaNs}');
INSERT INTO raw VALUES ('{"id":3,"d":-NaN}');
INSERT INTO raw VALUES ('{"id":4,"d":+Infinity}');
INSERT INTO raw VALUES ('{"id":5,"d":Na');
INSERT INTO raw VALUES ('{"id":6,"d":Infinity}');
ASSERT VALUES o VALUES (6, CAST('Infinity' AS DOUBLE));

--@test: Weir writes such numbers as text, which every reader of JSON takes
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, d DOUBLE) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_JSON_NON_FINITE_NUMBERS=true);
CREATE STREAM o AS SELECT * FROM t;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='O', VALUE_FORMAT='KAFKA');
CREATE STREAM copy AS SELECT * FROM written;
INSERT INTO raw VALUES ('{"id":1,"d":-Infinity}');
ASSERT VALUES copy VALUES ('{"ID":1,"D":"-Infinity"}');

--@test: a key has its own property
CREATE STREAM raw (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='t', FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (k DOUBLE KEY, id INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON', KEY_JSON_NON_FINITE_NUMBERS='ACCEPT');
CREATE STREAM o AS SELECT * FROM t;
INSERT INTO raw VALUES ('-Infinity', '{"id":1}');
INSERT INTO raw VALUES ('-Infinity', '{"id":NaN}');
INSERT INTO raw VALUES ('2.5', '{"id":3}');
ASSERT VALUES o VALUES (CAST('-Infinity' AS DOUBLE), 1);
ASSERT VALUES o VALUES (2.5, 3);

--@test: the property takes three words
--@expected.error: KsqlException
--@expected.message: Invalid value 'some' for property VALUE_JSON_NON_FINITE_NUMBERS.
CREATE STREAM t (id INT, d DOUBLE) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_JSON_NON_FINITE_NUMBERS='some');

--@test: other formats do not have the property
--@expected.error: KsqlException
--@expected.message: AVRO does not support the following configs: [nonFinite]
CREATE STREAM t (id INT, d DOUBLE) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='AVRO', PARTITIONS=1, VALUE_JSON_NON_FINITE_NUMBERS=true);
