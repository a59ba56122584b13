-- Two tables by a foreign key: a column of the left one is the key of the right one. The result keeps the left key.

--@test: a row finds the row that its column refers to
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b JOIN authors a ON b.author = a.id;
ASSERT TABLE o (id INT PRIMARY KEY, title STRING, name STRING);
INSERT INTO authors VALUES (7, 'Eco');
INSERT INTO books VALUES (1, 'Baudolino', 7);
ASSERT VALUES o VALUES (1, 'Baudolino', 'Eco');

--@test: a change of the right row changes all rows that refer to it
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b JOIN authors a ON b.author = a.id;
INSERT INTO books VALUES (1, 'Baudolino', 7);
INSERT INTO books VALUES (2, 'Numero Zero', 7);
INSERT INTO authors VALUES (7, 'Eco');
ASSERT VALUES o VALUES (1, 'Baudolino', 'Eco');
ASSERT VALUES o VALUES (2, 'Numero Zero', 'Eco');

--@test: a row that refers to another one is joined anew
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b JOIN authors a ON b.author = a.id;
INSERT INTO authors VALUES (7, 'Eco');
INSERT INTO authors VALUES (8, 'Levi');
INSERT INTO books VALUES (1, 'Baudolino', 8);
INSERT INTO books VALUES (1, 'Baudolino', 7);
ASSERT VALUES o VALUES (1, 'Baudolino', 'Levi');
ASSERT VALUES o VALUES (1, 'Baudolino', 'Eco');

--@test: a row that refers to nothing any more is deleted from an inner join
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b JOIN authors a ON b.author = a.id;
INSERT INTO authors VALUES (7, 'Eco');
INSERT INTO books VALUES (1, 'Baudolino', 7);
INSERT INTO books VALUES (1, 'Baudolino', 99);
ASSERT VALUES o VALUES (1, 'Baudolino', 'Eco');
ASSERT NULL VALUES o (id) KEY (1);

--@test: LEFT JOIN has rows that refer to nothing
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b LEFT JOIN authors a ON b.author = a.id;
INSERT INTO books VALUES (1, 'Beowulf', 99);
ASSERT VALUES o VALUES (1, 'Beowulf', NULL);

--@test: the reference may be an expression
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author STRING) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT b.id AS id, title, name FROM books b JOIN authors a ON UCASE(b.author) = a.id;
INSERT INTO authors VALUES ('ECO', 'Eco');
INSERT INTO books VALUES (1, 'Baudolino', 'eco');
ASSERT VALUES o VALUES (1, 'Baudolino', 'Eco');

--@test: RIGHT JOIN by a foreign key is refused
--@expected.error: KsqlException
--@expected.message: RIGHT OUTER JOIN on a foreign key is not supported
CREATE TABLE books (id INT PRIMARY KEY, title STRING, author INT) WITH (KAFKA_TOPIC='books', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE authors (id INT PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='authors', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE o AS SELECT a.id AS id, title, name FROM books b RIGHT JOIN authors a ON b.author = a.id;
