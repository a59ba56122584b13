/** Kafka clients that share no code with Weir: Java's console tools, and kcat where it is installed. */
import { onPath, run } from './jars.js';

/** Where to find a broker and the jars of its tools; a `Broker` is one. */
export interface KafkaAddress {
  readonly bootstrap: string;
  readonly libs: string;
}

/** The separator that the tools print between fields: a control character, which JSON never holds bare. */
const FIELD = '\u0001';
const NULL = '\u0002';

const JVM = [
  '-Xmx96m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

function tool(kafka: KafkaAddress, name: string, args: readonly string[], input?: string) {
  const command = [...JVM, '-cp', `${kafka.libs}/*`, `org.apache.kafka.tools.${name}`];
  return run('java', [...command, '--bootstrap-server', kafka.bootstrap, ...args], {
    ...(input === undefined ? {} : { input }),
    timeoutMs: 90_000,
  });
}

/**
 * Writes lines with Java's console producer. The record's timestamp is the time of writing.
 * @param options.keySeparator splits each line into key and value at its first occurrence; without it keys are null
 */
export async function consoleProduce(
  kafka: KafkaAddress,
  topic: string,
  lines: readonly string[],
  options: { readonly keySeparator?: string; readonly config?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const args = ['--topic', topic];
  const property = (text: string) => args.push('--property', text);
  property(`null.marker=${NULL}`);
  if (options.keySeparator !== undefined) {
    property('parse.key=true');
    property(`key.separator=${options.keySeparator}`);
  }
  for (const [key, value] of Object.entries(options.config ?? {})) args.push('--producer-property', `${key}=${value}`);
  await tool(kafka, 'ConsoleProducer', args, lines.map((line) => `${line}\n`).join(''));
}

/** Stands for null in a line of {@link consoleProduce} (a tombstone's value, a missing key). */
export const NULL_MARKER = NULL;

/** One record as Java's console consumer printed it. */
export interface ConsumedRecord {
  readonly key: string | null;
  readonly value: string | null;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
  /** `name:value,…`, or `NO_HEADERS`. */
  readonly headers: string;
}

/**
 * Reads from the beginning of all partitions with Java's console consumer until `count` records have come, or none for
 * `timeoutMs`. Order holds within a partition only.
 * @param options.keyDeserializer a class name, for keys that are no text (`org.apache.kafka.common.serialization.…`)
 */
export async function consoleConsume(
  kafka: KafkaAddress,
  topic: string,
  count: number,
  options: {
    readonly isolation?: 'read_committed' | 'read_uncommitted';
    readonly keyDeserializer?: string;
    readonly valueDeserializer?: string;
    readonly partition?: number;
    readonly timeoutMs?: number;
  } = {},
): Promise<ConsumedRecord[]> {
  const args = ['--topic', topic, '--from-beginning', '--max-messages', String(count)];
  args.push('--timeout-ms', String(options.timeoutMs ?? 60_000));
  args.push('--isolation-level', options.isolation ?? 'read_committed');
  if (options.partition !== undefined) args.push('--partition', String(options.partition));
  const property = (text: string) => args.push('--property', text);
  for (const field of ['timestamp', 'partition', 'offset', 'headers', 'key']) property(`print.${field}=true`);
  property(`key.separator=${FIELD}`);
  property(`null.literal=${NULL}`);
  if (options.keyDeserializer !== undefined) property(`key.deserializer=${options.keyDeserializer}`);
  if (options.valueDeserializer !== undefined) property(`value.deserializer=${options.valueDeserializer}`);
  const { stdout } = await tool(kafka, 'consumer.ConsoleConsumer', args);
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes(FIELD));
  return lines.map((line) => {
    const [time, partition, offset, headers, key, value] = line.split(FIELD) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return {
      key: key === NULL ? null : key,
      value: value === NULL ? null : value,
      timestamp: Number(time.replace(/^\w+:/, '')),
      partition: Number(partition.replace('Partition:', '')),
      offset: Number(offset.replace('Offset:', '')),
      headers,
    };
  });
}

/** Why {@link kcatProduce} and {@link kcatConsume} cannot run here, or `undefined` when they can. */
export function missingKcat(): string | undefined {
  return onPath('kcat') ? undefined : 'kcat not found on the PATH';
}

/** Writes lines with kcat (librdkafka: a third implementation of the protocol). */
export async function kcatProduce(
  kafka: Pick<KafkaAddress, 'bootstrap'>,
  topic: string,
  lines: readonly string[],
  options: { readonly keySeparator?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const args = ['-b', kafka.bootstrap, '-P', '-t', topic, '-Z'];
  if (options.keySeparator !== undefined) args.push('-K', options.keySeparator);
  for (const [name, value] of Object.entries(options.headers ?? {})) args.push('-H', `${name}=${value}`);
  await run('kcat', args, { input: lines.map((line) => `${line}\n`).join(''), timeoutMs: 60_000 });
}

/** Reads a topic from beginning to end with kcat. */
export async function kcatConsume(kafka: Pick<KafkaAddress, 'bootstrap'>, topic: string): Promise<ConsumedRecord[]> {
  const format = ['%T', '%p', '%o', '%h', '%k', '%s', '%K', '%S'].join(FIELD);
  const args = ['-b', kafka.bootstrap, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', `${format}\n`];
  const { stdout } = await run('kcat', args, { timeoutMs: 60_000 });
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes(FIELD));
  return lines.map((line) => {
    const [time, partition, offset, headers, key, value, keySize, size] = line.split(FIELD) as string[];
    return {
      key: keySize === '-1' ? null : key!,
      value: size === '-1' ? null : value!,
      timestamp: Number(time),
      partition: Number(partition),
      offset: Number(offset),
      headers: headers!,
    };
  });
}
