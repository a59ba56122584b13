import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';
import { querySuite } from './queries.suite.js';

querySuite('queries on the embedded log', async () => {
  const directory = makeDir();
  const open = async () => {
    const database = new LevelDatabase({ directory });
    await database.open();
    const log = new EmbeddedLog(database, { clock: systemClock });
    await log.open();
    const close = async () => {
      await log.close();
      await database.close();
    };
    return { log, state: new LevelState(database), close };
  };
  let now = await open();
  return {
    get log() {
      return now.log;
    },
    get state() {
      return now.state;
    },
    reopen: async () => {
      await now.close();
      now = await open();
    },
    dispose: async () => {
      await now.close();
      removeDir(directory);
    },
  };
});
