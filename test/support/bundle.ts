import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { makeDir } from './temp.js';

/**
 * A TypeScript entry and all that it imports of this project as one ES module that `node` runs as it is: for tests that
 * need a process of their own, to kill it. Packages stay imports, so the bundle lies beside `node_modules`; for a page, which
 * has none, they are part of the module.
 *
 * @param entry path from the root of the project
 * @returns the path of the module, in a directory that the caller removes (`dirname` of it)
 */
export async function bundle(entry: string, platform: 'node' | 'browser' = 'node'): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = makeDir('bundle-', join(root, 'node_modules'));
  const file = join(directory, 'entry.mjs');
  const build = await rolldown({
    input: join(root, entry),
    cwd: root,
    platform,
    external: (id) => platform === 'node' && !id.startsWith('.') && !id.startsWith('/'),
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    logLevel: 'warn',
  });
  try {
    await build.write({ file, format: 'esm', codeSplitting: false });
  } finally {
    await build.close();
  }
  return file;
}
