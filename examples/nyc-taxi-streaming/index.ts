import { join } from 'node:path';
import { seededRandom } from '../../cli/rides.js';
import type { Example } from '../example.js';

const TOPIC = 'taxi_trips';
const TRIPS = 100;

export const nycTaxiStreaming: Example = {
  title: 'NYC taxi streaming',
  about: 'trips from a topic into files, a REST endpoint and a page with statistics.',
  settings: ({ folder }) => ({ 'weir.routes.file': join(folder, 'routes.json') }),

  async prepare({ topic }) {
    await topic(TOPIC, 1);
  },

  /** A hundred trips, one a second; `--rate` gives more of them, `--count` another number. */
  async feed({ engine, send, clock, signal, options }) {
    const rate = Number(options.rate ?? 1);
    const count = Number(options.count ?? TRIPS);
    const random = seededRandom(42);
    // After a restart it goes on where it was.
    for (let id = 1; id <= count && !signal.aborted; id++) {
      const trip = {
        trip_id: id,
        duration: 5 + Math.floor(random() * 55),
        passenger_count: 1 + Math.floor(random() ** 2 * 6),
      };
      if (id <= (await engine.topicSize(TOPIC))) continue;
      await send(TOPIC, [{ key: null, value: Buffer.from(JSON.stringify(trip)) }]);
      await clock.sleep(1000 / rate, signal).catch(() => {}); // the example ends
    }
  },

  hints: (address) => [
    `curl -s ${address}/trip_data/`,
    `open ${address}/docs`,
    `curl -s ${address}/ingest/taxi_trips -d '{"trip_id": 1010, "duration": 50, "passenger_count": 6}'`,
    'ls data/nyc-taxi-streaming/files/processed_trips',
  ],
};
