-- NYC yellow-taxi rides, as the feed writes them into topic `rides` (18 fields; these three are used here).
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM ride_streams (
    VendorId varchar,
    trip_distance double,
    payment_type varchar
)  WITH (KAFKA_TOPIC='rides',
        VALUE_FORMAT='JSON');

-- Rides by how they were paid, in sessions that end after a minute without such a ride.
CREATE TABLE payment_type_sessions AS
  SELECT payment_type,
         count(*)
  FROM  RIDE_STREAMS
  WINDOW SESSION (60 SECONDS)
  GROUP BY payment_type
  EMIT CHANGES;
