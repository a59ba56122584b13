import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AllowedPath } from '../files/folders.js';
import { occupied } from './occupied.js';
import type { Finished } from './staged-file.js';
import { HIDDEN, type Target } from './target.js';

/** Behind the name of a file that grows, before the part that makes it unique. */
const STAGED = '~';

const isCode = (e: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((e as NodeJS.ErrnoException).code ?? '');

/** A folder of this machine. A file becomes visible by a link, which never takes the place of another file. */
export class FolderTarget implements Target {
  private constructor(private readonly folder: AllowedPath) {}

  /** Makes the folder where it is missing. @throws ConnectorFailed where it is not allowed */
  static async open(folder: AllowedPath): Promise<FolderTarget> {
    await mkdir(folder.join(HIDDEN), { recursive: true });
    await folder.check(folder.join(HIDDEN));
    return new FolderTarget(folder);
  }

  get where(): string {
    return this.folder.path;
  }

  async stage(name: string): Promise<string> {
    return this.hidden(`${basename(name)}${STAGED}${randomUUID()}`);
  }

  async clear(prefix: string, extension: string): Promise<void> {
    for (const file of await readdir(this.hidden())) {
      const of = file.slice(0, file.lastIndexOf(STAGED));
      const isOurs = of.startsWith(prefix) && (of.endsWith(extension) || of.endsWith(`${extension}.json`));
      if (file.includes(STAGED) && isOurs) await rm(this.hidden(file), { force: true });
    }
  }

  async publish(name: string, file: Finished): Promise<void> {
    const path = this.folder.join(name);
    await mkdir(dirname(path), { recursive: true });
    await this.folder.check(path);
    try {
      await linkNew(file.path, path);
    } catch (e) {
      if (!isCode(e, 'EEXIST')) throw e;
      if (!(await this.has(name, file))) throw occupied(path, e);
    }
    await syncFolder(dirname(path));
    await rm(file.path, { force: true });
  }

  async has(name: string, { bytes, sha256 }: Pick<Finished, 'bytes' | 'sha256'>): Promise<boolean> {
    const path = this.folder.join(name);
    const found = await stat(path).catch((e: unknown) => {
      if (isCode(e, 'ENOENT', 'ENOTDIR')) return undefined;
      throw e;
    });
    if (found === undefined || !found.isFile() || found.size !== bytes) return false;
    await this.folder.check(path);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex') === sha256;
  }

  async notes(prefix: string): Promise<readonly string[]> {
    return (await readdir(this.hidden())).filter((f) => f.startsWith(prefix) && !f.includes(STAGED));
  }

  async readNote(name: string): Promise<string | undefined> {
    return readFile(this.hidden(name), 'utf8').catch((e: unknown) => {
      if (isCode(e, 'ENOENT')) return undefined;
      throw e;
    });
  }

  async addNote(name: string, text: string): Promise<boolean> {
    return this.withNote(name, text, async (written) => {
      try {
        await linkNew(written, this.hidden(name));
        return true;
      } catch (e) {
        if (isCode(e, 'EEXIST')) return false;
        throw e;
      }
    });
  }

  async setNote(name: string, text: string): Promise<void> {
    await this.withNote(name, text, (written) => rename(written, this.hidden(name)));
  }

  async removeNote(name: string): Promise<void> {
    await rm(this.hidden(name), { force: true });
  }

  async close(): Promise<void> {}

  private hidden(name = ''): string {
    return join(this.folder.path, HIDDEN, name);
  }

  private async withNote<T>(name: string, text: string, place: (written: string) => Promise<T>): Promise<T> {
    const written = this.hidden(`${name}${STAGED}${randomUUID()}`);
    try {
      const handle = await open(written, 'wx');
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      const result = await place(written);
      await syncFolder(this.hidden());
      return result;
    } finally {
      await rm(written, { force: true });
    }
  }
}

/** A second name for a file, where there is no file of that name. @throws EEXIST */
async function linkNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (e) {
    // A file system without links. Notes let one task alone come here for a name, so that nothing appears in between.
    if (!isCode(e, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw e;
    const there = await stat(to).catch((s: unknown) => {
      if (isCode(s, 'ENOENT')) return undefined;
      throw s;
    });
    if (there !== undefined) throw Object.assign(new Error(`${to} is there already`, { cause: e }), { code: 'EEXIST' });
    await rename(from, to);
  }
}

/** A name is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (e) {
    // Some file systems know no such thing for folders, and keep names themselves.
    if (!isCode(e, 'EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR')) throw e;
  } finally {
    await handle.close();
  }
}
