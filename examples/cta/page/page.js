import { fill, keep } from '/shared/live.js';

const $ = (id) => document.getElementById(id);
const LINES = ['blue', 'green', 'red'];
const now = { stations: [], trains: [], entries: new Map() };

const words = (text) =>
  text
    .split('_')
    .map((w) => w[0].toUpperCase() + w.slice(1))
    .join(' ');

function node(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function show() {
  const trainsAt = new Map();
  for (const t of now.trains) {
    const at = `${t.LINE} ${t.STATION_ID} ${t.DIRECTION}`;
    trainsAt.set(at, [...(trainsAt.get(at) ?? []), t]);
  }
  const cell = (station, direction) => {
    const trains = trainsAt.get(`${station.LINE} ${station.STATION_ID} ${direction}`) ?? [];
    if (trains.length === 0) return '---';
    const shown = document.createElement('span');
    for (const t of trains)
      shown.append(
        node('span', `train ${t.STATUS}`, `${shown.childNodes.length > 0 ? ', ' : ''}${t.TRAIN_ID} ${words(t.STATUS)}`),
      );
    return shown;
  };
  const rows = now.stations
    .filter((s) => LINES.includes(s.LINE))
    .sort((a, b) => LINES.indexOf(a.LINE) - LINES.indexOf(b.LINE) || Number(a.PLACE) - Number(b.PLACE));
  fill(
    $('stations'),
    rows.map((s) => [
      node('span', `line ${s.LINE}`, s.LINE),
      s.NAME,
      cell(s, 'a'),
      cell(s, 'b'),
      Number(now.entries.get(Number(s.STATION_ID)) ?? 0),
    ]),
  );
}

keep(
  'SELECT line, station_id, name, place FROM stations EMIT CHANGES;',
  (rows) => {
    now.stations = rows;
    show();
  },
  $('state'),
);
keep('SELECT train_id, line, station_id, direction, status FROM trains EMIT CHANGES;', (rows) => {
  now.trains = rows;
  show();
});
keep('SELECT station, count FROM turnstile_summary EMIT CHANGES;', (rows) => {
  now.entries = new Map(rows.map((r) => [Number(r.STATION), Number(r.COUNT)]));
  show();
});
keep('SELECT at, report FROM weather_now EMIT CHANGES;', ([row]) => {
  if (row) $('weather').textContent = `${Math.trunc(Number(row.REPORT[1]))}° | ${words(row.REPORT[2])}`;
});
