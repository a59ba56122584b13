-- Every processed record once, in a table without a key.
CREATE SINK CONNECTOR fleet_pg WITH (
  'connector.class' = 'postgres-sink',
  'connection.url' = '${env:WEIR_SECRET_POSTGRES}',
  'from' = 'fleet_processed',
  'table' = 'fleet_stream_processed',
  'errors.deadletterqueue.topic.name' = 'bad_fleet_rows'
);
