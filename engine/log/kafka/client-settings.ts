import type { KafkaOptions } from './config.js';

/** What a client is for; each may have settings of its own under that prefix. */
export type ClientRole = 'consumer' | 'producer' | 'admin';

/** Settings of Kafka's clients that are a number of ours. */
export const NUMBERS: Readonly<Record<string, keyof KafkaOptions>> = {
  'request.timeout.ms': 'requestTimeoutMs',
  'delivery.timeout.ms': 'deliveryTimeoutMs',
  'socket.connection.setup.timeout.ms': 'connectionTimeoutMs',
  'session.timeout.ms': 'sessionTimeoutMs',
  'heartbeat.interval.ms': 'heartbeatIntervalMs',
  'max.poll.interval.ms': 'rebalanceTimeoutMs',
  'transaction.timeout.ms': 'transactionTimeoutMs',
  'fetch.max.wait.ms': 'fetchMaxWaitMs',
  'fetch.min.bytes': 'fetchMinBytes',
  'fetch.max.bytes': 'fetchMaxBytes',
  'max.partition.fetch.bytes': 'partitionMaxBytes',
  'metadata.max.age.ms': 'metadataMaxAgeMs',
};

/** Whom a number is of; the others are of all clients. */
const ONLY: Readonly<Record<string, ClientRole>> = {
  'session.timeout.ms': 'consumer',
  'heartbeat.interval.ms': 'consumer',
  'max.poll.interval.ms': 'consumer',
  'fetch.max.wait.ms': 'consumer',
  'fetch.min.bytes': 'consumer',
  'fetch.max.bytes': 'consumer',
  'max.partition.fetch.bytes': 'consumer',
  'check.crcs': 'consumer',
  'transaction.timeout.ms': 'producer',
  'compression.type': 'producer',
};

const READ: ReadonlySet<string> = new Set([
  ...Object.keys(NUMBERS),
  ...`bootstrap.servers security.protocol compression.type check.crcs sasl.mechanism sasl.jaas.config sasl.username
  sasl.password ssl.truststore.location ssl.truststore.type ssl.truststore.password ssl.truststore.certificates
  ssl.keystore.location ssl.keystore.type ssl.keystore.password ssl.keystore.key ssl.keystore.certificate.chain
  ssl.key.password ssl.ca.location ssl.key.location ssl.certificate.location
  ssl.endpoint.identification.algorithm`.split(/\s+/),
]);

/** Those that have an effect, by name. */
export const CLIENT_SETTINGS: readonly string[] = [...READ].sort();

/** Settings whose value is given: exactly once needs it. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  acks: ['all', '-1'],
  'enable.idempotence': ['true'],
  'isolation.level': ['read_committed'],
  'enable.auto.commit': ['false'],
};

const PREFIX = /^(?:(?:main|restore|global)\.)?(consumer|producer|admin)\.(.+)$/;

/** The names under which a role finds a setting, without `ksql.streams.`; what is for it alone counts more. */
export const namesFor = (role: ClientRole, name: string): readonly string[] =>
  role === 'consumer'
    ? [`main.consumer.${name}`, `consumer.${name}`, name]
    : // Kafka Streams' own prefix for what producers know; it has always been read for all clients.
      [`${role}.${name}`, `producer.${name}`, name];

/**
 * What is wrong with a setting of Kafka's clients ("is …"); undefined: it reaches the client. One that does not is refused: who
 * has set it counts on it.
 * @param name without `ksql.streams.`
 */
export function clientSettingProblem(name: string, value: string): string | undefined {
  const [, role, own = name] = PREFIX.exec(name) ?? [];
  const fixed = FIXED[own];
  if (fixed !== undefined) {
    return fixed.includes(value.trim().toLowerCase()) ? undefined : `is always ${fixed[0]} in Weir`;
  }
  if (!READ.has(own)) return "is none that Weir's Kafka clients have: leave it out";
  const only = ONLY[own];
  if (role !== undefined && only !== undefined && role !== only) return `is a setting of ${only}s`;
  return undefined;
}
