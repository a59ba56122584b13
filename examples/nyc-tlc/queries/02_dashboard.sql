-- What the page shows: tables that are kept up to date with each event.
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE totals AS
  SELECT CASE WHEN seconds IS NULL THEN 'ongoing' ELSE 'completed' END AS state, COUNT(*) AS trips
  FROM trips GROUP BY CASE WHEN seconds IS NULL THEN 'ongoing' ELSE 'completed' END;

CREATE TABLE started_by_hour AS
  SELECT FORMAT_TIMESTAMP(started, 'HH') AS hour, COUNT(*) AS trips FROM trips GROUP BY FORMAT_TIMESTAMP(started, 'HH');

CREATE TABLE ended_by_hour AS
  SELECT FORMAT_TIMESTAMP(ended, 'HH') AS hour, COUNT(*) AS trips FROM trips WHERE seconds IS NOT NULL GROUP BY FORMAT_TIMESTAMP(ended, 'HH');

CREATE TABLE pickups AS
  SELECT pickup_zone AS zone, COUNT(*) AS trips FROM trips GROUP BY pickup_zone;

CREATE TABLE dropoffs AS
  SELECT dropoff_zone AS zone, COUNT(*) AS trips FROM trips WHERE seconds IS NOT NULL GROUP BY dropoff_zone;

-- Bin 1 is below 5 minutes, bin 12 below an hour, bin 13 an hour and more.
CREATE TABLE durations AS
  SELECT CASE WHEN seconds >= 3600 THEN 13 ELSE CAST(seconds / 300 AS INT) + 1 END AS bin, COUNT(*) AS trips
  FROM trips WHERE seconds IS NOT NULL
  GROUP BY CASE WHEN seconds >= 3600 THEN 13 ELSE CAST(seconds / 300 AS INT) + 1 END;
