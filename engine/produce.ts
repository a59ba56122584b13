import type { RawRecord } from './api.js';
import { BatchBuilder, partitionOf } from './types/batch.js';
import { WeirError } from './types/errors.js';

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
    );
  }
  return new Map([...builders].map(([p, b]) => [p, b.finish()!]));
}
