-- ARRAY, MAP and STRUCT as types: casts and comparisons.

--@test: the elements of an array are cast one by one
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CAST(ARRAY[1, 2] AS ARRAY<STRING>) AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['1', '2']);

--@test: the values of a map are cast one by one
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CAST(MAP('a' := 1) AS MAP<STRING, DOUBLE>) AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, MAP('a' := 1.0));

--@test: the fields of a struct are cast by their names
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CAST(STRUCT(a := 1, b := 2) AS STRUCT<a STRING, b BIGINT>) AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, STRUCT(a := '1', b := 2));

--@test: a struct is compared for being equal
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  STRUCT(a := 1) = STRUCT(a := 1) AS c1,
  STRUCT(a := 1) <> STRUCT(a := 2) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, TRUE, TRUE);

--@test: maps are equal whatever the order of their entries
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  MAP('a' := 1, 'b' := 2) = MAP('b' := 2, 'a' := 1) AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, TRUE);
