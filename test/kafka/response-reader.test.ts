import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ResponseReader } from '../../engine/log/kafka/response-reader.js';

const framed = (correlationId: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(payload.length + 4, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
};

it('puts responses together, in whatever pieces they come', () => {
  const responses = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(responses, sizes, (payloads, pieces) => {
      const bytes = Buffer.concat(payloads.map((p, i) => framed(i, p)));
      const taken: [number, string][] = [];
      const reader = new ResponseReader((id, payload) => taken.push([id, payload.toString('hex')]));
      // As a socket's buffer: the same one for each piece.
      const piece = Buffer.alloc(30);
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const n = Math.min(pieces[i % pieces.length]!, bytes.length - at);
        bytes.copy(piece, 0, at, at + n);
        reader.push(piece.subarray(0, n));
        piece.fill(0xee);
        at += n;
      }
      expect(taken).toEqual(payloads.map((p, i) => [i, Buffer.from(p).toString('hex')]));
    }),
  );
});

it('refuses what is no length of a response', () => {
  for (const length of [-1, 0, 3, 2 ** 31 - 1]) {
    const head = Buffer.alloc(4);
    head.writeInt32BE(length, 0);
    const reader = new ResponseReader(() => expect.fail('there is no response'));
    expect(() => reader.push(head)).toThrow(`A response of ${length} bytes`);
  }
});
