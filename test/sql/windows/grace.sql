-- GRACE PERIOD: for how long after its end a window takes rows that come late, by the time of the rows (stream time).

--@test: a row that comes within the grace period is counted
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (1000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (14999, 'S', 2);
INSERT INTO rain (ROWTIME, station, mm) VALUES (2000, 'S', 4);
ASSERT VALUES o (windowstart, mm) VALUES (0, 1);
ASSERT VALUES o (windowstart, mm) VALUES (10000, 2);
ASSERT VALUES o (windowstart, mm) VALUES (0, 5);

--@test: a row that comes when the grace period is over is left out
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (1000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (15000, 'S', 2);
INSERT INTO rain (ROWTIME, station, mm) VALUES (2000, 'S', 4);
INSERT INTO rain (ROWTIME, station, mm) VALUES (16000, 'S', 8);
ASSERT VALUES o (windowstart, mm) VALUES (0, 1);
ASSERT VALUES o (windowstart, mm) VALUES (10000, 2);
ASSERT VALUES o (windowstart, mm) VALUES (10000, 10);

--@test: without grace a window ends with the first row behind it
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (1000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (10000, 'S', 2);
INSERT INTO rain (ROWTIME, station, mm) VALUES (9999, 'S', 4);
INSERT INTO rain (ROWTIME, station, mm) VALUES (11000, 'S', 8);
ASSERT VALUES o (windowstart, mm) VALUES (0, 1);
ASSERT VALUES o (windowstart, mm) VALUES (10000, 2);
ASSERT VALUES o (windowstart, mm) VALUES (10000, 10);

--@test: rows of one group move the time of all groups
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (10000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (5000, 'T', 2);
INSERT INTO rain (ROWTIME, station, mm) VALUES (12000, 'T', 4);
ASSERT VALUES o (windowstart, station, mm) VALUES (10000, 'S', 1);
ASSERT VALUES o (windowstart, station, mm) VALUES (10000, 'T', 4);

--@test: of overlapping windows only those that still take rows get one that is late
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (20000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (15000, 'T', 2);
ASSERT VALUES o (windowstart, station, mm) VALUES (10000, 'S', 1);
ASSERT VALUES o (windowstart, station, mm) VALUES (20000, 'S', 1);
ASSERT VALUES o (windowstart, station, mm) VALUES (10000, 'T', 2);

--@test: a session takes no row that is later than gap and grace
CREATE STREAM rain (station STRING KEY, mm INT) WITH (KAFKA_TOPIC='rain', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT station, SUM(mm) AS mm FROM rain WINDOW SESSION (10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY station;
INSERT INTO rain (ROWTIME, station, mm) VALUES (40000, 'S', 1);
INSERT INTO rain (ROWTIME, station, mm) VALUES (1000, 'T', 2);
INSERT INTO rain (ROWTIME, station, mm) VALUES (36000, 'T', 4);
ASSERT VALUES o (windowstart, station, mm) VALUES (40000, 'S', 1);
ASSERT VALUES o (windowstart, station, mm) VALUES (36000, 'T', 4);
