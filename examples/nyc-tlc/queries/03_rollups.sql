-- Completed trips by the day, ISO week and month of their start: the batch job that was planned, live.
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE daily AS
  SELECT FORMAT_TIMESTAMP(started, 'yyyy-MM-dd') AS day, COUNT(*) AS trips
  FROM trips WHERE seconds IS NOT NULL GROUP BY FORMAT_TIMESTAMP(started, 'yyyy-MM-dd');

CREATE TABLE monthly AS
  SELECT FORMAT_TIMESTAMP(started, 'yyyy-MM') AS month, COUNT(*) AS trips
  FROM trips WHERE seconds IS NOT NULL GROUP BY FORMAT_TIMESTAMP(started, 'yyyy-MM');

-- An ISO week belongs to the year of its Thursday. 1970-01-01 was one.
CREATE TABLE thursdays AS
  SELECT trip_id, FROM_UNIXTIME((UNIX_TIMESTAMP(started) / 86400000 - (UNIX_TIMESTAMP(started) / 86400000 + 3) % 7 + 3) * 86400000) AS thursday
  FROM trips WHERE seconds IS NOT NULL;

CREATE TABLE weekly AS
  SELECT FORMAT_TIMESTAMP(thursday, 'yyyy') + '-W' + LPAD(CAST((CAST(FORMAT_TIMESTAMP(thursday, 'D') AS INT) - 1) / 7 + 1 AS STRING), 2, '0') AS week, COUNT(*) AS trips
  FROM thursdays
  GROUP BY FORMAT_TIMESTAMP(thursday, 'yyyy') + '-W' + LPAD(CAST((CAST(FORMAT_TIMESTAMP(thursday, 'D') AS INT) - 1) / 7 + 1 AS STRING), 2, '0');
