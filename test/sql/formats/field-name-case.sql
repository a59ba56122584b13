-- VALUE_FIELD_NAME_CASE='PRESERVE' writes fields in the case in which a statement has their names. SQL itself goes on ignoring case.
-- Streams of the format KAFKA show topics' bytes as text.

--@test: names are written as the source's statement has them, and as aliases stand
CREATE STREAM trips (trip_id STRING, Fare DOUBLE, ZONE INT, `as is` INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM processed AS SELECT TRIP_ID, fare, zone, `as is`, FARE * 1.2 AS surge_price, UCASE(trip_id) FROM trips;
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA');
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='PROCESSED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
CREATE STREAM p AS SELECT * FROM raw;
INSERT INTO trips (TRIP_ID, fare, zone, `as is`) VALUES ('a', 15.75, 7, 1);
ASSERT VALUES p VALUES ('{"trip_id":"a","Fare":15.75,"ZONE":7,"as is":1}');
ASSERT VALUES o VALUES ('{"trip_id":"a","Fare":15.75,"ZONE":7,"as is":1,"surge_price":18.9,"KSQL_COL_0":"A"}');
ASSERT VALUES processed (trip_id, surge_price) VALUES ('a', 18.9);

--@test: the record of a producer goes through with its names and its undeclared fields
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM trips (trip_id STRING, pickup_time STRING, fare DOUBLE, rest STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_FIELD_NAME_CASE='PRESERVE', VALUE_UNDECLARED_FIELDS='rest');
CREATE STREAM processed AS SELECT *, fare*1.2 AS surge_price FROM trips;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='PROCESSED', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO raw VALUES ('{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75}');
INSERT INTO raw VALUES ('{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75,"tip":1.5000}');
ASSERT VALUES o VALUES ('{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75,"surge_price":18.9}');
ASSERT VALUES o VALUES ('{"trip_id":"1234","pickup_time":"2025-02-18T10:00:00","fare":15.75,"tip":1.5000,"surge_price":18.9}');

--@test: fields of structs too: declared, of a custom type, made in the query and taken out
CREATE TYPE place AS STRUCT<lat DOUBLE, Lng DOUBLE>;
CREATE STREAM s (id INT, a STRUCT<Street STRING, at place>, l ARRAY<STRUCT<x INT>>, m MAP<STRING, STRUCT<y INT>>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM q AS SELECT id, a, l, m, STRUCT(one := 1, Two := a->at) AS made, a->street, a->at->LNG AS Longitude FROM s;
CREATE STREAM written (v STRING) WITH (KAFKA_TOPIC='Q', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM written;
INSERT INTO s VALUES (1, STRUCT(street := 'S', at := STRUCT(lat := 1.5, lng := 2.5)), ARRAY[STRUCT(x := 1)], MAP('k' := STRUCT(y := 2)));
ASSERT VALUES o VALUES ('{"id":1,"a":{"Street":"S","at":{"lat":1.5,"Lng":2.5}},"l":[{"x":1}],"m":{"k":{"y":2}},"made":{"one":1,"Two":{"lat":1.5,"Lng":2.5}},"Street":"S","Longitude":2.5}');

--@test: a sink may say it where its source does not, and the other way round
CREATE STREAM s (id INT, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM kept WITH (VALUE_FIELD_NAME_CASE='preserve') AS SELECT id, V AS Total, STRUCT(In_It := v) AS made FROM s;
CREATE STREAM upper WITH (VALUE_FIELD_NAME_CASE='UPPER') AS SELECT id, total, made FROM kept;
CREATE STREAM a (v STRING) WITH (KAFKA_TOPIC='KEPT', VALUE_FORMAT='KAFKA');
CREATE STREAM b (v STRING) WITH (KAFKA_TOPIC='UPPER', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM a;
CREATE STREAM p AS SELECT * FROM b;
INSERT INTO s VALUES (1, 2);
ASSERT VALUES o VALUES ('{"id":1,"Total":2,"made":{"In_It":2}}');
ASSERT VALUES p VALUES ('{"ID":1,"TOTAL":2,"MADE":{"IN_IT":2}}');

--@test: joins, groups and tables
CREATE STREAM trips (id INT KEY, zone INT, fare DOUBLE) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE TABLE zones (zone INT PRIMARY KEY, zone_name STRING, fare DOUBLE) WITH (KAFKA_TOPIC='z', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM named AS SELECT t.zone AS zone, Zone_name, t.fare, z.fare FROM trips t JOIN zones AS z ON t.zone = z.zone;
CREATE STREAM starred AS SELECT * FROM trips AS Ride JOIN zones z ON Ride.zone = z.zone;
CREATE TABLE sums AS SELECT zone, SUM(t_fare) AS total_fare FROM named GROUP BY zone;
CREATE STREAM a (v STRING) WITH (KAFKA_TOPIC='NAMED', VALUE_FORMAT='KAFKA');
CREATE STREAM b (v STRING) WITH (KAFKA_TOPIC='STARRED', VALUE_FORMAT='KAFKA');
CREATE STREAM c (v STRING) WITH (KAFKA_TOPIC='SUMS', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM a;
CREATE STREAM p AS SELECT * FROM b;
CREATE STREAM q AS SELECT * FROM c;
INSERT INTO zones VALUES (7, 'Midtown', 1.5);
INSERT INTO trips VALUES (1, 7, 10.5);
ASSERT VALUES o VALUES ('{"zone_name":"Midtown","t_fare":10.5,"z_fare":1.5}');
ASSERT VALUES p VALUES ('{"Ride_id":1,"Ride_fare":10.5,"z_zone":7,"z_zone_name":"Midtown","z_fare":1.5}');
ASSERT VALUES q VALUES ('{"total_fare":10.5}');

--@test: a field of the name as written goes before others that differ in case
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM s (id INT, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM o AS SELECT * FROM s;
INSERT INTO raw VALUES ('{"id":1,"ID":2,"V":3}');
ASSERT VALUES o VALUES (1, 3);

--@test: a column that is added keeps its case
CREATE STREAM s (id INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
ALTER STREAM s ADD COLUMN added_Later STRUCT<x INT>;
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM raw;
INSERT INTO s VALUES (1, STRUCT(x := 2));
ASSERT VALUES o VALUES ('{"id":1,"added_Later":{"x":2}}');

--@test: keys of several columns have their own property, and a sink of another format that has it inherits it
CREATE STREAM s (k_one INT KEY, k_two INT KEY, v INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1, KEY_FIELD_NAME_CASE='PRESERVE', VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM q WITH (VALUE_FORMAT='JSON_SR') AS SELECT * FROM s;
CREATE STREAM d WITH (VALUE_FORMAT='DELIMITED') AS SELECT * FROM s;
CREATE STREAM raw (k STRING KEY, v BYTES) WITH (KAFKA_TOPIC='Q', FORMAT='KAFKA');
CREATE STREAM o AS SELECT k, SUBSTRING(FROM_BYTES(v, 'utf8'), 6) AS v FROM raw;
INSERT INTO s VALUES (1, 2, 3);
ASSERT VALUES o VALUES ('{"k_one":1,"k_two":2}', '{"v":3}');
ASSERT VALUES d VALUES (1, 2, 3);

--@test: every format with names of fields writes and reads them
CREATE STREAM s (id INT, Some_Text STRING, r STRUCT<x INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM a WITH (VALUE_FORMAT='AVRO') AS SELECT * FROM s;
CREATE STREAM b WITH (VALUE_FORMAT='PROTOBUF') AS SELECT * FROM a;
CREATE STREAM c WITH (VALUE_FORMAT='JSON_SR') AS SELECT * FROM b;
CREATE STREAM d WITH (VALUE_FORMAT='PROTOBUF_NOSR') AS SELECT * FROM c;
CREATE STREAM e WITH (VALUE_FORMAT='JSON') AS SELECT * FROM d;
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='E', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM raw;
INSERT INTO s VALUES (1, 'x', STRUCT(x := 2));
ASSERT VALUES o VALUES ('{"id":1,"Some_Text":"x","r":{"x":2}}');

--@test: columns of a registered schema have its names
CREATE STREAM s (id INT, Some_Text STRING, r STRUCT<Inner_One INT>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM inferred WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO', VALUE_FIELD_NAME_CASE='PRESERVE');
CREATE STREAM e WITH (VALUE_FORMAT='JSON') AS SELECT ID, some_text, r, r->inner_one FROM inferred;
CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='E', VALUE_FORMAT='KAFKA');
CREATE STREAM o AS SELECT * FROM raw;
INSERT INTO s VALUES (1, 'x', STRUCT(inner_one := 2));
ASSERT VALUES o VALUES ('{"id":1,"Some_Text":"x","r":{"Inner_One":2},"Inner_One":2}');

--@test: two columns cannot be written as one field
--@expected.error: KsqlException
--@expected.message: Two columns would be written as the field 'a'
CREATE STREAM s (a INT, `a` INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');

--@test: nor two fields of a struct
--@expected.error: KsqlException
--@expected.message: Two columns would be written as the field 'x'
CREATE STREAM s (a ARRAY<STRUCT<x INT, `x` INT>>) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');

--@test: formats without names of fields refuse it
--@expected.error: KsqlException
--@expected.message: DELIMITED does not support the following configs: [fieldNameCase]
CREATE STREAM s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='DELIMITED', PARTITIONS=1, VALUE_FIELD_NAME_CASE='PRESERVE');

--@test: the property takes two words
--@expected.error: KsqlException
--@expected.message: Invalid value 'lower' for property VALUE_FIELD_NAME_CASE.
CREATE STREAM s (a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, VALUE_FIELD_NAME_CASE='lower');
