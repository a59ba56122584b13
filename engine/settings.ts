import { WeirError } from './base/errors.js';
import {
  boolean,
  bytes,
  list,
  long,
  milliseconds,
  oneOf,
  type Setting,
  type SettingGroup,
  setting,
  text,
  whole,
  withoutPrefix,
} from './base/setting.js';
import { KAFKA_NAMES, WITHOUT_EFFECT } from './ksqldb-settings.js';

/**
 * The settings that statements and queries read, each declared once: its names, type, default and meaning. Readers, the checks of SET
 * and of the server's start, SHOW PROPERTIES, "did you mean" and docs/settings.md follow. It imports `base/` alone, so that
 * every room may read what is its own.
 */

/** How a query runs; `QuerySettings` are their values. */
export const QUERY = {
  offsetReset: setting(
    'auto.offset.reset',
    oneOf('earliest', 'latest'),
    'latest',
    'Where a query without committed offsets begins to read its streams. Tables that it keeps, joins or groups are read ' +
      'from the earliest offset in any case.',
  ),
  commitIntervalMs: setting(
    'commit.interval.ms',
    milliseconds,
    500,
    'How often a persistent query commits outputs, state and offsets.',
  ),
  cacheBytes: setting(
    'cache.max.bytes.buffering',
    bytes,
    16 * 1024 * 1024,
    'What a task holds back between commits: with more than that (but no less than 1 MiB, no more than 64 MiB) it commits ' +
      'early. With 0 every update of an aggregate is written.',
    { aliases: ['statestore.cache.max.bytes'] },
  ),
  guarantee: setting(
    'processing.guarantee',
    oneOf('exactly_once_v2', 'exactly_once', 'exactly_once_beta', 'at_least_once'),
    'exactly_once_v2',
    'exactly_once_v2 or at_least_once.',
  ),
  compression: setting(
    'compression.type',
    oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
    'none',
    'Of the batches that go to Kafka: none, gzip, snappy, lz4 or zstd.',
    { aliases: ['producer.compression.type'] },
  ),
  threads: setting(
    'num.stream.threads',
    whole(),
    1,
    'Threads of each node that run a query, 64 at most; with the embedded log there is one.',
  ),
  standbyReplicas: setting(
    'num.standby.replicas',
    whole(),
    0,
    "Nodes that keep a copy of each task's state beside the one that runs it (on Kafka).",
  ),
  stateCleanupDelayMs: setting(
    'state.cleanup.delay.ms',
    milliseconds,
    600_000,
    'How long a node keeps the state of a task that has moved to another node.',
  ),
  maxTaskIdleMs: setting(
    'max.task.idle.ms',
    whole({ least: -1 }),
    0,
    'How long rows wait for earlier ones of other partitions. 0: for those that are on the log already, and for nobody ' +
      'who may yet write. More: so long for partitions that have nothing, too. -1: for nothing, and rows may be taken out ' +
      'of order.',
  ),
  deadLetterTopic: setting(
    'weir.errors.deadletter.topic.name',
    text,
    null,
    'Topic that gets the records that a query could not decode, or Kafka would not take, as they are, with their origin ' +
      'in headers. Created where it is missing.',
  ),
  deadLetterEvaluation: setting(
    'weir.errors.deadletter.evaluation',
    boolean,
    false,
    'Whether records on which an expression failed go to the dead-letter topic too (they are processed all the same).',
  ),
  lateTopic: setting(
    'weir.errors.late.topic.name',
    text,
    null,
    "Topic that gets the records that came after their window's grace, as they are (those that a query has repartitioned " +
      'as JSON), with window, stream time and grace in headers. Created where it is missing.',
  ),
  failOnInvalidTimestamp: setting(
    'ksql.timestamp.throw.on.invalid',
    boolean,
    false,
    'Whether a record with an invalid timestamp ends its query instead of being skipped.',
  ),
  outerJoinEmitMs: setting(
    '__emit.interval.ms.kstreams.outer.join.spurious.results.fix__',
    milliseconds,
    1000,
    "How often an outer join looks for rows that have found no other; Kafka Streams' name.",
    { hidden: true },
  ),
};

