CREATE TYPE place AS STRUCT<lat DOUBLE, lon DOUBLE>;
CREATE STREAM pings (id INT KEY, at place, tags ARRAY<VARCHAR>, h BYTES HEADER('trace')) WITH (KAFKA_TOPIC='pings', VALUE_FORMAT='JSON');
-- Identity: no step between source and sink, apart from leaving the header out.
CREATE STREAM copied AS SELECT * FROM pings;
CREATE STREAM copied_again AS SELECT * FROM copied WHERE TRUE;
-- The sink's partitions are those of the new key: no topic between.
CREATE STREAM by_tag WITH (VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|') AS SELECT tags[1] AS tag, id, at->lat FROM pings PARTITION BY tags[1];
CREATE STREAM no_key AS SELECT id, at FROM pings PARTITION BY NULL;
CREATE STREAM exploded AS SELECT id, EXPLODE(tags) AS tag FROM pings;
CREATE STREAM target (id BIGINT KEY, lat DECIMAL(9, 6)) WITH (KAFKA_TOPIC='target', VALUE_FORMAT='JSON');
INSERT INTO target SELECT id, CAST(at->lat AS DECIMAL(9, 6)) AS lat FROM pings WHERE ROWTIME > '2024-01-01';
SELECT id, TRANSFORM(tags, t => UCASE(t)) FROM pings WHERE id BETWEEN 1 AND 10 EMIT CHANGES LIMIT 3;
SELECT * FROM pings WHERE id = 3;
