import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../engine/records/crc32c.js';

/** Bit by bit, as the polynomial says. */
function slowly(b: Uint8Array, start: number, end: number): number {
  let c = -1;
  for (let i = start; i < end; i++) {
    c ^= b[i]!;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return (c ^ -1) >>> 0;
}

test('CRC-32C of any range at any alignment', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  // Long ones go to native code.
  const short = fc.uint8Array({ maxLength: 400 });
  const long = fc.uint8Array({ minLength: 1000, maxLength: 1200, size: 'max' });
  fc.assert(
    fc.property(fc.oneof(short, long), fc.nat(7), fc.nat(60), fc.nat(60), (bytes, shift, from, less) => {
      const b = new Uint8Array(bytes.length + shift).subarray(shift);
      b.set(bytes);
      const start = Math.min(from, b.length);
      const end = Math.max(start, b.length - less);
      expect(crc32c(b, start, end)).toBe(slowly(b, start, end));
    }),
  );
});
