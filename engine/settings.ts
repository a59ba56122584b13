import { WeirError } from './base/errors.js';
import { WITHOUT_EFFECT } from './ksqldb-settings.js';

/** A setting that queries read. Names are ksqlDB's; `ksql.streams.x` and plain `x` are the same setting. */
export interface SettingDef {
  readonly name: string;
  readonly scope: 'KSQL' | 'KAFKA STREAMS' | 'WEIR';
  readonly default: string | null;
  /** Whether SET may change it. */
  readonly editable: boolean;
  readonly description: string;
  /** Throws nothing: tells what is wrong with a value, or undefined where it is right. */
  readonly check?: SettingCheck;
}

/** What is wrong with a value of a setting ("must be …"); undefined: nothing. */
export type SettingCheck = (value: string) => string | undefined;

export const oneOf =
  (...values: string[]): SettingCheck =>
  (v) =>
    values.includes(v.toLowerCase()) ? undefined : `must be one of ${values.join(', ')}`;
export const whole: SettingCheck = (v) => (/^\d+$/.test(v.trim()) ? undefined : 'must be a whole number');
const integer = (v: string): string | undefined => (/^-?\d+$/.test(v.trim()) ? undefined : 'must be a whole number');
export const bool = oneOf('true', 'false');

export const SETTINGS: readonly SettingDef[] = [
  {
    name: 'auto.offset.reset',
    scope: 'KAFKA STREAMS',
    default: 'latest',
    editable: true,
    description:
      'Where a query without committed offsets begins to read its streams. Tables that it keeps, joins or groups are read ' +
      'from the earliest offset in any case.',
    check: oneOf('earliest', 'latest'),
  },
  {
    name: 'commit.interval.ms',
    scope: 'KAFKA STREAMS',
    default: '500',
    editable: true,
    description: 'How often a persistent query commits outputs, state and offsets.',
    check: whole,
  },
  {
    name: 'cache.max.bytes.buffering',
    scope: 'KAFKA STREAMS',
    default: '10000000',
    editable: true,
    description: 'Bytes of aggregates held back between commits; 0 emits every update.',
    check: whole,
  },
  {
    name: 'statestore.cache.max.bytes',
    scope: 'KAFKA STREAMS',
    default: null,
    editable: true,
    description: "Kafka's newer name of cache.max.bytes.buffering.",
    check: whole,
  },
  {
    name: 'processing.guarantee',
    scope: 'KAFKA STREAMS',
    default: 'exactly_once_v2',
    editable: true,
    description: 'exactly_once_v2 or at_least_once.',
    check: oneOf('exactly_once_v2', 'exactly_once', 'exactly_once_beta', 'at_least_once'),
  },
  {
    name: 'compression.type',
    scope: 'KAFKA STREAMS',
    default: 'none',
    editable: true,
    description:
      'Of the batches that a query writes on Kafka: none, gzip, snappy, lz4 or zstd. Also producer.compression.type.',
    check: oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  },
  {
    name: 'num.stream.threads',
    scope: 'KAFKA STREAMS',
    default: '1',
    editable: true,
    description: 'Threads of each node that run a query; with the embedded log there is one.',
    check: whole,
  },
  {
    name: 'num.standby.replicas',
    scope: 'KAFKA STREAMS',
    default: '0',
    editable: true,
    description: "Nodes that keep a copy of each task's state beside the one that runs it (on Kafka).",
    check: whole,
  },
  {
    name: 'state.cleanup.delay.ms',
    scope: 'KAFKA STREAMS',
    default: '600000',
    editable: true,
    description: 'How long a node keeps the state of a task that has moved to another node.',
    check: whole,
  },
  {
    name: 'ksql.query.pull.enable.standby.reads',
    scope: 'KSQL',
    default: 'false',
    editable: true,
    description: 'Whether pull queries may read copies when the owner of the state does not answer.',
    check: bool,
  },
  {
    name: 'ksql.query.pull.max.allowed.offset.lag',
    scope: 'KSQL',
    default: '9223372036854775807',
    editable: true,
    description: 'How many changelog entries a copy may be behind to be read.',
    check: whole,
  },
  {
    name: 'max.task.idle.ms',
    scope: 'KAFKA STREAMS',
    default: '0',
    editable: true,
    description:
      'How long rows wait for earlier ones of other partitions. 0: for those that are on the log already, and for nobody ' +
      'who may yet write. More: so long for partitions that have nothing, too. -1: for nothing, and rows may be taken out ' +
      'of order.',
    check: (v) => (integer(v) === undefined && Number(v) >= -1 ? undefined : 'must be a whole number from -1 on'),
  },
  {
    name: 'ksql.persistence.default.format.key',
    scope: 'KSQL',
    default: 'KAFKA',
    editable: true,
    description: 'Key format where a statement names none.',
  },
  {
    name: 'ksql.persistence.default.format.value',
    scope: 'KSQL',
    default: null,
    editable: true,
    description: 'Value format where a statement names none.',
  },
  {
    name: 'ksql.persistence.wrap.single.values',
    scope: 'KSQL',
    default: null,
    editable: true,
    description: 'Whether a single value column is written inside a record.',
    check: bool,
  },
  {
    name: 'ksql.output.topic.name.prefix',
    scope: 'KSQL',
    default: '',
    editable: true,
    description: 'Goes before the names of topics that CREATE … AS makes.',
  },
  {
    name: 'ksql.sink.partitions',
    scope: 'KSQL',
    default: null,
    editable: true,
    description: 'Partitions of new topics (deprecated: PARTITIONS).',
    check: whole,
  },
  {
    name: 'ksql.sink.replicas',
    scope: 'KSQL',
    default: null,
    editable: true,
    description: 'Replicas of new topics (deprecated: REPLICAS).',
    check: whole,
  },
  {
    name: 'ksql.query.push.v2.continuation.tokens.enabled',
    scope: 'KSQL',
    default: 'false',
    editable: true,
    description:
      'Whether the batches of a push query without state say where it goes on after them, as a token that ' +
      'request.ksql.query.push.continuation.token takes.',
    check: bool,
  },
  {
    name: 'weir.push.snapshot',
    scope: 'WEIR',
    default: 'false',
    editable: true,
    description:
      'Whether a push query on a table gives the rows that the table has first, and its changes behind them.',
    check: bool,
  },
  {
    name: 'ksql.pull.queries.enable',
    scope: 'KSQL',
    default: 'true',
    editable: false,
    description: 'Whether there are pull queries.',
    check: bool,
  },
  {
    name: 'ksql.query.pull.table.scan.enabled',
    scope: 'KSQL',
    default: 'true',
    editable: true,
    description: 'Whether pull queries may read whole tables.',
    check: bool,
  },
  {
    name: 'weir.query.pull.max.bytes',
    scope: 'WEIR',
    default: String(128 * 1024 * 1024),
    editable: false,
    description: 'What the joins, groups and orderings of one pull query may hold in memory; beyond, the query fails.',
    check: whole,
  },
  {
    name: 'ksql.headers.columns.enabled',
    scope: 'KSQL',
    default: 'true',
    editable: true,
    description: 'Whether columns may be bound to headers.',
    check: bool,
  },
  {
    name: 'ksql.timestamp.throw.on.invalid',
    scope: 'KSQL',
    default: 'false',
    editable: true,
    description: 'Whether a record with an invalid timestamp ends its query instead of being skipped.',
    check: bool,
  },
  {
    name: 'ksql.functions.collect_list.limit',
    scope: 'KSQL',
    default: '1000',
    editable: true,
    description: 'Most elements of COLLECT_LIST.',
    check: integer,
  },
  {
    name: 'ksql.functions.collect_set.limit',
    scope: 'KSQL',
    default: '1000',
    editable: true,
    description: 'Most elements of COLLECT_SET.',
    check: integer,
  },
  {
    name: 'ksql.logging.processing.topic.auto.create',
    scope: 'KSQL',
    default: 'false',
    editable: false,
    description:
      'Whether the topic of the processing log is created where it is missing. Without one, entries are kept in memory.',
    check: bool,
  },
  {
    name: 'ksql.logging.processing.topic.name',
    scope: 'KSQL',
    default: null,
    editable: false,
    description: 'Topic of the processing log; by default the service id and ksql_processing_log.',
  },
  {
    name: 'ksql.logging.processing.topic.partitions',
    scope: 'KSQL',
    default: '1',
    editable: false,
    description: 'Partitions of a new topic of the processing log.',
    check: whole,
  },
  {
    name: 'ksql.logging.processing.topic.replication.factor',
    scope: 'KSQL',
    default: null,
    editable: false,
    description: 'Replicas of a new topic of the processing log.',
    check: whole,
  },
  {
    name: 'ksql.logging.processing.stream.auto.create',
    scope: 'KSQL',
    default: 'false',
    editable: false,
    description: 'Whether a stream over the processing log is made at the start.',
    check: bool,
  },
  {
    name: 'ksql.logging.processing.stream.name',
    scope: 'KSQL',
    default: 'KSQL_PROCESSING_LOG',
    editable: false,
    description: 'Name of that stream.',
  },
  {
    name: 'ksql.logging.processing.rows.include',
    scope: 'KSQL',
    default: 'false',
    editable: false,
    description:
      'Whether entries of the processing log hold the record (base64) or the row itself: it may be confidential.',
    check: bool,
  },
  {
    name: 'weir.errors.deadletter.topic.name',
    scope: 'WEIR',
    default: null,
    editable: true,
    description:
      'Topic that gets the records that a query could not decode, or Kafka would not take, as they are, with their origin in headers. Created where it is missing.',
  },
  {
    name: 'weir.errors.late.topic.name',
    scope: 'WEIR',
    default: null,
    editable: true,
    description:
      "Topic that gets the records that came after their window's grace, as they are (those that a query has repartitioned as JSON), with window, stream time and grace in headers. Created where it is missing.",
  },
  {
    name: 'weir.errors.deadletter.evaluation',
    scope: 'WEIR',
    default: 'false',
    editable: true,
    description:
      'Whether records on which an expression failed go to the dead-letter topic too (they are processed all the same).',
    check: bool,
  },
];

