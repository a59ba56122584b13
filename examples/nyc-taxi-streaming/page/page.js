import { bars } from '/shared/charts.js';
import { client, fill, keep } from '/shared/live.js';

const COLUMNS = ['trip_id', 'duration', 'passenger_count'];
const $ = (id) => document.getElementById(id);
const state = $('state');
const charts = {
  durations: bars($('durations')),
  passengers: bars($('passengers'), { accent: 'accent2' }),
  averages: bars($('averages'), { label: 'minutes' }),
};

/** As pandas describes a column: the standard deviation of a sample, quartiles between neighbours. */
function describe(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const mean = sorted.reduce((sum, v) => sum + v, 0) / n;
  const variance = sorted.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  const quantile = (q) => {
    const at = (n - 1) * q;
    const low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, n - 1)] - sorted[low]) * (at - low);
  };
  return {
    count: n,
    mean,
    std: n > 1 ? Math.sqrt(variance) : Number.NaN,
    min: sorted[0],
    '25%': quantile(0.25),
    '50%': quantile(0.5),
    '75%': quantile(0.75),
    max: sorted[n - 1],
  };
}

/** As matplotlib's hist: bins of equal width from the least to the greatest value. */
function histogram(values, bins) {
  if (values.length === 0) return [];
  const min = Math.min(...values);
  const width = (Math.max(...values) - min || 1) / bins;
  const counts = new Array(bins).fill(0);
  for (const v of values) counts[Math.min(bins - 1, Math.floor((v - min) / width))]++;
  return counts.map((count, i) => [String(Math.round((min + i * width) * 10) / 10), count]);
}

const shown = (v) => (Number.isInteger(v) ? String(v) : Number.isNaN(v) ? '–' : v.toFixed(3));

function show(trips) {
  const warning = $('warning');
  warning.hidden = trips.length > 0;
  warning.textContent = trips.length > 0 ? '' : 'No data available to display.';
  fill(
    document.querySelector('#trips tbody'),
    trips
      .slice(-200)
      .reverse()
      .map((trip) => COLUMNS.map((c) => Number(trip[c]))),
  );
  const of = (column) => trips.map((trip) => Number(trip[column])).filter((v) => !Number.isNaN(v));
  const described = COLUMNS.map((c) => describe(of(c)));
  const statistics = document.querySelector('#statistics tbody');
  if (trips.length === 0) statistics.replaceChildren();
  else {
    fill(
      statistics,
      Object.keys(described[0]).map((name) => [name, ...described.map((d) => shown(d[name]))]),
    );
    for (const row of statistics.rows) for (const cell of [...row.cells].slice(1)) cell.className = 'number';
  }
  charts.durations.set(histogram(of('duration'), 50));
  charts.passengers.set(histogram(of('passenger_count'), 10));
}

/** All trips that there are, and each that comes; from the beginning again when the connection was lost. */
async function follow() {
  for (;;) {
    const trips = [];
    let asked = false;
    const draw = () => {
      asked = false;
      show(trips);
    };
    try {
      const sql =
        'SELECT trip_id AS `trip_id`, duration AS `duration`, passenger_count AS `passenger_count` FROM taxi_trips EMIT CHANGES;';
      const query = client.push(sql, { properties: { 'auto.offset.reset': 'earliest' } });
      await query.columns;
      state.dataset.state = 'live';
      draw();
      for await (const trip of query) {
        trips.push(trip);
        if (asked) continue;
        asked = true;
        requestAnimationFrame(draw);
      }
    } catch (e) {
      console.warn(e);
    }
    state.dataset.state = 'away';
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

keep('SELECT passenger_count, mean_duration FROM duration_by_passengers EMIT CHANGES;', (rows) => {
  const sorted = rows.map((r) => [Number(r.PASSENGER_COUNT), Number(r.MEAN_DURATION)]).sort((a, b) => a[0] - b[0]);
  charts.averages.set(sorted.map(([n, mean]) => [String(n), mean]));
});
follow();