/** What a statement means. */
export const LANGUAGE = {
  keyFormat: setting('ksql.persistence.default.format.key', text, 'KAFKA', 'Key format where a statement names none.'),
  valueFormat: setting(
    'ksql.persistence.default.format.value',
    text,
    undefined,
    'Value format where a statement names none.',
  ),
  wrapSingleValues: setting(
    'ksql.persistence.wrap.single.values',
    boolean,
    undefined,
    'Whether a single value column is written inside a record.',
  ),
  topicPrefix: setting(
    'ksql.output.topic.name.prefix',
    text,
    '',
    'Goes before the names of topics that CREATE … AS makes.',
  ),
  sinkPartitions: setting(
    'ksql.sink.partitions',
    whole({ least: 1 }),
    undefined,
    'Partitions of the topic of a CREATE … AS without PARTITIONS. Left out: as many as its first source has.',
  ),
  sinkReplicas: setting(
    'ksql.sink.replicas',
    whole({ least: 1 }),
    undefined,
    'Replicas of the topic of a CREATE … AS without REPLICAS. Left out: as many as its first source was made with.',
  ),
  headerColumns: setting('ksql.headers.columns.enabled', boolean, true, 'Whether columns may be bound to headers.'),
  keysAsSelected: setting(
    'ksql.new.query.planner.enabled',
    boolean,
    false,
    "Whether a stream's key is what the projection has of it, in the projection's order.",
  ),
  collectListLimit: setting(
    'ksql.functions.collect_list.limit',
    whole({ least: Number.NEGATIVE_INFINITY }),
    -1,
    'Most elements of COLLECT_LIST; below 0: no limit.',
  ),
  collectSetLimit: setting(
    'ksql.functions.collect_set.limit',
    whole({ least: Number.NEGATIVE_INFINITY }),
    -1,
    'Most elements of COLLECT_SET; below 0: no limit.',
  ),
  legacySubstring: setting(
    'ksql.functions.substring.legacy.args',
    boolean,
    false,
    'Whether SUBSTRING counts from 0 and takes an end in place of a length, as in the oldest versions of ksqlDB.',
  ),
};

export const PUSH = {
  tokens: setting(
    'ksql.query.push.v2.continuation.tokens.enabled',
    boolean,
    false,
    'Whether the batches of a push query without state say where it goes on after them, as a token that ' +
      'request.ksql.query.push.continuation.token takes.',
  ),
  snapshot: setting(
    'weir.push.snapshot',
    boolean,
    false,
    'Whether a push query on a table gives the rows that the table has first, and its changes behind them.',
  ),
  scalableIds: setting(
    'ksql.query.push.v2.enabled',
    boolean,
    false,
    'Whether the ids of push queries that can share a reading say so: they begin with SCALABLE_PUSH_QUERY_.',
  ),
};

export const PULL = {
  standbyReads: setting(
    'ksql.query.pull.enable.standby.reads',
    boolean,
    false,
    'Whether pull queries may read copies when the owner of the state does not answer.',
  ),
  maxLag: setting(
    'ksql.query.pull.max.allowed.offset.lag',
    long,
    2n ** 63n - 1n,
    'How many changelog entries a copy may be behind to be read.',
  ),
  enabled: setting('ksql.pull.queries.enable', boolean, true, 'Whether there are pull queries.', { fixed: true }),
  tableScan: setting(
    'ksql.query.pull.table.scan.enabled',
    boolean,
    true,
    'Whether pull queries may read whole tables.',
  ),
  rangeScan: setting(
    'ksql.query.pull.range.scan.enabled',
    boolean,
    true,
    'Whether pull queries may read ranges of keys where they may not read whole tables.',
  ),
  limitClause: setting('ksql.query.pull.limit.clause.enabled', boolean, true, 'Whether pull queries may have LIMIT.'),
  maxBytes: setting(
    'weir.query.pull.max.bytes',
    bytes,
    128 * 1024 * 1024,
    'What the joins, groups and orderings of one pull query may hold in memory; beyond, the query fails.',
    { fixed: true },
  ),
};

export const PROCESSING_LOG = {
  createTopic: setting(
    'ksql.logging.processing.topic.auto.create',
    boolean,
    false,
    'Whether the topic of the processing log is created where it is missing. Without one, entries are kept in memory.',
    { fixed: true },
  ),
  topic: setting(
    'ksql.logging.processing.topic.name',
    text,
    undefined,
    'Topic of the processing log; by default the service id and ksql_processing_log.',
    { fixed: true },
  ),
  partitions: setting(
    'ksql.logging.processing.topic.partitions',
    whole({ least: 1 }),
    1,
    'Partitions of a new topic of the processing log.',
    { fixed: true },
  ),
  replicas: setting(
    'ksql.logging.processing.topic.replication.factor',
    whole({ least: 1 }),
    undefined,
    'Replicas of a new topic of the processing log.',
    { fixed: true },
  ),
  createStream: setting(
    'ksql.logging.processing.stream.auto.create',
    boolean,
    false,
    'Whether a stream over the processing log is made at the start.',
    { fixed: true },
  ),
  stream: setting('ksql.logging.processing.stream.name', text, 'KSQL_PROCESSING_LOG', 'Name of that stream.', {
    fixed: true,
  }),
  rows: setting(
    'ksql.logging.processing.rows.include',
    boolean,
    false,
    'Whether entries of the processing log hold the record (base64) or the row itself: it may be confidential.',
    { fixed: true },
  ),
};

