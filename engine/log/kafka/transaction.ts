import type { CommittedOffset, TopicPartition } from '../log.js';
import type { Cluster, Coordinator } from './cluster.js';
import { CODE, check, errorOfCode, hasCode, KafkaError } from './errors.js';
import type { KafkaMember } from './member.js';
import { decodeTxnOffsetCommit, encodeTxnOffsetCommit, type GroupIdentity, NO_MEMBER } from './offset-requests.js';
import { byTopic, TXN_OFFSET_COMMIT } from './protocol.js';
import type { ProducerId } from './sender.js';

interface Answer {
  readonly errorCode: number;
}

/** A new producer id; with a transactional id: fences earlier producers and ends what they left open. */
export async function initProducerId(cluster: Cluster, transactionalId: string | undefined): Promise<ProducerId> {
  const what = transactionalId === undefined ? 'start a producer' : `start transactional id ${transactionalId}`;
  const args = {
    transactionalId: transactionalId ?? null,
    transactionTimeout: cluster.config.transactionTimeoutMs,
  };
  type InitAnswer = Answer & { producerId: string; producerEpoch: number };
  const ask = async (connection: {
    call<T>(name: 'InitProducerId', args: object): Promise<T>;
  }): Promise<ProducerId> => {
    const answer = await connection.call<InitAnswer>('InitProducerId', args);
    check(answer.errorCode, what);
    return { id: Number(answer.producerId), epoch: answer.producerEpoch };
  };
  if (transactionalId === undefined) return cluster.retrying(async () => ask(await cluster.anyBroker()));
  return cluster.coordinator('transaction', transactionalId).run(ask);
}

/**
 * The requests of one transactional producer to its coordinators. Each may be repeated: a second one of the same kind in the same
 * transaction changes nothing. After an error the producer must not be used any more.
 */
export class Transaction {
  private readonly coordinator: Coordinator;
  private readonly groups = new Map<string, Coordinator>();
  private open = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly transactionalId: string,
    private readonly producer: ProducerId,
  ) {
    this.coordinator = cluster.coordinator('transaction', transactionalId);
  }

  /** Whether the coordinator knows of anything in this transaction. */
  get isOpen(): boolean {
    return this.open;
  }

  /** Must be acknowledged before anything is written to these partitions. */
  async addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    this.open = true;
    const topics = [...byTopic(partitions)].map(([topic, list]) => ({
      topic,
      partitions: list.map((p) => p.partition),
    }));
    interface AddAnswer {
      readonly errors: readonly {
        topic: string;
        partitionErrors: readonly { partition: number; errorCode: number }[];
      }[];
    }
    const deadline = this.cluster.clock.now() + this.cluster.config.topicTimeoutMs;
    await this.coordinator.run(async (connection) => {
      const answer = await connection.call<AddAnswer>('AddPartitionsToTxn', { ...this.identity(), topics });
      for (const { topic, partitionErrors } of answer.errors) {
        for (const { partition, errorCode } of partitionErrors) {
          // Code 55 is that of the other partitions, which were not tried because this one failed.
          if (errorCode === 0 || errorCode === OPERATION_NOT_ATTEMPTED) continue;
          const error = errorOfCode(errorCode, `add ${topic}/${partition} to the transaction`);
          const missing = errorCode === CODE.UNKNOWN_TOPIC_OR_PARTITION && this.cluster.clock.now() > deadline;
          throw missing ? new KafkaError(error.message, errorCode, false, false) : error;
        }
      }
    });
  }

  /** Offsets become part of the transaction; `member` is whose partitions they are of. */
  async addOffsets(group: string, offsets: readonly CommittedOffset[], member: KafkaMember | undefined): Promise<void> {
    this.open = true;
    await this.coordinator.run(async (connection) => {
      const answer = await connection.call<Answer>('AddOffsetsToTxn', { ...this.identity(), groupId: group });
      check(answer.errorCode, `add offsets of group ${group} to the transaction`);
    });
    await withIdentity(member, (identity) => this.commitOffsets(group, offsets, identity));
  }

  async end(commit: boolean): Promise<void> {
    const what = `${commit ? 'commit' : 'abort'} the transaction of ${this.transactionalId}`;
    await this.coordinator.run(async (connection) => {
      const answer = await connection.call<Answer>('EndTxn', { ...this.identity(), transactionResult: commit });
      check(answer.errorCode, what);
    });
    this.open = false;
  }

  private async commitOffsets(
    group: string,
    offsets: readonly CommittedOffset[],
    identity: GroupIdentity,
  ): Promise<void> {
    const { transactionalId, producer } = this;
    const body = encodeTxnOffsetCommit({
      transactionalId,
      group,
      producerId: producer.id,
      epoch: producer.epoch,
      identity,
      offsets,
    });
    let coordinator = this.groups.get(group);
    if (coordinator === undefined) {
      coordinator = this.cluster.coordinator('group', group);
      this.groups.set(group, coordinator);
    }
    await coordinator.run(async (connection) => {
      for (const p of decodeTxnOffsetCommit(await connection.request(TXN_OFFSET_COMMIT, [body]))) {
        check(p.code, `commit offset of ${p.topic}/${p.partition} for group ${group}`);
      }
    });
  }

  private identity(): object {
    const { transactionalId, producer } = this;
    return { transactionalId, producerId: String(producer.id), producerEpoch: producer.epoch };
  }
}

const OPERATION_NOT_ATTEMPTED = 55;

/** Commits offsets to a group outside of a transaction, as a member of it or, where it has no members, as nobody. */
export async function commitOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly CommittedOffset[],
  member: KafkaMember | undefined,
): Promise<void> {
  const topics = [...byTopic(offsets)].map(([topic, list]) => ({
    topic,
    partitions: list.map((p) => ({ partition: p.partition, offset: String(p.offset), metadata: p.metadata ?? '' })),
  }));
  interface CommitAnswer {
    readonly responses: readonly { topic: string; partitions: readonly { partition: number; errorCode: number }[] }[];
  }
  await withIdentity(member, ({ memberId, generation }) =>
    cluster.coordinator('group', group).run(async (connection) => {
      const args = { groupId: group, groupGenerationId: generation, memberId, topics };
      const answer = await connection.call<CommitAnswer>('OffsetCommit', args);
      for (const { topic, partitions } of answer.responses) {
        for (const p of partitions) check(p.errorCode, `commit offset of ${topic}/${p.partition} for group ${group}`);
      }
    }),
  );
}

/**
 * A member that keeps its partitions through a rebalance may meet the group in its next generation before it knows of it itself:
 * then the commit waits for the member to arrive there.
 */
async function withIdentity(
  member: KafkaMember | undefined,
  commit: (identity: GroupIdentity) => Promise<void>,
): Promise<void> {
  if (member === undefined) return commit(NO_MEMBER);
  for (let identity = member.identity(); ; ) {
    try {
      return await commit(identity);
    } catch (e) {
      if (!hasCode(e, CODE.ILLEGAL_GENERATION, CODE.REBALANCE_IN_PROGRESS)) throw e;
      const next = await member.identityAfter(identity.generation);
      if (next === undefined) throw e;
      identity = next;
    }
  }
}
