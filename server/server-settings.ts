import { bool, oneOf, type SettingCheck, whole } from '../engine/index.js';

/** A setting that the server reads at its start: from a `.properties` file, the environment or flags. */
export interface ServerSetting {
  readonly name: string;
  /** Null: not set. */
  readonly default: string | null;
  readonly description: string;
  /** What is wrong with a value ("must be …"). Left out: what the default says, which is true or false, or a number. */
  readonly check?: SettingCheck;
}

const url: SettingCheck = (v) => (URL.canParse(v) ? undefined : 'must be a URL');
const userAndPassword: SettingCheck = (v) => (/^[^:]+:./.test(v.trim()) ? undefined : 'must be user:password');

/** All that `loadConfig` reads, for docs/settings.md; a test compares the two. */
export const SERVER_SETTINGS: readonly ServerSetting[] = [
  {
    name: 'listeners',
    default: 'http://0.0.0.0:8088',
    description: 'Where the API answers: http:// and https:// URLs, separated by commas.',
  },
  {
    name: 'ssl.keystore.location',
    default: null,
    description: 'Key and certificate of the https listeners: PKCS#12, or PEM with both.',
  },
  { name: 'ssl.keystore.password', default: null, description: 'Password of the key store.' },
  { name: 'ssl.key.password', default: null, description: 'Password of the key, where it is another.' },
  { name: 'ssl.certificate.location', default: null, description: 'Certificate of the https listeners: PEM.' },
  { name: 'ssl.key.location', default: null, description: 'Its key: PEM.' },
  {
    name: 'ssl.client.auth',
    default: 'none',
    description: 'Whether clients of https listeners show a certificate: none, requested or required.',
    check: oneOf('none', 'requested', 'required'),
  },
  {
    name: 'ssl.truststore.location',
    default: null,
    description: "Who signs clients' certificates: PEM.",
  },
  { name: 'bootstrap.servers', default: null, description: 'Kafka brokers; without it the embedded log is used.' },
  { name: 'weir.data.dir', default: 'data', description: 'Folder of the embedded log and of the state.' },
  {
    name: 'weir.start.timeout.ms',
    default: '60000',
    description: 'How long a start waits for brokers that cannot be reached.',
  },
  {
    name: 'weir.data.verify',
    default: 'true',
    description:
      'Whether all files of the data folder are compared with their checksums at the start, which reads them once (some 200 MB a second).',
  },
  { name: 'ksql.streams.state.dir', default: null, description: "ksqlDB's name of weir.data.dir." },
  { name: 'ksql.service.id', default: 'default_', description: 'Nodes with one id share their work.' },
  {
    name: 'ksql.queries.file',
    default: null,
    description: 'Statements to deploy at the start: a file, or a folder of .sql files in lexical order.',
  },
  {
    name: 'weir.headless',
    default: 'false',
    description: 'The API takes no changes: what runs is what was deployed from files.',
  },
  {
    name: 'weir.auth.users',
    default: null,
    description: '`user:password` pairs, separated by commas, that may sign in.',
    check: (v) =>
      v.trim() === '' || v.split(',').every((p) => userAndPassword(p) === undefined)
        ? undefined
        : 'must be user:password pairs, separated by commas',
  },
  {
    name: 'ksql.advertised.listener',
    default: null,
    description:
      'Where other nodes of the service reach this one: a URL. Left out: the listener, or the host name where it is every address.',
    check: url,
  },
  {
    name: 'weir.peer.auth',
    default: null,
    description: '`user:password` that the node signs in with at others. Left out: the first of weir.auth.users.',
    check: userAndPassword,
  },
  { name: 'ksql.heartbeat.enable', default: 'true', description: 'Nodes tell each other that they are alive.' },
  { name: 'ksql.heartbeat.send.interval.ms', default: '500', description: 'How often they do.' },
  {
    name: 'ksql.heartbeat.window.ms',
    default: '3000',
    description: 'A node that was silent for so long is not asked.',
  },
  {
    name: 'ksql.lag.reporting.enable',
    default: 'true',
    description: 'Nodes tell each other how far their copies are behind.',
  },
  { name: 'ksql.lag.reporting.send.interval.ms', default: '5000', description: 'How often they do.' },
  {
    name: 'ksql.query.pull.forwarding.timeout.ms',
    default: '20000',
    description: 'What another node may take for its part of a pull query without a sign of life.',
  },
  { name: 'weir.ksql.version', default: '0.29.0', description: 'The ksqlDB version that clients are told at /info.' },
  {
    name: 'ksql.schema.registry.url',
    default: null,
    description: 'The schema registry; several, separated by commas.',
  },
  {
    name: 'ksql.schema.registry.basic.auth.user.info',
    default: null,
    description: '`user:password` for the schema registry.',
  },
  {
    name: 'ksql.schema.registry.request.timeout.ms',
    default: '10000',
    description: 'What a request to the schema registry may take.',
  },
  {
    name: 'weir.log.level',
    default: 'info',
    description: 'trace, debug, info, warn, error, fatal or silent.',
    check: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  { name: 'weir.max.connections', default: '10000', description: 'Connections at a time.' },
  { name: 'weir.max.body.bytes', default: '4194304', description: "Bytes of a request's body." },
  {
    name: 'weir.request.timeout.ms',
    default: '60000',
    description: "What a request's body may take to come; that of /inserts-stream goes on as long as its client likes.",
  },
  { name: 'ksql.max.push.queries', default: '10000', description: 'Push queries at a time, over all clients.' },
  {
    name: 'weir.client.max.unsent.bytes',
    default: '1048576',
    description: 'What may wait for a slow client; beyond, its queries pause.',
  },
  {
    name: 'weir.client.stall.timeout.ms',
    default: '30000',
    description: 'A client whose queries are paused and that does not take what waits for it is let go after this.',
  },
  { name: 'weir.ws.max.subscriptions', default: '1000', description: 'Queries on one connection of /ws/v1.' },
  { name: 'weir.ws.max.frame.bytes', default: '262144', description: 'Bytes of one frame to /ws/v1.' },
  {
    name: 'weir.notice.after.ms',
    default: '2000',
    description: 'A push query that is silent for so long says why.',
  },
  {
    name: 'access.control.allow.origin',
    default: null,
    description: 'Origins whose pages may use the API, separated by commas; * allows all.',
  },
  { name: 'weir.heartbeat.ms', default: '1000', description: 'How often a silent push query gives a sign of life.' },
  {
    name: 'weir.stop.grace.ms',
    default: '2000',
    description: 'What a stop waits for clients to take the end of their answers.',
  },
];

const byName = new Map(SERVER_SETTINGS.map((s) => [s.name, s]));

/** What is wrong with the value of a setting of this table ("must be …"); undefined: nothing, or it is none of them. */
export function serverSettingProblem(name: string, value: string): string | undefined {
  const setting = byName.get(name);
  if (setting === undefined) return undefined;
  if (setting.check !== undefined) return setting.check(value);
  if (setting.default === 'true' || setting.default === 'false') return bool(value);
  return setting.default !== null && /^\d+$/.test(setting.default) ? whole(value) : undefined;
}
