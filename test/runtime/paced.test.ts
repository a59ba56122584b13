import { expect, it } from 'vitest';
import { paced } from '../../engine/pull/paced.js';
import type { RowBatches } from '../../engine/pull/rows.js';

async function* batches(made: { n: number }, most: number): RowBatches {
  while (made.n < most) yield [[made.n++]];
}

it('the first batch comes at once, the others after a turn of the event loop each', async () => {
  let turns = 0;
  const pace = { turn: async () => void turns++, isClosed: false };
  const seen: (readonly [unknown, number])[] = [];
  for await (const [row] of paced(batches({ n: 0 }, 4), pace)) seen.push([row![0], turns]);
  expect(seen).toEqual([0, 1, 2, 3].map((n) => [n, n]));
});

it('what takes all there is before it gives anything ends when the query is closed', async () => {
  const made = { n: 0 };
  const pace = {
    turn: async () => {
      if (made.n === 10) pace.isClosed = true;
    },
    isClosed: false,
  };
  let taken = 0;
  for await (const _ of paced(batches(made, Number.POSITIVE_INFINITY), pace)) taken++;
  expect(taken).toBe(9);
});
