import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { makeDir, removeDir } from '../support/temp.js';
import { storeContract } from './store.contract.js';

storeContract('MemoryState', async () => {
  const state = new MemoryState();
  await state.open();
  return { state, dispose: () => state.close() };
});

/** A cache that hardly holds anything and one that holds all: both must give the same answers. */
for (const cacheBytes of [400, 64 * 1024 * 1024]) {
  storeContract(`LevelState with ${cacheBytes} bytes of cache`, async () => {
    const directory = makeDir();
    let database = new LevelDatabase({ directory });
    await database.open();
    let state = new LevelState(database, cacheBytes);
    await state.open();
    return {
      state,
      reopen: async () => {
        await state.close();
        await database.close();
        database = new LevelDatabase({ directory });
        await database.open();
        state = new LevelState(database, cacheBytes);
        return state;
      },
      dispose: async () => {
        await state.close();
        await database.close();
        removeDir(directory);
      },
    };
  });
}
