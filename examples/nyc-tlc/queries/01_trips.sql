-- A trip is two events: its start and its end, on the topics start and end. POST /trip brings them.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM trip_start (
  TripID STRING, VendorID INT, Datetime STRING, Latitude DOUBLE, Longitude DOUBLE, Status STRING, Zone STRING
) WITH (
  KAFKA_TOPIC = 'start', VALUE_FORMAT = 'JSON', PARTITIONS = 1, VALUE_FIELD_NAME_CASE = 'PRESERVE',
  TIMESTAMP = 'Datetime', TIMESTAMP_FORMAT = 'yyyy-MM-dd HH:mm:ss'
);

CREATE STREAM trip_end (
  TripID STRING, VendorID INT, Datetime STRING, Latitude DOUBLE, Longitude DOUBLE, Status STRING, Zone STRING
) WITH (
  KAFKA_TOPIC = 'end', VALUE_FORMAT = 'JSON', PARTITIONS = 1, VALUE_FIELD_NAME_CASE = 'PRESERVE',
  TIMESTAMP = 'Datetime', TIMESTAMP_FORMAT = 'yyyy-MM-dd HH:mm:ss'
);

CREATE STREAM trip_complete (TripID STRING, StartTime STRING, EndTime STRING, Status STRING)
  WITH (KAFKA_TOPIC = 'complete', VALUE_FORMAT = 'JSON', PARTITIONS = 1, VALUE_FIELD_NAME_CASE = 'PRESERVE');

-- One row a trip, however often an event comes.
CREATE TABLE starts AS
  SELECT TripID, PARSE_TIMESTAMP(EARLIEST_BY_OFFSET(Datetime), 'yyyy-MM-dd HH:mm:ss') AS started, EARLIEST_BY_OFFSET(Zone) AS zone
  FROM trip_start GROUP BY TripID;

CREATE TABLE ends AS
  SELECT TripID, PARSE_TIMESTAMP(EARLIEST_BY_OFFSET(Datetime), 'yyyy-MM-dd HH:mm:ss') AS ended, EARLIEST_BY_OFFSET(Zone) AS zone
  FROM trip_end GROUP BY TripID;

-- Every trip that has started, with its end where that has come within a day, whichever of the two came first. seconds is NULL while it is on its way.
CREATE TABLE trips AS
  SELECT s.TripID AS trip_id, s.started AS started, s.zone AS pickup_zone, e.ended AS ended, e.zone AS dropoff_zone,
    CASE
      WHEN UNIX_TIMESTAMP(e.ended) - UNIX_TIMESTAMP(s.started) BETWEEN 0 AND 24 * 3600 * 1000
      THEN (UNIX_TIMESTAMP(e.ended) - UNIX_TIMESTAMP(s.started)) / 1000
    END AS seconds
  FROM starts s LEFT JOIN ends e ON s.TripID = e.TripID;
