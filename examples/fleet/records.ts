import { seededRandom } from '../../cli/rides.js';

const DAY_MS = 86_400_000;

/** Records of a simulated fleet; the same seed and time give the same. Some of what is measured is missing: NaN. */
export function* fleetRecords(seed: number, now: number): Generator<string> {
  const random = seededRandom(seed);
  const one = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const between = (low: number, high: number, digits = 2): number =>
    Math.round((low + random() * (high - low)) * 10 ** digits) / 10 ** digits;
  const flag = (share: number): boolean => random() < share;
  /** One in fifty is missing. */
  const measured = (low: number, high: number, digits = 2): number =>
    flag(0.02) ? Number.NaN : between(low, high, digits);
  for (;;) {
    const at = now - Math.floor(random() * 30 * DAY_MS);
    const micros = Math.floor(random() * 1000);
    const whole = flag(0.01);
    const iso = new Date(at).toISOString();
    const record = {
      vehicle_id: `V${String(1 + Math.floor(random() * 40)).padStart(3, '0')}`,
      driver_id: `D${String(1 + Math.floor(random() * 60)).padStart(3, '0')}`,
      route_id: `R${1 + Math.floor(random() * 20)}`,
      timestamp: whole ? iso.slice(0, 19) : `${iso.slice(0, 23)}${String(micros).padStart(3, '0')}`,
      latitude: measured(52.3, 52.7, 5),
      longitude: measured(13.1, 13.7, 5),
      hour_of_day: new Date(at).getUTCHours(),
      weather: one('clear', 'rain', 'snow', 'fog'),
      road_type: one('city', 'highway', 'rural', 'gravel'),
      traffic_density: one('low', 'medium', 'high'),
      rush_hour: flag(0.3),
      vehicle_type: one('van', 'truck', 'car', 'bus'),
      vehicle_age_years: Math.floor(random() * 15),
      device_generation: one('gen1', 'gen2', 'gen3'),
      device_cost_usd: between(80, 900),
      driver_experience_years: Math.floor(random() * 30),
      driver_training: flag(0.6),
      optimized_route_flag: flag(0.5),
      speed: flag(0.08) ? 0 : measured(1, 130, 1),
      distance_traveled_km: measured(0.5, 60, 1),
      idle_time_minutes: measured(0, 30, 1),
      fuel_consumption_liters: measured(0.2, 20),
      fuel_rate_l_per_100km: measured(5, 35, 1),
      sensor_battery: measured(5, 100, 1),
      sensor_signal_strength: measured(-110, -50, 0),
      data_latency_ms: measured(10, 900, 0),
      gps_accuracy_meters: measured(1, 25, 1),
      packet_loss_rate: measured(0, 0.2, 3),
      braking_event: flag(0.15),
      collision_alert: flag(0.01),
      lane_change_event: flag(0.2),
      harsh_acceleration_event: flag(0.1),
      sensor_fault_event: flag(0.03),
      network_delay_event: flag(0.05),
      gps_loss_event: flag(0.03),
      event_type: one('normal', 'warning', 'critical'),
      maintenance_type: one('none', 'scheduled', 'repair'),
      time_since_last_maintenance_days: Math.floor(random() * 200),
      breakdown_event: flag(0.01),
      downtime_hours: between(0, 5, 1),
      maintenance_cost_usd: between(0, 800),
      intervention_active: flag(0.2),
      risk_label: one('low', 'medium', 'high'),
    };
    // As Python's json writes them.
    yield JSON.stringify(record, (_, v: unknown) => (typeof v === 'number' && Number.isNaN(v) ? '@NaN' : v)).replaceAll(
      '"@NaN"',
      'NaN',
    );
  }
}
