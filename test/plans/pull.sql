CREATE STREAM rides (id INT KEY, vendor INT, zone VARCHAR, fare DOUBLE) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');
CREATE TABLE zones (zone VARCHAR PRIMARY KEY, borough VARCHAR) WITH (KAFKA_TOPIC='zones', VALUE_FORMAT='JSON');
CREATE TABLE q_zones AS SELECT * FROM zones;
CREATE TABLE per_zone AS SELECT zone, COUNT(*) AS n, SUM(fare) AS fares FROM rides GROUP BY zone;
CREATE TABLE hourly WITH (KEY_FORMAT='JSON') AS SELECT vendor, zone, COUNT(*) AS n FROM rides WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY vendor, zone;

-- What a read of one table takes over, and what stands above it.
SELECT zone, n FROM per_zone WHERE zone > 'b' AND zone <= 'k' AND n > 3 ORDER BY fares DESC, zone LIMIT 10 OFFSET 5;
SELECT zone FROM hourly WHERE vendor = 2 AND zone BETWEEN 'a' AND 'c' AND WINDOWSTART >= 3600000;
SELECT DISTINCT n FROM per_zone ORDER BY n NULLS FIRST;
SELECT COUNT(*), SUM(n) + 1 AS more FROM per_zone;
SELECT n % 2 AS odd, MAX(fares) FROM per_zone WHERE n > 1 GROUP BY n % 2 HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, odd;

-- Conditions on one side of a join go below it, unless that side may be missing.
SELECT p.zone, borough, n FROM per_zone p JOIN q_zones z ON p.zone = z.zone WHERE n > 3 AND borough = 'Bronx' AND n < LEN(borough);
SELECT p.zone, borough FROM per_zone p LEFT JOIN q_zones z ON z.zone = p.zone AND n = LEN(borough) WHERE n > 3 AND borough IS NULL;
SELECT borough, SUM(h.n) FROM hourly h JOIN per_zone p ON h.zone = p.zone JOIN q_zones z ON p.zone = z.zone GROUP BY borough ORDER BY 2 DESC LIMIT 3;

-- A stream is read up to its end.
SELECT zone, fare FROM rides WHERE fare > 10 ORDER BY fare DESC LIMIT 3;
