import { expect, it } from 'vitest';
import { Partition, Tails } from '../../engine/log/embedded/partitions.js';

const batch = (base: number, bytes = 100) => ({ base, last: base, buffer: Buffer.from(new ArrayBuffer(bytes)) });

it('batches leave memory after half a minute, the oldest first, and where there are too many', () => {
  const clock = { time: 0, now: () => clock.time };
  const tails = new Tails(10_000, clock);
  const [a, b] = [new Partition('t', 1, 0), new Partition('t', 1, 1)];
  tails.push(a, batch(0));
  clock.time = 20_000;
  tails.push(b, batch(0));
  expect([a.find(0)?.base, b.find(0)?.base]).toEqual([0, 0]);
  clock.time = 30_001;
  tails.push(b, batch(1));
  expect([a.find(0), b.find(0)?.base, b.find(1)?.base]).toEqual([undefined, 0, 1]);
  clock.time = 90_000;
  tails.push(a, batch(1));
  expect([b.find(0), b.find(1), a.find(1)?.base]).toEqual([undefined, undefined, 1]);
  const one = tails.size;
  for (let i = 2; i < 100; i++) tails.push(a, batch(i));
  expect(tails.size).toBeLessThanOrEqual(10_000);
  expect([a.find(1), a.find(99)?.base]).toEqual([undefined, 99]);
  // A clock that is set back keeps what is there, within the bound.
  clock.time = 0;
  tails.push(b, batch(2));
  expect([a.find(99)?.base, b.find(2)?.base]).toEqual([99, 2]);
  tails.drop(a);
  expect(tails.size).toBe(one);
});
