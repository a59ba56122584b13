import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { seededRandom } from '../../../cli/rides.js';
import type { KafkaAddress } from '../../kafka/support/broker.js';
import { SINKS, type Sink, SOURCE } from './queries.js';
import { MAX_RIDES, RideSource } from './rides.js';
import type { TopicRecord } from './topic-record.js';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const client = (bootstrap: string): Kafka =>
  new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry: { retries: 15, maxRetryTime: 5000 } });

/** Writes rides with kafkajs as long as it may. A batch that was sent twice is in the topic twice: what counts is what is there. */
export class KafkaProducer {
  private stopped = false;
  private done: Promise<void> = Promise.resolve();
  private readonly producer: Producer;

  constructor(
    bootstrap: string,
    private readonly seed: number,
    private readonly partitions: number,
    private readonly pauseMs: number,
  ) {
    this.producer = client(bootstrap).producer();
  }

  async start(): Promise<void> {
    await this.producer.connect();
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
    await this.producer.disconnect();
  }

  private async run(): Promise<void> {
    const source = new RideSource(this.seed);
    const random = seededRandom(this.seed + 1);
    for (let sent = 0; !this.stopped && sent < MAX_RIDES; ) {
      const messages = Array.from({ length: 1 + Math.floor(random() * 30) }, () => {
        const { value, timestamp } = source.next();
        const partition = Math.floor(random() * this.partitions);
        return { value, timestamp: String(timestamp), partition };
      });
      sent += messages.length;
      await this.producer.send({ topic: SOURCE, messages });
      await new Promise((resolve) => setTimeout(resolve, random() * this.pauseMs));
    }
  }
}

/** Looks at groups and topics from outside. */
export class KafkaView {
  private readonly kafka: Kafka;
  private readonly admin: ReturnType<Kafka['admin']>;

  constructor(private readonly address: KafkaAddress) {
    this.kafka = client(address.bootstrap);
    this.admin = this.kafka.admin();
  }

  connect(): Promise<void> {
    return this.admin.connect();
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  /** What of their inputs the groups have not committed yet. Sources first: who has no more input writes no more. */
  async behind(groups: readonly string[]): Promise<string[]> {
    const out: string[] = [];
    const topics = await this.admin.listTopics();
    for (const group of groups) {
      const internal = topics.filter((t) => t.startsWith(`${group}-`) && t.endsWith('-repartition'));
      for (const topic of [SOURCE, ...internal]) {
        const [committed] = await this.admin.fetchOffsets({ groupId: group, topics: [topic] });
        for (const { partition, high } of await this.admin.fetchTopicOffsets(topic)) {
          const offset = committed?.partitions.find((p) => p.partition === partition)?.offset ?? '-1';
          const at = offset === '-1' ? '0' : offset;
          if (at !== high) out.push(`${group}: ${topic}/${partition} at ${at} of ${high}`);
        }
      }
    }
    return out;
  }

  /** Ids of a group's members. */
  async members(groups: readonly string[]): Promise<string[]> {
    const described = await this.admin.describeGroups([...groups]);
    return described.groups.flatMap((g) => g.members.map((m) => m.memberId));
  }

  /**
   * Source and sinks, read committed with Java's consumer, until everything has been read. The source, to which nobody
   * writes any more, ends where it ends. In the sinks markers of transactions take offsets too: there each partition gets
   * a last record, which can be read only when no transaction is open in front of it.
   */
  async read(signal: AbortSignal): Promise<ReadonlyMap<string, readonly TopicRecord[]>> {
    const rides = (await this.admin.fetchTopicOffsets(SOURCE)).reduce((n, p) => n + Number(p.high), 0);
    let ends = 0;
    const producer = this.kafka.producer();
    await producer.connect();
    for (const topic of SINKS) {
      const partitions = await this.admin.fetchTopicOffsets(topic);
      ends += partitions.length;
      await producer.send({ topic, messages: partitions.map((p) => ({ value: END, partition: p.partition })) });
    }
    await producer.disconnect();
    const out = new Map([SOURCE, ...SINKS].map((topic) => [topic, [] as TopicRecord[]] as const));
    let left = rides + ends;
    for await (const r of consoleRecords(this.address, [...out.keys()], signal)) {
      if (r.value === END) left--;
      else {
        const topic = topicOf(r);
        out.get(topic)!.push(r);
        if (topic === SOURCE) left--;
      }
      if (left === 0) return out;
    }
    throw new Error(
      `the topics could not be read to their ends: ${left} records of ${rides} rides and ${ends} ends miss`,
    );
  }
}

const END = '"the end"';

/** The consumer does not tell the topic of a record: its key does. */
function topicOf({ key, value }: TopicRecord): Sink | typeof SOURCE {
  if (key === null) return value!.includes('"ride_id"') ? SOURCE : 'long_rides';
  return key.length === 4 ? 'by_zone' : key.length === 12 ? 'busy' : 'pay_sessions';
}

/** All records of some topics from the beginning on, without end, by Java's console consumer. */
async function* consoleRecords(
  kafka: KafkaAddress,
  topics: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<TopicRecord> {
  const separator = '\u0001';
  const nothing = '<null>'; // as bytes too, of which it goes through the key's deserializer
  const jvm = ['-Xmx96m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${kafka.libs}/*`];
  const args = [
    ...jvm,
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
  ];
  args.push('--bootstrap-server', kafka.bootstrap, '--from-beginning', '--isolation-level', 'read_committed');
  args.push('--include', topics.join('|'));
  const properties = ['print.timestamp=true', 'print.offset=true', 'print.partition=true', 'print.key=true'];
  properties.push(`key.separator=${separator}`, `null.literal=${nothing}`);
  properties.push('key.deserializer=org.apache.kafka.common.serialization.BytesDeserializer');
  for (const p of properties) args.push('--property', p);
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors = (errors + String(text)).slice(-4000);
  });
  child.on('error', (e) => {
    errors += e.message;
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [time, partition, offset, key, value] = line.split(separator) as [string, string, string, string, string];
      yield {
        partition: Number(partition.replace('Partition:', '')),
        offset: Number(offset.replace('Offset:', '')),
        timestamp: Number(time.replace(/^\w+:/, '')),
        key: key === nothing ? null : bytes(key),
        value: value === nothing ? null : value,
      };
    }
    throw new Error(`the console consumer has ended: ${errors}`);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** The text of Java's `Bytes`: printable ASCII as it is, anything else as `\xHH`. */
const bytes = (text: string): Buffer =>
  Buffer.from(
    text.replace(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
