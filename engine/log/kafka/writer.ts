import type { CommitResult, CommitWork, LogWriter, WriterOptions } from '../log.js';
import type { Cluster } from './cluster.js';
import { connectionError, KafkaError } from './errors.js';
import { KafkaMember } from './member.js';
import { Sender } from './sender.js';
import { commitOffsets, initProducerId, Transaction } from './transaction.js';

/** Bytes appended and not acknowledged, from which on `ready` waits. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Writes batches as an idempotent producer. With a transactional id each unit of work is one Kafka transaction, of outputs
 * and offsets. After any error the writer is dead (those of kafkajs are not, and should be). The next writer with the same
 * id ends what it left open, and the group's offsets tell what became of its commit.
 */
export class KafkaWriter implements LogWriter {
  private failure: KafkaError | undefined;
  private ending = false;

  private constructor(
    private readonly cluster: Cluster,
    private readonly sender: Sender,
    private readonly transaction: Transaction | undefined,
  ) {}

  static async open(cluster: Cluster, options: WriterOptions, firstSequence = 0): Promise<KafkaWriter> {
    const { transactionalId } = options;
    const producer = await initProducerId(cluster, transactionalId);
    const compression = options.compression ?? cluster.config.compression;
    const { refused } = options;
    const common = { producer, compression, maxBytes: MAX_BYTES, firstSequence, ...(refused && { refused }) };
    if (transactionalId === undefined) {
      return new KafkaWriter(cluster, new Sender(cluster, { ...common, transactionalId: null }), undefined);
    }
    const transaction = new Transaction(cluster, transactionalId, producer);
    const register = (partitions: Parameters<Transaction['addPartitions']>[0]) => transaction.addPartitions(partitions);
    return new KafkaWriter(cluster, new Sender(cluster, { ...common, transactionalId, register }), transaction);
  }

  append(topic: string, partition: number, batch: Uint8Array): void {
    if (this.ending) throw new KafkaError('append() during commit() or abort()', 0, false, false);
    this.sender.append(topic, partition, Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength));
  }

  ready(): Promise<void> {
    return this.guard(() => this.sender.ready());
  }

  flush(): Promise<void> {
    return this.guard(() => this.sender.flush());
  }

  commit(work: CommitWork): Promise<CommitResult> {
    return this.end(async () => {
      await this.sender.flush();
      if (work.offsets.length > 0) await this.commitOffsets(work);
      if (this.transaction?.isOpen) await this.transaction.end(true);
      return { stateWritten: false, ends: this.sender.takeEnds() };
    });
  }

  /** Without a transactional id: what is on its way already stays written. */
  abort(): Promise<void> {
    return this.end(async () => {
      await this.sender.settle();
      if (this.transaction?.isOpen) await this.transaction.end(false);
      this.sender.takeEnds();
    });
  }

  /** Ends an open transaction, so that readers need not wait for its time-out, and without one sends what is left. */
  async close(): Promise<void> {
    const { clock, config } = this.cluster;
    try {
      if (this.failure === undefined && !this.ending) {
        const finish = this.transaction === undefined ? this.flush() : this.abort();
        const timeout = new AbortController();
        const tooLate = clock.sleep(config.connectionTimeoutMs, timeout.signal).then(
          () => config.logger.warn({ timeoutMs: config.connectionTimeoutMs }, 'A writer is closed with work under way'),
          () => {}, // aborted: in time
        );
        await Promise.race([finish, tooLate]).finally(() => timeout.abort());
      }
    } catch (e) {
      config.logger.warn({ err: e }, 'A writer could not finish its work when it was closed');
    } finally {
      this.die(new KafkaError('The writer is closed', 0, false, false));
      this.cluster.close();
    }
  }

  private async commitOffsets(work: CommitWork): Promise<void> {
    const { group, member } = work;
    if (group === undefined) throw new KafkaError('Offsets to commit, but no group', 0, false, false);
    if (member !== undefined && !(member instanceof KafkaMember)) {
      throw new KafkaError('The group member is not one of this log', 0, false, false);
    }
    const { offsets } = work;
    const lost = member && offsets.find((p) => !member.owns(p));
    if (lost) throw new KafkaError(`${lost.topic}/${lost.partition} is no longer this member's`, 0, false, true);
    if (this.transaction !== undefined) await this.transaction.addOffsets(group, offsets, member);
    else await commitOffsets(this.cluster, group, offsets, member);
  }

  private async end<T>(action: () => Promise<T>): Promise<T> {
    if (this.ending) throw new KafkaError('commit() or abort() while another one runs', 0, false, false);
    this.ending = true;
    try {
      return await this.guard(action);
    } finally {
      this.ending = false;
    }
  }

  /** The first error is the last: the writer is dead after it. */
  private async guard<T>(action: () => Promise<T>): Promise<T> {
    if (this.failure !== undefined) throw this.failure;
    try {
      return await action();
    } catch (e) {
      throw this.die(e instanceof KafkaError ? e : connectionError(e, 'write'));
    }
  }

  private die(error: KafkaError): KafkaError {
    this.failure ??= error;
    this.sender.die(this.failure);
    return this.failure;
  }
}
