import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { messageOf, WeirError } from '../engine/index.js';
import { checkProperties } from './check-settings.js';
import { type ClusterConfig, clusterConfig } from './cluster-config.js';
import { OF_THE_IMAGE } from './ksqldb-server-settings.js';
import { type ListenerConfig, listenersOf, tlsOf } from './listeners.js';

/**
 * Configuration: defaults < `.properties` file < environment < flags. Names are ksqlDB's; in the environment a name is
 * `KSQL_` and the name in upper case with dots as underscores (`KSQL_BOOTSTRAP_SERVERS`, `KSQL_KSQL_SERVICE_ID`).
 */
export interface ServerConfig {
  /** Of the first listener. */
  readonly host: string;
  readonly port: number;
  readonly listeners: readonly ListenerConfig[];
  /** Key and certificate of the `https` listeners. */
  readonly tls: TlsOptions | undefined;
  /** Undefined: the embedded log in `dataDir`. */
  readonly bootstrapServers: string | undefined;
  /** LevelDB: the embedded log and state, or state alone with Kafka. */
  readonly dataDir: string;
  /** What a start waits for brokers that cannot be reached. */
  readonly startTimeoutMs: number;
  /** Whether the data folder's databases are read and compared with their checksums before they are opened. */
  readonly verifyData: boolean;
  readonly serviceId: string;
  /** A file of statements, or a folder whose `.sql` files are deployed in lexical order. */
  readonly queriesFile: string | undefined;
  /** What runs is what was deployed; the API takes no changes (`weir.headless`). */
  readonly headless: boolean;
  /** `user:password` pairs that may sign in; empty: no authentication. */
  readonly users: ReadonlyMap<string, string>;
  /** How the nodes of the service talk to each other. */
  readonly cluster: ClusterConfig;
  /** Origins whose pages may use the API; `*`: all. */
  readonly allowedOrigins: readonly string[];
  /** The version that clients are told at `/info`. */
  readonly ksqlVersion: string;
  /** The schema registry; undefined: none. */
  readonly registry: RegistryConfig | undefined;
  readonly logLevel: string;
  readonly limits: ServerLimits;
  /** Everything set, by ksqlDB's names: defaults of queries, Kafka client settings. */
  readonly properties: Readonly<Record<string, string>>;
  /** Names that were set and that Weir has no use for. */
  readonly unused: readonly string[];
}

export interface RegistryConfig {
  readonly urls: readonly string[];
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly timeoutMs: number;
}

export interface ServerLimits {
  readonly maxConnections: number;
  /** Bytes of a request's body. */
  readonly maxBody: number;
  /** Push queries at a time, over all clients. */
  readonly maxPushQueries: number;
  /** Bytes that wait for a client at which its queries pause. */
  readonly maxUnsentBytes: number;
  /** A client whose queries are paused and that does not take what waits for it is let go after this. */
  readonly stallTimeoutMs: number;
  /** Queries on one connection of `/ws/v1`. */
  readonly maxSubscriptions: number;
  /** Bytes of one frame to `/ws/v1`. */
  readonly maxFrameBytes: number;
  /** A push query that is silent for so long says why. */
  readonly noticeAfterMs: number;
  /** How often a push query without rows gives a sign of life, where its format has one. */
  readonly heartbeatMs: number;
  /** What a request's body may take to come. */
  readonly requestTimeoutMs: number;
  /** What a stop waits for clients to take the end of their answers. */
  readonly stopGraceMs: number;
}

/** Parses Java's `.properties` format as far as configuration files use it: `k=v`, `k: v`, comments, line ends with `\`. */
export function parseProperties(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  const lines = text.replace(/\\\r?\n[ \t]*/g, '').split(/\r?\n/);
  for (const raw of lines) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    const at = line.search(/[=:]|\s/);
    if (at < 0) {
      out[line] = '';
      continue;
    }
    const value = line.slice(at).replace(/^\s*[=:]?\s*/, '');
    out[line.slice(0, at)] = value.replace(
      /\\([tnr\\=:#! ])/g,
      (_, c: string) => ({ t: '\t', n: '\n', r: '\r' })[c] ?? c,
    );
  }
  return out;
}

/** `KSQL_KSQL_QUERIES_FILE` is `ksql.queries.file`: ksqlDB's images drop the first `KSQL_` and turn `_` into dots. */
function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith('KSQL_') || OF_THE_IMAGE.has(name)) continue;
    out[settingOfVariable(name)] = value;
  }
  return out;
}

const settingOfVariable = (name: string): string =>
  name.slice(5).toLowerCase().replaceAll('__', '-').replaceAll('_', '.');

