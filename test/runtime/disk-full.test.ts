import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { makeDir, removeDir } from '../support/temp.js';
import { diskFullSuite, FullDatabase } from './disk-full.suite.js';
import { embeddedNode, type StoredNode } from './nodes.js';

diskFullSuite(
  'a full disk under the embedded log',
  () =>
    embeddedNode((directory) => new FullDatabase({ directory })) as Promise<StoredNode & { database: FullDatabase }>,
);

const MIB = 1024 * 1024;

/** A file system of 48 MiB in memory; undefined where this machine lets nobody mount one. */
function smallDisk(): string | undefined {
  const directory = makeDir();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', directory], { stdio: 'pipe' });
    return directory;
  } catch {
    removeDir(directory);
    return undefined;
  }
}

describe('LevelDB on a disk that is really full', () => {
  it('refuses, can be read, and takes writes again when there is room; what it acknowledged is there', async (context) => {
    const disk = smallDisk();
    if (disk === undefined) {
      console.warn('SKIPPED: a real full disk, for this machine lets nobody mount a small file system');
      return context.skip();
    }
    onTestFinished(() => {
      // Lazily: where the test has failed the database is still open.
      execFileSync('umount', ['-l', disk]);
      removeDir(disk);
    });
    const directory = join(disk, 'state');
    const ballast = join(disk, 'ballast');
    // A small write buffer, so that the background work of LevelDB meets the full disk too.
    const open = async () => {
      const db = new LevelDatabase({ directory, writeBufferBytes: MIB });
      await db.open();
      return db;
    };
    let db = await open();
    const key = (i: number) => Buffer.from(`k${String(i).padStart(6, '0')}`);
    // Nothing that compresses: else LevelDB makes room by itself.
    const value = (i: number) => createHash('shake256', { outputLength: 20_000 }).update(String(i)).digest();
    const acknowledged = new Map<number, Buffer>();
    const put = async (i: number) => {
      const written = value(i);
      await db.batch([{ type: 'put', key: key(i), value: written }]);
      acknowledged.set(i, written);
    };
    const check = () => {
      for (const [i, written] of acknowledged) {
        const found = db.get(key(i));
        if (found === undefined || !found.equals(written)) throw new Error(`record ${i} is not what was written`);
      }
    };
    let i = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 50; n++) await put(i++);
      // Nearly full at once, then write into the rest.
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - MIB)));
      let refused: unknown;
      for (let n = 0; n < 500 && refused === undefined; n++) {
        await put(i++).catch((e: unknown) => {
          refused = e;
        });
      }
      expect(refused).toMatchObject({ code: 'DISK_FULL' });
      await expect(put(i++)).rejects.toMatchObject({ code: 'DISK_FULL' });
      await expect(db.room()).rejects.toMatchObject({ code: 'DISK_FULL' });
      check();
      rmSync(ballast);
      await db.room();
      for (let n = 0; n < 50; n++) await put(i++);
    }
    await db.close();
    db = await open();
    check();
    await db.close();
  });
});
