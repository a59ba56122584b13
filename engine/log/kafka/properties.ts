import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { WeirError } from '../../types/errors.js';
import type { KafkaOptions, Sasl } from './config.js';

type Properties = Readonly<Record<string, string>>;
type ReadFile = (path: string) => Buffer;

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/** Properties that are a number of ours. */
const NUMBERS: Readonly<Record<string, keyof KafkaOptions>> = {
  'request.timeout.ms': 'requestTimeoutMs',
  'delivery.timeout.ms': 'deliveryTimeoutMs',
  'socket.connection.setup.timeout.ms': 'connectionTimeoutMs',
  'session.timeout.ms': 'sessionTimeoutMs',
  'heartbeat.interval.ms': 'heartbeatIntervalMs',
  'max.poll.interval.ms': 'rebalanceTimeoutMs',
  'transaction.timeout.ms': 'transactionTimeoutMs',
  'fetch.max.wait.ms': 'fetchMaxWaitMs',
  'metadata.max.age.ms': 'metadataMaxAgeMs',
};

function bad(message: string, hint?: string): never {
  throw new WeirError('BAD_REQUEST', message, hint);
}

/**
 * The settings of a Java client (`bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`, time-outs) as options.
 * Properties that are no settings of the connection are left alone. Keys and certificates: PEM or PKCS12.
 * @throws WeirError BAD_REQUEST for a setting that cannot be honoured
 */
export function kafkaConfig(properties: Properties, readFile: ReadFile = (path) => readFileSync(path)): KafkaOptions {
  const servers = properties['bootstrap.servers'] ?? bad("The setting 'bootstrap.servers' is missing", 'host:port,…');
  const brokers = servers
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '');
  for (const b of brokers) if (!/^.+:\d+$/.test(b)) bad(`'bootstrap.servers': '${b}' is no host:port`);
  if (brokers.length === 0) bad("The setting 'bootstrap.servers' is empty");
  const protocol = (properties['security.protocol'] ?? 'PLAINTEXT').toUpperCase();
  if (!PROTOCOLS.includes(protocol))
    bad(`'security.protocol': unknown '${protocol}'`, `One of ${PROTOCOLS.join(', ')}.`);
  const numbers: Record<string, number> = {};
  for (const [name, option] of Object.entries(NUMBERS)) {
    const text = properties[name];
    if (text === undefined) continue;
    if (!/^\d{1,9}$/.test(text.trim())) bad(`'${name}': '${text}' is no number of milliseconds`);
    numbers[option] = Number(text);
  }
  return {
    brokers,
    ...numbers,
    ...(protocol.endsWith('SSL') ? { ssl: sslOf(properties, readFile) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(properties) } : {}),
    ...(properties['check.crcs'] === undefined ? {} : { checkCrcs: properties['check.crcs'] !== 'false' }),
  };
}

function saslOf(properties: Properties): Sasl {
  const mechanism = (properties['sasl.mechanism'] ?? bad("The setting 'sasl.mechanism' is missing")).toLowerCase();
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    return bad(`'sasl.mechanism': '${mechanism}' is not supported`, 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.');
  }
  const jaas = properties['sasl.jaas.config'] ?? '';
  const username = properties['sasl.username'] ?? jaasOption(jaas, 'username');
  const password = properties['sasl.password'] ?? jaasOption(jaas, 'password');
  if (username === undefined || password === undefined) {
    return bad("'sasl.jaas.config' has no username or no password", '…LoginModule required username="u" password="p";');
  }
  return { mechanism, username, password };
}

/** The value of `name="…"` (or unquoted) in a JAAS line; `\"` and `\\` are escapes inside quotes. */
function jaasOption(jaas: string, name: string): string | undefined {
  const m = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`).exec(jaas);
  return m === null ? undefined : (m[1]?.replace(/\\(.)/g, '$1') ?? m[2]);
}

function sslOf(properties: Properties, readFile: ReadFile): ConnectionOptions {
  const out: ConnectionOptions = {};
  const get = (name: string): string | undefined => (properties[name] === '' ? undefined : properties[name]);
  const trustType = (get('ssl.truststore.type') ?? guessType(get('ssl.truststore.location'))).toUpperCase();
  const inline = get('ssl.truststore.certificates');
  const location = get('ssl.truststore.location');
  if (inline !== undefined) out.ca = inline;
  else if (location !== undefined) {
    if (trustType !== 'PEM') {
      bad(
        `'ssl.truststore.type': ${trustType} is not supported`,
        'Export the certificates to a PEM file: keytool -list -rfc.',
      );
    }
    out.ca = readFile(location);
  }
  const keyType = (get('ssl.keystore.type') ?? guessType(get('ssl.keystore.location'))).toUpperCase();
  const store = get('ssl.keystore.location');
  const passphrase = get('ssl.key.password') ?? get('ssl.keystore.password');
  if (get('ssl.keystore.key') !== undefined) {
    out.key = get('ssl.keystore.key')!;
    out.cert = get('ssl.keystore.certificate.chain') ?? bad("'ssl.keystore.certificate.chain' is missing");
  } else if (store !== undefined) {
    if (keyType === 'PEM') out.key = out.cert = readFile(store);
    else if (keyType === 'PKCS12') out.pfx = readFile(store);
    else bad(`'ssl.keystore.type': ${keyType} is not supported`, 'Use PEM or PKCS12 (keytool -importkeystore).');
  }
  if (passphrase !== undefined) out.passphrase = passphrase;
  // Java's way to switch the check of host names off.
  if (properties['ssl.endpoint.identification.algorithm']?.trim() === '') out.checkServerIdentity = () => undefined;
  return out;
}

function guessType(path: string | undefined): string {
  if (path === undefined || /\.(pem|crt|cer|key)$/i.test(path)) return 'PEM';
  return /\.(p12|pfx|pkcs12)$/i.test(path) ? 'PKCS12' : 'JKS';
}
