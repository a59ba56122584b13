import { expect, it } from 'vitest';
import { SteadyClock } from '../../engine/base/steady-clock.js';

it('a clock for intervals goes on where the wall clock is set back, and follows it forward', () => {
  let now = 1_000_000;
  const clock = new SteadyClock({ now: () => now, sleep: async () => {} });
  const seen = [1_000_000, 1_000_400, 400, 500, 86_400_000, 86_400_000 - 3600, 86_400_000].map((t) => {
    now = t;
    return clock.now() - 1_000_000;
  });
  const lost = 1_000_400 - 400;
  expect(seen).toEqual([0, 400, 400, 500, 85_400_000 + lost, 85_400_000 + lost, 85_403_600 + lost]);
});
