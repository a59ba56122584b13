-- WHERE lets a row of a stream through where its condition is true; false and unknown (NULL) both keep it back.

--@test: only rows for which the condition is true come out
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE cups >= 3;
INSERT INTO tea VALUES (1, 2);
INSERT INTO tea VALUES (2, 3);
INSERT INTO tea VALUES (3, 4);
ASSERT VALUES o VALUES (2, 3);
ASSERT VALUES o VALUES (3, 4);

--@test: a condition that is unknown keeps the row back
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE cups < 3;
INSERT INTO tea VALUES (1, NULL);
INSERT INTO tea VALUES (2, 1);
ASSERT VALUES o VALUES (2, 1);

--@test: not equal to something is unknown for NULL
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind <> 'black';
INSERT INTO tea VALUES (1, NULL);
INSERT INTO tea VALUES (2, 'green');
ASSERT VALUES o VALUES (2, 'green');

--@test: IS NULL and IS NOT NULL tell what is there
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM missing AS SELECT * FROM tea WHERE kind IS NULL;
CREATE STREAM present AS SELECT * FROM tea WHERE kind IS NOT NULL;
INSERT INTO tea VALUES (1, NULL);
INSERT INTO tea VALUES (2, 'green');
ASSERT VALUES missing VALUES (1, NULL);
ASSERT VALUES present VALUES (2, 'green');

--@test: IS DISTINCT FROM compares without an unknown
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind IS DISTINCT FROM 'black';
INSERT INTO tea VALUES (1, NULL);
INSERT INTO tea VALUES (2, 'black');
INSERT INTO tea VALUES (3, 'green');
ASSERT VALUES o VALUES (1, NULL);
ASSERT VALUES o VALUES (3, 'green');

--@test: IS NOT DISTINCT FROM holds for two NULLs
CREATE STREAM tea (id INT KEY, a STRING, b STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE a IS NOT DISTINCT FROM b;
INSERT INTO tea VALUES (1, NULL, NULL);
INSERT INTO tea VALUES (2, NULL, 'x');
INSERT INTO tea VALUES (3, 'x', 'x');
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES o (id) VALUES (3);

--@test: AND binds closer than OR
CREATE STREAM tea (id INT KEY, cups INT, hot BOOLEAN) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE id = 1 OR cups > 2 AND hot;
INSERT INTO tea VALUES (1, 0, FALSE);
INSERT INTO tea VALUES (2, 3, FALSE);
INSERT INTO tea VALUES (3, 3, TRUE);
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES o (id) VALUES (3);

--@test: NOT turns a condition round
CREATE STREAM tea (id INT KEY, hot BOOLEAN) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE NOT hot;
INSERT INTO tea VALUES (1, TRUE);
INSERT INTO tea VALUES (2, FALSE);
ASSERT VALUES o (id) VALUES (2);

--@test: AND and OR go from left to right and no further than needed; a NULL that they reach makes the whole NULL, as in ksqlDB
CREATE STREAM tea (id INT KEY, a BOOLEAN, b BOOLEAN) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, a AND b AS both, a OR b AS one FROM tea;
INSERT INTO tea VALUES (1, FALSE, NULL);
INSERT INTO tea VALUES (2, TRUE, NULL);
INSERT INTO tea VALUES (3, NULL, TRUE);
INSERT INTO tea VALUES (4, TRUE, FALSE);
ASSERT VALUES o VALUES (1, FALSE, NULL);
ASSERT VALUES o VALUES (2, NULL, TRUE);
ASSERT VALUES o VALUES (3, NULL, NULL);
ASSERT VALUES o VALUES (4, FALSE, TRUE);

--@test: BETWEEN includes both ends
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE cups BETWEEN 2 AND 4;
INSERT INTO tea VALUES (1, 1);
INSERT INTO tea VALUES (2, 2);
INSERT INTO tea VALUES (3, 4);
INSERT INTO tea VALUES (4, 5);
ASSERT VALUES o (id) VALUES (2);
ASSERT VALUES o (id) VALUES (3);

--@test: NOT BETWEEN takes what lies outside
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE cups NOT BETWEEN 2 AND 4;
INSERT INTO tea VALUES (1, 2);
INSERT INTO tea VALUES (2, 5);
ASSERT VALUES o (id) VALUES (2);

--@test: IN holds for one of a list
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind IN ('green', 'white');
INSERT INTO tea VALUES (1, 'black');
INSERT INTO tea VALUES (2, 'white');
ASSERT VALUES o (id) VALUES (2);

--@test: NULL is in no list, so NOT IN holds for it, as in ksqlDB
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind NOT IN ('green', 'white');
INSERT INTO tea VALUES (1, 'green');
INSERT INTO tea VALUES (2, NULL);
INSERT INTO tea VALUES (3, 'black');
ASSERT VALUES o (id) VALUES (2);
ASSERT VALUES o (id) VALUES (3);

--@test: in LIKE a percent sign stands for any text and an underscore for one character
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind LIKE 'w_ite%';
INSERT INTO tea VALUES (1, 'a white tea');
INSERT INTO tea VALUES (2, 'white tea');
INSERT INTO tea VALUES (3, 'write');
INSERT INTO tea VALUES (4, 'wite');
ASSERT VALUES o (id) VALUES (2);
ASSERT VALUES o (id) VALUES (3);

--@test: LIKE looks at the case of letters
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind LIKE 'green%';
INSERT INTO tea VALUES (1, 'Green');
INSERT INTO tea VALUES (2, 'green');
ASSERT VALUES o (id) VALUES (2);

--@test: an ESCAPE character takes the meaning of a wildcard away
CREATE STREAM tea (id INT KEY, note STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE note LIKE '%!%%' ESCAPE '!';
INSERT INTO tea VALUES (1, 'five percent');
INSERT INTO tea VALUES (2, '5% off');
ASSERT VALUES o (id) VALUES (2);

--@test: NOT LIKE takes what does not match
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind NOT LIKE '%tea';
INSERT INTO tea VALUES (1, 'green tea');
INSERT INTO tea VALUES (2, 'mate');
ASSERT VALUES o (id) VALUES (2);

--@test: a filter may ask for a column that does not come out
CREATE STREAM tea (id INT KEY, kind STRING, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, kind FROM tea WHERE cups > 1;
INSERT INTO tea VALUES (1, 'green', 1);
INSERT INTO tea VALUES (2, 'white', 2);
ASSERT VALUES o VALUES (2, 'white');

--@test: a filter sees columns of the source, also where an alias has the same name
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, cups * 10 AS cups FROM tea WHERE cups > 5;
INSERT INTO tea VALUES (1, 2);
INSERT INTO tea VALUES (2, 6);
ASSERT VALUES o VALUES (2, 60);

--@test: texts are compared by their characters
CREATE STREAM tea (id INT KEY, kind STRING) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE kind > 'm' AND kind <= 'z';
INSERT INTO tea VALUES (1, 'black');
INSERT INTO tea VALUES (2, 'white');
INSERT INTO tea VALUES (3, 'White');
ASSERT VALUES o (id) VALUES (2);

--@test: a filter by time compares ROWTIME with a text
CREATE STREAM tea (id INT KEY, cups INT) WITH (KAFKA_TOPIC='tea', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM tea WHERE ROWTIME >= '1970-01-01T00:00:02';
INSERT INTO tea (ROWTIME, id, cups) VALUES (1999, 1, 1);
INSERT INTO tea (ROWTIME, id, cups) VALUES (2000, 2, 1);
ASSERT VALUES o (id) VALUES (2);
