-- Grouping a table: a row that changes leaves its old group and comes into the new one; what it had added is taken back.

--@test: a row that changes its group is counted in the new one only
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, pay INT) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, COUNT(*) AS n FROM staff GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 10);
INSERT INTO staff VALUES (1, 'dev', 10);
ASSERT VALUES o VALUES ('ops', 1);
ASSERT VALUES o VALUES ('ops', 0);
ASSERT VALUES o VALUES ('dev', 1);

--@test: a sum takes the old value back
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, pay INT) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, SUM(pay) AS pay FROM staff GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 10);
INSERT INTO staff VALUES (2, 'ops', 30);
INSERT INTO staff VALUES (1, 'dev', 10);
ASSERT VALUES o VALUES ('ops', 10);
ASSERT VALUES o VALUES ('ops', 40);
ASSERT VALUES o VALUES ('ops', 30);
ASSERT VALUES o VALUES ('dev', 10);

--@test: an average takes the old value back
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, pay INT) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, AVG(pay) AS pay FROM staff GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 10);
INSERT INTO staff VALUES (2, 'ops', 30);
INSERT INTO staff VALUES (1, 'dev', 10);
ASSERT VALUES o VALUES ('ops', 10.0);
ASSERT VALUES o VALUES ('ops', 20.0);
ASSERT VALUES o VALUES ('ops', 30.0);
ASSERT VALUES o VALUES ('dev', 10.0);

--@test: a list loses the value of the row that went
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, name STRING) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, COLLECT_LIST(name) AS names FROM staff GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 'Ada');
INSERT INTO staff VALUES (2, 'ops', 'Bob');
INSERT INTO staff VALUES (1, 'dev', 'Ada');
ASSERT VALUES o VALUES ('ops', ARRAY['Ada']);
ASSERT VALUES o VALUES ('ops', ARRAY['Ada', 'Bob']);
ASSERT VALUES o VALUES ('ops', ARRAY['Bob']);
ASSERT VALUES o VALUES ('dev', ARRAY['Ada']);

--@test: HISTOGRAM counts down again
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, grade STRING) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, HISTOGRAM(grade) AS grades FROM staff GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 'A');
INSERT INTO staff VALUES (2, 'ops', 'A');
INSERT INTO staff VALUES (1, 'dev', 'A');
ASSERT VALUES o VALUES ('ops', MAP('A' := 1));
ASSERT VALUES o VALUES ('ops', MAP('A' := 2));
ASSERT VALUES o VALUES ('ops', MAP('A' := 1));
ASSERT VALUES o VALUES ('dev', MAP('A' := 1));

--@test: WHERE on a table decides which rows are in a group
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, pay INT) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, COUNT(*) AS n FROM staff WHERE pay > 20 GROUP BY team;
INSERT INTO staff VALUES (1, 'ops', 30);
INSERT INTO staff VALUES (1, 'ops', 10);
ASSERT VALUES o VALUES ('ops', 1);
ASSERT VALUES o VALUES ('ops', 0);

--@test: MIN cannot be taken back, so it has no place over a table
--@expected.error: KsqlException
--@expected.message: The aggregation function MIN cannot be applied to a table source, only to a stream source.
CREATE TABLE staff (id INT PRIMARY KEY, team STRING, pay INT) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT team, MIN(pay) AS pay FROM staff GROUP BY team;

--@test: a window has no place where nothing is grouped
--@expected.error: KsqlException
--@expected.message: WINDOW clause requires a GROUP BY clause.
CREATE TABLE staff (id INT PRIMARY KEY, team STRING) WITH (KAFKA_TOPIC='staff', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, team FROM staff WINDOW TUMBLING (SIZE 1 SECOND);
