import {
  boolean,
  bytes,
  list,
  oneOf,
  type Setting,
  type SettingGroup,
  type SettingType,
  type SettingValues,
  setting,
  text,
  timeout,
  whole,
} from '../engine/index.js';

/**
 * The settings that the server reads at its start, from a `.properties` file, the environment or flags. Each is declared once:
 * its value in `ServerConfig`, the checks of the start, "did you mean" and docs/settings.md follow.
 */

type UserAndPassword = { readonly name: string; readonly password: string };

function userAndPassword(t: string): UserAndPassword | undefined {
  const at = t.indexOf(':');
  const [name, password] = [t.slice(0, Math.max(at, 0)).trim(), t.slice(at + 1).trim()];
  return name === '' || password === '' ? undefined : { name, password };
}

const login: SettingType<UserAndPassword> = {
  parse: userAndPassword,
  must: 'user:password',
  print: ({ name, password }) => `${name}:${password}`,
  emptyIsUnset: true,
};

const logins: SettingType<readonly UserAndPassword[]> = {
  parse: (t) => {
    const all = t.split(',').map(userAndPassword);
    return all.every((pair) => pair !== undefined) ? all : undefined;
  },
  must: 'user:password pairs, separated by commas',
  emptyIsUnset: true,
};

const url: SettingType<URL> = {
  parse: (t) => {
    const at = t.includes('://') ? t : `http://${t}`;
    return URL.canParse(t) && URL.canParse(at) ? new URL(at) : undefined;
  },
  must: 'a URL',
  emptyIsUnset: true,
};

const urls: SettingType<readonly URL[]> = {
  parse: (t) => {
    const all = list.parse(t)!;
    return all.every((u) => URL.canParse(u)) ? all.map((u) => new URL(u)) : undefined;
  },
  must: 'URLs, separated by commas',
  emptyIsUnset: true,
};

/** A folder of web pages, and below which path they are served. */
export interface PagesFolder {
  /** `/` or `/some/path/`. */
  readonly prefix: string;
  readonly folder: string;
}

const pages: SettingType<readonly PagesFolder[]> = {
  parse: (t) => {
    const found = list.parse(t)!.map((entry) => {
      const [, path = '/', folder = ''] = /^(?:(\/[\w./-]*)=)?(.+)$/.exec(entry) ?? [];
      return { prefix: path.endsWith('/') ? path : `${path}/`, folder };
    });
    return found.every((f) => f.folder !== '') && new Set(found.map((f) => f.prefix)).size === found.length
      ? found
      : undefined;
  },
  must: 'folders, separated by commas, each with its path before it where that is not /: pages,/img=pictures',
  print: (folders) => folders.map((f) => `${f.prefix}=${f.folder}`).join(','),
  emptyIsUnset: true,
};

export const LISTENER = {
  listeners: setting(
    'listeners',
    list,
    ['http://0.0.0.0:8088'],
    'Where the API answers: http:// and https:// URLs, separated by commas.',
  ),
  keystore: setting(
    'ssl.keystore.location',
    text,
    undefined,
    'Key and certificate of the https listeners: PKCS#12, or PEM with both.',
  ),
  keystorePassword: setting('ssl.keystore.password', text, undefined, 'Password of the key store.'),
  keyPassword: setting('ssl.key.password', text, undefined, 'Password of the key, where it is another.'),
  certificate: setting('ssl.certificate.location', text, undefined, 'Certificate of the https listeners: PEM.'),
  key: setting('ssl.key.location', text, undefined, 'Its key: PEM.'),
  clientAuth: setting(
    'ssl.client.auth',
    oneOf('none', 'requested', 'required'),
    'none',
    'Whether clients of https listeners show a certificate: none, requested or required.',
  ),
  truststore: setting('ssl.truststore.location', text, undefined, "Who signs clients' certificates: PEM."),
};

/** Their values are members of `ServerConfig`. */
export const SERVER = {
  bootstrapServers: setting(
    'bootstrap.servers',
    text,
    undefined,
    'Kafka brokers; without it the embedded log is used.',
  ),
  startTimeoutMs: setting(
    'weir.start.timeout.ms',
    timeout,
    60_000,
    'How long a start waits for brokers that cannot be reached.',
  ),
  verifyData: setting(
    'weir.data.verify',
    boolean,
    true,
    'Whether all files of the data folder are compared with their checksums at the start, which reads them once (some 200 MB a second).',
  ),
  serviceId: setting('ksql.service.id', text, 'default_', 'Nodes with one id share their work.'),
  queriesFile: setting(
    'ksql.queries.file',
    text,
    undefined,
    'Statements to deploy at the start: a file, or a folder of .sql files in lexical order.',
  ),
  headless: setting(
    'weir.headless',
    boolean,
    false,
    'The API takes no changes: what runs is what was deployed from files.',
  ),
  pages: setting(
    'weir.pages.dirs',
    pages,
    [],
    'Folders of web pages that the server serves beside its API: pages,/img=pictures. A page finds the client at /weir/client/index.js.',
  ),
  routesFile: setting(
    'weir.routes.file',
    text,
    undefined,
    'A JSON file with paths of your own: what query a GET answers, which stream a POST writes to (docs/rest.md).',
  ),
  allowedOrigins: setting(
    'access.control.allow.origin',
    list,
    [],
    'Origins whose pages may use the API, separated by commas; * allows all.',
  ),
  ksqlVersion: setting('weir.ksql.version', text, '0.29.0', 'The ksqlDB version that clients are told at /info.'),
  logLevel: setting(
    'weir.log.level',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'trace, debug, info, warn, error, fatal or silent.',
  ),
};

