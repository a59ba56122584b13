import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { CONNECTORS } from '../../settings.js';
import { ConnectorFailed } from '../connector.js';

const SETTING = CONNECTORS.folders.name;

/** A place on this machine that a connector may touch. */
export class AllowedPath {
  private constructor(
    /** As it was asked for, absolute. */
    readonly path: string,
    /** The allowed folder above it, links resolved. */
    private readonly root: string,
  ) {}

  /**
   * The place that an option names: absolute, or below the first of the allowed folders.
   * @throws ConnectorFailed where it is in none of them
   */
  static async of(path: string, allowed: readonly string[]): Promise<AllowedPath> {
    if (allowed.length === 0) {
      throw new ConnectorFailed(
        'This server lets connectors touch no files.',
        `Name the folders that they may use in the server's configuration: ${SETTING}=/data/files.`,
      );
    }
    if (path.split(/[\\/]/).includes('..')) {
      throw new ConnectorFailed(`The path '${path}' has '..' in it.`, 'Name the place itself.');
    }
    const wanted = isAbsolute(path) ? resolve(path) : resolve(allowed[0]!, path);
    const above = allowed.map((folder) => resolve(folder)).find((folder) => isWithin(wanted, folder));
    if (above === undefined) throw outside(path);
    const root = await realpath(above).catch((e: unknown) => {
      throw new Error(`The folder ${above}, which ${SETTING} names, cannot be reached: ${(e as Error).message}`, {
        cause: e,
      });
    });
    const place = new AllowedPath(wanted, root);
    await place.check(wanted);
    return place;
  }

  /**
   * That a file or folder is in the allowed folder once all symbolic links are followed; what is not there yet counts as its folder does.
   * @throws ConnectorFailed
   */
  async check(file: string): Promise<void> {
    for (let at = file; ; at = dirname(at)) {
      const real = await realpath(at).catch((e: NodeJS.ErrnoException) => {
        if (e.code === 'ENOENT' || e.code === 'ENOTDIR') return undefined;
        throw e;
      });
      if (real === undefined && at !== dirname(at)) continue;
      if (real !== undefined && isWithin(real, this.root)) return;
      throw outside(file);
    }
  }

  join(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

const outside = (path: string): ConnectorFailed =>
  new ConnectorFailed(
    `'${path}' is in none of the folders that connectors may use.`,
    `The server's setting ${SETTING} lists them; symbolic links that lead out of them are not followed.`,
  );
