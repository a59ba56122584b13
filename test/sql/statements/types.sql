-- CREATE TYPE gives a type a name of your own; the name stands for the type wherever a type may stand.

--@test: a type can be named and used
CREATE TYPE place AS STRUCT<town STRING, code INT>;
CREATE STREAM post (id INT KEY, goal place) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM post (id INT KEY, goal STRUCT<town STRING, code INT>);
INSERT INTO post VALUES (1, STRUCT(town := 'Bonn', code := 53));
ASSERT VALUES post VALUES (1, STRUCT(town := 'Bonn', code := 53));

--@test: a type may be made of others
CREATE TYPE place AS STRUCT<town STRING>;
CREATE TYPE tour AS ARRAY<place>;
CREATE STREAM post (id INT KEY, stops tour) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM post (id INT KEY, stops ARRAY<STRUCT<town STRING>>);

--@test: a type may stand in a cast
CREATE TYPE money AS DECIMAL(9, 2);
CREATE STREAM post (id INT KEY, fee INT) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM o AS SELECT id, CAST(fee AS money) AS fee FROM post;
ASSERT STREAM o (id INT KEY, fee DECIMAL(9, 2));

--@test: IF NOT EXISTS leaves a type that is there
CREATE TYPE money AS DECIMAL(9, 2);
CREATE TYPE IF NOT EXISTS money AS INT;
CREATE STREAM post (id INT KEY, fee money) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
ASSERT STREAM post (id INT KEY, fee DECIMAL(9, 2));

--@test: a type that is there is not made again
--@expected.error: KsqlException
--@expected.message: Cannot register custom type 'MONEY' since it is already registered
CREATE TYPE money AS DECIMAL(9, 2);
CREATE TYPE money AS INT;

--@test: a type that was dropped is known no more
--@expected.error: KsqlException
--@expected.message: Cannot resolve unknown type: MONEY
CREATE TYPE money AS DECIMAL(9, 2);
DROP TYPE money;
CREATE STREAM post (id INT KEY, fee money) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);

--@test: columns keep their type when its name is dropped
CREATE TYPE money AS DECIMAL(9, 2);
CREATE STREAM post (id INT KEY, fee money) WITH (KAFKA_TOPIC='post', VALUE_FORMAT='JSON', PARTITIONS=1);
DROP TYPE money;
ASSERT STREAM post (id INT KEY, fee DECIMAL(9, 2));

--@test: DROP TYPE of what is not there passes with IF EXISTS
DROP TYPE IF EXISTS money;
CREATE TYPE money AS INT;
DROP TYPE money;

--@test: DROP TYPE of what is not there is refused without it
--@expected.error: KsqlException
--@expected.message: Type MONEY does not exist
DROP TYPE money;
