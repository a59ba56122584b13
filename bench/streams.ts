import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchJars, type JarSet, KAFKA_JARS, KAFKA_VERSION, run } from '../testing/jars.js';
import type { Contender, Measurement, Task } from './contender.js';

const STREAMS_JARS: JarSet = {
  name: `kafka-streams-${KAFKA_VERSION}`,
  artifacts: [
    `org.apache.kafka:kafka-streams:${KAFKA_VERSION}`,
    'com.fasterxml.jackson.core:jackson-databind:2.19.0',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
};

/** Jars that the Java programs of the benchmark need. */
export const BENCH_JARS: readonly JarSet[] = [KAFKA_JARS, STREAMS_JARS];

/** Compiles the Java programs into a folder below `folder`. Their sources lie in the project, not in `dist`. */
export async function compilePeers(folder: string): Promise<string> {
  const sources = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
  const classes = join(folder, 'classes');
  const libs = await fetchJars(STREAMS_JARS);
  const files = ['KafkaStreamsPeer.java', 'DumpTopic.java'].map((file) => join(sources, file));
  await run('javac', ['-nowarn', '-cp', join(libs, '*'), '-d', classes, ...files]);
  return classes;
}

/** Kafka Streams with one thread, at least once, a commit each 2 s, in a JVM of its own for each run. */
export class KafkaStreams implements Contender {
  readonly name: string;

  /** @param classes what {@link compilePeers} gave */
  constructor(
    private readonly classes: string,
    private readonly cacheBytes: number,
  ) {
    this.name = `Kafka Streams, cache ${cacheBytes / 1_000_000} MB`;
  }

  async run(task: Task): Promise<Measurement> {
    const libs = await fetchJars(STREAMS_JARS);
    const state = await mkdtemp(join(tmpdir(), 'weir-streams-'));
    try {
      const args = ['-Xmx1g', '-XX:+UseParallelGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
      args.push('-cp', [this.classes, join(libs, '*')].join(delimiter), 'KafkaStreamsPeer');
      const settings = {
        ...task,
        state,
        cache: this.cacheBytes,
        threads: 1,
        commit: 2000,
        guarantee: 'at_least_once',
        // Both found faster here than its defaults (16 KiB, 1 MiB), as is the parallel collector.
        'producer.batch.size': 131_072,
        'consumer.max.partition.fetch.bytes': 4_000_000,
      };
      args.push(...Object.entries(settings).map(([name, value]) => `${name}=${value}`));
      const { stdout } = await run('java', args, { timeoutMs: 960_000 });
      return JSON.parse(stdout.toString().trim().split('\n').at(-1)!) as Measurement;
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  }
}
