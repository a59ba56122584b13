CREATE STREAM orders (id INT KEY, customer INT, amount DOUBLE) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM payments (order_id INT KEY, paid DOUBLE) WITH (KAFKA_TOPIC='payments', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR, region INT) WITH (KAFKA_TOPIC='customers', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE regions (id INT PRIMARY KEY, label VARCHAR) WITH (KAFKA_TOPIC='regions', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE TABLE limits (id INT PRIMARY KEY, most DOUBLE) WITH (KAFKA_TOPIC='limits', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4);
-- Both are read as they are.
CREATE STREAM settled AS SELECT o.id, amount, paid FROM orders o LEFT JOIN payments p WITHIN 1 HOUR GRACE PERIOD 5 MINUTES ON o.id = p.order_id;
-- The stream moves to the table's key, in the table's key format.
CREATE STREAM enriched AS SELECT customer AS id, name, amount FROM orders JOIN customers ON customer = customers.id WHERE amount > 10;
CREATE TABLE limited AS SELECT c.id, name, most FROM customers c LEFT JOIN limits l ON c.id = l.id;
CREATE TABLE labelled AS SELECT customers.id, name, label FROM customers LEFT JOIN regions ON region = regions.id;
-- Grouping by the join's key moves nothing more.
CREATE TABLE paid_by_order AS SELECT o.id, SUM(paid) AS paid FROM orders o JOIN payments p WITHIN 1 DAY ON o.id = p.order_id GROUP BY o.id;
CREATE STREAM three AS SELECT o.id, name, most FROM orders o JOIN customers c ON o.id = c.id LEFT JOIN limits l ON o.id = l.id;
SELECT o.amount, p.paid FROM orders o JOIN payments p WITHIN 10 SECONDS ON o.id = p.order_id EMIT CHANGES;

-- One format, but it tells NULL in two ways: equal keys are not equal bytes, so one side is spread anew.
CREATE STREAM acts (id BIGINT KEY, act VARCHAR) WITH (KAFKA_TOPIC='acts', KEY_FORMAT='PROTOBUF_NOSR', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE TABLE actors (id BIGINT PRIMARY KEY, name VARCHAR) WITH (KAFKA_TOPIC='actors', KEY_FORMAT='PROTOBUF_NOSR', KEY_PROTOBUF_NULLABLE_REPRESENTATION='OPTIONAL', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM acted AS SELECT acts.id, act, name FROM acts JOIN actors ON acts.id = actors.id;
