import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { messageOf, WeirError } from '../../base/errors.js';
import type { Properties } from '../../base/properties.js';
import { givenOf, type Setting, type SettingValues, valuesOf } from '../../base/setting.js';
import {
  CLIENT,
  CLIENT_SETTINGS,
  type ClientRole,
  CONNECTION,
  CONSUMER,
  namesFor,
  PRODUCER,
  TLS,
} from './client-settings.js';
import type { KafkaOptions, Sasl } from './config.js';

type ReadFile = (path: string) => Buffer;

function bad(message: string, hint?: string): never {
  throw new WeirError('BAD_REQUEST', message, hint);
}

/** What is set for a role, by the plain names of settings: under its prefixes, that of ksqlDB (`ksql.streams.`), or as they are. */
function ofRole(properties: Properties, role: ClientRole): Properties {
  const saidOf = (name: string) =>
    namesFor(role, name)
      .map((n) => properties[n] ?? properties[`ksql.streams.${n}`])
      .find((value) => value !== undefined);
  return Object.fromEntries(
    CLIENT_SETTINGS.flatMap(({ name }) => {
      const value = saidOf(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * The settings of a Java client (`bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`, time-outs, `compression.type`)
 * as options. Properties that are no settings of the connection are left alone. Keys and certificates: PEM or PKCS12.
 * @throws WeirError BAD_REQUEST for a setting that cannot be honoured
 */
export function kafkaConfig(
  properties: Properties,
  readFile: ReadFile = (path) => readFileSync(path),
): KafkaOptions & { readonly roles: Readonly<Record<ClientRole, KafkaOptions>> } {
  const of = (role: ClientRole) => optionsOf(ofRole(properties, role), readFile);
  const roles = { consumer: of('consumer'), producer: of('producer'), admin: of('admin') };
  return { ...roles.admin, roles };
}

function optionsOf(properties: Properties, readFile: ReadFile): KafkaOptions {
  const connection = valuesOf(CONNECTION, properties);
  const { brokers, protocol } = connection;
  if (brokers === undefined) return bad("The setting 'bootstrap.servers' is missing", 'host:port,…');
  for (const b of brokers) if (!/^.+:\d+$/.test(b)) bad(`'bootstrap.servers': '${b}' is no host:port`);
  return {
    brokers,
    ...givenOf({ ...CLIENT, ...CONSUMER, ...PRODUCER }, properties),
    ...(protocol.endsWith('SSL') ? { ssl: tlsOptions(properties, readFile) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(connection) } : {}),
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
  const own = Object.entries(properties).filter(([name]) => name.startsWith(`${prefix}ssl.`));
  if (own.length === 0) return undefined;
  return tlsOptions(Object.fromEntries(own.map(([n, v]) => [n.slice(prefix.length), v])), readFile, prefix);
}

function saslOf({ mechanism: named, jaas = '', ...given }: SettingValues<typeof CONNECTION>): Sasl {
  const mechanism = (named ?? bad("The setting 'sasl.mechanism' is missing")).toLowerCase();
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    return bad(`'sasl.mechanism': '${mechanism}' is not supported`, 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.');
  }
  const username = given.username ?? jaasOption(jaas, 'username');
  const password = given.password ?? jaasOption(jaas, 'password');
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
function tlsOptions(properties: Properties, readFile: ReadFile, prefix = ''): ConnectionOptions {
  const tls = valuesOf(TLS, properties);
  const named = (s: Setting<string | undefined>): string => `'${prefix}${s.name}'`;
  const file = (s: Setting<string | undefined>): Buffer => {
    const path = s.of(properties)!;
    try {
      return readFile(path);
    } catch (e) {
      return bad(`${named(s)}: ${path} cannot be read: ${messageOf(e)}`);
    }
  };
  const out: ConnectionOptions = {};
  const trustType = (tls.truststoreType ?? guessType(tls.truststore)).toUpperCase();
  if (tls.certificates !== undefined) out.ca = tls.certificates;
  else if (tls.truststore !== undefined) {
    if (trustType !== 'PEM') {
      bad(
        `${named(TLS.truststoreType)}: ${trustType} is not supported`,
        'Export the certificates to a PEM file: keytool -list -rfc.',
      );
    }
    out.ca = file(TLS.truststore);
  } else if (tls.authority !== undefined) out.ca = file(TLS.authority);
  const keyType = (tls.keystoreType ?? guessType(tls.keystore)).toUpperCase();
  const passphrase = tls.keyPassword ?? tls.keystorePassword;
  if (tls.keystoreKey !== undefined) {
    out.key = tls.keystoreKey;
    out.cert = tls.keystoreChain ?? bad(`${named(TLS.keystoreChain)} is missing`);
  } else if (tls.keystore !== undefined) {
    if (keyType === 'PEM') out.key = out.cert = file(TLS.keystore);
    else if (keyType === 'PKCS12') out.pfx = file(TLS.keystore);
    else bad(`${named(TLS.keystoreType)}: ${keyType} is not supported`, 'Use PEM or PKCS12 (keytool -importkeystore).');
  } else if (tls.key !== undefined) {
    out.key = file(TLS.key);
    if (tls.certificate === undefined) bad(`${named(TLS.certificate)} is missing`);
    out.cert = file(TLS.certificate);
  }
  if (passphrase !== undefined) out.passphrase = passphrase;
  // Java's way to switch the check of host names off.
  if (tls.hostCheck?.trim() === '') out.checkServerIdentity = () => undefined;
  return out;
}

function guessType(path: string | undefined): string {
  if (path === undefined || /\.(pem|crt|cer|key)$/i.test(path)) return 'PEM';
  return /\.(p12|pfx|pkcs12)$/i.test(path) ? 'PKCS12' : 'JKS';
}
