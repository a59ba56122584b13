-- WINDOW SESSION: rows of a group that follow each other within a gap are one session; it grows, and two may become one.
-- A session begins with its first row and ends with its last. When it grows, the old one is deleted.

--@test: rows within the gap are one session
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (1000, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (6000, 'Ada', 'b');
ASSERT VALUES o (windowstart, windowend, who, n) VALUES (1000, 1000, 'Ada', 1);
ASSERT NULL VALUES o (who, windowstart, windowend) KEY ('Ada', 1000, 1000);
ASSERT VALUES o (windowstart, windowend, who, n) VALUES (1000, 6000, 'Ada', 2);

--@test: a row exactly one gap later still belongs to the session
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (0, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (10000, 'Ada', 'b');
INSERT INTO visits (ROWTIME, who, page) VALUES (20001, 'Ada', 'c');
ASSERT VALUES o (windowstart, windowend, n) VALUES (0, 0, 1);
ASSERT NULL VALUES o (who, windowstart, windowend) KEY ('Ada', 0, 0);
ASSERT VALUES o (windowstart, windowend, n) VALUES (0, 10000, 2);
ASSERT VALUES o (windowstart, windowend, n) VALUES (20001, 20001, 1);

--@test: a row between two sessions makes one of them
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (0, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (15000, 'Ada', 'b');
INSERT INTO visits (ROWTIME, who, page) VALUES (8000, 'Ada', 'c');
ASSERT VALUES o (windowstart, windowend, n) VALUES (0, 0, 1);
ASSERT VALUES o (windowstart, windowend, n) VALUES (15000, 15000, 1);
ASSERT NULL VALUES o (who, windowstart, windowend) KEY ('Ada', 0, 0);
ASSERT NULL VALUES o (who, windowstart, windowend) KEY ('Ada', 15000, 15000);
ASSERT VALUES o (windowstart, windowend, n) VALUES (0, 15000, 3);

--@test: a row that comes late moves the start of its session back
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (9000, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (4000, 'Ada', 'b');
ASSERT VALUES o (windowstart, windowend, n) VALUES (9000, 9000, 1);
ASSERT NULL VALUES o (who, windowstart, windowend) KEY ('Ada', 9000, 9000);
ASSERT VALUES o (windowstart, windowend, n) VALUES (4000, 9000, 2);

--@test: each group has sessions of its own
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (0, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (1000, 'Bob', 'b');
ASSERT VALUES o (windowstart, who, n) VALUES (0, 'Ada', 1);
ASSERT VALUES o (windowstart, who, n) VALUES (1000, 'Bob', 1);

--@test: values of sessions that become one are put together
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COLLECT_LIST(page) AS pages FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (0, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (5000, 'Ada', 'b');
ASSERT VALUES o (pages) VALUES (ARRAY['a']);
ASSERT NULL VALUES o (who) KEY ('Ada');
ASSERT VALUES o (pages) VALUES (ARRAY['a', 'b']);

--@test: HAVING holds for sessions as they grow
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who HAVING COUNT(*) > 1;
INSERT INTO visits (ROWTIME, who, page) VALUES (0, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (5000, 'Ada', 'b');
ASSERT VALUES o (windowstart, windowend, n) VALUES (0, 5000, 2);

--@test: WINDOWSTART and WINDOWEND of a session may be selected
CREATE STREAM visits (who STRING KEY, page STRING) WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT who, WINDOWEND - WINDOWSTART AS ms, COUNT(*) AS n FROM visits WINDOW SESSION (10 SECONDS) GROUP BY who;
INSERT INTO visits (ROWTIME, who, page) VALUES (1000, 'Ada', 'a');
INSERT INTO visits (ROWTIME, who, page) VALUES (6000, 'Ada', 'b');
ASSERT VALUES o (ms, n) VALUES (0, 1);
ASSERT NULL VALUES o (who) KEY ('Ada');
ASSERT VALUES o (ms, n) VALUES (5000, 2);
