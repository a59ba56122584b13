import type {
  CommitResult,
  CommitWork,
  FetchedPartition,
  KeyValueOp,
  Log,
  LogReader,
  LogWriter,
  NewTopic,
  PartitionOffsets,
  TopicPartitionOffset,
} from '../../engine/log/log.js';
import { BatchBuilder, BatchCursor, batchAt, type RecordBatch } from '../../engine/records/batch.js';
import type { StateDatabase } from '../../engine/stores/store.js';

export interface LoggedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

interface Partition {
  readonly batches: RecordBatch[];
  end: number;
}

/** What happens to a commit: it works, is refused, or takes effect and is reported as failed. */
export type Fault = 'none' | 'refused' | 'unknown';

/**
 * A log in memory whose failures the test chooses. As Kafka it leaves the state to its caller (`kind: 'kafka'`); as the
 * embedded log it commits state, outputs and offsets at once.
 */
export class FakeLog implements Log {
  readonly topics = new Map<string, Partition[]>();
  readonly groups = new Map<string, Map<string, TopicPartitionOffset>>();
  nextFault: () => Fault = () => 'none';

  constructor(
    readonly kind: 'embedded' | 'kafka',
    private readonly state: StateDatabase,
  ) {}

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    for (const t of topics) {
      if (this.topics.has(t.name)) continue;
      this.topics.set(
        t.name,
        Array.from({ length: t.partitions }, () => ({ batches: [], end: 0 })),
      );
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) this.topics.delete(name);
  }

  async listTopics() {
    return [];
  }

  async describeTopic(name: string) {
    const t = this.topics.get(name);
    return t && { name, partitions: t.length, replicas: t.map(() => 1), internal: false };
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.topics.get(topic)!.map((p, partition) => ({ partition, earliest: 0, end: p.end }));
  }

  async committed(group: string, topics: readonly string[]): Promise<readonly TopicPartitionOffset[]> {
    return [...(this.groups.get(group)?.values() ?? [])].filter((o) => topics.includes(o.topic));
  }

  async deleteGroup(group: string): Promise<void> {
    this.groups.delete(group);
  }

  async deleteRecords(): Promise<void> {}

  member(): never {
    throw new Error('not in this test');
  }

  reader(): LogReader {
    let at: { topic: string; partition: number; next: number } | undefined;
    return {
      assign: (topic, partition, next) => {
        at = { topic, partition, next };
      },
      unassign: () => {},
      pause: () => {},
      resume: () => {},
      wakeup: () => {},
      close: async () => {},
      position: () => at && { next: at.next, end: -1 },
      poll: async () => {
        const fetched = at === undefined ? undefined : this.read(at.topic, at.partition, at.next, 2);
        if (at === undefined || fetched === undefined) return [];
        at.next = fetched.nextOffset;
        return [fetched];
      },
    };
  }

  async writer(): Promise<LogWriter> {
    return new FakeWriter(this, this.state);
  }

  /** Up to `count` batches from an offset on. */
  read(topic: string, partition: number, from: number, count: number): FetchedPartition | undefined {
    const all = this.topics
      .get(topic)!
      [partition]!.batches.filter((b) => b.lastOffset >= from)
      .slice(0, count);
    if (all.length === 0) return undefined;
    const batches = all.map((b) => ({ ...b, firstWanted: from }));
    return { topic, partition, batches, nextOffset: batches.at(-1)!.lastOffset + 1 };
  }

  write(topic: string, partition: number, batch: Buffer): void {
    const p = this.topics.get(topic)![partition]!;
    batch.writeBigInt64BE(BigInt(p.end), 0);
    const read = batchAt(batch, 0);
    p.batches.push(read);
    p.end = read.lastOffset + 1;
  }

  produce(topic: string, partition: number, records: readonly LoggedRecord[]): void {
    const b = new BatchBuilder();
    for (const r of records) {
      b.add(
        r.timestamp,
        r.key,
        r.key === null ? -1 : 0,
        r.key?.length ?? 0,
        r.value,
        r.value === null ? -1 : 0,
        r.value?.length ?? 0,
      );
    }
    this.write(topic, partition, b.finish()!);
  }

  records(topic: string): LoggedRecord[] {
    const out: LoggedRecord[] = [];
    const cursor = new BatchCursor();
    for (const p of this.topics.get(topic) ?? []) {
      for (const batch of p.batches) {
        cursor.reset(batch);
        const copy = (s: number, e: number) => (s < 0 ? null : Buffer.from(cursor.buffer.subarray(s, e)));
        while (cursor.next()) {
          out.push({
            key: copy(cursor.keyStart, cursor.keyEnd),
            value: copy(cursor.valueStart, cursor.valueEnd),
            timestamp: cursor.timestamp,
          });
        }
      }
    }
    return out;
  }
}

class FakeWriter implements LogWriter {
  private open: { topic: string; partition: number; batch: Buffer }[] = [];
  private dead = false;

  constructor(
    private readonly log: FakeLog,
    private readonly state: StateDatabase,
  ) {}

  append(topic: string, partition: number, batch: Uint8Array): void {
    this.open.push({ topic, partition, batch: batch as Buffer });
  }

  async ready(): Promise<void> {}
  async flush(): Promise<void> {}

  async commit(work: CommitWork): Promise<CommitResult> {
    if (this.dead) throw new Error('a dead writer was used');
    const fault = this.log.nextFault();
    if (fault === 'refused') {
      this.dead = true;
      throw new Error('refused');
    }
    const ends = new Map<string, TopicPartitionOffset>();
    for (const { topic, partition, batch } of this.open.splice(0)) {
      this.log.write(topic, partition, batch);
      const offset = this.log.topics.get(topic)![partition]!.end;
      ends.set(`${topic}/${partition}`, { topic, partition, offset });
    }
    const group = this.log.groups.get(work.group!) ?? new Map<string, TopicPartitionOffset>();
    this.log.groups.set(work.group!, group);
    for (const o of work.offsets) group.set(`${o.topic}/${o.partition}`, o);
    const stateWritten = this.log.kind === 'embedded';
    if (stateWritten) await this.state.write(copies(work.state));
    if (fault === 'unknown') {
      this.dead = true;
      throw new Error('the outcome is unknown');
    }
    return { stateWritten, ends: [...ends.values()] };
  }

  async abort(): Promise<void> {
    this.open = [];
  }

  async close(): Promise<void> {
    this.dead = true;
    this.open = [];
  }
}

const copies = (ops: readonly KeyValueOp[]): KeyValueOp[] =>
  ops.map((op) =>
    op.type === 'del'
      ? { type: 'del', key: Buffer.from(op.key) }
      : { type: 'put', key: Buffer.from(op.key), value: Buffer.from(op.value) },
  );
