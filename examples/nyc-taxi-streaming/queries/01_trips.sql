SET 'auto.offset.reset' = 'earliest';

-- Trips as the taxis send them, each a JSON object on the topic taxi_trips.
CREATE STREAM taxi_trips (trip_id INT, duration INT, passenger_count INT)
  WITH (KAFKA_TOPIC = 'taxi_trips', VALUE_FORMAT = 'JSON', PARTITIONS = 1);

-- How long trips take, by how many ride along.
CREATE TABLE duration_by_passengers AS
  SELECT passenger_count, AVG(duration) AS mean_duration, COUNT(*) AS trips
  FROM taxi_trips
  GROUP BY passenger_count
  EMIT CHANGES;
