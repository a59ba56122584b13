-- VALUE_SCHEMAS_ENABLE: JSON as Kafka Connect's JsonConverter has it with schemas.enable=true. Streams of the format KAFKA write
-- and read the topics' bytes as text.

--@test: each value is written with its schema, every type as the converter has it
CREATE STREAM s (b BOOLEAN, i INT, l BIGINT, d DOUBLE, c DECIMAL(6, 2), t STRING, y BYTES, dt DATE, tm TIME, ts TIMESTAMP, a ARRAY<INT>, m MAP<STRING, DECIMAL(3, 1)>, r STRUCT<x INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_SCHEMAS_ENABLE=true);
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT SUBSTRING(v, INSTR(v, '"payload"')) AS payload FROM raw;
CREATE STREAM p AS SELECT EXTRACTJSONFIELD(v, '$.schema') AS schema FROM raw;
INSERT INTO s VALUES (TRUE, 1, 9007199254740993, 0.5, -1234.50, 'é"', TO_BYTES('AQI=', 'base64'), '2024-02-29', '13:14:15', '2024-02-29T13:14:15.678', ARRAY[1, NULL], MAP('k' := 1.5), STRUCT(x := 1));
INSERT INTO s (i) VALUES (2);
ASSERT VALUES o VALUES ('"payload":{"B":true,"I":1,"L":9007199254740993,"D":0.5,"C":"/h3G","T":"é\"","Y":"AQI=","DT":19782,"TM":47655000,"TS":1709212455678,"A":[1,null],"M":{"k":"Dw=="},"R":{"X":1}}}');
ASSERT VALUES o VALUES ('"payload":{"B":null,"I":2,"L":null,"D":null,"C":null,"T":null,"Y":null,"DT":null,"TM":null,"TS":null,"A":null,"M":null,"R":null}}');
ASSERT VALUES p VALUES ('{"type":"struct","fields":[{"type":"boolean","optional":true,"field":"B"},{"type":"int32","optional":true,"field":"I"},{"type":"int64","optional":true,"field":"L"},{"type":"double","optional":true,"field":"D"},{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"6"},"optional":true,"field":"C"},{"type":"string","optional":true,"field":"T"},{"type":"bytes","optional":true,"field":"Y"},{"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1,"optional":true,"field":"DT"},{"type":"int32","name":"org.apache.kafka.connect.data.Time","version":1,"optional":true,"field":"TM"},{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"optional":true,"field":"TS"},{"type":"array","items":{"type":"int32","optional":true},"optional":true,"field":"A"},{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"1","connect.decimal.precision":"3"},"optional":true},"optional":true,"field":"M"},{"type":"struct","fields":[{"type":"int32","optional":true,"field":"X"}],"optional":true,"field":"R"}],"optional":false}');

--@test: what was written is read again, and a sink inherits the property
CREATE STREAM s (k INT KEY, b BOOLEAN, i INT, l BIGINT, d DOUBLE, c DECIMAL(6, 2), t STRING, y BYTES, dt DATE, tm TIME, ts TIMESTAMP, a ARRAY<DECIMAL(2, 1)>, m MAP<STRING, INT>, r STRUCT<x DECIMAL(4, 3)>) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1, KEY_SCHEMAS_ENABLE=true, VALUE_SCHEMAS_ENABLE=true);
CREATE STREAM o AS SELECT * FROM s;
CREATE STREAM raw (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='O', FORMAT='KAFKA');
CREATE STREAM p AS SELECT k, SUBSTRING(v, 1, 27) AS v FROM raw;
INSERT INTO s VALUES (1, TRUE, 2147483647, 9223372036854775807, 0.5, 1234.50, 'é', TO_BYTES('AQI=', 'base64'), '2024-02-29', '13:14:15', '2024-02-29T13:14:15.678', ARRAY[-0.5], MAP('a' := 1), STRUCT(x := 1.125));
ASSERT VALUES o VALUES (1, TRUE, 2147483647, 9223372036854775807, 0.5, 1234.50, 'é', TO_BYTES('AQI=', 'base64'), '2024-02-29', '13:14:15', '2024-02-29T13:14:15.678', ARRAY[-0.5], MAP('a' := 1), STRUCT(x := 1.125));
ASSERT VALUES p VALUES ('{"schema":{"type":"int32","optional":false},"payload":1}', '{"schema":{"type":"struct",');

--@test: a decimal has the scale that the schema beside it says, wherever that stands
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM t (id INT, c DECIMAL(6, 2), n DECIMAL(4, 1)) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_SCHEMAS_ENABLE=true);
CREATE STREAM o WITH (VALUE_SCHEMAS_ENABLE=false) AS SELECT * FROM t;
INSERT INTO raw VALUES ('{"schema":{"type":"struct","fields":[{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"1"},"field":"c"}]},"payload":{"id":1,"c":"D8c=","n":1.5}}');
INSERT INTO raw VALUES (' { "payload" : {"id":2,"c":"D8c=","n":"2.5"} , "schema":{"type":"struct","fields":[{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"3"},"field":"c"},{"type":"string","field":"n"}]} } ');
ASSERT VALUES o VALUES (1, 403.90, 1.5);
ASSERT VALUES o VALUES (2, 4.04, 2.5);

