-- WHERE on tables: what becomes of the rows that it lets go.

--@test: by the time of rows: each row has its own, also where an older one comes later
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE ROWTIME > 100;
INSERT INTO n (rowtime, id, v) VALUES (200, 1, 1);
INSERT INTO n (rowtime, id, v) VALUES (60, 1, 2);
INSERT INTO n (rowtime, id, v) VALUES (50, 1, 3);
INSERT INTO n (rowtime, id, v) VALUES (300, 2, 3);
ASSERT VALUES t VALUES (1, 1);
ASSERT NULL VALUES t KEY (1);
ASSERT VALUES t VALUES (2, 3);

--@test: a row that was never let through gets no tombstone
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE ROWTIME < 100 AND v > 0;
INSERT INTO n (rowtime, id, v) VALUES (200, 1, 1);
INSERT INTO n (rowtime, id, v) VALUES (50, 1, -1);
INSERT INTO n (rowtime, id, v) VALUES (60, 2, 2);
ASSERT VALUES t VALUES (2, 2);

--@test: by the key alone
CREATE TABLE n (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t AS SELECT * FROM n WHERE id > 0;
INSERT INTO n VALUES (-1, 1);
INSERT INTO n VALUES (5, 1);
CREATE OR REPLACE TABLE t AS SELECT * FROM n WHERE id > 5;
INSERT INTO n VALUES (-1, 2);
INSERT INTO n VALUES (5, 2);
INSERT INTO n VALUES (5, 3);
INSERT INTO n VALUES (6, 3);
ASSERT VALUES t VALUES (5, 1);
ASSERT NULL VALUES t KEY (5);
ASSERT VALUES t VALUES (6, 3);
