import { feedRides } from '../../cli/datagen.js';
import { seededRandom } from '../../cli/rides.js';
import type { Example } from '../example.js';
import { CONNECT } from '../needs.js';

const TRIPS = 'taxi-trips';
const RIDES = 'rides';

export const taxiflow: Example = {
  title: 'TaxiFlow',
  about: 'trips get a surge price, rides are counted in sessions, and alerts watch over it.',
  takes: [CONNECT],

  async prepare({ topic }) {
    await topic(TRIPS, 3);
    await topic(RIDES, 4);
  },

  /** A trip each five seconds and ten rides a second; `--rate` says how many rides, and a twentieth as many trips. */
  async feed({ engine, send, clock, signal, options }) {
    const rate = Number(options.rate ?? 10);
    const earlier = await engine.topicSize(RIDES);
    const rides = feedRides(
      {
        prepare: async () => 4,
        marks: async (topic, file) => (await engine.loadMarks(topic, file))!,
        send,
        close: async () => {},
      },
      { topic: RIDES, seed: 42 + earlier, count: Number.POSITIVE_INFINITY, rate, startMs: clock.now(), speed: 1 },
      clock,
      signal,
    );
    const random = seededRandom(42 + (await engine.topicSize(TRIPS)));
    while (!signal.aborted) {
      const fare = Math.round((5 + random() * 45) * 4) / 4;
      const trip = {
        trip_id: String(1000 + Math.floor(random() * 9000)),
        pickup_time: new Date(clock.now()).toISOString().slice(0, 19),
        fare,
        payment: random() < 0.7 ? 'card' : 'cash',
      };
      await send(TRIPS, [{ key: null, value: Buffer.from(JSON.stringify(trip)) }]);
      await clock.sleep(50_000 / rate, signal).catch(() => {}); // the example ends
    }
    await rides;
  },

  hints: (address) => [
    `npm run shell -- ${address}`,
    "    PRINT 'processed-taxi-trips' FROM BEGINNING LIMIT 3;",
    '    SELECT VENDORID, count(*) FROM RIDE_STREAMS GROUP BY VENDORID EMIT CHANGES;',
    `curl -s ${address}/metrics | grep weir_query_lag`,
    'docker compose up prometheus    # http://localhost:9090/alerts has those of docker/prometheus/rules.yml',
  ],
};
