-- The sink of the original. Kafka Connect runs it where it has the plug-in, and says so where it does not:
--   npm run shell -- -f examples/taxiflow/bigquery.sql
CREATE SINK CONNECTOR `bigquery-sink` WITH (
  'connector.class' = 'com.wepay.kafka.connect.bigquery.BigQuerySinkConnector',
  'topics' = 'processed-taxi-trips',
  'project.id' = 'taxi-rides-ny',
  'dataset.id' = 'analytics',
  'table.id' = 'realtime_taxi_trips',
  'autoCreateTables' = 'true'
);
