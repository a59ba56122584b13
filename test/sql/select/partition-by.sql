-- PARTITION BY gives rows another key; the old key becomes a value.

--@test: the rows come out under the new key
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM trips PARTITION BY city;
ASSERT STREAM o (city STRING KEY, km INT, id INT);
INSERT INTO trips VALUES (1, 'Oslo', 12);
ASSERT VALUES o (city, km, id) VALUES ('Oslo', 12, 1);

--@test: the key may be an expression
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT UCASE(city) AS place, km FROM trips PARTITION BY UCASE(city);
ASSERT STREAM o (place STRING KEY, km INT);
INSERT INTO trips VALUES (1, 'Oslo', 12);
ASSERT VALUES o VALUES ('OSLO', 12);

--@test: the key may be a field of a struct
CREATE STREAM trips (id INT KEY, goal STRUCT<city STRING>, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT goal->city AS city, km FROM trips PARTITION BY goal->city;
INSERT INTO trips VALUES (1, STRUCT(city := 'Oslo'), 12);
ASSERT VALUES o VALUES ('Oslo', 12);

--@test: several columns make a key of several columns
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT city, km, id FROM trips PARTITION BY city, km;
ASSERT STREAM o (city STRING KEY, km INT KEY, id INT);
INSERT INTO trips VALUES (1, 'Oslo', 12);
ASSERT VALUES o VALUES ('Oslo', 12, 1);

--@test: PARTITION BY NULL takes the key away
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM trips PARTITION BY NULL;
ASSERT STREAM o (city STRING, km INT, id INT);
INSERT INTO trips VALUES (1, 'Oslo', 12);
ASSERT VALUES o (id, city) VALUES (1, 'Oslo');

--@test: a row whose new key is NULL comes out with a key that is NULL
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM trips PARTITION BY city;
INSERT INTO trips VALUES (1, NULL, 12);
ASSERT VALUES o (city, km, id) VALUES (NULL, 12, 1);

--@test: PARTITION BY stands behind WHERE
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT city, km FROM trips WHERE km > 10 PARTITION BY city;
INSERT INTO trips VALUES (1, 'Oslo', 9);
INSERT INTO trips VALUES (2, 'Rome', 12);
ASSERT VALUES o VALUES ('Rome', 12);

--@test: the new key is of the type of its expression
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT km / 10 AS tens, city FROM trips PARTITION BY km / 10;
ASSERT STREAM o (tens INT KEY, city STRING);
INSERT INTO trips VALUES (1, 'Oslo', 25);
ASSERT VALUES o VALUES (2, 'Oslo');

--@test: the key must be in the select list
--@expected.error: KsqlException
--@expected.message: must include the partitioning expression TRIPS.CITY in its projection
CREATE STREAM trips (id INT KEY, city STRING, km INT) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, km FROM trips PARTITION BY city;

--@test: a table keeps its key
--@expected.error: KsqlException
--@expected.message: PARTITION BY is not supported on tables.
CREATE TABLE trips (id INT PRIMARY KEY, city STRING) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT * FROM trips PARTITION BY city;
