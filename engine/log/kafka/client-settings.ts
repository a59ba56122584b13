import {
  boolean,
  bytes,
  list,
  oneOf,
  type Setting,
  type SettingGroup,
  type SettingType,
  setting,
  text,
  timeout,
} from '../../base/setting.js';
import { QUERY } from '../../settings.js';

/** What a client is for; each may have settings of its own under that prefix. */
export type ClientRole = 'consumer' | 'producer' | 'admin';

/** Of all clients. */
export const CLIENT = {
  requestTimeoutMs: setting('request.timeout.ms', timeout, 30_000, 'What one request may take.'),
  deliveryTimeoutMs: setting(
    'delivery.timeout.ms',
    timeout,
    60_000,
    'How long a request, or a batch, may be retried before it fails.',
  ),
  connectionTimeoutMs: setting(
    'socket.connection.setup.timeout.ms',
    timeout,
    5_000,
    'What the TCP and TLS handshake may take.',
  ),
  metadataMaxAgeMs: setting(
    'metadata.max.age.ms',
    timeout,
    30_000,
    'How old metadata may grow: by then a group notices new partitions and topics.',
  ),
};

export const CONSUMER = {
  sessionTimeoutMs: setting(
    'session.timeout.ms',
    timeout,
    10_000,
    'A member of a group that is silent for so long is out of it: that long a node that was killed may take to be back.',
  ),
  heartbeatIntervalMs: setting(
    'heartbeat.interval.ms',
    timeout,
    3_000,
    'How often a member says that it is there; at most a third of the session timeout.',
  ),
  rebalanceTimeoutMs: setting(
    'max.poll.interval.ms',
    timeout,
    60_000,
    'What a member may take to commit and let go of its partitions when they are handed out anew.',
  ),
  fetchMaxWaitMs: setting(
    'fetch.max.wait.ms',
    timeout,
    100,
    'How long a fetch at the end of a partition waits at the broker.',
  ),
  fetchMinBytes: setting('fetch.min.bytes', bytes, 1, 'What a fetch waits for, within fetch.max.wait.ms.'),
  fetchMaxBytes: setting(
    'fetch.max.bytes',
    bytes,
    16 * 1024 * 1024,
    'What is fetched ahead, over all partitions of a reader that asks for nothing else.',
  ),
  partitionMaxBytes: setting(
    'max.partition.fetch.bytes',
    bytes,
    1024 * 1024,
    'What is fetched of one partition at a time.',
  ),
  checkCrcs: setting('check.crcs', boolean, true, 'Whether the checksum of each fetched batch is compared.'),
};

export const PRODUCER = {
  transactionTimeoutMs: setting(
    'transaction.timeout.ms',
    timeout,
    60_000,
    'A transaction that is open for longer is aborted by the broker.',
  ),
  compression: QUERY.compression,
};

/** A text that says something where it is empty, too. */
const anyText: SettingType<string> = { parse: (t) => t, must: 'a text' };

/** Whom a client reaches, and how it shows who it is. */
export const CONNECTION = {
  brokers: setting('bootstrap.servers', list, undefined, 'Brokers, as host:port, separated by commas.'),
  protocol: setting(
    'security.protocol',
    oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
    'PLAINTEXT',
    'PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.',
  ),
  mechanism: setting('sasl.mechanism', text, undefined, 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.'),
  jaas: setting('sasl.jaas.config', text, undefined, 'A line with username="…" and password="…", as Java has it.'),
  username: setting('sasl.username', text, undefined, 'In place of the one in sasl.jaas.config.'),
  password: setting('sasl.password', text, undefined, 'In place of the one in sasl.jaas.config.'),
};

export const TLS = {
  truststore: setting('ssl.truststore.location', text, undefined, 'Who signs the certificates of brokers: PEM.'),
  truststoreType: setting('ssl.truststore.type', text, undefined, 'PEM. Left out: as the name of the file says.'),
  certificates: setting('ssl.truststore.certificates', text, undefined, 'In place of the file: the PEM itself.'),
  authority: setting('ssl.ca.location', text, undefined, "librdkafka's name of ssl.truststore.location."),
  keystore: setting('ssl.keystore.location', text, undefined, "The client's key and certificate: PKCS#12 or PEM."),
  keystoreType: setting('ssl.keystore.type', text, undefined, 'PKCS12 or PEM. Left out: as the name of the file says.'),
  keystorePassword: setting('ssl.keystore.password', text, undefined, 'Password of the key store.'),
  keystoreKey: setting('ssl.keystore.key', text, undefined, 'In place of the file: the key as PEM.'),
  keystoreChain: setting('ssl.keystore.certificate.chain', text, undefined, 'Its certificate, as PEM.'),
  keyPassword: setting('ssl.key.password', text, undefined, 'Password of the key, where it is another.'),
  key: setting('ssl.key.location', text, undefined, "librdkafka's: the key as a PEM file."),
  certificate: setting('ssl.certificate.location', text, undefined, "librdkafka's: its certificate as a PEM file."),
  hostCheck: setting(
    'ssl.endpoint.identification.algorithm',
    anyText,
    undefined,
    'Empty: the certificate of a broker may be for another host.',
  ),
};

/** Those that have an effect. */
export const CLIENT_SETTINGS: readonly Setting<unknown>[] = [CONNECTION, TLS, CLIENT, CONSUMER, PRODUCER].flatMap(
  (group: SettingGroup) => Object.values(group),
);

const byName = new Map(CLIENT_SETTINGS.map((s) => [s.name, s]));

const namesIn = (group: SettingGroup): ReadonlySet<string> => new Set(Object.values(group).map((s) => s.name));

/** Whom a setting is of alone; the others are of all clients. */
const ONLY: readonly (readonly [ClientRole, ReadonlySet<string>])[] = [
  ['consumer', namesIn(CONSUMER)],
  ['producer', namesIn(PRODUCER)],
];

/** Settings whose value is given: exactly once needs it. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  acks: ['all', '-1'],
  'enable.idempotence': ['true'],
  'isolation.level': ['read_committed'],
  'enable.auto.commit': ['false'],
};

/** Java's files have it; the PEM file that Weir reads in their place has no password. */
const NOT_NEEDED = 'ssl.truststore.password';

const PREFIX = /^(?:(?:main|restore|global)\.)?(consumer|producer|admin)\.(.+)$/;

/** The names under which a role finds a setting, without `ksql.streams.`; what is for it alone counts more. */
export const namesFor = (role: ClientRole, name: string): readonly string[] =>
  role === 'consumer'
    ? [`main.consumer.${name}`, `consumer.${name}`, name]
    : // Kafka Streams' own prefix for what producers know; it has always been read for all clients.
      [`${role}.${name}`, `producer.${name}`, name];

/**
 * What is wrong with a setting of Kafka's clients ("is …", "must be …"). Undefined: it reaches the client. A setting that
 * would not is refused, because whoever has set it relies on it.
 * @param name without `ksql.streams.`
 */
export function clientSettingProblem(name: string, value: string): string | undefined {
  const [, role, own = name] = PREFIX.exec(name) ?? [];
  const fixed = FIXED[own];
  if (fixed !== undefined) {
    return fixed.includes(value.trim().toLowerCase()) ? undefined : `is always ${fixed[0]} in Weir`;
  }
  if (own === NOT_NEEDED) return undefined;
  const known = byName.get(own);
  if (known === undefined) return "is none that Weir's Kafka clients have: leave it out";
  const only = ONLY.find(([, names]) => names.has(own))?.[0];
  if (role !== undefined && only !== undefined && role !== only) return `is a setting of ${only}s`;
  return known.problem(value);
}
