CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR, city VARCHAR, age INT) WITH (KAFKA_TOPIC='users', VALUE_FORMAT='JSON');
CREATE SOURCE TABLE cities (name VARCHAR PRIMARY KEY, country VARCHAR) WITH (KAFKA_TOPIC='cities', VALUE_FORMAT='JSON');
-- Kept at the source, so that it can be asked; the steps are done again when it is.
CREATE TABLE adults AS SELECT id, UCASE(name) AS name FROM users WHERE age >= 18;
-- A row that changes its city leaves the old group.
CREATE TABLE by_city AS SELECT city, COUNT(*) AS n, SUM(age) AS age FROM users GROUP BY city;
SELECT * FROM adults WHERE id = 7 OR id = 8;
SELECT * FROM cities;
SELECT * FROM adults EMIT CHANGES;
