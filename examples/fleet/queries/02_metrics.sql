-- Metrics of each vehicle over five minutes, each minute anew. A record that comes twice counts once.
SET 'auto.offset.reset' = 'earliest';

-- Each update is written, so that the first record of a vehicle and a time is seen.
SET 'cache.max.bytes.buffering' = '0';

CREATE TABLE fleet_seen WITH (KAFKA_TOPIC = 'fleet-seen', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
  SELECT vehicle_id, `TIMESTAMP`, COUNT(*) AS times, LATEST_BY_OFFSET(speed) AS speed, LATEST_BY_OFFSET(road_type) AS road_type,
    LATEST_BY_OFFSET(braking_event) AS braking, LATEST_BY_OFFSET(harsh_acceleration_event) AS harsh,
    LATEST_BY_OFFSET(collision_alert) AS collision, LATEST_BY_OFFSET(sensor_battery) AS battery, LATEST_BY_OFFSET(latitude, false) AS latitude
  FROM fleet GROUP BY vehicle_id, `TIMESTAMP`;

UNSET 'cache.max.bytes.buffering';

CREATE STREAM fleet_first (
  vehicle_id STRING KEY, `TIMESTAMP` STRING KEY, times BIGINT, speed DOUBLE, road_type STRING, braking BOOLEAN, harsh BOOLEAN, collision BOOLEAN,
  battery DOUBLE, latitude DOUBLE
) WITH (
  KAFKA_TOPIC = 'fleet-seen', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON', TIMESTAMP = 'TIMESTAMP',
  TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ss[.SSSSSS]'
);

-- avg_speed_trimmed: without the lowest and the highest hundredth of the speeds.
CREATE TABLE telemetry_metrics_vehicle_5m AS
  SELECT vehicle_id, COUNT(*) AS row_count,
    REDUCE(
      SLICE(ARRAY_SORT(COLLECT_LIST(speed)), CAST(COUNT(speed) / 100 AS INT) + 1, CAST(COUNT(speed) - COUNT(speed) / 100 AS INT)),
      CAST(0 AS DOUBLE), (sum, v) => sum + v
    ) / (COUNT(speed) - 2 * (COUNT(speed) / 100)) AS avg_speed_trimmed,
    STDDEV_SAMPLE(speed) AS speed_stddev,
    SUM(CASE WHEN braking THEN 1 ELSE 0 END) AS braking_count,
    SUM(CASE WHEN harsh THEN 1 ELSE 0 END) AS harsh_accel_count,
    SUM(CASE WHEN collision THEN 1 ELSE 0 END) AS collision_count,
    AVG(CASE WHEN speed > 1.1 * CASE road_type WHEN 'city' THEN 50 WHEN 'highway' THEN 110 WHEN 'rural' THEN 90 ELSE 80 END THEN 1.0 ELSE 0.0 END) AS overspeed_rate,
    AVG(CASE WHEN speed <= 1 THEN 1.0 ELSE 0.0 END) AS idle_ratio,
    AVG(CASE WHEN battery < 20 THEN 1.0 ELSE 0.0 END) AS battery_low_ratio,
    AVG(CASE WHEN latitude IS NULL THEN 1.0 ELSE 0.0 END) AS gps_missing_ratio
  FROM fleet_first
  WINDOW HOPPING (SIZE 5 MINUTES, ADVANCE BY 1 MINUTE, RETENTION 80 DAYS, GRACE PERIOD 40 DAYS)
  WHERE times = 1
  GROUP BY vehicle_id;
