import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { KafkaConfig } from './config.js';
import { type BrokerAddress, BrokerConnection, type CallName } from './connection.js';
import { CODE, check, hasCode, isRetriable, KafkaError } from './errors.js';
import { retrying } from './retry.js';

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id, or -1 while there is none. */
  readonly leader: number;
  readonly replicas: number;
}

export interface TopicMetadata {
  readonly name: string;
  readonly internal: boolean;
  /** In order of their numbers. */
  readonly partitions: readonly PartitionMetadata[];
}

interface MetadataResponse {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[];
  readonly controllerId: number;
  readonly topicMetadata: readonly {
    topicErrorCode: number;
    topic: string;
    isInternal: boolean;
    partitionMetadata: readonly { partitionId: number; leader: number; replicas: readonly number[] }[];
  }[];
}

/**
 * The cluster as one client of it sees it: brokers, leaders, coordinators, and the connections of that client. A broker answers
 * the requests of one connection one after another, so each purpose has a connection of its own: what blocks (a fetch that
 * waits, a join) does not hold up the rest.
 */
export class Cluster {
  private readonly brokers = new Map<number, BrokerAddress>();
  private readonly leaders = new Map<string, TopicMetadata>();
  private readonly connections = new Map<string, BrokerConnection>();
  private readonly retired = new Set<BrokerConnection>();
  private readonly closing = new AbortController();
  private controller = -1;
  private nextSeed = 0;

  constructor(
    readonly config: KafkaConfig,
    readonly clientId: string,
    readonly clock: Clock,
  ) {}

  /** Aborts when the client closes: waits end then. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  close(): void {
    this.closing.abort(new KafkaError('The Kafka client is closed', 0, false, false));
    for (const c of [...this.connections.values(), ...this.retired]) c.close();
    this.connections.clear();
    this.retired.clear();
  }

  /** Repeats `attempt` while its errors are of those that pass, for at most `deliveryTimeoutMs`. */
  retrying<T>(attempt: () => Promise<T>, timeoutMs = this.config.deliveryTimeoutMs): Promise<T> {
    const { clock, signal } = this;
    return retrying({ clock, signal, timeoutMs }, attempt);
  }

  /**
   * Asks for the state of topics (all, without an argument), and remembers leaders and brokers. Topics that do not exist are
   * left out; nothing is ever created.
   */
  async topics(names?: readonly string[]): Promise<TopicMetadata[]> {
    if (names?.length === 0) return [];
    return this.retrying(async () => {
      const answer = await this.metadata(names ?? []);
      const out: TopicMetadata[] = [];
      for (const t of answer.topicMetadata) {
        this.leaders.delete(t.topic);
        if (t.topicErrorCode === CODE.UNKNOWN_TOPIC_OR_PARTITION || t.topicErrorCode === CODE.UNKNOWN_TOPIC_ID)
          continue;
        check(t.topicErrorCode, `describe topic ${t.topic}`);
        const partitions = t.partitionMetadata
          .map((p) => ({ partition: p.partitionId, leader: p.leader, replicas: p.replicas.length }))
          .sort((a, b) => a.partition - b.partition);
        const topic = { name: t.topic, internal: t.isInternal, partitions };
        this.leaders.set(t.topic, topic);
        out.push(topic);
      }
      return out;
    });
  }

  /** The node that leads a partition, by the last answer of `topics`; undefined where unknown. */
  leader(topic: string, partition: number): number | undefined {
    const of = this.leaders.get(topic)?.partitions.find((p) => p.partition === partition);
    return of === undefined || of.leader < 0 ? undefined : of.leader;
  }

  /** Whether the last answer of `topics` had this partition. */
  knows(topic: string, partition: number): boolean {
    return this.leaders.get(topic)?.partitions.some((p) => p.partition === partition) ?? false;
  }

  /** An open connection to a node; one for each purpose. */
  async connection(node: number, purpose: string): Promise<BrokerConnection> {
    const address = this.brokers.get(node);
    if (address === undefined) {
      throw new KafkaError(`The Kafka broker with node id ${node} is not known`, 0, true, false);
    }
    return this.open(`${node}/${purpose}`, address);
  }

