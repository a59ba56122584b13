import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DeployStep, type Script, WeirError } from '../engine/index.js';

/** A file of statements, or the `.sql` files of a folder in lexical order. */
export function readScripts(path: string, hint = 'See setting ksql.queries.file.'): Script[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `The statements to deploy are not there: ${path}`, hint, { cause: e });
  }
  const files = isFolder
    ? readdirSync(path)
        .filter((f) => f.endsWith('.sql'))
        .sort()
        .map((f) => join(path, f))
    : [path];
  return files.map((file) => ({ name: file, sql: readFileSync(file, 'utf8') }));
}

/** How many steps there are of each kind. */
export function countActions(steps: readonly DeployStep[]): Partial<Record<DeployStep['action'], number>> {
  const counts: Partial<Record<DeployStep['action'], number>> = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}
