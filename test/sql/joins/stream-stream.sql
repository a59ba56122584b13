-- Two streams: rows with the same key join where their times lie within WITHIN of each other, whichever comes first.
-- The joined row has the later of the two times.

--@test: rows join whichever comes first
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id;
ASSERT STREAM o (id INT KEY, what STRING, sum INT);
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (2000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (3000, 2, 6);
INSERT INTO ordered (ROWTIME, id, what) VALUES (4000, 2, 'ink');
ASSERT VALUES o (ROWTIME, id, what, sum) VALUES (2000, 1, 'pen', 5);
ASSERT VALUES o (ROWTIME, id, what, sum) VALUES (4000, 2, 'ink', 6);

--@test: the bounds of WITHIN are included
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (0, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (10001, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (10000, 1, 6);
ASSERT VALUES o VALUES (1, 'pen', 6);

--@test: WITHIN may have different spans before and after
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN (1 SECOND, 5 SECONDS) ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (10000, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (8000, 1, 1);
INSERT INTO paid (ROWTIME, id, sum) VALUES (9000, 1, 2);
INSERT INTO paid (ROWTIME, id, sum) VALUES (15000, 1, 3);
INSERT INTO paid (ROWTIME, id, sum) VALUES (16000, 1, 4);
ASSERT VALUES o (sum) VALUES (2);
ASSERT VALUES o (sum) VALUES (3);

--@test: a row joins every row of the other side that is near enough
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO ordered (ROWTIME, id, what) VALUES (2000, 1, 'ink');
INSERT INTO paid (ROWTIME, id, sum) VALUES (3000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (4000, 1, 6);
ASSERT VALUES o VALUES (1, 'pen', 5);
ASSERT VALUES o VALUES (1, 'ink', 5);
ASSERT VALUES o VALUES (1, 'pen', 6);
ASSERT VALUES o VALUES (1, 'ink', 6);

--@test: rows of other keys do not join
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 2, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 1, 6);
ASSERT VALUES o VALUES (1, 'pen', 6);

--@test: LEFT JOIN gives a row without a match with NULLs when its time is over
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a LEFT JOIN paid b WITHIN 10 SECONDS GRACE PERIOD 0 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO ordered (ROWTIME, id, what) VALUES (2000, 2, 'ink');
INSERT INTO paid (ROWTIME, id, sum) VALUES (3000, 2, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (20000, 9, 7);
ASSERT VALUES o VALUES (2, 'ink', 5);
ASSERT VALUES o (ROWTIME, id, what, sum) VALUES (1000, 1, 'pen', NULL);

--@test: RIGHT JOIN keeps the rows of the right side
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT b.id AS id, what, sum FROM ordered a RIGHT JOIN paid b WITHIN 10 SECONDS GRACE PERIOD 0 SECONDS ON a.id = b.id;
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 1, 5);
INSERT INTO ordered (ROWTIME, id, what) VALUES (20000, 2, 'ink');
INSERT INTO paid (ROWTIME, id, sum) VALUES (21000, 2, 6);
ASSERT VALUES o VALUES (1, NULL, 5);
ASSERT VALUES o VALUES (2, 'ink', 6);

--@test: FULL OUTER JOIN keeps the rows of both sides
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT ROWKEY AS id, what, sum FROM ordered a FULL OUTER JOIN paid b WITHIN 10 SECONDS GRACE PERIOD 0 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (15000, 2, 5);
INSERT INTO ordered (ROWTIME, id, what) VALUES (30000, 3, 'ink');
INSERT INTO paid (ROWTIME, id, sum) VALUES (31000, 3, 6);
ASSERT VALUES o VALUES (1, 'pen', NULL);
ASSERT VALUES o VALUES (2, NULL, 5);
ASSERT VALUES o VALUES (3, 'ink', 6);

--@test: rows are kept for both sides of WITHIN and the grace together, and join no more then
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS GRACE PERIOD 2 SECONDS ON a.id = b.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO ordered (ROWTIME, id, what) VALUES (24000, 2, 'ink');
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (24000, 2, 6);
ASSERT VALUES o VALUES (2, 'ink', 6);

--@test: a join may be by a column that is no key
CREATE STREAM ordered (id INT KEY, ref STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, ref STRING, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.ref AS ref, a.id AS order_id, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.ref = b.ref;
ASSERT STREAM o (ref STRING KEY, order_id INT, sum INT);
INSERT INTO ordered (ROWTIME, id, ref) VALUES (1000, 1, 'x');
INSERT INTO paid (ROWTIME, id, ref, sum) VALUES (1000, 77, 'x', 5);
ASSERT VALUES o VALUES ('x', 1, 5);

--@test: a join may be by an expression
CREATE STREAM ordered (id INT KEY, ref STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, ref STRING, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT b.ref AS ref, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON UCASE(a.ref) = b.ref;
INSERT INTO ordered (ROWTIME, id, ref) VALUES (1000, 1, 'x');
INSERT INTO paid (ROWTIME, id, ref, sum) VALUES (1000, 77, 'X', 5);
ASSERT VALUES o VALUES ('X', 5);

--@test: a row whose key is NULL joins nothing
CREATE STREAM ordered (id INT KEY, ref STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, ref STRING, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.ref AS ref, sum FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.ref = b.ref;
INSERT INTO ordered (ROWTIME, id, ref) VALUES (1000, 1, NULL);
INSERT INTO paid (ROWTIME, id, ref, sum) VALUES (1000, 77, NULL, 5);
INSERT INTO ordered (ROWTIME, id, ref) VALUES (1000, 1, 'x');
INSERT INTO paid (ROWTIME, id, ref, sum) VALUES (1000, 77, 'x', 6);
ASSERT VALUES o VALUES ('x', 6);

--@test: WHERE is asked about the joined row
CREATE STREAM ordered (id INT KEY, price INT) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, price - sum AS open FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id WHERE sum < price;
INSERT INTO ordered (ROWTIME, id, price) VALUES (1000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (1000, 1, 3);
ASSERT VALUES o VALUES (1, 2);

--@test: a star names columns by their source where there are two
CREATE STREAM ordered (id INT KEY, n INT) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, n INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id;
ASSERT STREAM o (a_id INT KEY, a_n INT, b_id INT, b_n INT);

--@test: a stream joins itself by way of another stream
CREATE STREAM seen (id INT KEY, n INT) WITH (KAFKA_TOPIC='seen', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM again AS SELECT * FROM seen WHERE n > 1;
CREATE STREAM o AS SELECT a.id AS id, a.n AS n, b.n AS m FROM seen a JOIN again b WITHIN 10 SECONDS ON a.id = b.id;
INSERT INTO seen (ROWTIME, id, n) VALUES (0, 1, 1);
INSERT INTO seen (ROWTIME, id, n) VALUES (1, 1, 2);
ASSERT VALUES o (id) VALUES (1);

--@test: three streams are joined one after another
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM sent (id INT KEY, way STRING) WITH (KAFKA_TOPIC='sent', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum, way FROM ordered a
  JOIN paid b WITHIN 10 SECONDS ON a.id = b.id
  JOIN sent c WITHIN 1 MINUTE ON a.id = c.id;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO sent (ROWTIME, id, way) VALUES (2000, 1, 'rail');
INSERT INTO paid (ROWTIME, id, sum) VALUES (3000, 1, 5);
ASSERT VALUES o (ROWTIME, id, what, sum, way) VALUES (3000, 1, 'pen', 5, 'rail');

--@test: the rows of a join may be grouped
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT what, SUM(sum) AS total FROM ordered a JOIN paid b WITHIN 10 SECONDS ON a.id = b.id GROUP BY what;
INSERT INTO ordered (ROWTIME, id, what) VALUES (1000, 1, 'pen');
INSERT INTO paid (ROWTIME, id, sum) VALUES (2000, 1, 5);
INSERT INTO paid (ROWTIME, id, sum) VALUES (3000, 1, 6);
ASSERT VALUES o VALUES ('pen', 5);
ASSERT VALUES o VALUES ('pen', 11);

--@test: two streams need WITHIN
--@expected.error: KsqlException
--@expected.message: Stream-Stream joins must have a WITHIN clause specified.
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b ON a.id = b.id;

--@test: both sides of ON are of one type
--@expected.error: KsqlException
--@expected.message: Invalid join condition: types don't match.
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id STRING KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 1 SECOND ON a.id = b.id;

--@test: a join is by equality
--@expected.error: KsqlException
--@expected.message: only equality is supported
CREATE STREAM ordered (id INT KEY, what STRING) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, sum INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, what, sum FROM ordered a JOIN paid b WITHIN 1 SECOND ON a.id > b.id;

--@test: a column that both sides have must be qualified
--@expected.error: KsqlException
--@expected.message: ambiguous
CREATE STREAM ordered (id INT KEY, n INT) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM paid (id INT KEY, n INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT a.id AS id, n FROM ordered a JOIN paid b WITHIN 1 SECOND ON a.id = b.id;

--@test: two streams have as many partitions
--@expected.error: KsqlException
--@expected.message: since the number of partitions don't match.
CREATE STREAM ordered (id INT KEY, n INT) WITH (KAFKA_TOPIC='ordered', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM paid (id INT KEY, m INT) WITH (KAFKA_TOPIC='paid', VALUE_FORMAT='JSON', PARTITIONS=3);
CREATE STREAM o AS SELECT a.id AS id, n, m FROM ordered a JOIN paid b WITHIN 1 SECOND ON a.id = b.id;
