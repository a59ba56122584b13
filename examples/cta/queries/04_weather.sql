-- The weather as it is now: of all that was reported the latest by its time, whatever came when.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM weather (temperature DOUBLE, status STRING) WITH (
  KAFKA_TOPIC = 'weather', KEY_FORMAT = 'NONE', VALUE_FORMAT = 'AVRO', PARTITIONS = 1
);

-- Times have 13 digits, so that the greatest text is the latest.
CREATE TABLE weather_now AS
  SELECT 'now' AS at, SPLIT(MAX(CAST(ROWTIME AS STRING) + '|' + CAST(temperature AS STRING) + '|' + status), '|') AS report
  FROM weather
  GROUP BY 'now';
