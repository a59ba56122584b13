-- All events in PostgreSQL, in the tables of the original. A trip that comes twice is there once.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM stored_start WITH (KAFKA_TOPIC = 'stored_start', VALUE_FORMAT = 'JSON') AS
  SELECT TripID AS `tripID`, VendorID AS `vendorID`, Datetime AS `startTime`, CAST(Latitude AS DECIMAL(9, 6)) AS `startLat`,
    CAST(Longitude AS DECIMAL(9, 6)) AS `startLng`, Status AS `status`, Zone AS `startZone`
  FROM trip_start;

CREATE STREAM stored_end WITH (KAFKA_TOPIC = 'stored_end', VALUE_FORMAT = 'JSON') AS
  SELECT TripID AS `tripID`, VendorID AS `vendorID`, Datetime AS `endTime`, CAST(Latitude AS DECIMAL(9, 6)) AS `endLat`,
    CAST(Longitude AS DECIMAL(9, 6)) AS `endLng`, Status AS `status`, Zone AS `endZone`
  FROM trip_end;

CREATE SINK CONNECTOR trip_start_pg WITH (
  'connector.class' = 'postgres-sink',
  'connection.url' = '${env:WEIR_SECRET_POSTGRES}',
  'from' = 'stored_start',
  'table' = 'tripStart',
  'insert.mode' = 'upsert',
  'pk.fields' = 'tripID',
  'column.names.lowercase' = 'false',
  'errors.deadletterqueue.topic.name' = 'bad_trips'
);

CREATE SINK CONNECTOR trip_end_pg WITH (
  'connector.class' = 'postgres-sink',
  'connection.url' = '${env:WEIR_SECRET_POSTGRES}',
  'from' = 'stored_end',
  'table' = 'tripEnd',
  'insert.mode' = 'upsert',
  'pk.fields' = 'tripID',
  'column.names.lowercase' = 'false',
  'errors.deadletterqueue.topic.name' = 'bad_trips'
);
