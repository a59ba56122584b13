import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMAS } from './schemas.js';

/** A request to the REST Proxy's endpoints. */
interface Post {
  readonly path: string;
  readonly version: 'v1' | 'v2';
  readonly body: { readonly key_schema: string; readonly value_schema: string; readonly records: readonly object[] };
}

interface Station {
  readonly id: number;
  readonly name: string;
  readonly order: number;
}

const LINES = ['blue', 'green', 'red'] as const;
const TRAINS = 10;
/** Of simulated time. */
const STEP_MINUTES = 5;
const SKIES = ['sunny', 'partly_cloudy', 'cloudy', 'windy', 'precipitation'];

const rowsOf = (folder: string, file: string): string[][] =>
  readFileSync(join(folder, 'data', file), 'utf8')
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));

/** Trains that go up and down three lines, passengers and the weather; the same random numbers give the same. */
export class Simulation {
  private readonly stations: ReadonlyMap<string, readonly Station[]>;
  private readonly trains: {
    readonly id: string;
    readonly line: number;
    at: number;
    step: 1 | -1;
    before: { id: number; direction: string } | undefined;
  }[] = [];
  private readonly riders: ReadonlyMap<number, number>;
  private readonly curve: ReadonlyMap<number, number>;
  private minutes = 0;
  private temperature = 70;

  constructor(
    folder: string,
    private readonly random: () => number,
  ) {
    const of = new Map<string, Map<number, Station>>(LINES.map((line) => [line, new Map()]));
    for (const cells of rowsOf(folder, 'stations.csv')) {
      const [id, order, red, blue, green] = cells.slice(-5) as [string, string, string, string, string];
      const line = red === 'TRUE' ? 'red' : blue === 'TRUE' ? 'blue' : green === 'TRUE' ? 'green' : undefined;
      if (line !== undefined) of.get(line)!.set(Number(id), { id: Number(id), name: cells[3]!, order: Number(order) });
    }
    this.stations = new Map(
      [...of].map(([line, found]) => [line, [...found.values()].sort((a, b) => a.order - b.order)]),
    );
    this.riders = new Map(rowsOf(folder, 'ridership_seed.csv').map((r) => [Number(r[0]), Number(r.at(-4)) || 1000]));
    this.curve = new Map(rowsOf(folder, 'ridership_curve.csv').map((r) => [Number(r[0]), Number(r[1])]));
    for (const [number, line] of LINES.entries()) {
      const count = this.stations.get(line)!.length;
      for (let i = 0; i < TRAINS; i++) {
        const at = Math.floor((i * count) / TRAINS);
        const id = `${line[0]!.toUpperCase()}L${String(i).padStart(3, '0')}`;
        this.trains.push({ id, line: number, at, step: i % 2 === 0 ? 1 : -1, before: undefined });
      }
    }
  }

  /** Five minutes of the city. */
  tick(now: number): Post[] {
    const key = { timestamp: now };
    const posts: Post[] = [];
    if (this.minutes % 60 === 0) posts.push(this.weather(now));
    posts.push(
      this.post(
        'org.chicago.cta.station.arrivals',
        'arrival',
        key,
        this.trains.map((train) => this.arrival(train)),
      ),
    );
    const entries = this.entries();
    if (entries.length > 0) posts.push(this.post('org.chicago.cta.turnstiles', 'turnstile', key, entries));
    this.minutes += STEP_MINUTES;
    return posts;
  }

  private arrival(train: (typeof this.trains)[number]): object {
    const stations = this.stations.get(LINES[train.line]!)!;
    if (train.at + train.step < 0 || train.at + train.step >= stations.length) train.step = train.step === 1 ? -1 : 1;
    const direction = train.step === 1 ? 'a' : 'b';
    const before = train.before;
    train.at += train.step;
    const station = stations[train.at]!;
    train.before = { id: station.id, direction };
    return {
      station_id: station.id,
      train_id: train.id,
      direction,
      line: train.line,
      train_status: this.random() < 0.95 ? 1 : 2 * Math.round(this.random()),
      prev_station_id: before === undefined ? null : { int: before.id },
      prev_direction: before === undefined ? null : { string: before.direction },
    };
  }

  /** As the original: weekday riders by the ratio of the hour, over the steps of an hour, and some more or less. */
  private entries(): object[] {
    const ratio = this.curve.get(Math.floor(this.minutes / 60) % 24) ?? 0;
    const all: object[] = [];
    for (const [line, stations] of this.stations) {
      for (const { id, name } of stations) {
        const mean = Math.floor(((this.riders.get(id) ?? 0) * ratio) / (60 / STEP_MINUTES));
        const count = Math.max(0, mean + Math.floor(this.random() * 10) - 5);
        for (let i = 0; i < Math.min(count, 20); i++)
          all.push({ station_id: id, station_name: name, line: { string: line } });
      }
    }
    return all;
  }

  private weather(now: number): Post {
    this.temperature += Math.round((this.random() - 0.5) * 10);
    const status = SKIES[Math.floor(this.random() * SKIES.length)]!;
    return {
      ...this.post('weather', 'weather', { timestamp: now }, [{ temperature: this.temperature, status }]),
      version: 'v1',
    };
  }

  private post(topic: string, kind: keyof typeof SCHEMAS, key: object, values: readonly object[]): Post {
    const { key: keySchema, value: valueSchema } = SCHEMAS[kind];
    const records = values.map((value) => ({ key, value }));
    return {
      path: `/topics/${topic}`,
      version: 'v2',
      body: { key_schema: JSON.stringify(keySchema), value_schema: JSON.stringify(valueSchema), records },
    };
  }
}