/** What else `loadConfig` reads. */
export const DATA = {
  directory: setting('weir.data.dir', text, 'data', 'Folder of the embedded log and of the state.'),
  stateDirectory: setting('ksql.streams.state.dir', text, undefined, "ksqlDB's name of weir.data.dir."),
};

/** Who may sign in, and how nodes do at each other. */
export const LOGIN = {
  users: setting('weir.auth.users', logins, [], '`user:password` pairs, separated by commas, that may sign in.'),
  peer: setting(
    'weir.peer.auth',
    login,
    undefined,
    '`user:password` that the node signs in with at others. Left out: the first of weir.auth.users.',
  ),
};

export const CLUSTER = {
  advertised: setting(
    'ksql.advertised.listener',
    url,
    undefined,
    'Where other nodes of the service reach this one: a URL. Left out: the listener, or the host name where it is every address.',
  ),
  heartbeat: setting('ksql.heartbeat.enable', boolean, true, 'Nodes tell each other that they are alive.'),
  heartbeatIntervalMs: setting('ksql.heartbeat.send.interval.ms', timeout, 500, 'How often they do.'),
  heartbeatWindowMs: setting(
    'ksql.heartbeat.window.ms',
    timeout,
    3000,
    'A node that was silent for so long is not asked.',
  ),
  lagReporting: setting(
    'ksql.lag.reporting.enable',
    boolean,
    true,
    'Nodes tell each other how far their copies are behind.',
  ),
  lagIntervalMs: setting('ksql.lag.reporting.send.interval.ms', timeout, 5000, 'How often they do.'),
  timeoutMs: setting(
    'ksql.query.pull.forwarding.timeout.ms',
    timeout,
    20_000,
    'What another node may take for its part of a pull query without a sign of life.',
  ),
};

export const REGISTRY = {
  urls: setting('ksql.schema.registry.url', urls, [], 'The schema registry; several, separated by commas.'),
  user: setting(
    'ksql.schema.registry.basic.auth.user.info',
    login,
    undefined,
    '`user:password` for the schema registry.',
  ),
  timeoutMs: setting(
    'ksql.schema.registry.request.timeout.ms',
    timeout,
    10_000,
    'What a request to the schema registry may take.',
  ),
};

/** Their values are `ServerConfig.limits`. */
export const LIMITS = {
  maxConnections: setting('weir.max.connections', whole(), 10_000, 'Connections at a time.'),
  maxBody: setting('weir.max.body.bytes', bytes, 4 * 1024 * 1024, "Bytes of a request's body."),
  requestTimeoutMs: setting(
    'weir.request.timeout.ms',
    timeout,
    60_000,
    "What a request's body may take to come; that of /inserts-stream goes on as long as its client likes.",
  ),
  maxPushQueries: setting('ksql.max.push.queries', whole(), 10_000, 'Push queries at a time, over all clients.'),
  maxUnsentBytes: setting(
    'weir.client.max.unsent.bytes',
    bytes,
    1024 * 1024,
    'What may wait for a slow client; beyond, its queries pause.',
  ),
  stallTimeoutMs: setting(
    'weir.client.stall.timeout.ms',
    timeout,
    30_000,
    'A client whose queries are paused and that does not take what waits for it is let go after this.',
  ),
  maxSubscriptions: setting('weir.ws.max.subscriptions', whole(), 1000, 'Queries on one connection of /ws/v1.'),
  maxFrameBytes: setting('weir.ws.max.frame.bytes', bytes, 256 * 1024, 'Bytes of one frame to /ws/v1.'),
  noticeAfterMs: setting('weir.notice.after.ms', timeout, 2000, 'A push query that is silent for so long says why.'),
  heartbeatMs: setting(
    'weir.heartbeat.ms',
    timeout,
    1000,
    'How often a push query without rows gives a sign of life, where its format has one.',
  ),
  stopGraceMs: setting(
    'weir.stop.grace.ms',
    timeout,
    2000,
    'What a stop waits for clients to take the end of their answers.',
  ),
};

export type ServerLimits = SettingValues<typeof LIMITS>;

export const SERVER_SETTINGS: readonly Setting<unknown>[] = [
  LISTENER,
  SERVER,
  DATA,
  LOGIN,
  CLUSTER,
  REGISTRY,
  LIMITS,
].flatMap((group: SettingGroup) => Object.values(group));

const byName = new Map(SERVER_SETTINGS.map((s) => [s.name, s]));

/** Undefined: it is none of the server's. */
export const serverSetting = (name: string): Setting<unknown> | undefined => byName.get(name);
