import type { Clock } from '../engine/index.js';
import { positiveNumber, readArgs, UsageError, wholeNumber } from './args.js';
import type { RecordSink } from './record-sink.js';
import { intensity, RideGenerator } from './rides.js';
import { openSink, SINK_HELP, SINK_OPTIONS } from './sink-options.js';

const DATAGEN_HELP = `usage: weir datagen rides [options]

Makes NYC yellow-taxi rides in the TLC schema (18 fields) from a seed and writes them as JSON, keyed by nothing, with
the time of the drop-off as the record's timestamp.

  --topic T                (default rides)
  --seed N                 the same seed and start give the same rides (default 42)
  --count N                stop after so many (default: never)
  --rate N                 rides a second of wall-clock time, in the mean of a day (default 20); 0: as fast as possible
  --start TIME             event time of the first ride: now, or 2020-07-01T00:00:00Z (default now)
  --speed N                seconds of event time that pass in a second (default 1); with --rate 0: in 20 rides
${SINK_HELP}`;

export interface FeedOptions {
  readonly topic: string;
  readonly seed: number;
  readonly count: number;
  /** Rides a second; 0: as fast as the sink takes them. */
  readonly rate: number;
  readonly startMs: number;
  readonly speed: number;
}

/** Rides that go in one write at most. */
const BATCH = 1000;
/** Rides a second of event time, when nothing paces them. */
const UNPACED_RATE = 20;
const TICK_MS = 100;

/**
 * Writes rides until `count` of them are written or `signal` aborts. Event time runs from `startMs`; how many rides fall
 * in a stretch of it follows the hour of the day. Which rides come does not depend on the wall clock.
 */
export async function feedRides(
  sink: RecordSink,
  options: FeedOptions,
  clock: Clock,
  signal: AbortSignal,
  onProgress: (written: number) => void = () => {},
): Promise<number> {
  const rides = new RideGenerator(options.seed);
  const perSecond = (options.rate === 0 ? UNPACED_RATE : options.rate) / options.speed;
  let eventMs = options.startMs;
  let written = 0;
  const began = clock.now();
  const next = () => {
    eventMs += 1000 / (perSecond * intensity(eventMs));
    const at = Math.round(eventMs);
    return { key: null, value: Buffer.from(JSON.stringify(rides.next(at)), 'utf8'), timestamp: at };
  };
  let waiting = next();
  while (!signal.aborted && written < options.count) {
    const records = [];
    // How far event time has come: everything where nothing paces it.
    const due = options.rate === 0 ? Number.POSITIVE_INFINITY : options.startMs + (clock.now() - began) * options.speed;
    while (waiting.timestamp <= due && records.length < BATCH && written + records.length < options.count) {
      records.push(waiting);
      waiting = next();
    }
    if (records.length > 0) {
      await sink.send(options.topic, records);
      written += records.length;
      onProgress(written);
    }
    if (records.length < BATCH && options.rate !== 0 && written < options.count) {
      await clock.sleep(TICK_MS, signal).catch((e: unknown) => {
        if (!signal.aborted) throw e;
      });
    }
  }
  return written;
}

export async function datagen(args: readonly string[], clock: Clock, signal: AbortSignal): Promise<number> {
  const { values, positionals } = readArgs(args, {
    ...SINK_OPTIONS,
    topic: { type: 'string' },
    seed: { type: 'string' },
    count: { type: 'string' },
    rate: { type: 'string' },
    start: { type: 'string' },
    speed: { type: 'string' },
    quiet: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    console.log(DATAGEN_HELP);
    return 0;
  }
  if (positionals.length !== 1 || positionals[0] !== 'rides') {
    throw new UsageError('weir datagen makes rides: weir datagen rides.');
  }
  const startMs = values.start === undefined || values.start === 'now' ? clock.now() : Date.parse(values.start);
  if (Number.isNaN(startMs)) throw new UsageError(`--start is no time: '${values.start}'.`);
  const rate = values.rate === '0' ? 0 : positiveNumber(values.rate, '--rate', 20);
  const options: FeedOptions = {
    topic: values.topic ?? 'rides',
    seed: wholeNumber(values.seed, '--seed', 42),
    count: values.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber(values.count, '--count', 0),
    rate,
    startMs,
    speed: positiveNumber(values.speed, '--speed', 1),
  };
  const sink = await openSink(values);
  try {
    await sink.prepare(options.topic, wholeNumber(values.partitions, '--partitions', 4));
    const began = clock.now();
    const progress = (n: number, since: number, before: number) => {
      const seconds = (clock.now() - since) / 1000;
      const perSecond = seconds > 0 ? (n - before) / seconds : 0;
      return `${n} rides written to ${options.topic}, ${perSecond.toFixed(perSecond < 100 ? 1 : 0)} a second`.padEnd(
        72,
      );
    };
    let told = began;
    let before = 0;
    const written = await feedRides(sink, options, clock, signal, (n) => {
      if (values.quiet || clock.now() - told < 1000) return;
      process.stderr.write(`\r${progress(n, told, before)}`);
      told = clock.now();
      before = n;
    });
    console.error(`\r${progress(written, began, 0)}`);
  } finally {
    await sink.close();
  }
  return 0;
}
