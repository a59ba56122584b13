-- The stations, from PostgreSQL: what is there, and every change of it within seconds.
SET 'auto.offset.reset' = 'earliest';

CREATE SOURCE CONNECTOR stations WITH (
  'connector.class' = 'postgres-source',
  'connection.url' = '${env:WEIR_SECRET_POSTGRES}',
  'mode' = 'cdc',
  'table' = 'stations',
  'topic.prefix' = 'org.chicago.cta.'
);

CREATE STREAM stops (
  stop_id INT, direction_id STRING, stop_name STRING, station_name STRING, station_descriptive_name STRING, station_id INT,
  `ORDER` INT, red BOOLEAN, blue BOOLEAN, green BOOLEAN
) WITH (KAFKA_TOPIC = 'org.chicago.cta.stations', VALUE_FORMAT = 'JSON', PARTITIONS = 1);

-- As the original's transformation: keyed by the name, with the line as a word.
CREATE STREAM stations_transformed WITH (
  KAFKA_TOPIC = 'org.chicago.cta.stations.transformed', VALUE_FORMAT = 'JSON', VALUE_FIELD_NAME_CASE = 'PRESERVE', PARTITIONS = 1
) AS
  SELECT station_name AS name, station_id AS station_id, AS_VALUE(station_name) AS station_name, `ORDER` AS `order`,
    CASE WHEN red THEN 'red' WHEN blue THEN 'blue' WHEN green THEN 'green' ELSE 'unknown' END AS line
  FROM stops
  WHERE station_name IS NOT NULL
  PARTITION BY station_name;

-- A station of two lines has a row of each.
CREATE TABLE stations WITH (KAFKA_TOPIC = 'stations_by_line', KEY_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT line, station_id, LATEST_BY_OFFSET(station_name) AS name, LATEST_BY_OFFSET(`order`) AS place
  FROM stations_transformed
  GROUP BY line, station_id;
