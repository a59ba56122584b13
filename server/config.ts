import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { messageOf, type Properties, type SettingValues, valuesOf, WeirError } from '../engine/index.js';
import { checkProperties } from './check-settings.js';
import { type ClusterConfig, clusterConfig } from './cluster-config.js';
import { OF_THE_IMAGE } from './ksqldb-server-settings.js';
import { type ListenerConfig, listenersOf, tlsOf } from './listeners.js';
import { DATA, LIMITS, LOGIN, REGISTRY, SERVER, type ServerLimits } from './server-settings.js';

/**
 * Configuration: defaults < `.properties` file < environment < flags. Names are ksqlDB's; in the environment a name is
 * `KSQL_` and the name in upper case with dots as underscores (`KSQL_BOOTSTRAP_SERVERS`, `KSQL_KSQL_SERVICE_ID`).
 */
export interface ServerConfig extends SettingValues<typeof SERVER> {
  /** Of the first listener. */
  readonly host: string;
  readonly port: number;
  readonly listeners: readonly ListenerConfig[];
  /** Key and certificate of the `https` listeners. */
  readonly tls: TlsOptions | undefined;
  /** LevelDB: the embedded log and state, or state alone with Kafka. */
  readonly dataDir: string;
  /** Passwords by user; empty: no authentication. */
  readonly users: ReadonlyMap<string, string>;
  /** How the nodes of the service talk to each other. */
  readonly cluster: ClusterConfig;
  /** The schema registry; undefined: none. */
  readonly registry: RegistryConfig | undefined;
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

/** `ksql.schema.registry.*` as Confluent's clients spell it. */
function registry(properties: Properties): RegistryConfig | undefined {
  const { urls, user, timeoutMs } = valuesOf(REGISTRY, properties);
  const [first] = urls;
  if (first === undefined) return undefined;
  // The login is that of the setting, or in the URL itself (credentials source URL).
  const inUrl =
    first.username === ''
      ? undefined
      : { name: decodeURIComponent(first.username), password: decodeURIComponent(first.password) };
  return { urls: urls.map((u) => `${u.protocol}//${u.host}${u.pathname}`), user: user ?? inUrl, timeoutMs };
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
    ...valuesOf(SERVER, properties),
    host,
    port,
    listeners,
    tls: listeners.some((l) => l.secure) ? tlsOf(properties) : undefined,
    dataDir: DATA.directory.given(properties) ?? DATA.stateDirectory.of(properties) ?? DATA.directory.of({}),
    users: new Map(LOGIN.users.of(properties).map(({ name, password }) => [name, password])),
    cluster: clusterConfig(properties, listeners[0]!),
    registry: registry(properties),
    limits: valuesOf(LIMITS, properties),
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
