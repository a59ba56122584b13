-- SELECT over a stream: which columns come out, under which names, and what expressions make of them.
-- A query without GROUP BY, JOIN or PARTITION BY keeps the key of its source, and gives a row for each row.

--@test: a star takes all columns, the key first
CREATE STREAM coffee (id INT KEY, bean STRING, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM coffee;
ASSERT STREAM o (id INT KEY, bean STRING, grams INT);
INSERT INTO coffee VALUES (1, 'arabica', 250);
ASSERT VALUES o VALUES (1, 'arabica', 250);

--@test: columns come in the order of the select list
CREATE STREAM coffee (id INT KEY, bean STRING, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, grams, bean FROM coffee;
ASSERT STREAM o (id INT KEY, grams INT, bean STRING);
INSERT INTO coffee VALUES (1, 'arabica', 250);
ASSERT VALUES o VALUES (1, 250, 'arabica');

--@test: the key stays the key wherever the select list has it
CREATE STREAM coffee (id INT KEY, bean STRING, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT bean, id FROM coffee;
ASSERT STREAM o (id INT KEY, bean STRING);

--@test: a column gets the name of its alias
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, grams AS weight FROM coffee;
ASSERT STREAM o (id INT KEY, weight INT);
INSERT INTO coffee VALUES (1, 250);
ASSERT VALUES o (weight) VALUES (250);

--@test: the word AS may be left out
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, grams weight FROM coffee c;
ASSERT STREAM o (id INT KEY, weight INT);

--@test: the key may be renamed too
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id AS number, grams FROM coffee;
ASSERT STREAM o (number INT KEY, grams INT);

--@test: an expression without an alias is called KSQL_COL_ and a number
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, grams * 2, grams * 3 FROM coffee;
ASSERT STREAM o (id INT KEY, ksql_col_0 INT, ksql_col_1 INT);
INSERT INTO coffee VALUES (1, 5);
ASSERT VALUES o VALUES (1, 10, 15);

--@test: names without quotes are written in any case
CREATE STREAM coffee (id INT KEY, Grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT ID, gRAMS FROM COFFEE;
INSERT INTO Coffee (Id, GRAMS) VALUES (1, 5);
ASSERT VALUES O (id, grams) VALUES (1, 5);

--@test: names in backquotes keep their case
CREATE STREAM coffee (id INT KEY, `Grams` INT, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, `Grams` - grams AS `difference` FROM coffee;
INSERT INTO coffee (id, `Grams`, grams) VALUES (1, 7, 5);
ASSERT VALUES o (id, `difference`) VALUES (1, 2);

--@test: words of the language are names where they are quoted
CREATE STREAM `select` (id INT KEY, `from` INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, `from` AS `where` FROM `select`;
INSERT INTO `select` VALUES (1, 5);
ASSERT VALUES o (`where`) VALUES (5);

--@test: a column may be qualified by the name of its source
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT coffee.id, coffee.grams FROM coffee;
ASSERT STREAM o (id INT KEY, grams INT);

--@test: a column may be qualified by the alias of its source
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT c.id, c.grams + 1 AS more FROM coffee AS c;
INSERT INTO coffee VALUES (1, 5);
ASSERT VALUES o VALUES (1, 6);

--@test: a star may be qualified, and may have columns beside it
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT c.*, grams / 10 AS cups FROM coffee c;
INSERT INTO coffee VALUES (1, 59);
ASSERT VALUES o (id, grams, cups) VALUES (1, 59, 5);

--@test: AS_VALUE copies the key into the value
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, AS_VALUE(id) AS id_again FROM coffee;
ASSERT STREAM o (id INT KEY, id_again INT);
INSERT INTO coffee VALUES (7, 5);
ASSERT VALUES o VALUES (7, 7);

--@test: literals are columns like any others
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, 'café' AS place, 3 AS floor, 2.50 AS price, TRUE AS open FROM coffee;
ASSERT STREAM o (id INT KEY, place STRING, floor INT, price DECIMAL(3, 2), open BOOLEAN);
INSERT INTO coffee VALUES (1, 5);
ASSERT VALUES o VALUES (1, 'café', 3, 2.50, TRUE);

--@test: the time of a row stays the time of the row that it comes from
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM coffee;
INSERT INTO coffee (ROWTIME, id, grams) VALUES (1234, 1, 5);
ASSERT VALUES o (ROWTIME, id) VALUES (1234, 1);

--@test: ROWTIME can be read like a column
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWTIME + 1 AS later FROM coffee;
ASSERT STREAM o (id INT KEY, later BIGINT);
INSERT INTO coffee (ROWTIME, id, grams) VALUES (1234, 1, 5);
ASSERT VALUES o VALUES (1, 1235);

--@test: ROWPARTITION and ROWOFFSET say where a row stands in its topic
CREATE STREAM coffee (id INT KEY, grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, ROWPARTITION AS p, ROWOFFSET AS n FROM coffee;
ASSERT STREAM o (id INT KEY, p INT, n BIGINT);

--@test: a stream without a key gives rows without a key
CREATE STREAM coffee (grams INT) WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT grams * 2 AS twice FROM coffee;
ASSERT STREAM o (twice INT);
INSERT INTO coffee VALUES (5);
ASSERT VALUES o VALUES (10);

--@test: comments may stand between and within statements
CREATE STREAM coffee (id INT KEY, grams INT) -- what is sold
  WITH (KAFKA_TOPIC='coffee', VALUE_FORMAT='JSON', PARTITIONS=1);
/* twice
   as much */
CREATE STREAM o AS SELECT id, /* grams */ grams * 2 AS twice FROM coffee;
INSERT INTO coffee VALUES (1, 5);
ASSERT VALUES o VALUES (1, 10);
