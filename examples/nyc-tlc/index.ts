import { join } from 'node:path';
import { seededRandom } from '../../cli/rides.js';
import type { Example } from '../example.js';
import { POSTGRES } from '../needs.js';

const ZONES = [
  'Midtown Center',
  'Upper East Side South',
  'Penn Station/Madison Sq West',
  'Clinton East',
  'Midtown East',
  'Upper East Side North',
  'Times Sq/Theatre District',
  'Union Sq',
  'Murray Hill',
  'Lincoln Square East',
  'East Village',
  'JFK Airport',
  'LaGuardia Airport',
  'Harlem',
];
/** Where the events begin. */
const FIRST = Date.UTC(2016, 0, 1);

interface Event {
  readonly at: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Starts and ends of trips in the order of their times, without end; the same seed gives the same. */
function* events(seed: number): Generator<Event> {
  const random = seededRandom(seed);
  const zone = (): string => ZONES[Math.floor(random() ** 1.7 * ZONES.length)]!;
  const waiting: Event[] = [];
  let at = FIRST;
  for (let id = 1; ; id++) {
    at += Math.round(random() * 240) * 1000;
    const ends = at + Math.round(120 + Math.exp(random() * 4.2) * 60) * 1000;
    const event = (time: number, status: string): Event => ({
      at: time,
      body: {
        TripID: `id${id}`,
        VendorID: 1 + (id % 2),
        Datetime: new Date(time).toISOString().slice(0, 19).replace('T', ' '),
        Latitude: Math.round((40.7 + random() / 10) * 1e6) / 1e6,
        Longitude: Math.round((-74 + random() / 10) * 1e6) / 1e6,
        Status: status,
        Zone: zone(),
      },
    });
    while (waiting.length > 0 && waiting[0]!.at <= at) yield waiting.shift()!;
    yield event(at, 'start');
    // Every fiftieth is never heard of again.
    if (id % 50 === 0) continue;
    waiting.push(event(ends, 'end'));
    waiting.sort((a, b) => a.at - b.at);
  }
}

export const nycTlc: Example = {
  title: 'NYC-TLC data pipeline',
  about: 'starts and ends of trips joined as they come, on a page and in PostgreSQL.',
  takes: [POSTGRES],
  settings: ({ folder }) => ({ 'weir.routes.file': join(folder, 'routes.json') }),

  async prepare({ topic }) {
    for (const name of ['start', 'end', 'complete']) await topic(name, 1);
  },

  /** One event each half second, posted as the taxis do; `--rate 50` posts fifty a second. */
  async feed({ engine, clock, signal, options, address }) {
    const rate = Number(options.rate ?? 2);
    let sent = (await engine.topicSize('start')) + (await engine.topicSize('end'));
    for (const { body } of events(42)) {
      if (signal.aborted) return;
      if (sent-- > 0) continue; // it was sent before a restart
      const response = await fetch(`${address}/trip`, { method: 'POST', body: JSON.stringify(body), signal });
      if (!response.ok) throw new Error(await response.text());
      await clock.sleep(1000 / rate, signal).catch(() => {}); // the example ends
    }
  },

  hints: (address) => [
    `curl -s ${address}/trip/id1`,
    `curl -s '${address}/api/pickups?order=-trips&limit=10'`,
    `curl -s ${address}/trip -d '{"TripID": "mine", "VendorID": 1, "Datetime": "2016-01-01 00:00:17", "Latitude": 40.7, "Longitude": -73.9, "Status": "start", "Zone": "Harlem"}'`,
  ],
};
