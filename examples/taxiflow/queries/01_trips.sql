-- Trips with the price of a surge. Fields that nobody declares go through as they are.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM taxi_trips (trip_id STRING, pickup_time STRING, fare DOUBLE, rest STRING) WITH (
  KAFKA_TOPIC = 'taxi-trips', VALUE_FORMAT = 'JSON', PARTITIONS = 3,
  VALUE_FIELD_NAME_CASE = 'PRESERVE', VALUE_UNDECLARED_FIELDS = 'rest'
);

CREATE STREAM processed_taxi_trips WITH (KAFKA_TOPIC = 'processed-taxi-trips') AS
  SELECT trip_id, pickup_time, fare, rest, fare * 1.2 AS surge_price
  FROM taxi_trips
  EMIT CHANGES;

-- Each processed trip once, as its JSON stands on the topic.
CREATE SINK CONNECTOR processed_files WITH (
  'connector.class' = 'file-sink',
  'from' = 'processed_taxi_trips',
  'path' = 'processed-taxi-trips',
  'value.as' = 'raw',
  'rotate.schedule.interval.ms' = '5000'
);