--@test: a payload of null and a null are no row, and what is no envelope is a bad record
CREATE STREAM raw (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='t', FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE t (k STRING PRIMARY KEY, id INT) WITH (KAFKA_TOPIC='t', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', VALUE_SCHEMAS_ENABLE=true);
CREATE TABLE o AS SELECT * FROM t;
INSERT INTO raw VALUES ('a', '{"schema":null,"payload":{"id":1}}');
INSERT INTO raw VALUES ('b', '{"id":1}');
INSERT INTO raw VALUES ('b', '{"schema":null,"payload":{"id":1},"more":1}');
INSERT INTO raw VALUES ('b', '{"payload":{"id":1}}');
INSERT INTO raw VALUES ('b', '{"schema":null,"payload":{"id":1}} x');
INSERT INTO raw VALUES ('b', '{"schema":null,"payload":{"id":1}');
INSERT INTO raw VALUES ('b', '{"schema":{"x":},"payload":{"id":1}}');
INSERT INTO raw VALUES ('b', '{}');
INSERT INTO raw VALUES ('b', '[1]');
INSERT INTO raw VALUES ('a', '{"schema":null,"payload":null}');
INSERT INTO raw VALUES ('c', '{"schema":null,"payload":{"id":3}}');
INSERT INTO raw VALUES ('c', 'null');
ASSERT VALUES o VALUES ('a', 1);
ASSERT NULL VALUES o (k) KEY ('a');
ASSERT VALUES o VALUES ('c', 3);
ASSERT NULL VALUES o (k) KEY ('c');

--@test: a single value, and a number that is not finite, which Connect has none of
CREATE STREAM s (d DOUBLE) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, WRAP_SINGLE_VALUE=false, VALUE_SCHEMAS_ENABLE=true);
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM raw;
CREATE STREAM p WITH (VALUE_SCHEMAS_ENABLE=false) AS SELECT * FROM s;
INSERT INTO s VALUES (2.5);
INSERT INTO s VALUES (CAST('NaN' AS DOUBLE));
ASSERT VALUES o VALUES ('{"schema":{"type":"double","optional":true},"payload":2.5}');
ASSERT VALUES o VALUES ('{"schema":{"type":"double","optional":true},"payload":null}');
ASSERT VALUES p VALUES (2.5);

--@test: names keep their case in the schema too
CREATE STREAM s (trip_id INT, r STRUCT<x INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_SCHEMAS_ENABLE=true, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM raw;
INSERT INTO s VALUES (1, STRUCT(x := 2));
ASSERT VALUES o VALUES ('{"schema":{"type":"struct","fields":[{"type":"int32","optional":true,"field":"trip_id"},{"type":"struct","fields":[{"type":"int32","optional":true,"field":"x"}],"optional":true,"field":"r"}],"optional":false},"payload":{"trip_id":1,"r":{"x":2}}}');

--@test: keys that differ in their envelope alone meet in a join
CREATE STREAM raw (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='l', FORMAT='KAFKA', PARTITIONS=4);
CREATE STREAM l (k INT KEY, v INT) WITH (KAFKA_TOPIC='l', FORMAT='JSON', KEY_SCHEMAS_ENABLE=true);
CREATE TABLE r (k INT PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='r', FORMAT='JSON', PARTITIONS=4, KEY_SCHEMAS_ENABLE=true);
CREATE STREAM o AS SELECT l.k AS k, v, w FROM l JOIN r ON l.k = r.k;
INSERT INTO r VALUES (1, 10);
INSERT INTO r VALUES (2, 20);
INSERT INTO raw VALUES ('{"schema":{"type":"int32"},"payload":1}', '{"v":1}');
INSERT INTO raw VALUES ('{"payload":2, "schema":{"optional":false,"type":"int32"}}', '{"v":2}');
ASSERT VALUES o VALUES (1, 1, 10);
ASSERT VALUES o VALUES (2, 2, 20);

--@test: a foreign key meets a table whose keys are enveloped
CREATE TABLE l (id INT PRIMARY KEY, z INT) WITH (KAFKA_TOPIC='l', FORMAT='JSON', PARTITIONS=4);
CREATE STREAM raw (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='r', FORMAT='KAFKA', PARTITIONS=4);
CREATE TABLE r (z INT PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='r', FORMAT='JSON', KEY_SCHEMAS_ENABLE=true);
CREATE TABLE o AS SELECT l.id AS id, w FROM l JOIN r ON l.z = r.z;
INSERT INTO raw VALUES ('{"schema":{"type":"int32"},"payload":1}', '{"w":10}');
INSERT INTO raw VALUES ('{"schema":null,"payload":2}', '{"w":20}');
INSERT INTO l VALUES (7, 1);
INSERT INTO l VALUES (8, 2);
ASSERT VALUES o VALUES (7, 10);
ASSERT VALUES o VALUES (8, 20);

--@test: undeclared fields have no place in a schema
--@expected.error: KsqlException
--@expected.message: SCHEMAS_ENABLE and UNDECLARED_FIELDS do not go together
CREATE STREAM s (a INT, rest STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_SCHEMAS_ENABLE=true, VALUE_UNDECLARED_FIELDS='rest');

--@test: the property is true or false
--@expected.error: KsqlException
--@expected.message: Invalid value 'yes' for property VALUE_SCHEMAS_ENABLE.
CREATE STREAM s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_SCHEMAS_ENABLE='yes');

--@test: other formats do not have the property
--@expected.error: KsqlException
--@expected.message: AVRO does not support the following configs: [schemasEnable]
CREATE STREAM s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1, VALUE_SCHEMAS_ENABLE=true);
