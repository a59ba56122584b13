import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { messageOf, WeirError } from '../../base/errors.js';
import { type ClientRole, NUMBERS, namesFor } from './client-settings.js';
import { COMPRESSIONS, type Compression, type KafkaOptions, type Sasl } from './config.js';

type Properties = Readonly<Record<string, string>>;
type ReadFile = (path: string) => Buffer;

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

function bad(message: string, hint?: string): never {
  throw new WeirError('BAD_REQUEST', message, hint);
}

/** Looks settings up: under the prefixes of a role and of Kafka Streams' settings in ksqlDB (`ksql.streams.`), and as they are. */
function lookUp(properties: Properties, role: ClientRole): (name: string) => string | undefined {
  return (name) => {
    for (const n of namesFor(role, name)) {
      const value = properties[n] ?? properties[`ksql.streams.${n}`];
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

type Get = (name: string) => string | undefined;

/**
 * The settings of a Java client (`bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`, time-outs, `compression.type`)
 * as options. Properties that are no settings of the connection are left alone. Keys and certificates: PEM or PKCS12.
 * @throws WeirError BAD_REQUEST for a setting that cannot be honoured
 */
export function kafkaConfig(
  properties: Properties,
  readFile: ReadFile = (path) => readFileSync(path),
): KafkaOptions & { readonly roles: Readonly<Record<ClientRole, KafkaOptions>> } {
  const of = (role: ClientRole) => optionsOf(lookUp(properties, role), readFile);
  const roles = { consumer: of('consumer'), producer: of('producer'), admin: of('admin') };
  return { ...roles.admin, roles };
}

function optionsOf(get: Get, readFile: ReadFile): KafkaOptions {
  const servers = get('bootstrap.servers') ?? bad("The setting 'bootstrap.servers' is missing", 'host:port,…');
  const brokers = servers
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '');
  for (const b of brokers) if (!/^.+:\d+$/.test(b)) bad(`'bootstrap.servers': '${b}' is no host:port`);
  if (brokers.length === 0) bad("The setting 'bootstrap.servers' is empty");
  const protocol = (get('security.protocol') ?? 'PLAINTEXT').toUpperCase();
  if (!PROTOCOLS.includes(protocol))
    bad(`'security.protocol': unknown '${protocol}'`, `One of ${PROTOCOLS.join(', ')}.`);
  const numbers: Record<string, number> = {};
  for (const [name, option] of Object.entries(NUMBERS)) {
    const text = get(name);
    if (text === undefined) continue;
    if (!/^\d{1,9}$/.test(text.trim())) {
      bad(`'${name}': '${text}' is no number of ${name.endsWith('.ms') ? 'milliseconds' : 'bytes'}`);
    }
    numbers[option] = Number(text);
  }
  const compression = compressionOf(get('compression.type'));
  return {
    brokers,
    ...numbers,
    ...(protocol.endsWith('SSL') ? { ssl: tlsOptions(get, readFile) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(get) } : {}),
    ...(get('check.crcs') === undefined ? {} : { checkCrcs: get('check.crcs') !== 'false' }),
    ...(compression === undefined ? {} : { compression }),
  };
}

/**
 * The `ssl.*` settings under a prefix (`ksql.schema.registry.`), for a client that is none of Kafka; undefined where
 * there are none.
 * @throws WeirError BAD_REQUEST for a setting that cannot be honoured
 */
export function tlsConfig(
  properties: Properties,
  prefix: string,
  readFile: ReadFile = (path) => readFileSync(path),
): ConnectionOptions | undefined {
  if (!Object.keys(properties).some((name) => name.startsWith(`${prefix}ssl.`))) return undefined;
  return tlsOptions((name) => properties[prefix + name], readFile, prefix);
}

function compressionOf(text: string | undefined): Compression | undefined {
  if (text === undefined) return undefined;
  const found = COMPRESSIONS.find((c) => c === text.trim().toLowerCase());
  return found ?? bad(`'compression.type': unknown '${text}'`, `One of ${COMPRESSIONS.join(', ')}.`);
}

function saslOf(get: Get): Sasl {
  const mechanism = (get('sasl.mechanism') ?? bad("The setting 'sasl.mechanism' is missing")).toLowerCase();
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    return bad(`'sasl.mechanism': '${mechanism}' is not supported`, 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.');
  }
  const jaas = get('sasl.jaas.config') ?? '';
  const username = get('sasl.username') ?? jaasOption(jaas, 'username');
  const password = get('sasl.password') ?? jaasOption(jaas, 'password');
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

/** By Java's names, and by librdkafka's (`ssl.ca.location`, `ssl.key.location`, `ssl.certificate.location`). */
function tlsOptions(lookup: Get, readFile: ReadFile, prefix = ''): ConnectionOptions {
  const out: ConnectionOptions = {};
  const get: Get = (name) => (lookup(name) === '' ? undefined : lookup(name));
  const file = (name: string): Buffer => {
    try {
      return readFile(get(name)!);
    } catch (e) {
      return bad(`'${prefix}${name}': ${get(name)} cannot be read: ${messageOf(e)}`);
    }
  };
  const trustType = (get('ssl.truststore.type') ?? guessType(get('ssl.truststore.location'))).toUpperCase();
  if (get('ssl.truststore.certificates') !== undefined) out.ca = get('ssl.truststore.certificates')!;
  else if (get('ssl.truststore.location') !== undefined) {
    if (trustType !== 'PEM') {
      bad(
        `'${prefix}ssl.truststore.type': ${trustType} is not supported`,
        'Export the certificates to a PEM file: keytool -list -rfc.',
      );
    }
    out.ca = file('ssl.truststore.location');
  } else if (get('ssl.ca.location') !== undefined) out.ca = file('ssl.ca.location');
  const keyType = (get('ssl.keystore.type') ?? guessType(get('ssl.keystore.location'))).toUpperCase();
  const passphrase = get('ssl.key.password') ?? get('ssl.keystore.password');
  if (get('ssl.keystore.key') !== undefined) {
    out.key = get('ssl.keystore.key')!;
    out.cert = get('ssl.keystore.certificate.chain') ?? bad(`'${prefix}ssl.keystore.certificate.chain' is missing`);
  } else if (get('ssl.keystore.location') !== undefined) {
    if (keyType === 'PEM') out.key = out.cert = file('ssl.keystore.location');
    else if (keyType === 'PKCS12') out.pfx = file('ssl.keystore.location');
    else
      bad(`'${prefix}ssl.keystore.type': ${keyType} is not supported`, 'Use PEM or PKCS12 (keytool -importkeystore).');
  } else if (get('ssl.key.location') !== undefined) {
    out.key = file('ssl.key.location');
    if (get('ssl.certificate.location') === undefined) bad(`'${prefix}ssl.certificate.location' is missing`);
    out.cert = file('ssl.certificate.location');
  }
  if (passphrase !== undefined) out.passphrase = passphrase;
  // Java's way to switch the check of host names off.
  if (lookup('ssl.endpoint.identification.algorithm')?.trim() === '') out.checkServerIdentity = () => undefined;
  return out;
}

function guessType(path: string | undefined): string {
  if (path === undefined || /\.(pem|crt|cer|key)$/i.test(path)) return 'PEM';
  return /\.(p12|pfx|pkcs12)$/i.test(path) ? 'PKCS12' : 'JKS';
}
