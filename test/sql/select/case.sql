-- CASE: the first branch whose condition is true; without one that of ELSE, without ELSE NULL.

--@test: the first branch that is true counts
CREATE STREAM air (id INT KEY, celsius INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius > 30 THEN 'hot' WHEN celsius > 15 THEN 'mild' ELSE 'cold' END AS feels FROM air;
INSERT INTO air VALUES (1, 35);
INSERT INTO air VALUES (2, 20);
INSERT INTO air VALUES (3, 5);
ASSERT VALUES o VALUES (1, 'hot');
ASSERT VALUES o VALUES (2, 'mild');
ASSERT VALUES o VALUES (3, 'cold');

--@test: without ELSE and without a branch that is true it is NULL
CREATE STREAM air (id INT KEY, celsius INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius > 30 THEN 'hot' END AS feels FROM air;
INSERT INTO air VALUES (1, 5);
ASSERT VALUES o VALUES (1, NULL);

--@test: a condition that is unknown is passed over
CREATE STREAM air (id INT KEY, celsius INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius > 30 THEN 'hot' ELSE 'not hot' END AS feels FROM air;
INSERT INTO air VALUES (1, NULL);
ASSERT VALUES o VALUES (1, 'not hot');

--@test: an INT branch beside a BIGINT one must be cast
--@expected.error: KsqlException
--@expected.message: Invalid Case expression.
CREATE STREAM air (id INT KEY, a INT, b BIGINT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN a > b THEN a ELSE b END AS larger FROM air;

--@test: a cast makes the branches one type
CREATE STREAM air (id INT KEY, a INT, b BIGINT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN a > b THEN CAST(a AS BIGINT) ELSE b END AS larger FROM air;
ASSERT STREAM o (id INT KEY, larger BIGINT);
INSERT INTO air VALUES (1, 3, 2);
ASSERT VALUES o VALUES (1, 3);

--@test: a branch may be NULL
CREATE STREAM air (id INT KEY, celsius INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius < -273 THEN NULL ELSE celsius END AS celsius FROM air;
INSERT INTO air VALUES (1, -300);
INSERT INTO air VALUES (2, -3);
ASSERT VALUES o VALUES (1, NULL);
ASSERT VALUES o VALUES (2, -3);

--@test: a branch that is not taken is not computed
CREATE STREAM air (id INT KEY, a INT, b INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN b = 0 THEN 0 ELSE a / b END AS ratio FROM air;
INSERT INTO air VALUES (1, 6, 0);
INSERT INTO air VALUES (2, 6, 2);
ASSERT VALUES o VALUES (1, 0);
ASSERT VALUES o VALUES (2, 3);

--@test: CASE may stand in WHERE
CREATE STREAM air (id INT KEY, celsius INT, indoors BOOLEAN) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM air WHERE CASE WHEN indoors THEN celsius > 20 ELSE celsius > 10 END;
INSERT INTO air VALUES (1, 15, TRUE);
INSERT INTO air VALUES (2, 15, FALSE);
ASSERT VALUES o (id) VALUES (2);

--@test: one CASE may stand in another
CREATE STREAM air (id INT KEY, celsius INT, humid BOOLEAN) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius > 25 THEN CASE WHEN humid THEN 'close' ELSE 'hot' END ELSE 'fine' END AS feels FROM air;
INSERT INTO air VALUES (1, 30, TRUE);
INSERT INTO air VALUES (2, 30, FALSE);
INSERT INTO air VALUES (3, 20, TRUE);
ASSERT VALUES o VALUES (1, 'close');
ASSERT VALUES o VALUES (2, 'hot');
ASSERT VALUES o VALUES (3, 'fine');

--@test: branches must be of one type
--@expected.error: KsqlException
--@expected.message: Type for the default clause should be the same as for 'THEN' clauses.
CREATE STREAM air (id INT KEY, celsius INT) WITH (KAFKA_TOPIC='air', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CASE WHEN celsius > 25 THEN 'hot' ELSE celsius END AS feels FROM air;
