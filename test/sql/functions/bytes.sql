-- Functions of bytes.

--@test: TO_BYTES and FROM_BYTES are each other's reverse
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  FROM_BYTES(TO_BYTES('68656c6c6f', 'hex'), 'utf8') AS c1,
  FROM_BYTES(TO_BYTES('hello', 'utf8'), 'base64') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'hello', 'aGVsbG8=');

--@test: numbers are read from bytes, the highest byte first unless little endian is said
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  INT_FROM_BYTES(TO_BYTES('00000102', 'hex')) AS c1,
  INT_FROM_BYTES(TO_BYTES('02010000', 'hex'), 'LITTLE_ENDIAN') AS c2,
  BIGINT_FROM_BYTES(TO_BYTES('0000000000000005', 'hex')) AS c3,
  DOUBLE_FROM_BYTES(TO_BYTES('3FF0000000000000', 'hex')) AS c4
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 258, 258, 5, 1.0);

--@test: LEN, SUBSTRING and CONCAT take bytes too
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  LEN(TO_BYTES('0102', 'hex')) AS c1,
  FROM_BYTES(SUBSTRING(TO_BYTES('010203', 'hex'), 2, 1), 'hex') AS c2,
  FROM_BYTES(CONCAT(TO_BYTES('01', 'hex'), TO_BYTES('02', 'hex')), 'hex') AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 2, '02', '0102');

--@test: ENCODE brings a text from one encoding to another
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  ENCODE('6869', 'hex', 'utf8') AS c1,
  ENCODE('hi', 'utf8', 'base64') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'hi', 'aGk=');