/** What Weir's own connectors may do on a node. */
export const CONNECTORS = {
  folders: setting(
    'weir.connectors.files.dirs',
    list,
    undefined,
    'Folders whose files connectors may read and write, those below them included. Left out: connectors touch no files.',
    { fixed: true },
  ),
  secretPrefixes: setting(
    'weir.connectors.secrets.env.prefixes',
    list,
    ['WEIR_SECRET_'],
    'What names of environment variables begin with that options of connectors may name: ${env:WEIR_SECRET_X}.',
    { fixed: true },
  ),
  secretFolders: setting(
    'weir.connectors.secrets.file.dirs',
    list,
    undefined,
    'Folders with files of secrets that options of connectors may name: ${file:PATH:KEY}. Left out: none.',
    { fixed: true },
  ),
  connectUrl: setting(
    'ksql.connect.url',
    text,
    undefined,
    "Kafka Connect, which runs the connectors that are none of Weir's own. A user and a password may stand in the URL.",
    { fixed: true },
  ),
  connectTimeoutMs: setting(
    'ksql.connect.request.timeout.ms',
    milliseconds,
    5000,
    'How long an answer of Kafka Connect is waited for.',
    { fixed: true },
  ),
};

/** Of one request alone: they are no settings that SET knows. */
export const REQUEST = {
  continuationToken: setting(
    'request.ksql.query.push.continuation.token',
    text,
    undefined,
    'A push query without state goes on behind the batch that has given this token.',
  ),
  skipForwarding: setting(
    'request.ksql.query.pull.skip.forwarding',
    boolean,
    false,
    'Whether a pull query is answered from the node alone that it was sent to.',
  ),
  sideMessages: setting(
    'weir.side.messages',
    boolean,
    false,
    'Whether the answer of a query tells between its rows what else there is to say: warnings, why there are no rows.',
  ),
};

/** All that SET, ALTER SYSTEM or the server's configuration may name. */
export const SETTINGS: readonly Setting<unknown>[] = [QUERY, LANGUAGE, PUSH, PULL, PROCESSING_LOG, CONNECTORS].flatMap(
  (group: SettingGroup) => Object.values(group),
);

const ALIASED = SETTINGS.filter((s) => s.names.length > 1);

const byName = new Map(SETTINGS.flatMap((s) => s.names.map((name) => [name, s] as const)));

/** The setting of a name, an alias or either behind `ksql.streams.`; undefined: Weir declares none. */
export const settingNamed = (name: string): Setting<unknown> | undefined => byName.get(withoutPrefix(name));

/** The one name under which a setting is kept, whatever name it was set by. */
export const ownName = (name: string): string => settingNamed(name)?.name ?? withoutPrefix(name);

/**
 * Throws BAD_REQUEST where a value does not fit its setting, or the setting is read at the start alone. Settings that Weir
 * does not know are taken as they are: they may be a Kafka client's, or one that ksqlDB has and Weir has no use for.
 */
export function checkSetting(name: string, value: string): void {
  const known = settingNamed(name);
  if (known === undefined) return;
  if (known.options.fixed === true) {
    throw new WeirError(
      'BAD_REQUEST',
      `Cannot override property '${name}': it is read at the start of the server.`,
      "Set it in the server's configuration.",
    );
  }
  if (known.problem(value) !== undefined) throw known.invalid(name, value);
}

/** Whether SET may name it: known, a Kafka client's, or with a prefix that leads to a client. */
export function isKnownSetting(name: string): boolean {
  const plain = withoutPrefix(name);
  return (
    byName.has(plain) ||
    KAFKA_NAMES.has(plain) ||
    WITHOUT_EFFECT.has(plain) ||
    /^(producer|consumer|(main|restore|global)\.consumer|admin|topic|sasl|ssl|ksql\.functions)\./.test(plain)
  );
}

/** Whether a setting that SET may name changes anything for the statements behind it. */
export const takesEffect = (name: string): boolean =>
  settingNamed(name) !== undefined || withoutPrefix(name).startsWith('ksql.functions.');

/** Settings in force: the server's over the defaults; a request's come on top with `with`. */
export class Settings {
  private readonly values: ReadonlyMap<string, string>;

  /** Of the names of one setting, the one that counts most is kept, under the setting's own. */
  constructor(overrides: Readonly<Record<string, string>> = {}) {
    const values = new Map(Object.entries(overrides).map(([name, value]) => [withoutPrefix(name), value]));
    for (const { name, names } of ALIASED) {
      const said = names.map((n) => values.get(n)).find((value) => value !== undefined);
      if (said === undefined) continue;
      for (const n of names) values.delete(n);
      values.set(name, said);
    }
    this.values = values;
  }

  /** The text in force of a setting; null: it has none. */
  textOf(setting: Setting<unknown>): string | null {
    return this.values.get(setting.name) ?? setting.default;
  }

  /** Only what was set, by the settings' own names, without prefix. */
  overrides(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.values);
  }

  with(more: ReadonlyMap<string, string>): Settings {
    return new Settings({ ...this.overrides(), ...new Settings(Object.fromEntries(more)).overrides() });
  }
}
