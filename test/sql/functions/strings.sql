-- Functions of texts. Places in a text are counted from 1.

--@test: UCASE and LCASE change the case of letters
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  UCASE('Straw 1') AS c1,
  LCASE('Straw 1') AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'STRAW 1', 'straw 1');

--@test: INITCAP makes the first letter of each word large and the others small
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  INITCAP('old RED barn') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'Old Red Barn');

--@test: TRIM takes blanks away at both ends
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  TRIM('  a b ') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'a b');

--@test: LEN counts characters
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  LEN('barn') AS c1,
  LEN('') AS c2,
  LEN('é') AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 4, 0, 1);

--@test: SUBSTRING takes characters from a place on, to the end or so many
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  SUBSTRING('barnyard', 5) AS c1,
  SUBSTRING('barnyard', 2, 3) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'yard', 'arn');

--@test: SUBSTRING counts a negative place from the end
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  SUBSTRING('barnyard', -4) AS c1,
  SUBSTRING('barnyard', -4, 2) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'yard', 'ya');

--@test: CONCAT and the plus sign join texts
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CONCAT('hay', '-', 'stack') AS c1,
  'hay' + 'stack' AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'hay-stack', 'haystack');

--@test: CONCAT_WS puts its first text between the others
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CONCAT_WS(', ', 'oats', 'rye', 'hay') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'oats, rye, hay');

--@test: REPLACE replaces every occurrence
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  REPLACE('ababa', 'b', 'xy') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'axyaxya');

--@test: INSTR finds the place of a text, and 0 where it is not there
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  INSTR('barnyard', 'a') AS c1,
  INSTR('barnyard', 'z') AS c2,
  INSTR('barnyard', 'a', 3) AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 2, 0, 6);

--@test: LPAD and RPAD fill a text up to a length, or cut it
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  LPAD('7', 3, '0') AS c1,
  RPAD('7', 3, '.-') AS c2,
  LPAD('barn', 2, '.') AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, '007', '7.-', 'ba');

--@test: SPLIT cuts a text at each delimiter
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  SPLIT('a,b,,c', ',') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['a', 'b', '', 'c']);

--@test: SPLIT_TO_MAP reads pairs
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  SPLIT_TO_MAP('a=1;b=2', ';', '=') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, MAP('a' := '1', 'b' := '2'));

--@test: CHR gives the character of a number
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  CHR(65) AS c1,
  CHR(8364) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'A', '€');

--@test: MASK replaces large letters, small letters, digits and the rest
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  MASK('Ab-12') AS c1,
  MASK_LEFT('Ab-12', 2) AS c2,
  MASK_RIGHT('Ab-12', 2) AS c3
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'Xx-nn', 'Xx-12', 'Ab-nn');

--@test: MASK_KEEP_LEFT and MASK_KEEP_RIGHT leave characters at one end
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  MASK_KEEP_LEFT('Ab-12', 2) AS c1,
  MASK_KEEP_RIGHT('Ab-12', 2) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'Ab-nn', 'Xx-12');

--@test: MD5 is a text of 32 hexadecimal digits
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  MD5('') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'd41d8cd98f00b204e9800998ecf8427e');

--@test: UUID gives a text of 36 characters
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  LEN(UUID()) AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 36);

--@test: ELT picks one of its arguments, FIELD finds one among them
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  ELT(2, 'a', 'b') AS c1,
  ELT(3, 'a', 'b') AS c2,
  FIELD('b', 'a', 'b') AS c3,
  FIELD('z', 'a', 'b') AS c4
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'b', CAST(NULL AS STRING), 2, 0);

--@test: REGEXP_EXTRACT gives what matches, or a group of it
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  REGEXP_EXTRACT('[0-9]+', 'row 12 of 30') AS c1,
  REGEXP_EXTRACT('(\w+) of (\w+)', 'row 12 of 30', 2) AS c2
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, '12', '30');

--@test: REGEXP_EXTRACT_ALL gives all that match
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  REGEXP_EXTRACT_ALL('[0-9]+', 'row 12 of 30') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['12', '30']);

--@test: REGEXP_REPLACE replaces all that match
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  REGEXP_REPLACE('a1b22', '[0-9]+', '#') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, 'a#b#');

--@test: REGEXP_SPLIT_TO_ARRAY cuts where a pattern matches
CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT k,
  REGEXP_SPLIT_TO_ARRAY('a1b22c', '[0-9]+') AS c1
  FROM s;
INSERT INTO s VALUES (1, 7);
ASSERT VALUES o VALUES (1, ARRAY['a', 'b', 'c']);
