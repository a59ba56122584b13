-- Table functions make several rows of one, all under the key and time of that one.

--@test: EXPLODE gives a row for each element
CREATE STREAM carts (id INT KEY, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(goods) AS good FROM carts;
ASSERT STREAM o (id INT KEY, good STRING);
INSERT INTO carts (ROWTIME, id, goods) VALUES (70, 1, ARRAY['rice', 'salt']);
ASSERT VALUES o (ROWTIME, id, good) VALUES (70, 1, 'rice');
ASSERT VALUES o (ROWTIME, id, good) VALUES (70, 1, 'salt');

--@test: of an empty array and of NULL there are no rows
CREATE STREAM carts (id INT KEY, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(goods) AS good FROM carts;
INSERT INTO carts VALUES (1, NULL);
INSERT INTO carts VALUES (2, FILTER(ARRAY['rice'], x => FALSE));
INSERT INTO carts VALUES (3, ARRAY['salt']);
ASSERT VALUES o VALUES (3, 'salt');

--@test: two table functions go side by side, the shorter one filled with NULL
CREATE STREAM carts (id INT KEY, goods ARRAY<STRING>, counts ARRAY<INT>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(goods) AS good, EXPLODE(counts) AS n FROM carts;
INSERT INTO carts VALUES (1, ARRAY['rice', 'salt'], ARRAY[3]);
ASSERT VALUES o VALUES (1, 'rice', 3);
ASSERT VALUES o VALUES (1, 'salt', NULL);

--@test: columns beside a table function are repeated
CREATE STREAM carts (id INT KEY, who STRING, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, who, EXPLODE(goods) AS good FROM carts;
INSERT INTO carts VALUES (1, 'Ada', ARRAY['rice', 'salt']);
ASSERT VALUES o VALUES (1, 'Ada', 'rice');
ASSERT VALUES o VALUES (1, 'Ada', 'salt');

--@test: a table function may stand in an expression
CREATE STREAM carts (id INT KEY, counts ARRAY<INT>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(counts) * 2 AS twice FROM carts;
INSERT INTO carts VALUES (1, ARRAY[3, 4]);
ASSERT VALUES o VALUES (1, 6);
ASSERT VALUES o VALUES (1, 8);

--@test: EXPLODE of a map gives keys and values
CREATE STREAM carts (id INT KEY, prices MAP<STRING, INT>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(ENTRIES(prices, TRUE))->k AS good FROM carts;
INSERT INTO carts VALUES (1, MAP('salt' := 1, 'rice' := 2));
ASSERT VALUES o VALUES (1, 'rice');
ASSERT VALUES o VALUES (1, 'salt');

--@test: CUBE_EXPLODE gives each combination of values and NULL
CREATE STREAM carts (id INT KEY, a STRING, b STRING) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CUBE_EXPLODE(ARRAY[a, b]) AS parts FROM carts;
INSERT INTO carts VALUES (1, 'x', 'y');
ASSERT VALUES o VALUES (1, ARRAY[CAST(NULL AS STRING), NULL]);
ASSERT VALUES o VALUES (1, ARRAY[NULL, 'y']);
ASSERT VALUES o VALUES (1, ARRAY['x', NULL]);
ASSERT VALUES o VALUES (1, ARRAY['x', 'y']);

--@test: WHERE is asked before rows are made
CREATE STREAM carts (id INT KEY, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, EXPLODE(goods) AS good FROM carts WHERE ARRAY_LENGTH(goods) > 1;
INSERT INTO carts VALUES (1, ARRAY['rice']);
INSERT INTO carts VALUES (2, ARRAY['salt', 'oil']);
ASSERT VALUES o VALUES (2, 'salt');
ASSERT VALUES o VALUES (2, 'oil');

--@test: rows that were made can be grouped by a query behind
CREATE STREAM carts (id INT KEY, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM each_good AS SELECT id, EXPLODE(goods) AS good FROM carts;
CREATE TABLE sold AS SELECT good, COUNT(*) AS n FROM each_good GROUP BY good;
INSERT INTO carts VALUES (1, ARRAY['rice', 'salt', 'rice']);
ASSERT VALUES sold VALUES ('rice', 1);
ASSERT VALUES sold VALUES ('salt', 1);
ASSERT VALUES sold VALUES ('rice', 2);

--@test: a table has no place for a table function
--@expected.error: KsqlException
--@expected.message: Table source is not supported with table functions
CREATE TABLE carts (id INT PRIMARY KEY, goods ARRAY<STRING>) WITH (KAFKA_TOPIC='carts', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, EXPLODE(goods) AS good FROM carts;
