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
} from '../engine/types/batch.js';

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
