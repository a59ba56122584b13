import type { CommittedOffset, NewTopic, PartitionOffsets, TopicInfo, TopicPartitionOffset } from '../log.js';
import type { Cluster, TopicMetadata } from './cluster.js';
import { checkSetConfigs, encodeSetConfigs, TOPIC_RESOURCE } from './config-requests.js';
import { CODE, check, errorOfCode, hasCode, KafkaError, noTopic } from './errors.js';
import { decodeOffsetFetch, encodeOffsetFetch } from './offset-requests.js';
import { METADATA, OFFSET_FETCH, SET_CONFIGS } from './protocol.js';
import { decodeTopicId, encodeTopicId } from './topic-id-request.js';

const EARLIEST = '-2';
const LATEST = '-1';
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** Event times may be years old: with the broker's retention of a week, their records would be gone in minutes. */
const EVENT_TIME = { 'retention.ms': '-1' } as const;
/** And they may be ahead of the broker's clock, by more than the hour that Kafka 4 takes. */
const LONG_MAX = '9223372036854775807';
const ANY_TIME = {
  'message.timestamp.before.max.ms': LONG_MAX,
  'message.timestamp.after.max.ms': LONG_MAX,
} as const;

interface TopicErrors {
  readonly topicErrors: readonly { topic: string; errorCode: number; errorMessage?: string | null }[];
}

interface ListOffsetsAnswer {
  readonly responses: readonly {
    topic: string;
    partitions: readonly { partition: number; errorCode: number; offset: string }[];
  }[];
}

interface DescribeConfigsAnswer {
  readonly resources: readonly {
    errorCode: number;
    errorMessage?: string | null;
    configEntries: readonly { configName: string; configValue: string | null }[];
  }[];
}

interface DeleteRecordsAnswer {
  readonly topics: readonly { topic: string; partitions: readonly { partition: number; errorCode: number }[] }[];
}

