import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchJars, type JarSet, KAFKA_JARS, KAFKA_VERSION, run } from './support/jars.js';
import type { Work } from './verify.js';

const STREAMS_JARS: JarSet = {
  name: `kafka-streams-${KAFKA_VERSION}`,
  artifacts: [
    `org.apache.kafka:kafka-streams:${KAFKA_VERSION}`,
    'com.fasterxml.jackson.core:jackson-databind:2.19.0',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
};

/** Jars that the Java programs of the benchmark need, for {@link import('./support/jars.js').missingJavaTools}. */
export const BENCH_JARS: readonly JarSet[] = [KAFKA_JARS, STREAMS_JARS];

/** What one contender's run of one work took. */
export interface Measurement {
  /** From the first record read to the end of the work. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From the start of the process to the first record. */
  readonly firstRecordMs: number;
  readonly peakKb: number;
}

/** The sources lie beside ours in the project, not in `dist`. */
function sources(): string {
  return fileURLToPath(new URL('../../bench/peers/', import.meta.url));
}

/** Compiles the Java programs into a new folder. */
export async function compilePeers(folder: string): Promise<string> {
  const classes = join(folder, 'classes');
  const libs = await fetchJars(STREAMS_JARS);
  const files = ['KafkaStreamsPeer.java', 'DumpTopic.java'].map((file) => join(sources(), file));
  await run('javac', ['-nowarn', '-cp', join(libs, '*'), '-d', classes, ...files]);
  return classes;
}

export interface StreamsRun {
  readonly work: Work;
  readonly bootstrap: string;
  readonly input: string;
  readonly output: string;
  readonly rows: number;
  readonly cacheBytes: number;
  readonly classes: string;
}

/** Runs one work on Kafka Streams, in a JVM of its own. */
export async function runStreams(options: StreamsRun): Promise<Measurement> {
  const libs = await fetchJars(STREAMS_JARS);
  const state = await mkdtemp(join(tmpdir(), 'weir-streams-'));
  try {
    const args = ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
    args.push('-cp', [options.classes, join(libs, '*')].join(delimiter), 'KafkaStreamsPeer');
    const settings = {
      work: options.work,
      bootstrap: options.bootstrap,
      input: options.input,
      output: options.output,
      rows: options.rows,
      cache: options.cacheBytes,
      state,
      threads: 1,
      commit: 2000,
      guarantee: 'at_least_once',
      // Its default of 1000 records is its best here; larger fetches and batches spare it requests.
      'max.poll.records': 1000,
    };
    const extra = (process.env.STREAMS_EXTRA ?? '').split(' ').filter((text) => text !== '');
    args.push(...Object.entries(settings).map(([name, value]) => `${name}=${value}`), ...extra);
    const { stdout } = await run('java', args, { timeoutMs: 960_000 });
    return JSON.parse(stdout.toString().trim().split('\n').at(-1)!) as Measurement;
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}
