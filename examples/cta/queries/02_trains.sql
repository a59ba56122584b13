-- Where each train is: at the station of its last arrival. Some producers write line and status as numbers, others as words: as text both can be read.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM arrivals (station_id INT, train_id STRING, direction STRING, line STRING, train_status STRING) WITH (
  KAFKA_TOPIC = 'org.chicago.cta.station.arrivals', KEY_FORMAT = 'NONE', VALUE_FORMAT = 'AVRO', PARTITIONS = 1
);

CREATE TABLE trains AS
  SELECT train_id,
    LATEST_BY_OFFSET(CASE line WHEN '0' THEN 'blue' WHEN '1' THEN 'green' WHEN '2' THEN 'red' ELSE LCASE(line) END) AS line,
    LATEST_BY_OFFSET(station_id) AS station_id,
    LATEST_BY_OFFSET(direction) AS direction,
    LATEST_BY_OFFSET(CASE train_status WHEN '0' THEN 'out_of_service' WHEN '1' THEN 'in_service' WHEN '2' THEN 'broken_down' ELSE train_status END) AS status
  FROM arrivals
  GROUP BY train_id;
