import { expect, test } from 'vitest';
import { silentLogger } from '../../engine/base/logger.js';
import { AbandonedState } from '../../engine/persistent/abandoned-state.js';
import { MemoryState } from '../../engine/stores/memory.js';

const task = (partition: number) => ({ queryId: 'q', subtopology: 0, partition });
const left = (partition: number) => ({ key: `0-${partition}`, task: task(partition), stores: ['s'] });

test('state of tasks that have moved away is kept for a while, and then removed', async () => {
  const state = new MemoryState();
  let now = 0;
  const abandoned = new AbandonedState({ state, clock: { now: () => now }, logger: silentLogger, delayMs: 100 });
  for (const p of [0, 1, 2]) {
    const store = state.store(task(p), 's');
    store.put(Buffer.from('k'), Buffer.from('v'));
    await state.write([...store.databaseOps(), state.checkpointOp(task(p), 's', 5)]);
    store.committed();
    state.release(task(p));
  }
  const kept = () => Promise.all([0, 1, 2].map((p) => state.checkpoint(task(p), 's')));
  abandoned.set([left(0), left(1)]);
  now = 60;
  abandoned.set([left(0), left(1), left(2)]); // the first two were left before
  now = 99;
  abandoned.sweep();
  await abandoned.settled();
  expect(await kept()).toEqual([5, 5, 5]);
  await abandoned.taken('0-1');
  now = 100;
  abandoned.sweep();
  await abandoned.settled();
  expect(await kept()).toEqual([undefined, 5, 5]);
  expect(await state.reader(task(0), 's').get(Buffer.from('k'))).toBeUndefined();
  abandoned.set([left(1)]); // the third is used again
  now = 1000;
  abandoned.sweep();
  await abandoned.settled();
  expect(await kept()).toEqual([undefined, undefined, 5]);
});