  /** Any broker that can be reached, known ones first, then those of `bootstrap.servers` in turn. */
  async anyBroker(): Promise<BrokerConnection> {
    for (const [key, c] of this.connections) if (!isDedicated(key) && c.usable) return c;
    let last: unknown;
    const seeds = this.config.brokers.map((s) => ({
      host: s.slice(0, s.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1'),
      port: Number(s.slice(s.lastIndexOf(':') + 1)),
    }));
    for (let i = 0; i < seeds.length; i++) {
      const seed = seeds[this.nextSeed++ % seeds.length]!;
      try {
        return await this.open(`${seed.host}:${seed.port}`, seed);
      } catch (e) {
        last = e;
      }
    }
    throw last;
  }

  /**
   * Connects to the addresses that the brokers advertise, where all work is done. One of them at least must answer.
   * @throws KafkaError, which may pass, that names them
   */
  async reachAdvertised(): Promise<void> {
    await this.metadata([]).catch((e: unknown) => {
      // A connection that has become silent was given up. The second attempt takes another.
      if (!isRetriable(e)) throw e;
      return this.metadata([]);
    });
    const advertised = [...this.brokers];
    const attempts = advertised.map(([node]) => this.connection(node, 'main'));
    await Promise.any(attempts).catch((e: AggregateError) => {
      const where = advertised.map(([, { host, port }]) => `${host}:${port}`).join(', ');
      const what = `answers at ${this.config.brokers.join(', ')}, and cannot be reached where its brokers say they are: ${where}`;
      throw new KafkaError(`Kafka ${what}: ${messageOf(e.errors[0])}`, 0, true, false, {
        hint: "'advertised.listeners' of the brokers must name addresses that this machine can reach.",
      });
    });
  }

  /** Sends a request to the broker that controls the cluster. */
  async callController<T>(name: CallName, args: object): Promise<T> {
    await this.metadata([]);
    const node = this.controller;
    const connection = this.brokers.has(node) ? await this.connection(node, 'main') : await this.anyBroker();
    return connection.call<T>(name, args);
  }

  coordinator(type: 'group' | 'transaction', key: string, purpose = 'main'): Coordinator {
    return new Coordinator(this, type, key, purpose);
  }

  /** Looks up the node that coordinates a group or a transactional id. */
  async findCoordinator(type: 'group' | 'transaction', key: string): Promise<number> {
    const connection = await this.anyBroker();
    const answer = await connection.call<{
      errorCode: number;
      errorMessage?: string | null;
      coordinator: { nodeId: number; host: string; port: number };
    }>('GroupCoordinator', { groupId: key, coordinatorType: type === 'group' ? 0 : 1 });
    check(answer.errorCode, `find the coordinator of ${type} ${key}`, answer.errorMessage);
    const { nodeId, host, port } = answer.coordinator;
    this.brokers.set(nodeId, { host, port });
    return nodeId;
  }

  /** Of all topics, where none is named. */
  private async metadata(topics: readonly string[]): Promise<MetadataResponse> {
    const connection = await this.anyBroker();
    const answer = await connection.call<MetadataResponse>('Metadata', { topics, allowAutoTopicCreation: false });
    for (const b of answer.brokers) this.brokers.set(b.nodeId, { host: b.host, port: b.port });
    this.controller = answer.controllerId;
    return answer;
  }

  private async open(key: string, address: BrokerAddress): Promise<BrokerConnection> {
    if (this.closed) throw this.signal.reason;
    const old = this.connections.get(key);
    if (old !== undefined) {
      const moved = old.address.host !== address.host || old.address.port !== address.port;
      if (!moved) await old.open().catch(() => {}); // a failed one is replaced below
      if (!moved && old.usable) return old;
      if (this.connections.get(key) === old) {
        this.connections.delete(key);
        this.retire(old);
      }
      return this.open(key, address);
    }
    const connection = new BrokerConnection(address, this.config, this.clientId);
    this.connections.set(key, connection);
    try {
      await connection.open();
      return connection;
    } catch (e) {
      if (this.connections.get(key) === connection) this.connections.delete(key);
      throw e;
    }
  }

  /** Answers may be due on it still: it closes when it is idle, or with the client. */
  private retire(connection: BrokerConnection): void {
    for (const c of this.retired) {
      if (!c.idle) continue;
      c.close();
      this.retired.delete(c);
    }
    if (connection.idle) connection.close();
    else this.retired.add(connection);
  }
}

/** Connections for one purpose may be busy for long; those to seeds, and of purpose `main`, never are. */
const isDedicated = (key: string): boolean => key.includes('/') && !key.endsWith('/main');

const MOVED: readonly number[] = [CODE.NOT_COORDINATOR, CODE.COORDINATOR_NOT_AVAILABLE];

/** The broker that coordinates one group or one transactional id, wherever it moves to. */
export class Coordinator {
  private node: number | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly type: 'group' | 'transaction',
    private readonly key: string,
    private readonly purpose: string,
  ) {}

  /** One attempt on the coordinator's connection. An error that says it is elsewhere makes the next attempt look it up. */
  async attempt<T>(action: (connection: BrokerConnection) => Promise<T>): Promise<T> {
    try {
      this.node ??= await this.cluster.findCoordinator(this.type, this.key);
      return await action(await this.cluster.connection(this.node, this.purpose));
    } catch (e) {
      if (hasCode(e, ...MOVED) || (isRetriable(e) && hasCode(e, 0))) this.node = undefined;
      throw e;
    }
  }

  /** `attempt`, repeated while its errors are of those that pass. */
  run<T>(action: (connection: BrokerConnection) => Promise<T>, timeoutMs?: number): Promise<T> {
    return this.cluster.retrying(() => this.attempt(action), timeoutMs);
  }
}
