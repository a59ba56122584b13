-- Rides and miles by vendor, kept up to date: SELECT * FROM vendor_totals;
SET 'auto.offset.reset' = 'earliest';

CREATE TABLE vendor_totals AS
  SELECT VendorId,
         COUNT(*) AS rides,
         SUM(trip_distance) AS miles
  FROM ride_streams
  GROUP BY VendorId
  EMIT CHANGES;
