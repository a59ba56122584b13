/** The statements under test, and the topics and tables that they make. */
export const SOURCE = 'rides';
export const GAP_MS = 60_000;
export const WINDOW_MS = 60_000;
export const HAVING_ABOVE = 15;
/** Of a ride that the filter lets through. */
export const MIN_DISTANCE = 2.5;

export const createSource = (partitions: number): string => `
CREATE STREAM rides (
    ride_id BIGINT, delta INT, passenger_count INT, payment_type VARCHAR, PULocationID INT,
    trip_distance DOUBLE, fare_amount DECIMAL(10, 2)
  ) WITH (KAFKA_TOPIC='${SOURCE}', VALUE_FORMAT='JSON', PARTITIONS=${partitions});`;

export const CREATE_QUERIES = `
CREATE STREAM long_rides WITH (KAFKA_TOPIC='long_rides') AS
  SELECT ride_id, 'type ' + payment_type AS pay, trip_distance * 2 AS doubled
  FROM rides WHERE trip_distance > ${MIN_DISTANCE} AND passenger_count > 0 EMIT CHANGES;
CREATE TABLE by_zone WITH (KAFKA_TOPIC='by_zone') AS
  SELECT PULocationID AS zone, COUNT(*) AS n, SUM(fare_amount) AS fares
  FROM rides GROUP BY PULocationID EMIT CHANGES;
CREATE TABLE pay_sessions WITH (KAFKA_TOPIC='pay_sessions') AS
  SELECT payment_type, COUNT(*) AS n, SUM(delta) AS total
  FROM rides WINDOW SESSION (${GAP_MS / 1000} SECONDS) GROUP BY payment_type EMIT CHANGES;
CREATE TABLE busy WITH (KAFKA_TOPIC='busy') AS
  SELECT passenger_count, COUNT(*) AS n, SUM(delta) AS total
  FROM rides WINDOW TUMBLING (SIZE ${WINDOW_MS / 1000} SECONDS) GROUP BY passenger_count
  HAVING SUM(delta) > ${HAVING_ABOVE} EMIT CHANGES;`;

export const QUERIES = 4;
export const SINKS = ['long_rides', 'by_zone', 'pay_sessions', 'busy'] as const;
export type Sink = (typeof SINKS)[number];
export const TABLES = ['by_zone', 'pay_sessions', 'busy'] as const;

/** So that kills meet commits. */
export const COMMIT_INTERVAL_MS = 50;
