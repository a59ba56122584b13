import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { BatchBuilder, partitionOf } from '../records/batch.js';
import type { Produced, RawRecord } from '../records/raw-record.js';
import type { Log, LogWriter } from './log.js';

/** Where a record was written. */
export interface RecordAt {
  readonly partition: number;
  readonly offset: number;
}

/** Writes raw records to topics, with one writer that is opened when it is first needed. */
export class Producer {
  private writer: Promise<LogWriter> | undefined;
  private turn = 0;
  /** Productions that are told their offsets go one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: {
      readonly log: Log;
      readonly clock: Clock;
      readonly logger: Logger;
      readonly clientId: string;
    },
  ) {}

  /** Appends records to a topic, which is created with `partitions` where it is missing; resolves once they are durable. */
  async produce(topic: string, records: readonly RawRecord[], partitions: number): Promise<Produced> {
    const { log, clock, logger, clientId } = this.deps;
    let info = await log.describeTopic(topic);
    if (info === undefined) {
      // Event times may be years old: the broker's default retention would delete them within minutes.
      await log.createTopics([{ name: topic, partitions, config: { 'retention.ms': '-1' } }]);
      info = (await log.describeTopic(topic))!;
    }
    const produced = { count: records.length, partitions: info.partitions };
    if (records.length === 0) return produced;
    this.writer ??= log.writer({ clientId });
    const opening = this.writer;
    try {
      const writer = await opening;
      for (const [partition, batch] of buildBatches(records, info.partitions, clock.now(), () => this.turn++)) {
        writer.append(topic, partition, batch);
      }
      await writer.flush();
    } catch (e) {
      // A writer that has failed is dead: the next call opens another.
      if (this.writer === opening) this.writer = undefined;
      await opening
        .then((writer) => writer.close())
        .catch((error: unknown) => logger.warn({ err: error }, 'closing a writer failed'));
      throw e;
    }
    return produced;
  }

  /** As `produce`; resolves to where each record is. For one caller that uses nothing else of this producer. */
  placed(topic: string, records: readonly RawRecord[], partitions: number): Promise<readonly RecordAt[]> {
    const work = this.last.then(() => this.place(topic, records, partitions));
    this.last = work.catch(() => undefined); // the next one does not care how this one ended
    return work;
  }

  private async place(topic: string, records: readonly RawRecord[], partitions: number): Promise<readonly RecordAt[]> {
    const count = (await this.produce(topic, [], partitions)).partitions;
    if (records.length === 0) return [];
    const chosen = records.map((r) => ({
      ...r,
      partition: r.partition ?? (r.key === null ? this.turn++ % count : partitionOf(r.key, 0, r.key.length, count)),
    }));
    await this.produce(topic, chosen, partitions);
    const { ends } = await (await this.writer!).commit({ offsets: [], state: [] });
    const next = new Map<number, number>();
    for (const { partition } of chosen) next.set(partition, (next.get(partition) ?? 0) + 1);
    for (const [partition, of] of next) {
      const end = ends.find((e) => e.topic === topic && e.partition === partition)?.offset;
      if (end === undefined)
        throw new WeirError('LOG_ERROR', `Where records of topic ${topic} were written is not known.`);
      next.set(partition, end - of);
    }
    return chosen.map(({ partition }) => {
      const offset = next.get(partition)!;
      next.set(partition, offset + 1);
      return { partition, offset };
    });
  }

  async close(): Promise<void> {
    const writer = await this.writer?.catch(() => undefined); // a writer that failed to open was told to its caller
    await writer?.close();
  }
}

/** One batch for each partition that gets records, by Kafka's partitioner; records without a key take turns. */
export function buildBatches(
  records: readonly RawRecord[],
  partitions: number,
  now: number,
  turn: () => number,
): Map<number, Buffer> {
  const builders = new Map<number, BatchBuilder>();
  for (const r of records) {
    const partition =
      r.partition ?? (r.key === null ? turn() % partitions : partitionOf(r.key, 0, r.key.length, partitions));
    if (partition < 0 || partition >= partitions) {
      throw new WeirError('BAD_REQUEST', `Partition ${partition} is none of the topic's ${partitions}.`);
    }
    let b = builders.get(partition);
    if (b === undefined) builders.set(partition, (b = new BatchBuilder()));
    const keyLength = r.key?.length ?? -1;
    const valueLength = r.value?.length ?? -1;
    b.add(
      r.timestamp ?? now,
      r.key,
      r.key === null ? -1 : 0,
      keyLength,
      r.value,
      r.value === null ? -1 : 0,
      valueLength,
      r.headers,
    );
  }
  return new Map([...builders].map(([p, b]) => [p, b.finish()!]));
}
