--@test: rides are counted by how they were paid
CREATE STREAM rides (id INT KEY, payment_type VARCHAR, fare DECIMAL(6, 2)) WITH (kafka_topic='rides', value_format='JSON', partitions=1);
CREATE TABLE by_payment AS SELECT payment_type, COUNT(*) AS n, SUM(fare) AS fares FROM rides GROUP BY payment_type;
ASSERT TABLE by_payment (payment_type VARCHAR PRIMARY KEY, n BIGINT, fares DECIMAL(6, 2)) WITH (kafka_topic='BY_PAYMENT', value_format='JSON');
INSERT INTO rides (rowtime, id, payment_type, fare) VALUES (1000, 1, '1', 10.50);
INSERT INTO rides (rowtime, id, payment_type, fare) VALUES (3000, 2, '2', 4.00);
INSERT INTO rides (rowtime, id, payment_type, fare) VALUES (2000, 3, '1', -2.25);
ASSERT VALUES by_payment (rowtime, payment_type, n, fares) VALUES (1000, '1', 1, 10.50);
ASSERT VALUES by_payment (rowtime, payment_type, n, fares) VALUES (3000, '2', 1, 4.00);
ASSERT VALUES by_payment (rowtime, payment_type, n, fares) VALUES (2000, '1', 2, 8.25);

--@test: a query reads another's output, and what was there before it
CREATE STREAM rides (payment_type VARCHAR, fare DOUBLE) WITH (kafka_topic='rides', value_format='JSON', partitions=1);
INSERT INTO rides (payment_type, fare) VALUES ('1', 10.0);
CREATE STREAM surge AS SELECT payment_type, fare * 1.5 AS fare FROM rides;
CREATE STREAM dear AS SELECT * FROM surge WHERE fare > 20;
INSERT INTO rides (payment_type, fare) VALUES ('2', 20.0);
ASSERT VALUES surge (payment_type, fare) VALUES ('1', 15.0);
ASSERT VALUES surge (payment_type, fare) VALUES ('2', 30.0);
ASSERT VALUES dear (payment_type, fare) VALUES ('2', 30.0);

--@test: HAVING takes back what no longer matches
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);
CREATE TABLE t AS SELECT k, SUM(v) AS total FROM s GROUP BY k HAVING SUM(v) > 10;
INSERT INTO s (k, v) VALUES (1, 12);
INSERT INTO s (k, v) VALUES (1, -5);
ASSERT VALUES t (k, total) VALUES (1, 12);
ASSERT NULL VALUES t (k) KEY (1);

--@test: a wrong expectation fails
--@expected.message: Expected record does not match actual
CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);
INSERT INTO s (v) VALUES (1);
ASSERT VALUES s (v) VALUES (2);

--@test: a record that did not come fails
--@expected.message: but there is none
CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);
CREATE STREAM none AS SELECT * FROM s WHERE v > 5;
INSERT INTO s (v) VALUES (1);
ASSERT VALUES none (v) VALUES (1);

--@test: a syntax error is one
--@expected.error: ParseFailedException
--@expected.message: line 4:8
CREATE STEAM s (v INT) WITH (kafka_topic='s', value_format='JSON');
