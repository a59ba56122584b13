-- Functions that are given a function: TRANSFORM, FILTER and REDUCE over arrays and maps.

--@test: TRANSFORM gives what the lambda makes of each element
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(rolls, x => x * 10) AS tens FROM dice;
ASSERT STREAM o (id INT KEY, tens ARRAY<INT>);
INSERT INTO dice VALUES (1, ARRAY[3, 6]);
ASSERT VALUES o VALUES (1, ARRAY[30, 60]);

--@test: TRANSFORM may change the type of the elements
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(rolls, x => 'rolled ' + CAST(x AS STRING)) AS said FROM dice;
ASSERT STREAM o (id INT KEY, said ARRAY<STRING>);
INSERT INTO dice VALUES (1, ARRAY[3]);
ASSERT VALUES o VALUES (1, ARRAY['rolled 3']);

--@test: TRANSFORM of a map takes a lambda for keys and one for values
CREATE STREAM dice (id INT KEY, points MAP<STRING, INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(points, (k, v) => UCASE(k), (k, v) => v + LEN(k)) AS m FROM dice;
INSERT INTO dice VALUES (1, MAP('ann' := 5));
ASSERT VALUES o VALUES (1, MAP('ANN' := 8));

--@test: FILTER keeps the elements for which the lambda is true
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, FILTER(rolls, x => x > 3) AS high FROM dice;
INSERT INTO dice VALUES (1, ARRAY[6, 2, 4]);
ASSERT VALUES o VALUES (1, ARRAY[6, 4]);

--@test: FILTER of a map sees key and value
CREATE STREAM dice (id INT KEY, points MAP<STRING, INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, FILTER(points, (k, v) => k = 'ann' OR v > 4) AS m FROM dice;
INSERT INTO dice VALUES (1, MAP('ann' := 1, 'bob' := 4, 'cat' := 5));
ASSERT VALUES o VALUES (1, MAP('ann' := 1, 'cat' := 5));

--@test: REDUCE folds an array from its first element on
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, REDUCE(rolls, 100, (s, x) => s - x) AS rest FROM dice;
INSERT INTO dice VALUES (1, ARRAY[3, 6]);
ASSERT VALUES o VALUES (1, 91);

--@test: REDUCE of an empty array is what it begins with
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, REDUCE(FILTER(rolls, x => x > 6), 100, (s, x) => s - x) AS rest FROM dice;
INSERT INTO dice VALUES (1, ARRAY[3]);
ASSERT VALUES o VALUES (1, 100);

--@test: REDUCE of a map sees key and value
CREATE STREAM dice (id INT KEY, points MAP<STRING, INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, REDUCE(points, 0, (s, k, v) => s + v * LEN(k)) AS total FROM dice;
INSERT INTO dice VALUES (1, MAP('a' := 5, 'bb' := 2));
ASSERT VALUES o VALUES (1, 9);

--@test: a lambda may read columns of the row
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>, bonus INT) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(rolls, x => x + bonus) AS more FROM dice;
INSERT INTO dice VALUES (1, ARRAY[3, 6], 1);
ASSERT VALUES o VALUES (1, ARRAY[4, 7]);

--@test: lambdas may stand in lambdas
CREATE STREAM dice (id INT KEY, games ARRAY<ARRAY<INT>>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(games, g => REDUCE(g, 0, (s, x) => s + x)) AS sums FROM dice;
INSERT INTO dice VALUES (1, ARRAY[ARRAY[1, 2], ARRAY[5]]);
ASSERT VALUES o VALUES (1, ARRAY[3, 5]);

--@test: an element that is NULL is given to the lambda
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(rolls, x => COALESCE(x, 0)) AS l FROM dice;
INSERT INTO dice VALUES (1, ARRAY[3, NULL]);
ASSERT VALUES o VALUES (1, ARRAY[3, 0]);

--@test: of NULL nothing is made
CREATE STREAM dice (id INT KEY, rolls ARRAY<INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, TRANSFORM(rolls, x => x + 1) AS a, FILTER(rolls, x => TRUE) AS b, REDUCE(rolls, 5, (s, x) => s + x) AS c FROM dice;
INSERT INTO dice VALUES (1, NULL);
ASSERT VALUES o VALUES (1, NULL, NULL, 5);

--@test: a lambda with too few parameters is refused
--@expected.error: KsqlException
--@expected.message: Function 'filter' does not accept parameters (MAP<STRING, INTEGER>, LAMBDA).
CREATE STREAM dice (id INT KEY, points MAP<STRING, INT>) WITH (KAFKA_TOPIC='dice', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, FILTER(points, v => v > 4) AS m FROM dice;
