import type { CommitResult, CommitWork, KeyValueOp, LogWriter, TopicPartitionOffset } from '../../engine/log/log.js';
import { type Broker, type Producer, Refused } from './broker.js';
import type { Faults } from './faults.js';
import type { Groups } from './groups.js';
import type { SimProcess } from './process.js';
import { type Identity, SimMember } from './sim-member.js';

export interface WriterTools {
  readonly broker: Broker;
  readonly groups: Groups;
  readonly faults: Faults;
  readonly process: SimProcess;
  /** For the log that is broken on purpose. */
  readonly writeState: (ops: readonly KeyValueOp[]) => void;
}

/** A producer: batches go out in order, each at its own time; some are delivered twice. Dead after its first error. */
export class SimWriter implements LogWriter {
  private readonly sending: Promise<unknown>[] = [];
  private readonly ends = new Map<string, TopicPartitionOffset>();
  private sequence = 0;
  /** When the last batch that was sent arrives: one connection keeps its order. */
  private arrival = 0;
  private failure: Error | undefined;
  private dirty = false;

  constructor(
    private readonly tools: WriterTools,
    private readonly producer: Producer,
  ) {}

  append(topic: string, partition: number, batch: Uint8Array): void {
    const { process } = this.tools;
    if (!process.alive) return;
    this.dirty = true;
    const sending = this.send(topic, partition, batch as Buffer, ++this.sequence);
    sending.catch((e: Error) => this.die(e));
    this.sending.push(sending);
  }

  async ready(): Promise<void> {
    await this.tools.process.wait('is ready to write');
    this.check();
  }

  async flush(): Promise<void> {
    this.check();
    await Promise.all(this.sending.splice(0));
    this.check();
  }

  async commit(work: CommitWork): Promise<CommitResult> {
    const { broker, process, faults } = this.tools;
    const { producer } = this;
    if (broker.sabotage === 'state first') this.tools.writeState(work.state);
    try {
      await this.flush();
      if (work.offsets.length > 0) await this.commitOffsets(work);
      if (producer.state !== null && this.dirty) {
        const fate = faults.ofCommit(() => new Refused('The outcome of a commit is unknown'));
        await process.request('end the transaction', () => broker.end(producer, 'commit'), fate);
      }
    } catch (e) {
      throw this.die(e as Error);
    }
    this.dirty = false;
    const ends = [...this.ends.values()];
    this.ends.clear();
    return { stateWritten: false, ends };
  }

  async abort(): Promise<void> {
    const { broker, process } = this.tools;
    await Promise.allSettled(this.sending.splice(0));
    this.check();
    if (this.producer.state !== null && this.dirty) {
      await process.request('abort', () => broker.end(this.producer, 'abort'));
    }
    this.dirty = false;
    this.ends.clear();
  }

  /** Ends what is open, as far as that can be done. */
  async close(): Promise<void> {
    if (this.failure === undefined) {
      const finish = this.producer.state === null ? this.flush() : this.abort();
      await finish.catch(() => {}); // whoever needed it has been told
    }
    this.failure ??= new Refused('The writer is closed');
  }

  private async send(topic: string, partition: number, batch: Buffer, sequence: number): Promise<void> {
    const { broker, process, faults } = this.tools;
    const { scheduler } = process;
    const again = faults.ofRequest('batch delivered twice', 0.05);
    this.arrival = Math.max(scheduler.now + process.latency(), this.arrival + 0.001);
    const copy = again ? Buffer.from(batch) : undefined;
    const end = await new Promise<number>((resolve, reject) => {
      scheduler.after(this.arrival - scheduler.now, `${process.name} appends to ${topic}/${partition}`, () => {
        const answer = (run: () => void) => process.later(process.latency(), 'is acknowledged', run);
        broker.append(this.producer, topic, partition, batch, sequence).then(
          (at) => answer(() => resolve(at)),
          (e: Error) => answer(() => reject(e)),
        );
      });
      if (copy === undefined) return;
      scheduler.after(this.arrival - scheduler.now + process.latency() * 3, `${process.name} appends again`, () => {
        // The answer to the first one counts.
        broker.append(this.producer, topic, partition, copy, sequence).catch(() => {});
      });
    });
    this.ends.set(`${topic}/${partition}`, { topic, partition, offset: end });
  }

  private async commitOffsets(work: CommitWork): Promise<void> {
    const { broker, process } = this.tools;
    const { group, offsets, member } = work;
    if (group === undefined) throw new Refused('Offsets to commit, but no group');
    const open = broker.sabotage === 'fences nobody';
    const as = member instanceof SimMember && !open ? member : undefined;
    const foreign = as && offsets.find((o) => !as.owns(o));
    if (foreign !== undefined) throw new Refused(`${foreign.topic}/${foreign.partition} is no longer its own`, true);
    this.dirty = true;
    for (let identity = as?.identity(); ; ) {
      const taken = await process.request('commit offsets', async () => {
        if (identity !== undefined && !this.isCurrent(group, identity)) return false;
        if (this.producer.state !== null) await broker.addOffsets(this.producer, group, offsets);
        else broker.commitOffsets(group, offsets);
        return true;
      });
      if (taken) return;
      // As the client of Kafka: the commit waits for the member to arrive in the generation of its group.
      const next = await as!.identityAfter(identity!);
      if (next === undefined) throw new Refused(`${group} is in a later generation`, true);
      identity = next;
    }
  }

  /** False: the group has come together anew since. */
  private isCurrent(name: string, { id, generation }: Identity): boolean {
    const { groups, faults } = this.tools;
    const group = groups.get(name);
    if (!group.has(id)) {
      faults.count('fenced member');
      throw new Refused(`${id} is no member of ${name}`, true);
    }
    if (group.generation !== generation) faults.count('commit of an earlier generation');
    return group.generation === generation;
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  private die(e: Error): Error {
    this.failure ??= e;
    return this.failure;
  }
}
