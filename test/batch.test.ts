import { describe, expect, it } from 'vitest';
import {
  BatchBuilder,
  BatchCursor,
  batchAt,
  batchIntact,
  crc32c,
  murmur2,
  ownBatches,
  PLAIN_PRODUCER,
  sealBatch,
} from '../engine/records/batch.js';

function timesOf(raw: Buffer): number[] {
  const c = new BatchCursor();
  c.reset(batchAt(raw, 0));
  const times: number[] = [];
  while (c.next()) times.push(c.timestamp);
  return times;
}

/** A record without key, value and headers, as bytes. */
function record(difference: bigint, index: number): Buffer {
  const delta = BigInt.asIntN(64, difference);
  let z = BigInt.asUintN(64, (delta << 1n) ^ (delta >> 63n));
  const varlong: number[] = [];
  for (; z >= 128n; z >>= 7n) varlong.push(Number(z & 127n) | 128);
  varlong.push(Number(z));
  const body = [0, ...varlong, index * 2, 1, 1, 0];
  return Buffer.from([body.length * 2, ...body]);
}

describe('record batch', () => {
  it('gives back what was written: nulls, headers, timestamps far apart', () => {
    const b = new BatchBuilder();
    const k = Buffer.from('key');
    const v = Buffer.from('x'.repeat(300));
    b.add(1_000, k, 0, 3, v, 0, 300);
    b.add(1_700_000_000_000, null, -1, -1, v, 10, 10, [
      { key: 'h', value: Buffer.from('1') },
      { key: 'n', value: null },
    ]);
    b.add(-5, k, 1, 3, null, -1, -1);
    const raw = b.finish()!;
    sealBatch(raw, 40, PLAIN_PRODUCER);
    expect(batchIntact(raw, 0, raw.length)).toBe(true);
    const c = new BatchCursor();
    c.reset(batchAt(raw, 0));
    expect(c.next()).toBe(true);
    expect([c.offset, c.timestamp, c.keyEnd - c.keyStart, c.valueEnd - c.valueStart]).toEqual([40, 1000, 3, 300]);
    expect(c.next()).toBe(true);
    expect([c.offset, c.timestamp, c.keyStart, c.valueEnd - c.valueStart]).toEqual([41, 1_700_000_000_000, -1, 0]);
    expect(c.headers()).toEqual([
      { key: 'h', value: Buffer.from('1') },
      { key: 'n', value: null },
    ]);
    expect(c.next()).toBe(true);
    expect([c.offset, c.timestamp, c.valueStart]).toEqual([42, -5, -1]);
    expect(c.buffer.toString('utf8', c.keyStart, c.keyEnd)).toBe('ey');
    expect(c.next()).toBe(false);
    c.reset(batchAt(raw, 0, 42));
    expect(c.next()).toBe(true);
    expect(c.offset).toBe(42);
    raw[70]! ^= 1;
    expect(batchIntact(raw, 0, raw.length)).toBe(false);
  });

  it('keeps times exact that are as far apart as times can be', () => {
    const v = Buffer.from('v');
    const times = [
      8_000_000_000_000_001,
      5000,
      1_680_674_828_123,
      0,
      Number.MAX_SAFE_INTEGER,
      1,
      4_503_599_627_370_497,
    ];
    for (const order of [times, times.toReversed()]) {
      const b = new BatchBuilder();
      for (const t of order) b.add(t, null, -1, -1, v, 0, 1);
      expect(timesOf(b.finish()!)).toEqual(order);
    }
  });

  it('takes no time that is none, and is as it was then', () => {
    const v = Buffer.from('v');
    const b = new BatchBuilder();
    b.add(1000, null, -1, -1, v, 0, 1);
    for (const t of [2 ** 63, 2 ** 53, -(2 ** 53), 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => b.add(t, null, -1, -1, v, 0, 1)).toThrow('is no timestamp');
    }
    b.add(2000, null, -1, -1, v, 0, 1);
    expect(timesOf(b.finish()!)).toEqual([1000, 2000]);
  });

  it('reads the neighbours of a time beyond 2^53 as they are, which is told from a time', () => {
    // What a Java producer writes of Long.MAX_VALUE, 1000 and Long.MIN_VALUE + 5: differences to the first, 64 bits wide.
    const first = 2n ** 63n - 1n;
    const b = new BatchBuilder();
    const v = Buffer.from('v');
    for (const t of [0, 0, 0]) b.add(t, null, -1, -1, v, 0, 1);
    const plain = b.finish()!;
    const records = [0n, 1000n - first, -(2n ** 63n) + 5n - first].map((delta, i) => record(delta, i));
    const raw = Buffer.concat([plain.subarray(0, 61), ...records]);
    raw.writeInt32BE(raw.length - 12, 8);
    raw.writeBigInt64BE(first, 27);
    const [never, second, before] = timesOf(raw);
    expect(Number.isSafeInteger(never)).toBe(false);
    expect(second).toBe(1000);
    expect(Number.isSafeInteger(before)).toBe(false);
    expect(before).toBeLessThan(0);
  });

  it('hashes as Kafka does', () => {
    const bytes = (s: string) => Buffer.from(s);
    // Values of org.apache.kafka.common.utils.UtilsTest.testMurmur2 and the CRC-32C check value of RFC 3720.
    expect(murmur2(bytes('21'), 0, 2)).toBe(-973932308);
    expect(murmur2(bytes('foobar'), 0, 6)).toBe(-790332482);
    expect(murmur2(bytes('a-little-bit-long-string'), 0, 24)).toBe(-985981536);
    expect(crc32c(bytes('123456789'), 0, 9)).toBe(0xe3069283);
  });

  it('a batch is a buffer of its own size, whatever was written before it', () => {
    const b = new BatchBuilder();
    const v = Buffer.alloc(700_000, 1);
    for (const size of [300, 700_000, 20, 40_000]) {
      b.add(1, null, -1, -1, v, 0, size);
      const raw = b.finish()!;
      expect(raw.buffer.byteLength).toBe(raw.length);
      expect(raw.length).toBeLessThan(size + 100);
    }
  });

  it('batches that are kept keep nothing else', () => {
    const response = Buffer.alloc(100_000);
    const batches = [0, 1, 2].map((i) => {
      const b = new BatchBuilder();
      const value = Buffer.from(`value ${i}`);
      b.add(i, null, -1, -1, value, 0, value.length);
      const raw = b.finish()!;
      sealBatch(raw, i, PLAIN_PRODUCER);
      const at = 1000 * i;
      raw.copy(response, at);
      return batchAt(response, at);
    });
    const own = ownBatches(batches);
    expect(new Set(own.map((batch) => batch.buffer.buffer.byteLength))).toEqual(
      new Set([own.reduce((n, batch) => n + batch.end - batch.start, 0)]),
    );
    const cursor = new BatchCursor();
    const values = own.map((batch) => {
      cursor.reset(batch);
      expect(cursor.next()).toBe(true);
      return [cursor.offset, cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd)];
    });
    expect(values).toEqual([0, 1, 2].map((i) => [i, `value ${i}`]));
    // What fills most of its buffer stays where it is.
    expect(ownBatches(own)).toBe(own);
  });
});
