-- WINDOW HOPPING: windows of one size that begin every so often; a row is in each of them that covers its time.

--@test: a row is in as many windows as cover its time
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY who;
INSERT INTO steps (ROWTIME, who, n) VALUES (25000, 'Ada', 7);
ASSERT VALUES o (windowstart, windowend, who, n) VALUES (0, 30000, 'Ada', 7);
ASSERT VALUES o (windowstart, windowend, who, n) VALUES (10000, 40000, 'Ada', 7);
ASSERT VALUES o (windowstart, windowend, who, n) VALUES (20000, 50000, 'Ada', 7);

--@test: no window begins before 1970
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY who;
INSERT INTO steps (ROWTIME, who, n) VALUES (5000, 'Ada', 7);
INSERT INTO steps (ROWTIME, who, n) VALUES (15000, 'Bob', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (0, 'Ada', 7);
ASSERT VALUES o (windowstart, who, n) VALUES (0, 'Bob', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (10000, 'Bob', 1);

--@test: windows share the rows of the time that they share
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY who;
INSERT INTO steps (ROWTIME, who, n) VALUES (15000, 'Ada', 1);
INSERT INTO steps (ROWTIME, who, n) VALUES (25000, 'Ada', 2);
ASSERT VALUES o (windowstart, n) VALUES (0, 1);
ASSERT VALUES o (windowstart, n) VALUES (10000, 1);
ASSERT VALUES o (windowstart, n) VALUES (10000, 3);
ASSERT VALUES o (windowstart, n) VALUES (20000, 2);

--@test: an advance of the size makes windows that do not overlap
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY who;
INSERT INTO steps (ROWTIME, who, n) VALUES (10000, 'Ada', 1);
INSERT INTO steps (ROWTIME, who, n) VALUES (19999, 'Ada', 2);
ASSERT VALUES o (windowstart, windowend, n) VALUES (10000, 20000, 1);
ASSERT VALUES o (windowstart, windowend, n) VALUES (10000, 20000, 3);

--@test: GRACE PERIOD and RETENTION may be said with the window
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps
  WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS, RETENTION 1 HOUR, GRACE PERIOD 5 SECONDS) GROUP BY who;
INSERT INTO steps (ROWTIME, who, n) VALUES (5000, 'Ada', 1);
INSERT INTO steps (ROWTIME, who, n) VALUES (25000, 'Bob', 1);
INSERT INTO steps (ROWTIME, who, n) VALUES (5000, 'Ada', 1);
INSERT INTO steps (ROWTIME, who, n) VALUES (15000, 'Ada', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (0, 'Ada', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (10000, 'Bob', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (20000, 'Bob', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (10000, 'Ada', 1);

--@test: an advance larger than the size is refused
--@expected.error: KsqlException
--@expected.message: The ADVANCE BY of a hopping window must be larger than zero and not larger than its SIZE.
CREATE STREAM steps (who STRING KEY, n INT) WITH (KAFKA_TOPIC='steps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, SUM(n) AS n FROM steps WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 11 SECONDS) GROUP BY who;