const byName = new Map(SETTINGS.map((s) => [s.name, s]));

/** `ksql.streams.auto.offset.reset` and `auto.offset.reset` are one setting. */
export const settingName = (name: string): string => (name.startsWith('ksql.streams.') ? name.slice(13) : name);

/** What is wrong with a value ("must be …"); undefined: nothing, or Weir does not know the setting. */
export const settingProblem = (name: string, value: string): string | undefined =>
  byName.get(settingName(name))?.check?.(value);

/**
 * Throws BAD_REQUEST where a value does not fit its setting. Settings that Weir does not know are taken as they are: they
 * may be a Kafka client's, or one that ksqlDB has and Weir has no use for.
 */
export function checkSetting(name: string, value: string): void {
  const problem = settingProblem(name, value);
  if (problem === undefined) return;
  const { description } = byName.get(settingName(name))!;
  throw new WeirError('BAD_REQUEST', `Invalid value ${value} for property ${name}: it ${problem}.`, description);
}

/** Settings of Kafka's clients and Streams that scripts for ksqlDB SET by their bare names; Weir has no use for them. */
const OF_CLIENTS: ReadonlySet<string> = new Set(
  `acceptable.recovery.lag acks batch.size buffer.memory buffered.records.per.partition client.id
  default.deserialization.exception.handler default.production.exception.handler default.timestamp.extractor
  delivery.timeout.ms enable.idempotence fetch.max.bytes fetch.max.wait.ms fetch.min.bytes heartbeat.interval.ms
  isolation.level linger.ms max.block.ms max.partition.fetch.bytes max.poll.interval.ms max.poll.records
  max.request.size max.task.idle.ms max.warmup.replicas metadata.max.age.ms metrics.recording.level poll.ms
  probing.rebalance.interval.ms receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms
  repartition.purge.interval.ms replication.factor request.timeout.ms retries retry.backoff.ms rocksdb.config.setter
  send.buffer.bytes session.timeout.ms socket.connection.setup.timeout.ms state.dir task.timeout.ms
  topology.optimization transaction.timeout.ms upgrade.from windowstore.changelog.additional.retention.ms
  application.id application.server check.crcs client.dns.lookup client.rack security.protocol`.split(/\s+/),
);

/** Whether SET may name it: known, a Kafka client's, or with a prefix that leads to a client. */
export function isKnownSetting(name: string): boolean {
  const plain = settingName(name);
  return (
    byName.has(plain) ||
    OF_CLIENTS.has(plain) ||
    WITHOUT_EFFECT.has(plain) ||
    /^(producer|consumer|(main|restore|global)\.consumer|admin|topic|sasl|ssl|ksql\.functions)\./.test(plain)
  );
}

/** Settings in force: the server's over the defaults; a request's come on top with `with`. */
export class Settings {
  private readonly values: ReadonlyMap<string, string>;

  constructor(overrides: Readonly<Record<string, string>> = {}) {
    this.values = new Map(Object.entries(overrides).map(([k, v]) => [settingName(k), v]));
  }

  get(name: string): string | null {
    return this.values.get(name) ?? byName.get(name)?.default ?? null;
  }

  /** Only what was set, by plain name. */
  overrides(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.values);
  }

  with(more: ReadonlyMap<string, string>): Settings {
    return new Settings({ ...this.overrides(), ...Object.fromEntries(more) });
  }
}
