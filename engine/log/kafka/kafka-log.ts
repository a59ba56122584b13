import { type Clock, systemClock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type {
  CommittedOffset,
  GroupMember,
  Log,
  LogReader,
  LogWriter,
  MemberOptions,
  NewTopic,
  PartitionOffsets,
  ReaderOptions,
  TopicInfo,
  TopicPartitionOffset,
  WriterOptions,
} from '../log.js';
import { KafkaAdmin } from './admin.js';
import type { ClientRole } from './client-settings.js';
import { Cluster } from './cluster.js';
import { type KafkaConfig, type KafkaOptions, withDefaults } from './config.js';
import { KafkaMember } from './member.js';
import { KafkaReader } from './reader.js';
import { KafkaWriter } from './writer.js';

/**
 * The log on a Kafka cluster of version 2.5 or newer. Connections, TLS, logins and the lesser requests are kafkajs's; reading,
 * writing and group membership are state machines of their own, each with connections of its own.
 */
export class KafkaLog implements Log {
  readonly kind = 'kafka';
  private readonly config: KafkaConfig;
  private readonly cluster: Cluster;
  private readonly admin: KafkaAdmin;
  private readonly clients = new Set<Cluster>();

  private readonly clock: Clock;

  /** Clients by what they are for. One without settings of its own has those of the log. */
  private readonly configs: Readonly<Partial<Record<ClientRole, KafkaConfig>>>;

  constructor(
    options: KafkaOptions & { readonly roles?: Readonly<Record<ClientRole, KafkaOptions>> },
    { clock = systemClock, logger }: { clock?: Clock; logger?: Logger } = {},
  ) {
    this.clock = clock;
    const { roles, ...common } = options;
    this.config = withDefaults(common, logger);
    this.configs =
      roles === undefined
        ? {}
        : { consumer: withDefaults(roles.consumer, logger), producer: withDefaults(roles.producer, logger) };
    this.cluster = new Cluster(this.config, 'weir-admin', clock);
    this.admin = new KafkaAdmin(this.cluster);
  }

  /** @throws KafkaError when no broker can be reached, or none where it says it is, does not let us in, or is too old */
  async open(): Promise<void> {
    await this.cluster.anyBroker();
    await this.cluster.reachAdvertised();
  }

  /** Closes at once all that readers, writers and members of this log have open: what was not finished is not. */
  async close(): Promise<void> {
    this.cluster.close();
    for (const client of this.clients) client.close();
    this.clients.clear();
  }

  createTopics(topics: readonly NewTopic[]): Promise<void> {
    return this.admin.createTopics(topics);
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.admin.deleteTopics(names);
  }

  listTopics(): Promise<readonly TopicInfo[]> {
    return this.admin.listTopics();
  }

  describeTopic(name: string): Promise<TopicInfo | undefined> {
    return this.admin.describeTopic(name);
  }

  raiseMessageLimit(topic: string, bytes: number): Promise<void> {
    return this.admin.raiseMessageLimit(topic, bytes);
  }

  topicId(name: string): Promise<string | undefined> {
    return this.admin.topicId(name);
  }

  topicConfig(name: string): Promise<Readonly<Record<string, string>>> {
    return this.admin.topicConfig(name);
  }

  offsets(topic: string, uncommitted = false): Promise<readonly PartitionOffsets[]> {
    return this.admin.offsets(topic, uncommitted);
  }

  committed(group: string, topics: readonly string[]): Promise<readonly CommittedOffset[]> {
    return this.admin.committed(group, topics);
  }

  deleteGroup(group: string): Promise<void> {
    return this.admin.deleteGroup(group);
  }

  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    return this.admin.deleteRecords(before);
  }

  reader(options: ReaderOptions): LogReader {
    return new KafkaReader(this.client(options.clientId, 'consumer'), options);
  }

  member(options: MemberOptions): GroupMember {
    return new KafkaMember(this.client(options.clientId, 'consumer'), options);
  }

  async writer(options: WriterOptions): Promise<LogWriter> {
    const client = this.client(options.clientId, 'producer');
    try {
      return await KafkaWriter.open(client, options);
    } catch (e) {
      client.close();
      throw e;
    }
  }

  private client(clientId: string, role: ClientRole): Cluster {
    const client = new Cluster(this.configs[role] ?? this.config, clientId, this.clock);
    this.clients.add(client);
    client.signal.addEventListener('abort', () => this.clients.delete(client), { once: true });
    return client;
  }
}
