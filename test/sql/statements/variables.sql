-- DEFINE gives a text a name; ${name} in a statement behind it stands for that text. UNDEFINE takes the name away.

--@test: a variable stands for a value
DEFINE least = '10';
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT * FROM taps WHERE n >= ${least};
INSERT INTO taps VALUES (1, 9);
INSERT INTO taps VALUES (2, 10);
ASSERT VALUES o VALUES (2, 10);

--@test: a variable stands for a name, also within a text
DEFINE name = 'taps';
CREATE STREAM ${name} (id INT KEY, n INT) WITH (KAFKA_TOPIC='${name}_topic', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM taps WITH (KAFKA_TOPIC='taps_topic', VALUE_FORMAT='JSON');

--@test: a variable may be defined anew
DEFINE n = '1';
DEFINE n = '2';
CREATE STREAM taps (id INT KEY, n INT) WITH (KAFKA_TOPIC='taps', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO taps VALUES (1, ${n});
ASSERT VALUES taps VALUES (1, 2);

--@test: a variable stands for its text, from DEFINE on, in any case
DEFINE n = '7';
DEFINE name = 'a';
CREATE STREAM ${name} (k INT KEY, d INT) WITH (kafka_topic='${name}', format='JSON');
INSERT INTO a VALUES (1, ${N});
DEFINE n = '8';
INSERT INTO a VALUES (2, ${n});
ASSERT VALUES a (k, d) VALUES (1, 7);
ASSERT VALUES a (k, d) VALUES (2, 8);

--@test: what a variable stands for is coerced as what is written out: no number is narrowed
--@expected.error: KsqlException
--@expected.message: Expected type INTEGER for field `D` but got BIGINT(2147483648)
DEFINE n = '2147483648';
CREATE STREAM a (k INT KEY, d INT) WITH (kafka_topic='a', format='JSON');
INSERT INTO a VALUES (1, ${n});

--@test: what a variable stands for is coerced as what is written out: no number is read from text
--@expected.error: KsqlException
--@expected.message: Expected type ARRAY<INTEGER> for field `D`
DEFINE n = '''1''';
CREATE STREAM a (k INT KEY, d ARRAY<INT>) WITH (kafka_topic='a', format='JSON');
INSERT INTO a VALUES (1, ARRAY[${n}]);

--@test: UNDEFINE takes the value away
--@expected.error: ParseFailedException
--@expected.message: '${n}'
DEFINE n = '7';
UNDEFINE n;
CREATE STREAM a (k INT KEY, d INT) WITH (kafka_topic='a', format='JSON');
INSERT INTO a VALUES (1, ${n});
