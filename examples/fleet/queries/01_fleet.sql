-- Telemetry of a fleet, as the vehicles send it: 43 fields. What a vehicle could not measure is NaN, which is NULL here.
SET 'auto.offset.reset' = 'earliest';

CREATE STREAM fleet (
  vehicle_id STRING, driver_id STRING, route_id STRING, `TIMESTAMP` STRING, latitude DOUBLE, longitude DOUBLE, hour_of_day INT,
  weather STRING, road_type STRING, traffic_density STRING, rush_hour BOOLEAN, vehicle_type STRING, vehicle_age_years INT,
  device_generation STRING, device_cost_usd DOUBLE, driver_experience_years INT, driver_training BOOLEAN,
  optimized_route_flag BOOLEAN, speed DOUBLE, distance_traveled_km DOUBLE, idle_time_minutes DOUBLE,
  fuel_consumption_liters DOUBLE, fuel_rate_l_per_100km DOUBLE, sensor_battery DOUBLE, sensor_signal_strength DOUBLE,
  data_latency_ms DOUBLE, gps_accuracy_meters DOUBLE, packet_loss_rate DOUBLE, braking_event BOOLEAN, collision_alert BOOLEAN,
  lane_change_event BOOLEAN, harsh_acceleration_event BOOLEAN, sensor_fault_event BOOLEAN, network_delay_event BOOLEAN,
  gps_loss_event BOOLEAN, event_type STRING, maintenance_type STRING, time_since_last_maintenance_days INT,
  breakdown_event BOOLEAN, downtime_hours DOUBLE, maintenance_cost_usd DOUBLE, intervention_active BOOLEAN, risk_label STRING
) WITH (
  KAFKA_TOPIC = 'fleet-data', VALUE_FORMAT = 'JSON', PARTITIONS = 1, VALUE_JSON_NON_FINITE_NUMBERS = 'NULL',
  TIMESTAMP = 'TIMESTAMP', TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ss[.SSSSSS]'
);

-- Vehicles that move, with the fuel that they take. What cannot be read goes to the topic bad_fleet_data.
SET 'weir.errors.deadletter.topic.name' = 'bad_fleet_data';

CREATE STREAM fleet_processed WITH (KAFKA_TOPIC = 'fleet-processed') AS
  SELECT *,
    CASE WHEN distance_traveled_km > 0 THEN ROUND(fuel_consumption_liters / distance_traveled_km, 3) END AS fuel_efficiency_l_per_km
  FROM fleet
  WHERE speed > 0;