/** Topics, offsets and groups of a cluster. */
export class KafkaAdmin {
  constructor(private readonly cluster: Cluster) {}

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return;
    const there = new Map((await this.cluster.topics(topics.map((t) => t.name))).map((t) => [t.name, t]));
    const missing = topics.filter((t) => !there.has(t.name));
    for (const t of topics) samePartitions(t, there.get(t.name));
    if (missing.length > 0) await this.create(missing);
    // Also those that someone else has created at the same moment.
    const created = await this.awaitTopics(missing);
    for (const t of missing) samePartitions(t, created.get(t.name));
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.cluster.retrying(async () => {
      const timeout = this.cluster.config.requestTimeoutMs;
      const answer = await this.cluster.callController<TopicErrors>('DeleteTopics', { topics: names, timeout });
      for (const { topic, errorCode } of answer.topicErrors) {
        if (errorCode !== CODE.UNKNOWN_TOPIC_OR_PARTITION) check(errorCode, `delete topic ${topic}`);
      }
    });
    await this.awaitState(async () => (await this.cluster.topics(names)).length === 0, `delete ${names.join(', ')}`);
  }

  async listTopics(): Promise<TopicInfo[]> {
    return (await this.cluster.topics()).map(infoOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async describeTopic(name: string): Promise<TopicInfo | undefined> {
    const topic = (await this.cluster.topics([name])).find((t) => t.name === name);
    return topic === undefined ? undefined : infoOf(topic);
  }

  /** Undefined where the broker knows of no ids, as before Kafka 2.8. */
  async topicId(name: string): Promise<string | undefined> {
    return this.cluster.retrying(async () => {
      const connection = await this.cluster.anyBroker();
      if (!connection.knows(METADATA)) return undefined;
      return decodeTopicId(await connection.request(METADATA, [encodeTopicId(name)]), `ask for the id of ${name}`);
    });
  }

  /** The configs in force for a topic, with the broker's defaults. */
  async topicConfig(name: string): Promise<Readonly<Record<string, string>>> {
    return this.cluster.retrying(async () => {
      const connection = await this.cluster.anyBroker();
      const args = { resources: [{ type: TOPIC_RESOURCE, name }] };
      const answer = await connection.call<DescribeConfigsAnswer>('DescribeConfigs', args);
      for (const r of answer.resources) check(r.errorCode, `describe topic ${name}`, r.errorMessage);
      const entries = answer.resources.flatMap((r) => r.configEntries);
      return Object.fromEntries(
        entries.flatMap((e) => (e.configValue === null ? [] : [[e.configName, e.configValue]])),
      );
    });
  }

  /** Resolves when the topic has it. */
  async raiseMessageLimit(topic: string, bytes: number): Promise<void> {
    const reached = async () => Number((await this.topicConfig(topic))['max.message.bytes']) >= bytes;
    if (await reached()) return;
    const what = `raise max.message.bytes of ${topic} to ${bytes}`;
    const body = encodeSetConfigs(topic, { 'max.message.bytes': String(bytes) });
    await this.cluster.retrying(async () => {
      const connection = await this.cluster.anyBroker();
      connection.mustKnow(SET_CONFIGS);
      checkSetConfigs(await connection.request(SET_CONFIGS, [body]), what);
    });
    await this.awaitState(reached, what);
  }

  async offsets(topic: string, uncommitted: boolean): Promise<PartitionOffsets[]> {
    return this.cluster.retrying(async () => {
      const found = (await this.cluster.topics([topic])).find((t) => t.name === topic);
      if (found === undefined) throw final(noTopic(topic, `list the offsets of ${topic}`));
      const isolation = uncommitted ? READ_UNCOMMITTED : READ_COMMITTED;
      const [earliest, end] = await Promise.all([
        this.listOffsets(found, EARLIEST, isolation),
        this.listOffsets(found, LATEST, isolation),
      ]);
      return found.partitions.map(({ partition }) => ({
        partition,
        earliest: earliest.get(partition)!,
        end: end.get(partition)!,
      }));
    });
  }

  /** Waits for transactions that hold offsets of the group to end: at most as long as a transaction may last. */
  async committed(group: string, topics: readonly string[]): Promise<CommittedOffset[]> {
    const { transactionTimeoutMs, deliveryTimeoutMs } = this.cluster.config;
    const patience = Math.max(deliveryTimeoutMs, transactionTimeoutMs * 1.5);
    const described = await this.cluster.topics(topics);
    const asked = described.flatMap((t) => t.partitions.map(({ partition }) => ({ topic: t.name, partition })));
    if (asked.length === 0) return [];
    const body = encodeOffsetFetch(group, asked);
    return this.cluster.coordinator('group', group).run(async (connection) => {
      const answer = decodeOffsetFetch(await connection.request(OFFSET_FETCH, [body]));
      check(answer.code, `get the offsets of group ${group}`);
      for (const p of answer.partitions)
        check(p.code, `get the offset of ${p.topic}/${p.partition} for group ${group}`);
      return answer.partitions
        .filter((p) => p.offset >= 0)
        .map(({ code: _, ...offset }) => offset)
        .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
    }, patience);
  }

  async deleteGroup(group: string): Promise<void> {
    await this.cluster.coordinator('group', group).run(async (connection) => {
      const answer = await connection.call<{ results: readonly { errorCode: number }[] }>('DeleteGroups', [group]);
      for (const { errorCode } of answer.results) {
        if (errorCode !== CODE.GROUP_ID_NOT_FOUND) check(errorCode, `delete group ${group}`);
      }
    });
  }

  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    const names = [...new Set(before.map((b) => b.topic))];
    if (names.length === 0) return;
    await this.cluster.retrying(async () => {
      const byLeader = new Map<number, Map<string, { partition: number; offset: string }[]>>();
      for (const { name, partitions } of await this.cluster.topics(names)) {
        for (const { partition, leader } of partitions) {
          const at = before.find((b) => b.topic === name && b.partition === partition);
          if (at === undefined) continue;
          const what = `delete records of ${name}`;
          if (leader < 0) throw errorOfCode(5, what);
          const topics = byLeader.get(leader) ?? new Map<string, { partition: number; offset: string }[]>();
          byLeader.set(leader, topics);
          topics.set(name, [...(topics.get(name) ?? []), { partition, offset: String(at.offset) }]);
        }
      }
      await Promise.all(
        [...byLeader].map(async ([leader, topics]) => {
          const connection = await this.cluster.connection(leader, 'main');
          const args = { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
          const answer = await connection.call<DeleteRecordsAnswer>('DeleteRecords', args);
          for (const { topic, partitions } of answer.topics) {
            for (const { errorCode } of partitions) check(errorCode, `delete records of ${topic}`);
          }
        }),
      );
    });
  }

  /** Brokers before 3.6 do not know the bounds of timestamps, and need none. */
  private async create(topics: readonly NewTopic[]): Promise<void> {
    try {
      await this.createWith(topics, { ...EVENT_TIME, ...ANY_TIME });
    } catch (e) {
      if (!hasCode(e, CODE.INVALID_CONFIG)) throw e;
      await this.createWith(topics, EVENT_TIME);
    }
  }

  private async createWith(topics: readonly NewTopic[], defaults: Readonly<Record<string, string>>): Promise<void> {
    const args = {
      topics: topics.map((t) => ({
        topic: t.name,
        numPartitions: t.partitions,
        replicationFactor: t.replicas ?? -1,
        configEntries: Object.entries({ ...defaults, ...t.config }).map(([name, value]) => ({ name, value })),
      })),
      timeout: this.cluster.config.requestTimeoutMs,
    };
    await this.cluster.retrying(async () => {
      const answer = await this.cluster.callController<TopicErrors>('CreateTopics', args);
      for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
        if (errorCode !== CODE.TOPIC_ALREADY_EXISTS) check(errorCode, `create topic ${topic}`, errorMessage);
      }
    });
  }

  /** Until all of them are known, each with its leaders. */
  private async awaitTopics(topics: readonly NewTopic[]): Promise<Map<string, TopicMetadata>> {
    let found = new Map<string, TopicMetadata>();
    const names = topics.map((t) => t.name);
    await this.awaitState(
      async () => {
        found = new Map((await this.cluster.topics(names)).map((t) => [t.name, t]));
        return (
          found.size === names.length && [...found.values()].every((t) => t.partitions.every((p) => p.leader >= 0))
        );
      },
      `create ${names.join(', ')}`,
    );
    return found;
  }

  private async awaitState(reached: () => Promise<boolean>, what: string): Promise<void> {
    await this.cluster.retrying(async () => {
      if (!(await reached())) throw new KafkaError(`Kafka did not ${what} in time`, 0, true, false);
    });
  }

  private async listOffsets(topic: TopicMetadata, timestamp: string, isolation: number): Promise<Map<number, number>> {
    const what = `list the offsets of ${topic.name}`;
    const byLeader = new Map<number, { partition: number; timestamp: string }[]>();
    for (const { partition, leader } of topic.partitions) {
      if (leader < 0) throw errorOfCode(5, what);
      const of = byLeader.get(leader);
      if (of === undefined) byLeader.set(leader, [{ partition, timestamp }]);
      else of.push({ partition, timestamp });
    }
    const out = new Map<number, number>();
    await Promise.all(
      [...byLeader].map(async ([leader, partitions]) => {
        const connection = await this.cluster.connection(leader, 'main');
        const args = { isolationLevel: isolation, topics: [{ topic: topic.name, partitions }] };
        const answer = await connection.call<ListOffsetsAnswer>('ListOffsets', args);
        for (const r of answer.responses) {
          for (const p of r.partitions) {
            check(p.errorCode, what);
            out.set(p.partition, Number(p.offset));
          }
        }
      }),
    );
    return out;
  }
}

function samePartitions(wanted: NewTopic, found: TopicMetadata | undefined): void {
  if (found === undefined || found.partitions.length === wanted.partitions) return;
  const text = `Topic ${wanted.name} exists with ${found.partitions.length} partitions, not ${wanted.partitions}`;
  throw new KafkaError(text, CODE.TOPIC_ALREADY_EXISTS, false, false, {
    hint: `Say PARTITIONS=${found.partitions.length}, or use another topic.`,
  });
}

const infoOf = (t: TopicMetadata): TopicInfo => ({
  name: t.name,
  partitions: t.partitions.length,
  replicas: t.partitions.map((p) => p.replicas),
  internal: t.internal,
});

/** The same error, for one who does not wait for metadata to spread. */
const final = (e: KafkaError): KafkaError => new KafkaError(e.message, e.kafkaCode, false, false, { hint: e.hint });
