import { batchAt, type RecordBatch } from '../../records/batch.js';
import type { KeyValueOp } from '../log.js';
import { type Committer, partitionOp } from './committer.js';
import type { OrderedDatabase } from './database.js';
import { batchKey } from './keys.js';
import type { Partition, Topic } from './partitions.js';

/**
 * Removes what `retention.ms` (by the largest timestamp of a batch) and `retention.bytes` (of a partition, as stored)
 * no longer keep; -1 and unset keep all. Whole batches from the old end, never out of the middle. A topic that is only
 * compacted (`cleanup.policy=compact`) keeps all: the latest value of each key is among it.
 */
export async function enforceRetention(
  topic: Topic,
  now: number,
  database: OrderedDatabase,
  committer: Committer,
): Promise<void> {
  const policy = topic.config['cleanup.policy'] ?? 'delete';
  if (!policy.split(',').some((p) => p.trim() === 'delete')) return;
  const age = limitOf(topic, 'retention.ms');
  const bytes = limitOf(topic, 'retention.bytes');
  if (age === undefined && bytes === undefined) return;
  const before = age === undefined ? Number.NEGATIVE_INFINITY : now - age;
  for (const partition of topic.partitions) {
    const keepBytes = bytes ?? Number.POSITIVE_INFINITY;
    const gone: Gone = (batch, left) => batch.maxTimestamp < before || left >= keepBytes;
    while (await removeSome(partition, gone, database, committer)) {
      // As long as whole slices go.
    }
  }
}

/** Removes the batches that lie below an offset as a whole. */
export async function removeBelow(
  partition: Partition,
  offset: number,
  database: OrderedDatabase,
  committer: Committer,
): Promise<void> {
  while (await removeSome(partition, (batch) => batch.lastOffset < offset, database, committer)) {
    // As long as whole slices go.
  }
}

/** Whether a batch goes; `left` are the bytes that the partition keeps without it. */
type Gone = (batch: RecordBatch, left: number) => boolean;

function limitOf(topic: Topic, name: string): number | undefined {
  const limit = Number(topic.config[name] ?? -1);
  return Number.isFinite(limit) && limit >= 0 ? limit : undefined;
}

/** Removes one slice of old batches; whether there may be more. */
async function removeSome(
  partition: Partition,
  gone: Gone,
  database: OrderedDatabase,
  committer: Committer,
): Promise<boolean> {
  const { id, index, earliest, end } = partition;
  if (earliest >= end) return false;
  const range = { gte: batchKey(id, index, earliest), lt: batchKey(id, index, end) };
  const ops: KeyValueOp[] = [];
  let freed = 0;
  let next = earliest;
  let all = true;
  for await (const entries of database.scan(range)) {
    for (const [key, stored] of entries) {
      const batch = batchAt(stored, 0);
      all = gone(batch, partition.bytes - freed - stored.length);
      if (!all) break;
      ops.push({ type: 'del', key });
      freed += stored.length;
      next = batch.lastOffset + 1;
    }
    break;
  }
  if (ops.length === 0) return false;
  await committer.exclusive(async () => {
    if (partition.gone) return;
    const bytes = partition.bytes - freed;
    await committer.write([...ops, partitionOp(partition, next, partition.end, bytes)]);
    partition.earliest = next;
    partition.bytes = bytes;
  });
  return all;
}
