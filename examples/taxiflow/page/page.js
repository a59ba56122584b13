import { bars } from '/shared/charts.js';
import { client, fill, keep } from '/shared/live.js';

const $ = (id) => document.getElementById(id);
const PAYMENTS = { 1: 'card', 2: 'cash', 3: 'no charge', 4: 'dispute' };

keep(
  'SELECT hour, trips, fares, surge FROM trips_by_hour EMIT CHANGES;',
  (rows) => {
    const sum = (name) => rows.reduce((n, r) => n + Number(r[name]), 0);
    $('trips').textContent = sum('TRIPS').toLocaleString('en');
    $('fares').textContent = sum('FARES').toFixed(2);
    $('surge').textContent = sum('SURGE').toFixed(2);
  },
  $('state'),
);

const payments = bars($('payments'));
keep(
  'SELECT payment_type, windowstart, windowend, KSQL_COL_0 AS rides FROM payment_type_sessions EMIT CHANGES;',
  (rows) => {
    const counts = new Map();
    for (const { PAYMENT_TYPE: type, RIDES: n } of rows) counts.set(type, (counts.get(type) ?? 0) + Number(n));
    payments.set([...counts].sort().map(([type, n]) => [PAYMENTS[type] ?? type, n]));
  },
);

const latest = [];
for (;;) {
  try {
    const sql = 'SELECT trip_id, pickup_time, fare, surge_price FROM processed_taxi_trips EMIT CHANGES;';
    for await (const trip of client.push(sql, { properties: { 'auto.offset.reset': 'earliest' } })) {
      latest.unshift([trip.TRIP_ID, trip.PICKUP_TIME, Number(trip.FARE), Number(Number(trip.SURGE_PRICE).toFixed(2))]);
      latest.length = Math.min(latest.length, 50);
      fill($('latest'), latest);
    }
  } catch (e) {
    console.warn(e);
  }
  latest.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
