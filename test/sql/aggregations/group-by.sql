-- GROUP BY makes a table: a row for each group, written anew with each row that comes into the group.

--@test: a group counts the rows that came into it
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, COUNT(*) AS rows FROM votes GROUP BY party;
ASSERT TABLE o (party STRING PRIMARY KEY, rows BIGINT);
INSERT INTO votes VALUES (1, 'oak', 5);
INSERT INTO votes VALUES (2, 'elm', 7);
INSERT INTO votes VALUES (3, 'oak', 9);
ASSERT VALUES o VALUES ('oak', 1);
ASSERT VALUES o VALUES ('elm', 1);
ASSERT VALUES o VALUES ('oak', 2);

--@test: a row whose group is NULL is left out
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, COUNT(*) AS rows FROM votes GROUP BY party;
INSERT INTO votes VALUES (1, NULL, 5);
INSERT INTO votes VALUES (2, 'elm', 7);
ASSERT VALUES o VALUES ('elm', 1);

--@test: groups may be of several columns
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, n, COUNT(*) AS rows FROM votes GROUP BY party, n;
ASSERT TABLE o (party STRING PRIMARY KEY, n INT PRIMARY KEY, rows BIGINT);
INSERT INTO votes VALUES (1, 'oak', 5);
INSERT INTO votes VALUES (2, 'oak', 7);
INSERT INTO votes VALUES (3, 'oak', 5);
ASSERT VALUES o VALUES ('oak', 5, 1);
ASSERT VALUES o VALUES ('oak', 7, 1);
ASSERT VALUES o VALUES ('oak', 5, 2);

--@test: groups may be of an expression
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT n / 10 AS tens, COUNT(*) AS rows FROM votes GROUP BY n / 10;
ASSERT TABLE o (tens INT PRIMARY KEY, rows BIGINT);
INSERT INTO votes VALUES (1, 'oak', 15);
INSERT INTO votes VALUES (2, 'elm', 19);
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (1, 2);

--@test: groups may be of a field of a struct
CREATE STREAM votes (id INT KEY, v STRUCT<party STRING>) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT v->party AS party, COUNT(*) AS rows FROM votes GROUP BY v->party;
INSERT INTO votes VALUES (1, STRUCT(party := 'oak'));
ASSERT VALUES o VALUES ('oak', 1);

--@test: groups may be of the key
CREATE STREAM votes (id INT KEY, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT id, SUM(n) AS total FROM votes GROUP BY id;
INSERT INTO votes VALUES (1, 5);
INSERT INTO votes VALUES (1, 6);
ASSERT VALUES o VALUES (1, 5);
ASSERT VALUES o VALUES (1, 11);

--@test: the key of the table may have another name
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party AS tree, COUNT(*) AS rows FROM votes GROUP BY party;
ASSERT TABLE o (tree STRING PRIMARY KEY, rows BIGINT);

--@test: the group may be copied into the value
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, AS_VALUE(party) AS name, COUNT(*) AS rows FROM votes GROUP BY party;
INSERT INTO votes VALUES (1, 'oak');
ASSERT VALUES o VALUES ('oak', 'oak', 1);

--@test: WHERE is asked before rows are grouped
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, SUM(n) AS total FROM votes WHERE n > 0 GROUP BY party;
INSERT INTO votes VALUES (1, 'oak', 5);
INSERT INTO votes VALUES (2, 'oak', -3);
INSERT INTO votes VALUES (3, 'oak', 4);
ASSERT VALUES o VALUES ('oak', 5);
ASSERT VALUES o VALUES ('oak', 9);

--@test: an aggregate may stand in an expression
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, SUM(n) * 100 / COUNT(*) AS percent FROM votes GROUP BY party;
INSERT INTO votes VALUES (1, 'oak', 5);
INSERT INTO votes VALUES (2, 'oak', 2);
ASSERT VALUES o VALUES ('oak', 500);
ASSERT VALUES o VALUES ('oak', 350);

--@test: an aggregate may take an expression
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, SUM(n * n) AS squares FROM votes GROUP BY party;
INSERT INTO votes VALUES (1, 'oak', 3);
INSERT INTO votes VALUES (2, 'oak', 4);
ASSERT VALUES o VALUES ('oak', 9);
ASSERT VALUES o VALUES ('oak', 25);

--@test: a row of the table has the time of the latest row of its group
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, COUNT(*) AS rows FROM votes GROUP BY party;
INSERT INTO votes (ROWTIME, id, party) VALUES (50, 1, 'oak');
INSERT INTO votes (ROWTIME, id, party) VALUES (90, 2, 'oak');
ASSERT VALUES o (ROWTIME, rows) VALUES (50, 1);
ASSERT VALUES o (ROWTIME, rows) VALUES (90, 2);

--@test: groups of groups: a table over a table that was grouped
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE per_party AS SELECT party, COUNT(*) AS rows FROM votes GROUP BY party;
CREATE TABLE o AS SELECT rows, COUNT(*) AS parties FROM per_party GROUP BY rows;
INSERT INTO votes VALUES (1, 'oak');
INSERT INTO votes VALUES (2, 'elm');
INSERT INTO votes VALUES (3, 'oak');
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (1, 2);
ASSERT VALUES o VALUES (1, 1);
ASSERT VALUES o VALUES (2, 1);

--@test: a column that is neither grouped nor in an aggregate is refused
--@expected.error: KsqlException
--@expected.message: Non-aggregate SELECT expression(s) not part of GROUP BY: N
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, n, COUNT(*) AS rows FROM votes GROUP BY party;

--@test: an aggregate without GROUP BY is refused
--@expected.error: KsqlException
--@expected.message: does not support aggregate function [COUNT(ROWTIME)] without a GROUP BY clause.
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT COUNT(*) AS rows FROM votes;

--@test: an aggregate in an aggregate is refused
--@expected.error: KsqlException
--@expected.message: Aggregate functions can not be nested
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, SUM(COUNT(n)) AS rows FROM votes GROUP BY party;

--@test: an aggregate in WHERE is refused
--@expected.error: KsqlException
--@expected.message: WHERE does not support aggregate functions: SUM
CREATE STREAM votes (id INT KEY, party STRING, n INT) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT party, SUM(n) AS rows FROM votes WHERE SUM(n) > 5 GROUP BY party;

--@test: a grouped query makes a table, not a stream
--@expected.error: KsqlException
--@expected.message: Invalid result type. Your SELECT query produces a TABLE.
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT party, COUNT(*) AS rows FROM votes GROUP BY party;

--@test: the grouped column must be in the select list
--@expected.error: KsqlException
--@expected.message: PARTY
CREATE STREAM votes (id INT KEY, party STRING) WITH (KAFKA_TOPIC='votes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT COUNT(*) AS rows FROM votes GROUP BY party;
