-- Entries by station. Its readers take STATION_ID and COUNT out of the value.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM turnstiles (station_id INT, station_name STRING, line STRING) WITH (
  KAFKA_TOPIC = 'org.chicago.cta.turnstiles', KEY_FORMAT = 'NONE', VALUE_FORMAT = 'AVRO', PARTITIONS = 1
);

CREATE TABLE turnstile_summary WITH (KAFKA_TOPIC = 'TURNSTILE_SUMMARY', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT station_id AS station, AS_VALUE(station_id) AS station_id, COUNT(*) AS count
  FROM turnstiles
  GROUP BY station_id;
