import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that tasks of this process have now. */
const open = new Set<string>();

/**
 * A folder of a task's own below `base`, for files that grow. What dead tasks have left in other ones goes; those of tasks that still run,
 * here or in another process of this machine, stay.
 */
export async function openScratch(base: string): Promise<string> {
  await mkdir(base, { recursive: true, mode: 0o700 });
  for (const name of await readdir(base)) {
    const path = join(base, name);
    if (!isInUse(path, Number(name.split('-')[0]))) await rm(path, { recursive: true, force: true });
  }
  const path = join(base, `${process.pid}-${randomUUID()}`);
  open.add(path);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

export async function closeScratch(path: string): Promise<void> {
  open.delete(path);
  // A folder of the system's temporary files: what cannot be removed is removed by the next task, or with those.
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

function isInUse(path: string, pid: number): boolean {
  if (pid === process.pid) return open.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'; // another user's process
  }
}
