-- Functions of texts that hold JSON.

--@test: EXTRACTJSONFIELD follows a path
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  EXTRACTJSONFIELD('{"name":"oak","rings":[3,5],"at":{"x":1.5}}', '$.name') AS c1,
  EXTRACTJSONFIELD('{"name":"oak","rings":[3,5],"at":{"x":1.5}}', '$.rings[1]') AS c2,
  EXTRACTJSONFIELD('{"name":"oak","rings":[3,5],"at":{"x":1.5}}', '$.at.x') AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'oak', '5', '1.5');

--@test: EXTRACTJSONFIELD gives NULL where the path leads nowhere, and an inner value as JSON
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  EXTRACTJSONFIELD('{"name":"oak","rings":[3,5],"at":{"x":1.5}}', '$.leaves') AS c1,
  EXTRACTJSONFIELD('{"name":"oak","rings":[3,5],"at":{"x":1.5}}', '$.rings') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, CAST(NULL AS STRING), '[3,5]');

--@test: IS_JSON_STRING says whether a text is JSON
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  IS_JSON_STRING('{"a":1}') AS c1,
  IS_JSON_STRING('{a:') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, TRUE, FALSE);

--@test: JSON_ARRAY_CONTAINS and JSON_ARRAY_LENGTH
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  JSON_ARRAY_CONTAINS('[1,2]', 2) AS c1,
  JSON_ARRAY_LENGTH('[1,2,3]') AS c2,
  JSON_ARRAY_LENGTH('{}') AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, TRUE, 3, CAST(NULL AS INT));

--@test: JSON_KEYS and JSON_RECORDS take an object apart
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  JSON_KEYS('{"a":1,"b":"x"}') AS c1,
  JSON_RECORDS('{"a":1}') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['a', 'b'], MAP('a' := '1'));

--@test: JSON_ITEMS gives the elements as texts
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  JSON_ITEMS('[1,{"a":2}]') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['1', '{"a":2}']);

--@test: JSON_CONCAT merges objects, the later one wins
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  JSON_CONCAT('{"a":1}', '{"a":2,"b":3}') AS c1,
  JSON_CONCAT('[1]', '[2]') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, '{"a":2,"b":3}', '[1,2]');

--@test: TO_JSON_STRING writes any value as JSON
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  TO_JSON_STRING(ARRAY[1, 2]) AS c1,
  TO_JSON_STRING(STRUCT(a := 'x')) AS c2,
  TO_JSON_STRING(TRUE) AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, '[1,2]', '{"A":"x"}', 'true');
