-- EMIT FINAL: a window comes out once, when it and its grace period are over. EMIT CHANGES: with each change.

--@test: a tumbling window comes out once, with all its rows
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY desk EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (2000, 'A', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (10000, 'A', 4);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (20000, 'A', 8);
ASSERT VALUES o (windowstart, windowend, desk, mins) VALUES (0, 10000, 'A', 3);
ASSERT VALUES o (windowstart, windowend, desk, mins) VALUES (10000, 20000, 'A', 4);

--@test: a window waits for its grace period
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY desk EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (12000, 'A', 4);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (2000, 'A', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (15000, 'A', 8);
ASSERT VALUES o (windowstart, desk, mins) VALUES (0, 'A', 3);

--@test: all groups of a window come out when it is over
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY desk EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (2000, 'B', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (10000, 'C', 4);
ASSERT VALUES o (windowstart, desk, mins) VALUES (0, 'A', 1);
ASSERT VALUES o (windowstart, desk, mins) VALUES (0, 'B', 2);

--@test: a hopping window comes out once
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY desk EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (11000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (20000, 'A', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (30000, 'A', 4);
ASSERT VALUES o (windowstart, windowend, mins) VALUES (0, 20000, 1);
ASSERT VALUES o (windowstart, windowend, mins) VALUES (10000, 30000, 3);

--@test: a session comes out once, when no row can prolong it
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW SESSION (10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY desk EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (5000, 'A', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (30000, 'B', 4);
ASSERT VALUES o (windowstart, windowend, desk, mins) VALUES (1000, 5000, 'A', 3);

--@test: HAVING is asked when the window is over
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY desk HAVING SUM(mins) > 2 EMIT FINAL;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (2000, 'B', 3);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (3000, 'A', 2);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (4000, 'C', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (10000, 'D', 1);
ASSERT VALUES o (desk, mins) VALUES ('A', 3);
ASSERT VALUES o (desk, mins) VALUES ('B', 3);

--@test: EMIT CHANGES is what a query does that says nothing
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY desk EMIT CHANGES;
INSERT INTO calls (ROWTIME, desk, mins) VALUES (1000, 'A', 1);
INSERT INTO calls (ROWTIME, desk, mins) VALUES (2000, 'A', 2);
ASSERT VALUES o (mins) VALUES (1);
ASSERT VALUES o (mins) VALUES (3);

--@test: EMIT FINAL needs a window
--@expected.error: KsqlException
--@expected.message: EMIT FINAL is only supported for windowed aggregations
CREATE STREAM calls (desk STRING KEY, mins INT) WITH (KAFKA_TOPIC='calls', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT desk, SUM(mins) AS mins FROM calls GROUP BY desk EMIT FINAL;
