CREATE STREAM trips (vendor VARCHAR KEY, zone INT, fare DECIMAL(8,2), tip DOUBLE, pickup TIMESTAMP) WITH (KAFKA_TOPIC='trips', VALUE_FORMAT='JSON', TIMESTAMP='pickup');
-- Grouped by the key: nothing moves.
CREATE TABLE by_vendor AS SELECT vendor, COUNT(*) AS n, SUM(fare + 1) AS fares, MAX(fare) AS top FROM trips WHERE zone > 10 GROUP BY vendor HAVING COUNT(*) > 2;
-- Another key: only what the aggregates take is repartitioned.
CREATE TABLE by_zone WITH (KEY_FORMAT='JSON') AS SELECT zone, vendor, AVG(tip) AS tip FROM trips GROUP BY zone, vendor EMIT CHANGES;
CREATE TABLE by_zone_hourly AS SELECT zone, AS_VALUE(zone) AS zone_copy, WINDOWSTART AS opened, COUNT(tip) AS n FROM trips WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 15 MINUTES, GRACE PERIOD 10 MINUTES) GROUP BY zone;
CREATE TABLE closed AS SELECT vendor, SUM(tip) AS tips FROM trips WINDOW TUMBLING (SIZE 1 DAY) GROUP BY vendor EMIT FINAL;
SELECT COUNT(*) FROM trips EMIT CHANGES LIMIT 1;
SELECT vendor, n FROM by_vendor WHERE vendor IN ('1', '2', '1') AND fares > 10;
SELECT * FROM by_zone_hourly WHERE zone = 1 AND WINDOWSTART >= '2020-07-01T00:00' AND WINDOWEND < 1593648000000 LIMIT 5;
