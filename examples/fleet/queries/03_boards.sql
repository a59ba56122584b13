-- One table for each board of the page.
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE board_activity AS
  SELECT vehicle_type, COUNT(*) AS records, ROUND(AVG(speed), 1) AS mean_speed, ROUND(SUM(distance_traveled_km), 1) AS km
  FROM fleet_processed GROUP BY vehicle_type;

CREATE TABLE board_traffic AS
  SELECT traffic_density, COUNT(*) AS records, ROUND(AVG(speed), 1) AS mean_speed, ROUND(AVG(idle_time_minutes), 1) AS mean_idle
  FROM fleet_processed GROUP BY traffic_density;

CREATE TABLE board_fuel AS
  SELECT road_type, COUNT(*) AS records, ROUND(AVG(fuel_efficiency_l_per_km), 3) AS liters_per_km, ROUND(SUM(fuel_consumption_liters), 1) AS liters
  FROM fleet_processed GROUP BY road_type;

CREATE TABLE board_maintenance AS
  SELECT maintenance_type, COUNT(*) AS records, ROUND(SUM(downtime_hours), 1) AS downtime_hours, ROUND(SUM(maintenance_cost_usd), 0) AS cost_usd
  FROM fleet_processed GROUP BY maintenance_type;

CREATE TABLE board_drivers AS
  SELECT risk_label, COUNT(*) AS records, SUM(CASE WHEN harsh_acceleration_event THEN 1 ELSE 0 END) AS harsh_accelerations,
    SUM(CASE WHEN braking_event THEN 1 ELSE 0 END) AS brakings
  FROM fleet_processed GROUP BY risk_label;
