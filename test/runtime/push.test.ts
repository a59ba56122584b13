import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';
import { pushSuite } from './push.suite.js';

describe('push queries on the embedded log', () => {
  const directory = makeDir();
  const database = new LevelDatabase({ directory });
  const log = new EmbeddedLog(database, { clock: systemClock });
  beforeAll(async () => {
    await database.open();
    await log.open();
  });
  afterAll(async () => {
    await log.close();
    await database.close();
    removeDir(directory);
  });
  pushSuite(() => log);
});
