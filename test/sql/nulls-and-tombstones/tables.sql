-- A record without a value deletes the row of its key from a table. INSERT cannot write one by VALUES of a table's
-- columns, but a stream in the format KAFKA over the same topic writes NULL as no value at all.

--@test: a tombstone deletes the row, and the query behind says so
CREATE TABLE pets (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT id, UCASE(name) AS name FROM pets;
INSERT INTO pets VALUES (1, 'Rex');
INSERT INTO raw (id) VALUES (1);
ASSERT VALUES o VALUES (1, 'REX');
ASSERT NULL VALUES o (id) KEY (1);

--@test: a row that was deleted can come again
CREATE TABLE pets (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT id, name FROM pets;
INSERT INTO pets VALUES (1, 'Rex');
INSERT INTO raw (id) VALUES (1);
INSERT INTO pets VALUES (1, 'Max');
ASSERT VALUES o VALUES (1, 'Rex');
ASSERT NULL VALUES o (id) KEY (1);
ASSERT VALUES o VALUES (1, 'Max');

--@test: a deleted row leaves its group
CREATE TABLE pets (id INT PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT kind, COUNT(*) AS n FROM pets GROUP BY kind;
INSERT INTO pets VALUES (1, 'dog');
INSERT INTO pets VALUES (2, 'dog');
INSERT INTO raw (id) VALUES (1);
ASSERT VALUES o VALUES ('dog', 1);
ASSERT VALUES o VALUES ('dog', 2);
ASSERT VALUES o VALUES ('dog', 1);

--@test: a row deleted on either side is deleted from an inner join
CREATE TABLE pets (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE ages (id INT PRIMARY KEY, age INT) WITH (KAFKA_TOPIC='ages', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw_ages (id INT KEY, line STRING) WITH (KAFKA_TOPIC='ages', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, age FROM pets p JOIN ages a ON p.id = a.id;
INSERT INTO pets VALUES (1, 'Rex');
INSERT INTO ages VALUES (1, 5);
INSERT INTO raw_ages (id) VALUES (1);
ASSERT VALUES o VALUES (1, 'Rex', 5);
ASSERT NULL VALUES o (id) KEY (1);

--@test: in a left join a row deleted on the right becomes NULLs
CREATE TABLE pets (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE ages (id INT PRIMARY KEY, age INT) WITH (KAFKA_TOPIC='ages', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw_ages (id INT KEY, line STRING) WITH (KAFKA_TOPIC='ages', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name, age FROM pets p LEFT JOIN ages a ON p.id = a.id;
INSERT INTO pets VALUES (1, 'Rex');
INSERT INTO ages VALUES (1, 5);
INSERT INTO raw_ages (id) VALUES (1);
ASSERT VALUES o VALUES (1, 'Rex', NULL);
ASSERT VALUES o VALUES (1, 'Rex', 5);
ASSERT VALUES o VALUES (1, 'Rex', NULL);

--@test: by a foreign key, a row deleted on the right deletes all that refer to it
CREATE TABLE pets (id INT PRIMARY KEY, owner INT) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE owners (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='owners', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw_owners (id INT KEY, line STRING) WITH (KAFKA_TOPIC='owners', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT p.id AS id, name FROM pets p JOIN owners w ON p.owner = w.id;
INSERT INTO owners VALUES (7, 'Ada');
INSERT INTO pets VALUES (1, 7);
INSERT INTO pets VALUES (2, 7);
INSERT INTO raw_owners (id) VALUES (7);
ASSERT VALUES o VALUES (1, 'Ada');
ASSERT VALUES o VALUES (2, 'Ada');
ASSERT NULL VALUES o (id) KEY (1);
ASSERT NULL VALUES o (id) KEY (2);

--@test: a stream joins a deleted row no more
CREATE TABLE pets (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM walks (id INT KEY, km INT) WITH (KAFKA_TOPIC='walks', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT w.id AS id, km, name FROM walks w LEFT JOIN pets p ON w.id = p.id;
INSERT INTO pets VALUES (1, 'Rex');
INSERT INTO walks VALUES (1, 3);
INSERT INTO raw (id) VALUES (1);
INSERT INTO walks VALUES (1, 4);
ASSERT VALUES o VALUES (1, 3, 'Rex');
ASSERT VALUES o VALUES (1, 4, NULL);

--@test: a tombstone for a row that a filter kept back gives nothing
CREATE TABLE pets (id INT PRIMARY KEY, age INT) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE TABLE o AS SELECT id, age FROM pets WHERE age > 3;
INSERT INTO pets VALUES (1, 2);
INSERT INTO raw (id) VALUES (1);
INSERT INTO pets VALUES (2, 5);
ASSERT VALUES o VALUES (2, 5);

--@test: a row of NULLs is a row, not a tombstone
CREATE TABLE pets (id INT PRIMARY KEY, name STRING, age INT) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, name, age FROM pets;
INSERT INTO pets VALUES (1, NULL, NULL);
ASSERT VALUES o VALUES (1, NULL, NULL);

--@test: a record without a value gives a stream no row to filter or project
CREATE STREAM pets (id INT KEY, name STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM raw (id INT KEY, line STRING) WITH (KAFKA_TOPIC='pets', VALUE_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM o AS SELECT id, UCASE(name) AS name FROM pets WHERE id > 0;
INSERT INTO raw (id) VALUES (1);
INSERT INTO pets VALUES (2, 'Rex');
ASSERT VALUES o VALUES (2, 'REX');
