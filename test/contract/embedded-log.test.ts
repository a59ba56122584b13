import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import type { Log } from '../../engine/log/log.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';
import { logContract } from './log.contract.js';

/** With a memory for recent batches and without any: the second reads everything from the database. */
for (const tailBytes of [64 * 1024 * 1024, 0]) {
  logContract(`The embedded log with ${tailBytes} bytes of recent batches in memory`, async () => {
    const directory = makeDir();
    let database: LevelDatabase;
    let log: EmbeddedLog;
    const start = async (): Promise<Log> => {
      database = new LevelDatabase({ directory });
      await database.open();
      log = new EmbeddedLog(database, { clock: systemClock, tailBytes });
      await log.open();
      return log;
    };
    const stop = async (): Promise<void> => {
      await log.close();
      await database.close();
    };
    await start();
    return {
      get log() {
        return log;
      },
      reopen: async () => {
        await stop();
        return start();
      },
      readState: async (key) => database.get(key),
      dispose: async () => {
        await stop();
        removeDir(directory);
      },
    };
  });
}
