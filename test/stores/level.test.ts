import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import type { TaskId } from '../../engine/stores/store.js';
import { tempDir } from '../support/temp.js';

const TASK: TaskId = { queryId: 'Q', subtopology: 0, partition: 0 };
const b = (s: string): Buffer => Buffer.from(s);

async function filled(directory: string, n = 10): Promise<void> {
  const database = new LevelDatabase({ directory });
  await database.open();
  const state = new LevelState(database);
  const store = state.store(TASK, 's');
  for (let i = 0; i < n; i++) store.put(b(`k${i}`), b(`v${i}`));
  await state.write(store.databaseOps());
  await database.close();
}

/** Makes LevelDB's list of its files unreadable. */
function damage(directory: string): void {
  for (const file of readdirSync(directory)) {
    if (file.startsWith('MANIFEST')) writeFileSync(join(directory, file), 'x'.repeat(200));
  }
}

test('a database in use is an error with a hint', async () => {
  const directory = tempDir();
  const first = new LevelDatabase({ directory });
  await first.open();
  await expect(new LevelDatabase({ directory }).open()).rejects.toMatchObject({
    code: 'STATE_ERROR',
    message: expect.stringContaining(directory),
    hint: expect.stringContaining('Another Weir runs on this data directory'),
  });
  await first.close();
});

test('a damaged database is an error, and is left as it is', async () => {
  const directory = tempDir();
  await filled(directory);
  damage(directory);
  const before = readdirSync(directory).filter((f) => f !== 'LOG' && f !== 'LOG.old');
  await expect(new LevelDatabase({ directory }).open()).rejects.toMatchObject({
    code: 'STATE_ERROR',
    message: expect.stringContaining('damaged'),
  });
  expect(readdirSync(directory).filter((f) => f !== 'LOG' && f !== 'LOG.old')).toEqual(before);
});

test('a damaged database of state that can be restored is set aside, and reported', async () => {
  const directory = join(tempDir(), 'state');
  await filled(directory);
  damage(directory);
  const reports: [string, Error][] = [];
  const database = new LevelDatabase({
    directory,
    setAside: { suffix: () => '.damaged-1', report: (movedTo, cause) => reports.push([movedTo, cause]) },
  });
  await database.open();
  expect(reports.map(([movedTo]) => movedTo)).toEqual([`${directory}.damaged-1`]);
  expect(existsSync(`${directory}.damaged-1`)).toBe(true);
  expect(new LevelState(database).store(TASK, 's').get(b('k1'))).toBeUndefined();
  await database.close();
});

test('a database that is not open says so', async () => {
  const database = new LevelDatabase({ directory: tempDir() });
  expect(() => database.get(b('k'))).toThrow(/not open/);
  await expect(database.batch([{ type: 'del', key: b('k') }])).rejects.toThrow(/not open/);
});

test('what stores cache together stays within its bound, whoever reads', async () => {
  const directory = tempDir();
  await filled(directory, 2000);
  const database = new LevelDatabase({ directory });
  await database.open();
  const bound = 100_000;
  const state = new LevelState(database, bound);
  const stores = ['s', 't', 'u'].map(
    (name) => state.store(TASK, name) as ReturnType<typeof state.store> & { cleanBytes: number },
  );
  const cached = (): number => stores.reduce((sum, store) => sum + store.cleanBytes, 0);
  for (const store of [...stores, ...stores]) {
    for (let i = 0; i < 2000; i++) {
      const value = store.get(b(`k${i}`));
      expect(value?.toString()).toBe(store.name === 's' ? `v${i}` : undefined);
      if (i % 100 === 0) expect(cached()).toBeLessThanOrEqual(bound + 1000);
    }
    expect(store.cleanBytes).toBeGreaterThan(0);
  }
  // Buffered writes are never evicted.
  for (let i = 0; i < 3000; i++) stores[0]!.put(b(`k${i}`), b('changed'));
  for (let i = 0; i < 2000; i++) stores[1]!.get(b(`k${i}`));
  expect(stores[0]!.drain()).toHaveLength(3000);
  await state.write(stores[0]!.databaseOps());
  stores[0]!.committed();
  expect(cached()).toBeLessThanOrEqual(bound);
  expect(stores[0]!.get(b('k2999'))?.toString()).toBe('changed');
  await database.close();
});