const number = (properties: Record<string, string>, name: string, fallback: number): number => {
  const text = properties[name];
  if (text === undefined) return fallback;
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) {
    throw new WeirError('BAD_REQUEST', `Setting ${name} must be a whole number, not '${text}'.`);
  }
  return n;
};

function users(text: string | undefined): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const pair of (text ?? '').split(',')) {
    const at = pair.indexOf(':');
    if (at > 0) out.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  return out;
}

/** `ksql.schema.registry.*` as Confluent's clients spell it. */
function registry(properties: Record<string, string>): RegistryConfig | undefined {
  const urls = (properties['ksql.schema.registry.url'] ?? '')
    .split(',')
    .map((u) => u.trim())
    .filter((u) => u !== '');
  if (urls.length === 0) return undefined;
  const parsed = urls.map((text) => {
    try {
      return new URL(text);
    } catch {
      throw new WeirError(
        'BAD_REQUEST',
        `Setting ksql.schema.registry.url is no URL: '${text}'.`,
        'For example http://localhost:8081',
      );
    }
  });
  // user:password from the setting of that name, or from the URL itself (credentials source URL).
  const first = parsed[0]!;
  const info =
    properties['ksql.schema.registry.basic.auth.user.info'] ??
    (first.username === '' ? undefined : `${decodeURIComponent(first.username)}:${decodeURIComponent(first.password)}`);
  const at = info?.indexOf(':') ?? -1;
  return {
    urls: parsed.map((u) => `${u.protocol}//${u.host}${u.pathname}`),
    user: info === undefined || at < 0 ? undefined : { name: info.slice(0, at), password: info.slice(at + 1) },
    timeoutMs: number(properties, 'ksql.schema.registry.request.timeout.ms', 10_000),
  };
}

export function loadConfig(
  flags: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  configFile?: string,
): ServerConfig {
  const ofFile = configFile === undefined ? {} : parseProperties(readConfigFile(configFile));
  const ofEnvironment = fromEnvironment(env);
  const properties: Record<string, string> = { ...ofFile, ...ofEnvironment, ...flags };
  const unused = checkProperties(properties, (name) => {
    if (name in flags) return 'given as a flag';
    if (!(name in ofEnvironment)) return `in ${configFile}`;
    return `in the environment: ${Object.keys(env).find((v) => v.startsWith('KSQL_') && settingOfVariable(v) === name)}`;
  });
  const listeners = listenersOf(properties);
  const { host, port } = listeners[0]!;
  return {
    host,
    port,
    listeners,
    tls: listeners.some((l) => l.secure) ? tlsOf(properties) : undefined,
    bootstrapServers: properties['bootstrap.servers'] || undefined,
    dataDir: properties['weir.data.dir'] ?? properties['ksql.streams.state.dir'] ?? 'data',
    startTimeoutMs: number(properties, 'weir.start.timeout.ms', 60_000),
    verifyData: properties['weir.data.verify'] !== 'false',
    serviceId: properties['ksql.service.id'] ?? 'default_',
    queriesFile: properties['ksql.queries.file'] || undefined,
    headless: properties['weir.headless'] === 'true',
    users: users(properties['weir.auth.users']),
    cluster: clusterConfig(properties, (name, fallback) => number(properties, name, fallback), listeners[0]!),
    allowedOrigins: (properties['access.control.allow.origin'] ?? '')
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
    ksqlVersion: properties['weir.ksql.version'] ?? '0.29.0',
    registry: registry(properties),
    logLevel: properties['weir.log.level'] ?? 'info',
    limits: {
      maxConnections: number(properties, 'weir.max.connections', 10_000),
      maxBody: number(properties, 'weir.max.body.bytes', 4 * 1024 * 1024),
      maxPushQueries: number(properties, 'ksql.max.push.queries', 10_000),
      maxUnsentBytes: number(properties, 'weir.client.max.unsent.bytes', 1024 * 1024),
      stallTimeoutMs: number(properties, 'weir.client.stall.timeout.ms', 30_000),
      maxSubscriptions: number(properties, 'weir.ws.max.subscriptions', 1000),
      maxFrameBytes: number(properties, 'weir.ws.max.frame.bytes', 256 * 1024),
      noticeAfterMs: number(properties, 'weir.notice.after.ms', 2000),
      heartbeatMs: number(properties, 'weir.heartbeat.ms', 1000),
      requestTimeoutMs: number(properties, 'weir.request.timeout.ms', 60_000),
      stopGraceMs: number(properties, 'weir.stop.grace.ms', 2000),
    },
    properties,
    unused,
  };
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `The configuration file ${path} cannot be read: ${messageOf(e)}`);
  }
}
