import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Weir's name as a package of npm; `weir` is the name of its command. */
export const PACKAGE = 'weir-sql';

/** Commands that npm runs in a checkout. */
const SCRIPTS: Readonly<Record<string, string>> = { start: 'npm start', shell: 'npm run shell' };

/** How Weir came here: as a clone, as a package of npm, or as files alone (the image). */
type Place = 'checkout' | 'package' | 'files';

function place(): Place {
  const here = fileURLToPath(import.meta.url).replaceAll('\\', '/');
  if (here.includes('/node_modules/')) return 'package';
  // From dist/shell as from shell.
  return ['../.git', '../../.git'].some((path) => existsSync(new URL(path, import.meta.url))) ? 'checkout' : 'files';
}

/** What to type for `weir COMMAND …args` here: messages name commands that exist where they are read. */
export function typed(command: string, args = '', where: Place = place()): string {
  const script = where === 'checkout' ? SCRIPTS[command] : undefined;
  if (script !== undefined) return args === '' ? script : `${script} -- ${args}`;
  return `${where === 'package' ? `npx ${PACKAGE}` : 'bin/weir'} ${command} ${args}`.trimEnd();
}
