import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConnectorFailed } from '../connector.js';
import type { AllowedPath } from '../files/folders.js';

const MOST_DEPTH = 16;
const MOST_FILES = 100_000;

/** What `path` names, looked at again and again. */
export class Listing {
  private constructor(
    /** Folder that is walked. */
    private readonly folder: string,
    /** Of names below it. */
    private readonly wanted: RegExp,
    private readonly depth: number,
    /** The one file that there can be; undefined: there may be any number. */
    readonly single: string | undefined,
  ) {}

  /** @throws Error where there is no such folder or file (yet) */
  static async of(place: AllowedPath, follow: boolean): Promise<Listing> {
    const { path } = place;
    if (/[*?]/.test(path)) {
      const parts = path.split('/');
      const fixed = parts.findIndex((part) => /[*?]/.test(part));
      const pattern = parts.slice(fixed);
      const depth = pattern.includes('**') ? MOST_DEPTH : pattern.length;
      return new Listing(parts.slice(0, fixed).join('/') || '/', regexOf(pattern), depth, undefined);
    }
    const found = await stat(path).catch((e: NodeJS.ErrnoException) => {
      if (e.code === 'ENOENT' && follow) return undefined; // it may come yet
      throw new Error(e.code === 'ENOENT' ? `There is no file or folder ${path}.` : e.message, { cause: e });
    });
    if (found?.isDirectory() === true) return new Listing(path, /^[^/]*$/, 1, undefined);
    return new Listing(join(path, '..'), /^$/, 0, path);
  }

  /** Names of files below the folder, in order; names that begin with a dot or _ are nobody's data. */
  async names(): Promise<readonly string[]> {
    const found: string[] = [];
    const walk = async (below: string, depth: number): Promise<void> => {
      for (const entry of await readdir(join(this.folder, below), { withFileTypes: true })) {
        if (/^[._]/.test(entry.name)) continue;
        const name = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory()) {
          if (depth > 1) await walk(name, depth - 1);
        } else if (this.wanted.test(name)) found.push(name);
        if (found.length > MOST_FILES) {
          throw new ConnectorFailed(
            `${this.folder} has more than ${MOST_FILES} files.`,
            'Read a folder or pattern with fewer.',
          );
        }
      }
    };
    await walk('', this.depth);
    return found.sort((a, b) => (a < b ? -1 : 1));
  }

  /** Whether files of a folder would be found. */
  covers(folder: string): boolean {
    return this.depth > 1 && (folder === this.folder || folder.startsWith(this.folder + sep));
  }

  pathOf(name: string): string {
    return this.single ?? join(this.folder, name);
  }
}

function regexOf(parts: readonly string[]): RegExp {
  const literal = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const one = (part: string): string =>
    part
      .split(/([*?])/)
      .map((piece) => (piece === '*' ? '[^/]*' : piece === '?' ? '[^/]' : literal(piece)))
      .join('');
  const text = parts.map((part, i) => (part === '**' ? '(?:[^/]+/)*' : one(part) + (i < parts.length - 1 ? '/' : '')));
  return new RegExp(`^${text.join('')}$`);
}

/** Files that nobody writes to any more. */
export class Settled {
  private readonly seen = new Map<string, { readonly facts: string; readonly since: number }>();

  constructor(private readonly settleMs: number) {}

  /** @param now wall clock, milliseconds */
  async has(path: string, now: number): Promise<boolean> {
    const found = await stat(path).catch(() => undefined); // it is gone again: not settled
    if (found === undefined) return false;
    const age = now - found.mtimeMs;
    if (age >= this.settleMs) return true;
    // The clock of who has written may go before this one: what does not change has settled too.
    const facts = `${found.size} ${found.mtimeMs} ${found.ino}`;
    const before = this.seen.get(path);
    if (before?.facts === facts) return now - before.since >= this.settleMs;
    this.seen.set(path, { facts, since: now });
    return false;
  }

  /** Forgets what is no longer waited for. */
  forget(path: string): void {
    this.seen.delete(path);
  }
}
