import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressBatch } from '../../engine/log/kafka/compression.js';
import { mergeable, mergeBatches } from '../../engine/log/kafka/merge.js';
import { type AbortedTransaction, readRecordSet } from '../../engine/log/kafka/record-set.js';
import { BatchBuilder, CONTROL, PLAIN_PRODUCER, sealBatch } from '../../engine/records/batch.js';
import { batchOf, recordsOf, values } from '../contract/log-support.js';

interface Step {
  readonly producer: number;
  readonly kind: 'data' | 'abort' | 'commit';
}

/** A log as a broker keeps it, and which values a read_committed reader may see from an offset on. */
function logOf(steps: readonly Step[]) {
  const parts: Buffer[] = [];
  const visible: { offset: number; value: string }[] = [];
  const aborted: (AbortedTransaction & { end: number })[] = [];
  const open = new Map<number, { first: number; values: { offset: number; value: string }[] }>();
  let offset = 0;
  const add = (batch: Buffer, producer: number, control: boolean, count: number): void => {
    if (control) batch.writeInt16BE(batch.readInt16BE(21) | CONTROL, 21);
    sealBatch(batch, offset, { id: producer, epoch: 0, sequence: control ? -1 : offset, transactional: true });
    parts.push(batch);
    offset += count;
  };
  for (const { producer, kind } of steps) {
    if (kind === 'data') {
      const transaction = open.get(producer) ?? { first: offset, values: [] };
      open.set(producer, transaction);
      const list = [`${producer}:${offset}`, `${producer}:${offset}'`];
      transaction.values.push(...list.map((value, i) => ({ offset: offset + i, value })));
      // The key of an abort marker, in data.
      add(batchOf(list.map((value) => ({ key: '\0\0\0\0', value }))), producer, false, 2);
      continue;
    }
    const transaction = open.get(producer);
    if (transaction === undefined) continue;
    open.delete(producer);
    if (kind === 'commit') visible.push(...transaction.values);
    else aborted.push({ producerId: producer, firstOffset: transaction.first, end: offset });
    const builder = new BatchBuilder();
    const key = Buffer.from([0, 0, 0, kind === 'commit' ? 1 : 0]);
    builder.add(5, key, 0, 4, Buffer.alloc(6), 0, 6);
    add(builder.finish()!, producer, true, 1);
  }
  const stable = Math.min(offset, ...[...open.values()].map((t) => t.first));
  return { bytes: Buffer.concat(parts), parts, visible, aborted, stable };
}

const options = { from: 0, aborted: [], checkCrcs: true, name: 't/0' } as const;

async function read(b: Buffer, more: Partial<Parameters<typeof readRecordSet>[3]> = {}) {
  const set = await readRecordSet(b, 0, b.length, { ...options, ...more });
  const fetched = { topic: 't', partition: 0, batches: set.batches, nextOffset: set.nextOffset };
  return { records: recordsOf([fetched]), nextOffset: set.nextOffset };
}

describe('a record set', () => {
  test('shows what is committed, for all interleavings of transactions and all ranges', async () => {
    const step = fc.record({
      producer: fc.nat(3),
      kind: fc.constantFrom<Step['kind']>('data', 'data', 'abort', 'commit'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, at) => {
          const log = logOf(steps);
          // As the broker answers: whole batches from the one that holds `from`, up to the last stable offset.
          const from = Math.floor(at * log.stable);
          const whole = log.parts.filter((b) => {
            const base = Number(b.readBigInt64BE(0));
            return base + b.readInt32BE(23) >= from && base < log.stable;
          });
          const aborted = log.aborted.filter((t) => t.end >= from && t.firstOffset < log.stable);
          const { records, nextOffset } = await read(Buffer.concat(whole), { from, aborted });
          const expected = log.visible
            .filter((r) => r.offset >= from && r.offset < log.stable)
            .sort((x, y) => x.offset - y.offset)
            .map((r) => r.value);
          expect(records.map((r) => r.value)).toEqual(expected);
          expect(nextOffset).toBe(Math.max(from, log.stable));
        },
      ),
    );
  });

  test('leaves a batch that is cut short for the next fetch, wherever it is cut', async () => {
    const { parts, bytes } = logOf([
      { producer: 1, kind: 'data' },
      { producer: 1, kind: 'data' },
      { producer: 1, kind: 'commit' },
    ]);
    for (let end = 0; end <= bytes.length; end++) {
      const { nextOffset } = await read(bytes.subarray(0, end));
      const first = parts[0]!.length;
      const second = first + parts[1]!.length;
      expect(nextOffset).toBe(end < first ? 0 : end < second ? 2 : end < bytes.length ? 4 : 5);
    }
  });

  test('is refused where a bit has flipped, or where it is of an old format', async () => {
    const batch = values('some', 'values');
    sealBatch(batch, 0, PLAIN_PRODUCER);
    for (let at = 17; at < batch.length; at++) {
      const damaged = Buffer.from(batch);
      damaged[at]! ^= 4;
      await expect(read(damaged)).rejects.toMatchObject({ code: 'LOG_ERROR', message: expect.stringContaining('t/0') });
    }
    const old = Buffer.from(batch);
    old[16] = 1;
    await expect(read(old, { checkCrcs: false })).rejects.toThrow('message format v1');
  });

  test('comes back from every compression', async () => {
    const list = Array.from({ length: 50 }, (_, i) => ({
      key: `k${i}`,
      value: 'again and '.repeat(i),
      timestamp: i * 1e9,
    }));
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const batch = await compressBatch(batchOf(list), compression);
      sealBatch(batch, 100, PLAIN_PRODUCER);
      const { records, nextOffset } = await read(batch, { from: 120 });
      expect(records.map(({ key, value, timestamp }) => ({ key, value, timestamp }))).toEqual(list.slice(20));
      expect([records[0]!.offset, nextOffset]).toEqual([120, 150]);
      if (compression === 'none') continue;
      batch.fill(255, 61, 71);
      await expect(read(batch, { checkCrcs: false })).rejects.toMatchObject({ code: 'LOG_ERROR' });
    }
  });
});

describe('merging', () => {
  test('keeps records, order, times and headers', async () => {
    const headers = [{ key: 'h', value: Buffer.from('v') }];
    const lists = [
      [{ key: 'a', value: null, timestamp: 5_000_000_000 }],
      [
        { key: null, value: 'b', timestamp: 3, headers },
        { key: '', value: '', timestamp: 7 },
      ],
      [{ key: 'c', value: 'd', timestamp: -1 }],
    ];
    const merged = mergeBatches(lists.map(batchOf));
    sealBatch(merged, 0, PLAIN_PRODUCER);
    const { records } = await read(merged);
    expect(
      records.map(({ key, value, timestamp, headers: h }) => ({ key, value, timestamp, headers: h.length })),
    ).toEqual(
      lists
        .flat()
        .map((r) => ({ key: r.key, value: r.value, timestamp: r.timestamp, headers: 'headers' in r ? 1 : 0 })),
    );
  });

  test('leaves large batches alone', () => {
    const large = values('x'.repeat(40_000));
    const small = values('y');
    expect(mergeable([large, small])).toBe(1);
    expect(mergeable([small, large])).toBe(1);
    expect(mergeable([small, small, large])).toBe(2);
    expect(mergeBatches([large])).toBe(large);
  });
});
