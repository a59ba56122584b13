import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { seededRandom } from '../../cli/rides.js';
import type { Example, Running } from '../example.js';
import { POSTGRES, REGISTRY } from '../needs.js';
import { SCHEMAS } from './schemas.js';
import { Simulation } from './simulation.js';

const TOPICS = [
  'org.chicago.cta.stations',
  'org.chicago.cta.station.arrivals',
  'org.chicago.cta.turnstiles',
  'weather',
];
const AVRO_TOPICS = {
  'org.chicago.cta.station.arrivals': 'arrival',
  'org.chicago.cta.turnstiles': 'turnstile',
  weather: 'weather',
} as const;
const TICK_MS = 5000;

export const cta: Example = {
  title: 'CTA status',
  about: 'stations from PostgreSQL, trains, turnstiles and the weather on one page.',
  needs: [POSTGRES],
  needsOnKafka: [REGISTRY],

  async prepare({ engine, topic, folder, found }) {
    for (const name of TOPICS) await topic(name, 1);
    // The schemas are the producers' own. Where a stream comes first, its columns would be the topic's schema, and theirs may not fit it.
    for (const [name, kind] of Object.entries(AVRO_TOPICS)) {
      await engine.registerSchema(`${name}-key`, JSON.stringify(SCHEMAS[kind].key));
      await engine.registerSchema(`${name}-value`, JSON.stringify(SCHEMAS[kind].value));
    }
    await loadStations(found.get('postgres')!, folder);
  },

  /** A tick of five seconds is five minutes of the city: ten trains a line, passengers, and each hour the weather. `--tick 1000` is faster. */
  async feed({ clock, signal, options, address, folder }: Running) {
    const simulation = new Simulation(folder, seededRandom(42));
    const tick = Number(options.tick ?? TICK_MS);
    while (!signal.aborted) {
      for (const { path, version, body } of simulation.tick(clock.now())) {
        const response = await fetch(`${address}${path}`, {
          method: 'POST',
          headers: { 'content-type': `application/vnd.kafka.avro.${version}+json` },
          body: JSON.stringify(body),
          signal,
        });
        if (!response.ok) throw new Error(await response.text());
      }
      await clock.sleep(tick, signal).catch(() => {}); // the example ends
    }
  },

  hints: (address) => [
    `curl -s '${address}/api/turnstile_summary?order=-count&limit=5'`,
    `curl -s ${address}/api/trains`,
    `psql $WEIR_POSTGRES -c "UPDATE stations SET station_name = 'Weir' WHERE station_id = 40010"`,
  ],
};

/** The table of the original, filled where it is not there. */
async function loadStations(url: string, folder: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ there: string | null }>("SELECT to_regclass('stations') AS there");
    if (rows[0]!.there !== null) return;
    const [, ...lines] = readFileSync(join(folder, 'data', 'stations.csv'), 'utf8')
      .trimEnd()
      .split(/\r?\n/);
    await client.query('BEGIN');
    await client.query(`CREATE TABLE stations (stop_id integer PRIMARY KEY, direction_id varchar(1) NOT NULL, stop_name varchar(70) NOT NULL,
      station_name varchar(70) NOT NULL, station_descriptive_name varchar(200) NOT NULL, station_id integer NOT NULL, "order" integer,
      red boolean NOT NULL, blue boolean NOT NULL, green boolean NOT NULL)`);
    for (const line of lines) {
      await client.query('INSERT INTO stations VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', stationOf(line));
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

/** The cells of a line of CSV; an empty order is NULL. */
const stationOf = (line: string): (string | null)[] =>
  [...line.matchAll(/("((?:[^"]|"")*)"|[^,]*)(?:,|$)/g)]
    .slice(0, 10)
    .map(([, plain, quoted]) => quoted?.replaceAll('""', '"') ?? plain!)
    .map((cell, i) => (i === 6 && cell === '' ? null : cell));
