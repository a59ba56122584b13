-- The same in a bucket, as Parquet: objects by the day of their records, none is ever overwritten.
CREATE SINK CONNECTOR fleet_s3 WITH (
  'connector.class' = 'file-sink',
  'from' = 'fleet_processed',
  's3.bucket.name' = 'fleet',
  'store.url' = '${env:WEIR_SECRET_S3}',
  'aws.access.key.id' = '${env:WEIR_SECRET_S3_KEY}',
  'aws.secret.access.key' = '${env:WEIR_SECRET_S3_SECRET}',
  'format' = 'parquet',
  'column.names.lowercase' = 'true',
  'topics.dir' = 'fleet',
  'rotate.schedule.interval.ms' = '5000'
);
