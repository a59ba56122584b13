-- HAVING keeps groups for which its condition is true. A group that no longer has it is deleted from the table.

--@test: a group comes out once its condition is true
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page HAVING COUNT(*) > 1;
INSERT INTO clicks VALUES ('home', 1);
INSERT INTO clicks VALUES ('news', 1);
INSERT INTO clicks VALUES ('home', 1);
ASSERT VALUES o VALUES ('home', 2);

--@test: a group whose condition is no longer true gets a tombstone
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page HAVING COUNT(*) < 2;
INSERT INTO clicks VALUES ('home', 1);
INSERT INTO clicks VALUES ('home', 1);
ASSERT VALUES o VALUES ('home', 1);
ASSERT NULL VALUES o (page) KEY ('home');

--@test: a group that comes back is written again
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, SUM(n) AS n FROM clicks GROUP BY page HAVING SUM(n) > 0;
INSERT INTO clicks VALUES ('home', 1);
INSERT INTO clicks VALUES ('home', -1);
INSERT INTO clicks VALUES ('home', 5);
ASSERT VALUES o VALUES ('home', 1);
ASSERT NULL VALUES o (page) KEY ('home');
ASSERT VALUES o VALUES ('home', 5);

--@test: the condition may use an aggregate that does not come out
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, COUNT(*) AS rows FROM clicks GROUP BY page HAVING MAX(n) >= 10;
INSERT INTO clicks VALUES ('home', 1);
INSERT INTO clicks VALUES ('home', 12);
ASSERT VALUES o VALUES ('home', 2);

--@test: the condition may use the group
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, COUNT(*) AS rows FROM clicks GROUP BY page HAVING page <> 'home';
INSERT INTO clicks VALUES ('home', 1);
INSERT INTO clicks VALUES ('news', 12);
ASSERT VALUES o VALUES ('news', 1);

--@test: WHERE comes before the groups, HAVING behind them
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT page, SUM(n) AS n FROM clicks WHERE n < 100 GROUP BY page HAVING SUM(n) > 5;
INSERT INTO clicks VALUES ('home', 100);
INSERT INTO clicks VALUES ('home', 5);
INSERT INTO clicks VALUES ('home', 4);
ASSERT VALUES o VALUES ('home', 9);

--@test: HAVING needs GROUP BY
--@expected.error: KsqlException
--@expected.message: HAVING requires a GROUP BY clause.
CREATE STREAM clicks (page STRING, n INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT page, n FROM clicks HAVING n > 1;
