import { bars } from '/shared/charts.js';
import { fill, keep } from '/shared/live.js';

const $ = (id) => document.getElementById(id);
const whole = (n) => Math.round(n).toLocaleString('en');

/** A board: bars of one column, and all columns below. `totals` are sums that the head of the page shows. */
const BOARDS = {
  activity: {
    table: 'board_activity',
    key: 'VEHICLE_TYPE',
    bar: 'MEAN_SPEED',
    columns: ['RECORDS', 'MEAN_SPEED', 'KM'],
    names: ['×', 'km/h', 'km'],
    totals: { records: 'RECORDS', km: 'KM' },
  },
  traffic: {
    table: 'board_traffic',
    key: 'TRAFFIC_DENSITY',
    bar: 'MEAN_IDLE',
    columns: ['RECORDS', 'MEAN_SPEED', 'MEAN_IDLE'],
    names: ['×', 'km/h', 'min idle'],
    totals: {},
  },
  fuel: {
    table: 'board_fuel',
    key: 'ROAD_TYPE',
    bar: 'LITERS_PER_KM',
    columns: ['RECORDS', 'LITERS_PER_KM', 'LITERS'],
    names: ['×', 'l/km', 'l'],
    totals: { liters: 'LITERS' },
  },
  maintenance: {
    table: 'board_maintenance',
    key: 'MAINTENANCE_TYPE',
    bar: 'COST_USD',
    columns: ['RECORDS', 'DOWNTIME_HOURS', 'COST_USD'],
    names: ['×', 'hours', '$'],
    totals: { cost: 'COST_USD' },
  },
  drivers: {
    table: 'board_drivers',
    key: 'RISK_LABEL',
    bar: 'HARSH_ACCELERATIONS',
    columns: ['RECORDS', 'HARSH_ACCELERATIONS', 'BRAKINGS'],
    names: ['×', 'harsh', 'braked'],
    totals: {},
  },
};

for (const [id, board] of Object.entries(BOARDS)) {
  const chart = bars($(id).querySelector('.chart'), {
    height: 180,
    accent: id === 'fuel' || id === 'drivers' ? 'accent2' : 'accent',
  });
  keep(
    `SELECT * FROM ${board.table} EMIT CHANGES;`,
    (rows) => {
      const sorted = [...rows].sort((a, b) => (a[board.key] < b[board.key] ? -1 : 1));
      chart.set(sorted.map((r) => [r[board.key], Number(r[board.bar])]));
      fill(
        $(id).querySelector('tbody'),
        sorted.map((r) => [
          r[board.key],
          ...board.columns.map(
            (c, i) =>
              `${Number(r[c]).toLocaleString('en', { maximumFractionDigits: board.names[i] === 'l/km' ? 3 : 0 })} ${board.names[i]}`,
          ),
        ]),
      );
      for (const [figure, column] of Object.entries(board.totals)) {
        $(figure).textContent = whole(rows.reduce((n, r) => n + Number(r[column]), 0));
      }
    },
    id === 'activity' ? $('state') : undefined,
  );
}
