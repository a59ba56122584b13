import { BatchBuilder, BatchCursor, batchAt } from '../../records/batch.js';

/** Batches below this are worth the copying: a partition has one batch in flight, whatever its size. */
const MERGED_BYTES = 32 * 1024;

/** How many batches from the front of `queue` go in one. */
export function mergeable(queue: readonly Buffer[]): number {
  let bytes = 0;
  let n = 0;
  while (n < queue.length && (bytes += queue[n]!.length) <= MERGED_BYTES) n++;
  return Math.max(1, n);
}

/** One unsealed batch of the records of several, in order. */
export function mergeBatches(batches: readonly Buffer[]): Buffer {
  if (batches.length === 1) return batches[0]!;
  const builder = new BatchBuilder();
  const cursor = new BatchCursor();
  for (const b of batches) {
    cursor.reset(batchAt(b, 0));
    while (cursor.next()) addRecord(builder, cursor);
  }
  return builder.finish()!;
}

/** The records of a batch as two unsealed ones, in order; undefined where there is only one. */
export function halvesOf(batch: Buffer): readonly Buffer[] | undefined {
  const read = batchAt(batch, 0);
  if (read.count < 2) return undefined;
  const cursor = new BatchCursor();
  cursor.reset(read);
  return [Math.ceil(read.count / 2), read.count].map((end) => {
    const builder = new BatchBuilder();
    while (read.count - cursor.remaining < end && cursor.next()) addRecord(builder, cursor);
    return builder.finish()!;
  });
}

function addRecord(builder: BatchBuilder, cursor: BatchCursor): void {
  const { buffer: b, timestamp, keyStart, keyEnd, valueStart, valueEnd } = cursor;
  const headers = cursor.headerCount === 0 ? undefined : cursor.headers();
  builder.add(timestamp, b, keyStart, keyEnd, b, valueStart, valueEnd, headers);
}
