-- Reaching into structs, arrays and maps, and making them.

--@test: an arrow takes a field of a struct
CREATE STREAM post (id INT KEY, sender STRUCT<name STRING, town STRUCT<code INT>>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, sender->name AS name, sender->town->code AS code FROM post;
ASSERT STREAM o (id INT KEY, name STRING, code INT);
INSERT INTO post VALUES (1, STRUCT(name := 'Ada', town := STRUCT(code := 44)));
ASSERT VALUES o VALUES (1, 'Ada', 44);

--@test: a field without an alias gives a column of its name
CREATE STREAM post (id INT KEY, sender STRUCT<name STRING>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, sender->name FROM post;
ASSERT STREAM o (id INT KEY, name STRING);

--@test: a field of a struct that is NULL is NULL
CREATE STREAM post (id INT KEY, sender STRUCT<name STRING, town STRUCT<code INT>>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, sender->name AS name, sender->town->code AS code FROM post;
INSERT INTO post VALUES (1, NULL);
INSERT INTO post VALUES (2, STRUCT(name := 'Ada'));
ASSERT VALUES o VALUES (1, NULL, NULL);
ASSERT VALUES o VALUES (2, 'Ada', NULL);

--@test: a star behind an arrow takes all fields
CREATE STREAM post (id INT KEY, sender STRUCT<name STRING, age INT>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, sender->* FROM post;
ASSERT STREAM o (id INT KEY, name STRING, age INT);
INSERT INTO post VALUES (1, STRUCT(name := 'Ada', age := 36));
ASSERT VALUES o VALUES (1, 'Ada', 36);

--@test: the first element of an array has the index 1
CREATE STREAM post (id INT KEY, tags ARRAY<STRING>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, tags[1] AS first, tags[2] AS second FROM post;
INSERT INTO post VALUES (1, ARRAY['air', 'sea']);
ASSERT VALUES o VALUES (1, 'air', 'sea');

--@test: a negative index counts from the end
CREATE STREAM post (id INT KEY, tags ARRAY<STRING>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, tags[-1] AS last, tags[-2] AS before FROM post;
INSERT INTO post VALUES (1, ARRAY['air', 'sea', 'rail']);
ASSERT VALUES o VALUES (1, 'rail', 'sea');

--@test: an index outside of the array gives NULL
CREATE STREAM post (id INT KEY, tags ARRAY<STRING>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, tags[3] AS third, tags[0] AS none, tags[-3] AS before FROM post;
INSERT INTO post VALUES (1, ARRAY['air', 'sea']);
ASSERT VALUES o VALUES (1, NULL, NULL, NULL);

--@test: an index may be computed
CREATE STREAM post (id INT KEY, tags ARRAY<STRING>, n INT) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, tags[n + 1] AS tag FROM post;
INSERT INTO post VALUES (1, ARRAY['air', 'sea'], 1);
ASSERT VALUES o VALUES (1, 'sea');

--@test: a map gives the value of a key, and NULL for one that is not there
CREATE STREAM post (id INT KEY, fees MAP<STRING, INT>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, fees['air'] AS air, fees['sea'] AS sea FROM post;
INSERT INTO post VALUES (1, MAP('air' := 7));
ASSERT VALUES o VALUES (1, 7, NULL);

--@test: access may go through several layers
CREATE STREAM post (id INT KEY, stops ARRAY<STRUCT<at STRING, fees MAP<STRING, INT>>>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, stops[2]->fees['duty'] AS duty FROM post;
INSERT INTO post VALUES (1, ARRAY[STRUCT(at := 'Bonn', fees := MAP('duty' := 1)), STRUCT(at := 'Wien', fees := MAP('duty' := 5))]);
ASSERT VALUES o VALUES (1, 5);

--@test: arrays, maps and structs are made of expressions
CREATE STREAM post (id INT KEY, a INT, b INT) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ARRAY[a, b, a + b] AS l, MAP('a' := a, 'b' := b) AS m, STRUCT(x := a, y := b) AS s FROM post;
ASSERT STREAM o (id INT KEY, l ARRAY<INT>, m MAP<STRING, INT>, s STRUCT<x INT, y INT>);
INSERT INTO post VALUES (1, 2, 3);
ASSERT VALUES o VALUES (1, ARRAY[2, 3, 5], MAP('a' := 2, 'b' := 3), STRUCT(x := 2, y := 3));

--@test: elements of an array are brought to one type
CREATE STREAM post (id INT KEY, a INT, b BIGINT) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ARRAY[a, b] AS l FROM post;
ASSERT STREAM o (id INT KEY, l ARRAY<BIGINT>);

--@test: an array may hold NULL
CREATE STREAM post (id INT KEY, a INT) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ARRAY[a, NULL, 1] AS l FROM post;
INSERT INTO post VALUES (1, 2);
ASSERT VALUES o VALUES (1, ARRAY[2, NULL, 1]);

--@test: a struct is equal to another of equal fields
CREATE STREAM post (id INT KEY, a STRUCT<x INT, y INT>, b STRUCT<x INT, y INT>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM post WHERE a = b;
INSERT INTO post VALUES (1, STRUCT(x := 1, y := 2), STRUCT(x := 1, y := 3));
INSERT INTO post VALUES (2, STRUCT(x := 1, y := 2), STRUCT(x := 1, y := 2));
ASSERT VALUES o (id) VALUES (2);

--@test: an array is equal to another of equal elements in the same order
CREATE STREAM post (id INT KEY, a ARRAY<INT>, b ARRAY<INT>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM post WHERE a = b;
INSERT INTO post VALUES (1, ARRAY[1, 2], ARRAY[2, 1]);
INSERT INTO post VALUES (2, ARRAY[1, 2], ARRAY[1, 2]);
ASSERT VALUES o (id) VALUES (2);

--@test: a field that the struct lacks is named in the error
--@expected.error: KsqlException
--@expected.message: Could not find field 'STREET' in 'SENDER'.
CREATE STREAM post (id INT KEY, sender STRUCT<name STRING>) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, sender->street FROM post;
