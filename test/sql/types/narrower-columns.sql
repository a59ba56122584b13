--@test: INSERT INTO … SELECT into a narrower DECIMAL: what has room goes in, what has none is NULL
-- CEIL may carry into one more digit, so that its type has one more than the column.
CREATE STREAM a (k INT KEY, d DECIMAL(4,2)) WITH (kafka_topic='a', format='JSON');
CREATE STREAM o (k INT KEY, d DECIMAL(2,0)) WITH (kafka_topic='o', format='JSON');
INSERT INTO o SELECT k, CEIL(d) AS d FROM a;
INSERT INTO a VALUES (1, 12.30);
INSERT INTO a VALUES (2, 99.30);
ASSERT VALUES o (k, d) VALUES (1, 13);
ASSERT VALUES o (k, d) VALUES (2, NULL);

--@test: INSERT INTO … SELECT narrows no whole number
--@expected.error: KsqlException
--@expected.message: Incompatible schema
CREATE STREAM a (k INT KEY, n BIGINT) WITH (kafka_topic='a', format='JSON');
CREATE STREAM o (k INT KEY, n INT) WITH (kafka_topic='o', format='JSON');
INSERT INTO o SELECT k, n FROM a;

--@test: a field of a struct that is NULL takes the column's type
CREATE STREAM a (k INT KEY, s STRUCT<x INT, y ARRAY<BIGINT>>) WITH (kafka_topic='a', format='JSON');
INSERT INTO a VALUES (1, STRUCT(x := NULL, y := ARRAY[2]));
INSERT INTO a VALUES (2, STRUCT(x := 1, y := NULL));
ASSERT VALUES a (k, s) VALUES (1, STRUCT(x := NULL, y := ARRAY[2]));
ASSERT VALUES a (k, s) VALUES (2, STRUCT(x := 1, y := NULL));

--@test: in a query a NULL in STRUCT is a STRING
--@expected.error: KsqlException
--@expected.message: Result schema is `K` INTEGER KEY, `S` STRUCT<`X` STRING, `Y` INTEGER>
CREATE STREAM a (k INT KEY, v INT) WITH (kafka_topic='a', format='JSON');
CREATE STREAM o (k INT KEY, s STRUCT<x INT, y INT>) WITH (kafka_topic='o', format='JSON');
INSERT INTO o SELECT k, STRUCT(x := NULL, y := v) AS s FROM a;

--@test: CAST gives a NULL in STRUCT another type
CREATE STREAM a (k INT KEY, v INT) WITH (kafka_topic='a', format='JSON');
CREATE STREAM o (k INT KEY, s STRUCT<x INT, y INT>) WITH (kafka_topic='o', format='JSON');
INSERT INTO o SELECT k, STRUCT(x := CAST(NULL AS INT), y := v) AS s FROM a;
INSERT INTO a VALUES (1, 5);
ASSERT VALUES o (k, s) VALUES (1, STRUCT(x := NULL, y := 5));
