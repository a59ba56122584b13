CREATE STREAM ride_streams (VendorId varchar, trip_distance double, payment_type varchar) WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON');
SELECT * FROM RIDE_STREAMS EMIT CHANGES;
SELECT VENDORID, count(*) FROM RIDE_STREAMS GROUP BY VENDORID EMIT CHANGES;
SELECT payment_type, count(*) FROM RIDE_STREAMS WHERE payment_type IN ('1','2') GROUP BY payment_type EMIT CHANGES;
CREATE TABLE payment_type_sessions AS SELECT payment_type, count(*) FROM RIDE_STREAMS WINDOW SESSION (60 SECONDS) GROUP BY payment_type EMIT CHANGES;
SELECT * FROM payment_type_sessions WHERE payment_type = '1';
CREATE STREAM taxi_trips (trip_id VARCHAR KEY, fare DOUBLE) WITH (KAFKA_TOPIC='taxi-trips', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM processed WITH (KAFKA_TOPIC='processed-taxi-trips') AS SELECT *, fare * 1.2 AS surge_price FROM taxi_trips EMIT CHANGES;
