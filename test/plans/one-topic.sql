-- Several sources over one topic: one sub-topology reads it.
CREATE STREAM calls (id INT KEY, caller INT, callee INT) WITH (KAFKA_TOPIC='calls', FORMAT='JSON', PARTITIONS=4);
CREATE STREAM calls2 (id INT KEY, caller INT, callee INT) WITH (KAFKA_TOPIC='calls', FORMAT='JSON');
CREATE TABLE people (id INT PRIMARY KEY, boss INT) WITH (KAFKA_TOPIC='people', FORMAT='JSON', PARTITIONS=4);
CREATE TABLE bosses (id INT PRIMARY KEY, boss INT) WITH (KAFKA_TOPIC='people', FORMAT='JSON');
-- Both are repartitioned by the same tasks.
CREATE STREAM back AS SELECT a.callee AS id, a.id AS first, b.id AS next FROM calls a JOIN calls2 b WITHIN 1 HOUR ON a.callee = b.caller;
-- One would be read as it is by a task that needs what the other's tasks write.
CREATE STREAM answered AS SELECT a.id, b.id AS other FROM calls a JOIN calls2 b WITHIN 1 HOUR ON a.id = b.callee;
CREATE TABLE chain AS SELECT p.id, b.boss FROM people p JOIN bosses b ON p.boss = b.id;
