-- Every trip, once, in files of JSON lines. What is no trip goes to the topic bad_trips, with the reason.
CREATE SINK CONNECTOR processed_trips WITH (
  'connector.class' = 'file-sink',
  'from' = 'taxi_trips',
  'path' = 'processed_trips',
  'file.prefix' = 'part-',
  'file.extension' = '.json',
  'column.names.lowercase' = 'true',
  'rotate.schedule.interval.ms' = '5000',
  'errors.deadletterqueue.topic.name' = 'bad_trips'
);
