-- A stream and a table: each row of the stream meets what the table holds for its key at that moment. Rows of the table
-- give nothing by themselves.

--@test: a row of the stream gets the columns of the table
CREATE STREAM sales (id INT KEY, item STRING, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n * price AS total FROM sales s JOIN items i ON s.item = i.item;
ASSERT STREAM o (item STRING KEY, total INT);
INSERT INTO items VALUES ('pen', 3);
INSERT INTO sales VALUES (1, 'pen', 4);
ASSERT VALUES o VALUES ('pen', 12);

--@test: an inner join leaves rows without a match out
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n, price FROM sales s INNER JOIN items i ON s.item = i.item;
INSERT INTO items VALUES ('pen', 3);
INSERT INTO sales VALUES ('ink', 1);
INSERT INTO sales VALUES ('pen', 2);
ASSERT VALUES o VALUES ('pen', 2, 3);

--@test: LEFT JOIN gives rows without a match with NULLs, at once
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n, price FROM sales s LEFT JOIN items i ON s.item = i.item;
INSERT INTO sales VALUES ('ink', 1);
INSERT INTO items VALUES ('ink', 9);
INSERT INTO sales VALUES ('ink', 2);
ASSERT VALUES o VALUES ('ink', 1, NULL);
ASSERT VALUES o VALUES ('ink', 2, 9);

--@test: a row meets the table as it is when the row comes
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, price FROM sales s JOIN items i ON s.item = i.item;
INSERT INTO items VALUES ('pen', 3);
INSERT INTO sales VALUES ('pen', 1);
INSERT INTO items VALUES ('pen', 4);
INSERT INTO sales VALUES ('pen', 1);
ASSERT VALUES o VALUES ('pen', 3);
ASSERT VALUES o VALUES ('pen', 4);

--@test: a joined row has the time of the row of the stream
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, price FROM sales s JOIN items i ON s.item = i.item;
INSERT INTO items (ROWTIME, item, price) VALUES (5000, 'pen', 3);
INSERT INTO sales (ROWTIME, item, n) VALUES (7000, 'pen', 1);
ASSERT VALUES o (ROWTIME, item, price) VALUES (7000, 'pen', 3);

--@test: a table that was computed can be joined too
CREATE STREAM deliveries (item STRING KEY, n INT) WITH (KAFKA_TOPIC='deliveries', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE stock AS SELECT item, SUM(n) AS n FROM deliveries GROUP BY item;
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, t.n - s.n AS rest FROM sales s JOIN stock t ON s.item = t.item;
INSERT INTO deliveries VALUES ('pen', 10);
INSERT INTO deliveries VALUES ('pen', 5);
INSERT INTO sales VALUES ('pen', 4);
ASSERT VALUES o VALUES ('pen', 11);

--@test: a row whose key is NULL has no match
CREATE STREAM sales (id INT KEY, item STRING) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, id, price FROM sales s LEFT JOIN items i ON s.item = i.item;
INSERT INTO sales VALUES (1, NULL);
ASSERT VALUES o VALUES (NULL, 1, NULL);

--@test: a stream joins two tables
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE prices (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='prices', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE taxes (item STRING PRIMARY KEY, tax INT) WITH (KAFKA_TOPIC='taxes', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n * (price + tax) AS total FROM sales s
  JOIN prices p ON s.item = p.item
  JOIN taxes t ON s.item = t.item;
INSERT INTO prices VALUES ('pen', 10);
INSERT INTO taxes VALUES ('pen', 2);
INSERT INTO sales VALUES ('pen', 3);
ASSERT VALUES o VALUES ('pen', 36);

--@test: WHERE may ask both sides
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n, price FROM sales s JOIN items i ON s.item = i.item WHERE n > 1 AND price < 10;
INSERT INTO items VALUES ('pen', 3);
INSERT INTO items VALUES ('lamp', 30);
INSERT INTO sales VALUES ('pen', 1);
INSERT INTO sales VALUES ('lamp', 2);
INSERT INTO sales VALUES ('pen', 2);
ASSERT VALUES o VALUES ('pen', 2, 3);

--@test: joined rows may be grouped by a column of the table
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT kind, SUM(n) AS n FROM sales s JOIN items i ON s.item = i.item GROUP BY kind;
INSERT INTO items VALUES ('pen', 'office');
INSERT INTO items VALUES ('ink', 'office');
INSERT INTO sales VALUES ('pen', 2);
INSERT INTO sales VALUES ('ink', 3);
ASSERT VALUES o VALUES ('office', 2);
ASSERT VALUES o VALUES ('office', 5);

--@test: the table is joined by its key
--@expected.error: KsqlException
--@expected.message: stream-table joins require to join on the table's primary key.
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n FROM sales s JOIN items i ON s.item = i.kind;

--@test: WITHIN has no place beside a table
--@expected.error: KsqlException
--@expected.message: These joins are not windowed.
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n FROM sales s JOIN items i WITHIN 1 SECOND ON s.item = i.item;

--@test: FULL OUTER JOIN of a stream and a table is refused
--@expected.error: KsqlException
--@expected.message: full-outer join not supported for stream-table join.
CREATE STREAM sales (item STRING KEY, n INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE items (item STRING PRIMARY KEY, kind STRING) WITH (KAFKA_TOPIC='items', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT s.item AS item, n FROM sales s FULL OUTER JOIN items i ON s.item = i.item;
