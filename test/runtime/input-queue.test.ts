import { expect, it } from 'vitest';
import type { SourceEntry } from '../../engine/dataflow/chain.js';
import { InputQueue } from '../../engine/dataflow/input-queue.js';
import { BatchBuilder, batchAt, type RecordBatch } from '../../engine/records/batch.js';
import { bytes } from './support.js';

/** A batch of so many records from an offset on. */
function batch(baseOffset: number, records: number): RecordBatch {
  const builder = new BatchBuilder();
  const value = bytes('{}')!;
  for (let i = 0; i < records; i++) builder.add(i, null, -1, -1, value, 0, value.length);
  const built = builder.finish()!;
  built.writeBigInt64BE(BigInt(baseOffset), 0);
  return batchAt(built, 0);
}

it('never goes back, where what lies between two batches is no record', () => {
  const source = {
    node: { key: [], value: [] },
    reader: {
      read: (cursor: InputQueue['cursor'], _: number, _k: unknown, _v: unknown, record: InputQueue['record']) => {
        record.offset = cursor.offset;
        return true;
      },
    },
  } as unknown as SourceEntry;
  const queue = new InputQueue(source, 0, 0);
  const seen: number[] = [queue.next];
  const fetch = (from: number, records: number, nextOffset: number) => {
    queue.add({ topic: 't', partition: 0, batches: records === 0 ? [] : [batch(from, records)], nextOffset });
    seen.push(queue.next);
  };
  const take = () => {
    expect(queue.advance()).toBe(true);
    seen.push(queue.next);
  };
  fetch(0, 2, 3); // two records, and the end of their transaction at offset 2
  take();
  take();
  fetch(3, 1, 5);
  take();
  fetch(5, 0, 6); // the end of a transaction alone
  fetch(6, 1, 8);
  expect(seen).toEqual([0, 0, 1, 3, 3, 5, 6, 6]);
});
