import { bars, lines } from '/shared/charts.js';
import { fill, keep } from '/shared/live.js';

const $ = (id) => document.getElementById(id);
const MINUTES = [...Array.from({ length: 12 }, (_, i) => `${i * 5}–${i * 5 + 5}`), '60+'];
const HOURS = Array.from({ length: 24 }, (_, i) => i);

keep(
  'SELECT state, trips FROM totals EMIT CHANGES;',
  (rows) => {
    for (const state of ['completed', 'ongoing']) {
      $(state).textContent = Number(rows.find((r) => r.STATE === state)?.TRIPS ?? 0).toLocaleString('en');
    }
  },
  $('state'),
);

const chart = lines($('hours'), { labels: ['started', 'ended'] });
const hours = { started: [], ended: [] };
const byHour = (name) => (rows) => {
  const counts = new Map(rows.map((r) => [Number(r.HOUR), Number(r.TRIPS)]));
  hours[name] = HOURS.map((h) => counts.get(h) ?? 0);
  chart.set([HOURS, ...['started', 'ended'].map((n) => (hours[n].length > 0 ? hours[n] : HOURS.map(() => 0)))]);
};
keep('SELECT hour, trips FROM started_by_hour EMIT CHANGES;', byHour('started'));
keep('SELECT hour, trips FROM ended_by_hour EMIT CHANGES;', byHour('ended'));

for (const [name, accent] of [
  ['pickups', 'accent'],
  ['dropoffs', 'accent2'],
]) {
  const top = bars($(name), { accent, height: 280 });
  keep(`SELECT zone, trips FROM ${name} EMIT CHANGES;`, (rows) => {
    const sorted = rows.map((r) => [r.ZONE, Number(r.TRIPS)]).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    top.set(sorted.slice(0, 10));
    $(name).dataset.top = JSON.stringify(sorted.slice(0, 10));
  });
}

const durations = bars($('durations'), { height: 280 });
keep('SELECT bin, trips FROM durations EMIT CHANGES;', (rows) => {
  const counts = new Map(rows.map((r) => [Number(r.BIN), Number(r.TRIPS)]));
  const bins = MINUTES.map((label, i) => [label, counts.get(i + 1) ?? 0]);
  durations.set(bins);
  $('durations').dataset.bins = JSON.stringify(bins.map(([, n]) => n));
});

const rollups = { daily: [], weekly: [], monthly: [] };
for (const [name, column] of [
  ['daily', 'day'],
  ['weekly', 'week'],
  ['monthly', 'month'],
]) {
  keep(`SELECT ${column}, trips FROM ${name} EMIT CHANGES;`, (rows) => {
    rollups[name] = rows.map((r) => [r[column.toUpperCase()], Number(r.TRIPS)]).sort((a, b) => (a[0] < b[0] ? 1 : -1));
    const most = Math.max(...Object.values(rollups).map((r) => r.length));
    fill(
      $('rollups'),
      Array.from({ length: most }, (_, i) => Object.values(rollups).flatMap((r) => r[i] ?? ['', ''])),
    );
  });
}
