import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version of this Weir, from its package. */
export function ownVersion(): string {
  // From dist/server as from server: the package's file is two folders up, or one.
  const here = dirname(fileURLToPath(import.meta.url));
  for (const up of ['..', '../..']) {
    try {
      const found = JSON.parse(readFileSync(join(here, up, 'package.json'), 'utf8')) as { version: string };
      return found.version;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
    }
  }
  return '0.0.0';
}
