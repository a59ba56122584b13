-- Two tables: the result is a table that follows both; a change on either side gives the joined row anew.

--@test: a change on either side gives the joined row anew
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, cm FROM plants p JOIN heights h ON p.id = h.id;
ASSERT TABLE o (id INT PRIMARY KEY, name STRING, cm INT);
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (1, 20);
INSERT INTO heights VALUES (1, 25);
INSERT INTO plants VALUES (1, 'big fern');
ASSERT VALUES o VALUES (1, 'fern', 20);
ASSERT VALUES o VALUES (1, 'fern', 25);
ASSERT VALUES o VALUES (1, 'big fern', 25);

--@test: LEFT JOIN has every row of the left side
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, cm FROM plants p LEFT JOIN heights h ON p.id = h.id;
INSERT INTO heights VALUES (2, 99);
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (1, 20);
ASSERT VALUES o VALUES (1, 'fern', NULL);
ASSERT VALUES o VALUES (1, 'fern', 20);

--@test: RIGHT JOIN has every row of the right side
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT h.id AS id, name, cm FROM plants p RIGHT JOIN heights h ON p.id = h.id;
INSERT INTO plants VALUES (2, 'moss');
INSERT INTO heights VALUES (1, 20);
INSERT INTO heights VALUES (2, 1);
ASSERT VALUES o VALUES (1, NULL, 20);
ASSERT VALUES o VALUES (2, 'moss', 1);

--@test: FULL OUTER JOIN has the rows of both sides
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT ROWKEY AS id, name, cm FROM plants p FULL OUTER JOIN heights h ON p.id = h.id;
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (2, 5);
INSERT INTO heights VALUES (1, 20);
ASSERT VALUES o VALUES (1, 'fern', NULL);
ASSERT VALUES o VALUES (2, NULL, 5);
ASSERT VALUES o VALUES (1, 'fern', 20);

--@test: a joined row is deleted when WHERE no longer holds for it
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, cm FROM plants p JOIN heights h ON p.id = h.id WHERE cm > 10;
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (1, 20);
INSERT INTO heights VALUES (1, 5);
ASSERT VALUES o VALUES (1, 'fern', 20);
ASSERT NULL VALUES o (id) KEY (1);

--@test: a joined row has the later of the two times
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, cm FROM plants p JOIN heights h ON p.id = h.id;
INSERT INTO plants (ROWTIME, id, name) VALUES (500, 1, 'fern');
INSERT INTO heights (ROWTIME, id, cm) VALUES (300, 1, 20);
ASSERT VALUES o (ROWTIME, id) VALUES (500, 1);

--@test: three tables are joined one after another
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE places (id INT PRIMARY KEY, room STRING) WITH (KAFKA_TOPIC='places', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, cm, room FROM plants p
  JOIN heights h ON p.id = h.id
  LEFT JOIN places r ON p.id = r.id;
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (1, 20);
INSERT INTO places VALUES (1, 'hall');
ASSERT VALUES o VALUES (1, 'fern', 20, NULL);
ASSERT VALUES o VALUES (1, 'fern', 20, 'hall');

--@test: a table that was computed joins one that was declared
CREATE STREAM waterings (id INT KEY, ml INT) WITH (KAFKA_TOPIC='waterings', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE watered AS SELECT id, SUM(ml) AS ml FROM waterings GROUP BY id;
CREATE TABLE o AS SELECT p.id AS id, name, ml FROM plants p JOIN watered w ON p.id = w.id;
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO waterings VALUES (1, 200);
INSERT INTO waterings VALUES (1, 100);
ASSERT VALUES o VALUES (1, 'fern', 200);
ASSERT VALUES o VALUES (1, 'fern', 300);

--@test: the rows of joined tables may be grouped, and are taken back when they change
CREATE TABLE plants (id INT PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE heights (id INT PRIMARY KEY, cm INT) WITH (KAFKA_TOPIC='heights', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE joined AS SELECT p.id AS id, kind, cm FROM plants p JOIN heights h ON p.id = h.id;
CREATE TABLE o AS SELECT kind, SUM(cm) AS cm FROM joined GROUP BY kind;
INSERT INTO plants VALUES (1, 'fern');
INSERT INTO heights VALUES (1, 20);
INSERT INTO heights VALUES (1, 25);
ASSERT VALUES o VALUES ('fern', 20);
ASSERT VALUES o VALUES ('fern', 25);

--@test: a table joins itself by an alias only by way of another table
CREATE TABLE plants (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='plants', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE copies AS SELECT id, name FROM plants;
CREATE TABLE o AS SELECT a.id AS id, a.name AS name, b.name AS name_too FROM plants a JOIN copies b ON a.id = b.id;
INSERT INTO plants VALUES (1, 'fern');
ASSERT VALUES o VALUES (1, 'fern', 'fern');
