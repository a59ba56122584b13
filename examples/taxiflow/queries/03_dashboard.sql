-- For the page: how many trips there were, and what they cost, by the hour of their pick-up.
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE trips_by_hour AS
  SELECT SUBSTRING(pickup_time, 1, 13) AS hour, COUNT(*) AS trips, ROUND(SUM(fare), 2) AS fares, ROUND(SUM(surge_price), 2) AS surge
  FROM processed_taxi_trips
  GROUP BY SUBSTRING(pickup_time, 1, 13)
  EMIT CHANGES;
