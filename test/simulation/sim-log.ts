import type {
  CommittedOffset,
  GroupMember,
  Log,
  LogReader,
  LogWriter,
  MemberOptions,
  NewTopic,
  PartitionOffsets,
  TopicInfo,
  TopicPartitionOffset,
  WriterOptions,
} from '../../engine/log/log.js';
import { breakableWriter } from './broken-calls.js';
import { Refused } from './broker.js';
import { SimMember } from './sim-member.js';
import { SimReader } from './sim-reader.js';
import { SimWriter, type WriterTools } from './sim-writer.js';

/** How long a client waits before it asks again for offsets that are not stable. */
const RETRY_MS = 20;

/** The broker as one process reaches it. As Kafka, it leaves the state to its caller. */
export class SimLog implements Log {
  readonly kind = 'kafka';

  constructor(private readonly tools: WriterTools) {}

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  createTopics(topics: readonly NewTopic[]): Promise<void> {
    return this.ask('create topics', (broker) => {
      for (const t of topics) broker.createTopic(t.name, t.partitions);
    });
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.ask('delete topics', (broker) => {
      for (const name of names) broker.topics.delete(name);
    });
  }

  listTopics(): Promise<readonly TopicInfo[]> {
    return this.ask('list topics', (broker) => [...broker.topics].map(([name, t]) => infoOf(name, t.length)));
  }

  describeTopic(name: string): Promise<TopicInfo | undefined> {
    return this.ask('describe', (broker) => {
      const topic = broker.topics.get(name);
      return topic && infoOf(name, topic.length);
    });
  }

  topicId(name: string): Promise<string | undefined> {
    return this.ask('topic id', (broker) => {
      broker.topic(name);
      return broker.topicIds.get(name);
    });
  }

  offsets(topic: string, uncommitted = false): Promise<readonly PartitionOffsets[]> {
    return this.ask('list offsets', (broker) =>
      broker.topic(topic).map((p, partition) => ({
        ...{ partition, earliest: p.earliest },
        end: uncommitted ? p.end : p.stable,
      })),
    );
  }

  async committed(group: string, topics: readonly string[]): Promise<readonly CommittedOffset[]> {
    const { process } = this.tools;
    for (;;) {
      const found = await this.ask('fetch offsets', (broker) =>
        broker.unstable(group, topics) ? undefined : [...(broker.offsets.get(group)?.values() ?? [])],
      );
      if (found !== undefined) return found.filter((o) => topics.includes(o.topic));
      await new Promise<void>((resolve) => process.later(RETRY_MS, 'asks for offsets again', resolve));
    }
  }

  deleteGroup(group: string): Promise<void> {
    return this.ask('delete group', (broker) => void broker.offsets.delete(group));
  }

  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    return this.ask('delete records', (broker) => {
      for (const o of before) broker.topic(o.topic)[o.partition]!.deleteBefore(o.offset);
    });
  }

  reader(): LogReader {
    return new SimReader(this.tools.broker, this.tools.process, this.tools.faults);
  }

  member(options: MemberOptions): GroupMember {
    return new SimMember(this.tools.groups, this.tools.process, options);
  }

  async writer(options: WriterOptions): Promise<LogWriter> {
    const producer = await this.ask('start producer', (broker) => broker.start(options.transactionalId));
    return breakableWriter(new SimWriter(this.tools, producer), this.tools.faults);
  }

  private ask<T>(label: string, effect: (broker: WriterTools['broker']) => T | Promise<T>): Promise<T> {
    const { broker, process, faults } = this.tools;
    const refused = faults.ofRequest('request refused', 0.02);
    const fate = refused ? { error: { before: true, error: new Refused(`Could not ${label}`) } } : {};
    return process.request(label, () => effect(broker), fate);
  }
}

const infoOf = (name: string, partitions: number): TopicInfo => ({
  name,
  partitions,
  replicas: Array.from({ length: partitions }, () => 1),
  internal: false,
});
