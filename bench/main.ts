/**
 * `npm run bench`: Weir and Kafka Streams on the same rides, the same broker, in turns; results are checked first.
 * Exits with 1 where a result is wrong. `npm run bench -- push` measures push queries (push/main.ts).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missingJavaTools, onPath } from '../testing/jars.js';
import { type Broker, startBroker } from '../testing/kafka-broker.js';
import type { Contender, Measurement, Task } from './contender.js';
import { createTopics, deleteTopics, writeTrips } from './input.js';
import { pushBench } from './push/main.js';
import { type Measured, report } from './report.js';
import { BENCH_JARS, compilePeers, KafkaStreams } from './streams.js';
import { expectedResults, type Results } from './trips.js';
import { resultInTopic, WORKS, type Work } from './verify.js';
import { type Guarantee, Weir } from './weir.js';

const USAGE = `usage: npm run bench -- [options]
  --rows N            rides in the input (default 1000000)
  --session-rows N    rides for session, which Streams takes minutes over (default: rows, at most 250000)
  --works LIST        of filter, count, session (default: all)
  --runs N            runs of each, interleaved; medians are printed (default 3)
  --peer NAME         streams (default) or none
  --guarantees LIST   Weir's: at_least_once, exactly_once_v2 (default: both)
  --weir no           leave Weir out`;

interface Options {
  readonly rows: number;
  readonly sessionRows: number;
  readonly works: readonly Work[];
  readonly runs: number;
  readonly streams: boolean;
  readonly guarantees: readonly Guarantee[];
}

class UsageError extends Error {}

function whole(name: string, text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`--${name} must be a whole number above 0, not ${text}`);
  return n;
}

function listOf<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((word) => {
    const found = known.find((item) => item === word.trim());
    if (found === undefined) throw new UsageError(`--${name}: '${word}' is none of ${known.join(', ')}`);
    return found;
  });
}

function options(argv: readonly string[]): Options {
  const names = ['rows', 'session-rows', 'works', 'runs', 'peer', 'guarantees', 'weir'] as const;
  let values: Partial<Record<(typeof names)[number], string>>;
  try {
    const spec = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    values = parseArgs({ args: [...argv], options: spec }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const rows = whole('rows', values.rows ?? '1000000');
  const withWeir = listOf('weir', values.weir ?? 'yes', ['yes', 'no'])[0] === 'yes';
  return {
    rows,
    sessionRows: whole('session-rows', values['session-rows'] ?? String(Math.min(rows, 250_000))),
    works: listOf('works', values.works ?? WORKS.join(','), WORKS),
    runs: whole('runs', values.runs ?? '3'),
    streams: listOf('peer', values.peer ?? 'streams', ['streams', 'none'])[0] === 'streams',
    guarantees: withWeir
      ? listOf('guarantees', values.guarantees ?? 'at_least_once,exactly_once_v2', ['at_least_once', 'exactly_once_v2'])
      : [],
  };
}

/** Runs works and checks what they left; keeps the input topics and what they must give. */
class Arena {
  private readonly expected = new Map<number, Results>();
  private outputs = 0;
  wrong = 0;

  constructor(
    private readonly broker: Broker,
    private readonly classes: string,
  ) {}

  async prepare(rows: number): Promise<void> {
    if (this.expected.has(rows)) return;
    this.expected.set(rows, expectedResults(rows));
    const started = performance.now();
    await writeTrips(this.broker.bootstrap, `trips-${rows}`, rows);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`wrote ${rows.toLocaleString('en')} rides in ${seconds} s`);
  }

  /** `undefined` where the contender failed or its result is wrong. */
  async run(contender: Contender, work: Work, rows: number): Promise<Measurement | undefined> {
    const output = `out-${work}-${++this.outputs}`;
    const { bootstrap } = this.broker;
    const task: Task = { work, bootstrap, input: `trips-${rows}`, output, rows };
    await createTopics(bootstrap, [output]);
    const label = `${work.padEnd(8)} ${contender.name.padEnd(28)}`;
    try {
      const measurement = await contender.run(task);
      const result = await resultInTopic(work, bootstrap, output, this.classes);
      const expected = this.expected.get(rows)![work];
      if (result === expected) {
        console.log(
          `${label} ${Math.round(rows / measurement.seconds)
            .toLocaleString('en')
            .padStart(10)} rec/s, right`,
        );
        return measurement;
      }
      console.log(`${label} WRONG\n--- expected\n${expected.slice(0, 500)}\n--- found\n${result.slice(0, 500)}`);
    } catch (error) {
      console.log(`${label} FAILED\n${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await deleteTopics(bootstrap, output);
    }
    this.wrong++;
    return undefined;
  }
}

async function measure(arena: Arena, classes: string, options: Options): Promise<Measured[]> {
  const measured: Measured[] = [];
  const weirs = options.guarantees.map((guarantee) => new Weir(guarantee));
  const cached = new KafkaStreams(classes, 10_000_000);
  const uncached = new KafkaStreams(classes, 0);
  for (const work of options.works) {
    const rows = work === 'session' ? options.sessionRows : options.rows;
    await arena.prepare(rows);
    // Only aggregates have a cache, and which size serves it better depends on the work: the first round tells.
    let peers = !options.streams ? [] : work === 'filter' ? [cached] : [cached, uncached];
    const runs = new Map<Contender, Measurement[]>();
    for (let round = 0; round < options.runs; round++) {
      for (const contender of [...weirs, ...peers]) {
        const measurement = await arena.run(contender, work, rows);
        if (measurement === undefined) continue;
        const earlier = runs.get(contender);
        if (earlier === undefined) runs.set(contender, [measurement]);
        else earlier.push(measurement);
      }
      const time = (peer: Contender) => runs.get(peer)?.[0]?.seconds ?? Number.POSITIVE_INFINITY;
      peers = peers.sort((a, b) => time(a) - time(b)).slice(0, 1);
    }
    for (const [contender, list] of runs) {
      const peer = contender instanceof KafkaStreams;
      if (peer && contender !== peers[0]) continue;
      measured.push({ work, rows, contender: contender.name, peer, runs: list });
    }
  }
  return measured;
}

async function main(): Promise<number> {
  const chosen = options(process.argv.slice(2));
  const missing = missingJavaTools(BENCH_JARS);
  if (!onPath('javac')) missing.push('javac (a JDK)');
  if (missing.length > 0) {
    console.error(`The benchmark runs a Kafka broker and Kafka Streams; not found on the PATH: ${missing.join(', ')}`);
    return 1;
  }
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  let broker: Broker | undefined;
  try {
    const classes = await compilePeers(folder);
    // The JVM's own defaults for long runs, not the harness's for a quick start.
    broker = await startBroker({ heap: '1g', jvmFlags: [] });
    console.log(`Node ${process.version}, ${availableParallelism()} cores, Kafka at ${broker.bootstrap} beside them`);
    const arena = new Arena(broker, classes);
    const measured = await measure(arena, classes, chosen);
    console.log(`\n${report(measured)}`);
    if (arena.wrong > 0) console.log(`\n${arena.wrong} run(s) failed or gave a wrong result.`);
    return arena.wrong > 0 ? 1 : 0;
  } finally {
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  const [which, ...args] = process.argv.slice(2);
  process.exitCode = which === 'push' ? await pushBench(args) : await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
