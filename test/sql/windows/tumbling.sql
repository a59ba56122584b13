-- WINDOW TUMBLING: time in pieces of one size, one after another; each row is in exactly one of them.
-- The key of a windowed table is the group together with the window.

--@test: rows of one window are counted together
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (1000, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (9999, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (10000, 'A', 1);
ASSERT VALUES o (windowstart, windowend, gate, n) VALUES (0, 10000, 'A', 1);
ASSERT VALUES o (windowstart, windowend, gate, n) VALUES (0, 10000, 'A', 2);
ASSERT VALUES o (windowstart, windowend, gate, n) VALUES (10000, 20000, 'A', 1);

--@test: windows begin at whole multiples of their size since 1970
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 7 MILLISECONDS) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (20, 'A', 1);
ASSERT VALUES o (windowstart, windowend, n) VALUES (14, 21, 1);

--@test: each group has windows of its own
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, SUM(n) AS n FROM cars WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (0, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (0, 'B', 5);
INSERT INTO cars (ROWTIME, gate, n) VALUES (0, 'A', 2);
ASSERT VALUES o (gate, n) VALUES ('A', 1);
ASSERT VALUES o (gate, n) VALUES ('B', 5);
ASSERT VALUES o (gate, n) VALUES ('A', 3);

--@test: WINDOWSTART and WINDOWEND may be selected
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, WINDOWSTART AS since, WINDOWEND AS until, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (2500, 'A', 1);
ASSERT VALUES o (gate, since, until, n) VALUES ('A', 2000, 3000, 1);

--@test: a window is made of whole seconds, minutes, hours or days
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE h AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 2 HOURS) GROUP BY gate;
CREATE TABLE d AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 1 DAY) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (90000000, 'A', 1);
ASSERT VALUES h (windowstart, windowend) VALUES (86400000, 93600000);
ASSERT VALUES d (windowstart, windowend) VALUES (86400000, 172800000);

--@test: a row that comes late is counted in its own window
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (1000, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (15000, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (2000, 'A', 1);
ASSERT VALUES o (windowstart, n) VALUES (0, 1);
ASSERT VALUES o (windowstart, n) VALUES (10000, 1);
ASSERT VALUES o (windowstart, n) VALUES (0, 2);

--@test: without GRACE PERIOD a window takes rows until a day after its start
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate;
INSERT INTO cars (ROWTIME, gate, n) VALUES (86399999, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (1000, 'B', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (86400000, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (1000, 'B', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (86400000, 'C', 1);
ASSERT VALUES o (windowstart, gate, n) VALUES (86390000, 'A', 1);
ASSERT VALUES o (windowstart, gate, n) VALUES (0, 'B', 1);
ASSERT VALUES o (windowstart, gate, n) VALUES (86400000, 'A', 1);
ASSERT VALUES o (windowstart, gate, n) VALUES (86400000, 'C', 1);

--@test: a query that is kept cannot read a windowed table
--@expected.error: KsqlException
--@expected.message: KSQL does not support persistent queries on windowed tables.
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY gate;
CREATE TABLE p AS SELECT n, COUNT(*) AS m FROM o GROUP BY n;

--@test: HAVING with a window deletes the window of a group
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate HAVING COUNT(*) < 2;
INSERT INTO cars (ROWTIME, gate, n) VALUES (1000, 'A', 1);
INSERT INTO cars (ROWTIME, gate, n) VALUES (2000, 'A', 1);
ASSERT VALUES o (windowstart, gate, n) VALUES (0, 'A', 1);
ASSERT NULL VALUES o (gate, windowstart, windowend) KEY ('A', 0, 10000);

--@test: groups of several columns have windows too
CREATE STREAM cars (gate STRING KEY, colour STRING) WITH (KAFKA_TOPIC='cars', FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, colour, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate, colour;
INSERT INTO cars (ROWTIME, gate, colour) VALUES (1000, 'A', 'red');
INSERT INTO cars (ROWTIME, gate, colour) VALUES (2000, 'A', 'blue');
ASSERT VALUES o (windowstart, gate, colour, n) VALUES (0, 'A', 'red', 1);
ASSERT VALUES o (windowstart, gate, colour, n) VALUES (0, 'A', 'blue', 1);

--@test: a table that reads the topic of windows says their type and size
CREATE STREAM cars (gate STRING KEY, n INT) WITH (KAFKA_TOPIC='cars', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT gate, COUNT(*) AS n FROM cars WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY gate;
CREATE STREAM again (gate STRING KEY, n BIGINT) WITH (KAFKA_TOPIC='O', VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='10 SECONDS');
CREATE STREAM p AS SELECT gate, WINDOWSTART AS since, n FROM again;
INSERT INTO cars (ROWTIME, gate, n) VALUES (12000, 'A', 1);
ASSERT VALUES p (gate, since, n) VALUES ('A', 10000, 1);
