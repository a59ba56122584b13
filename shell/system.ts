import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerError } from './client.js';

/** Programs of the system that have the terminal while they run. */

/** The terminal is the program's until the function that this gives is called. */
export type Release = () => () => void;

/**
 * Runs a command line of the system's shell.
 * @returns its exit status, or the name of the signal that ended it
 */
export function runProgram(command: string, release: Release): Promise<number | string> {
  const takeBack = release();
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: 'inherit' });
    const end = (call: () => void) => {
      takeBack();
      call();
    };
    child.on('error', (e) =>
      end(() => reject(new ServerError(`The command could not be run: ${e.message}`, undefined))),
    );
    child.on('close', (status, signal) => end(() => resolve(status ?? signal ?? 0)));
  });
}

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

/** A text as the user's editor leaves it behind; of a file, which is edited in its place. */
export async function edited(
  text: string,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  release: Release,
): Promise<string> {
  const editor = env.VISUAL || env.EDITOR || 'vi';
  const folder = file === undefined ? mkdtempSync(join(tmpdir(), 'weir-')) : undefined;
  const path = file ?? join(folder!, 'statement.sql');
  try {
    if (file === undefined) writeFileSync(path, text === '' ? '' : `${text}\n`, { mode: 0o600 });
    const status = await runProgram(`${editor} ${quoted(path)}`, release);
    if (status !== 0) {
      throw new ServerError(
        `The editor ended with ${status}: nothing is run.`,
        '$VISUAL or $EDITOR names another one.',
      );
    }
    return readFileSync(path, 'utf8');
  } catch (e) {
    if (e instanceof ServerError) throw e;
    throw new ServerError(`The file could not be edited: ${(e as Error).message}`, undefined);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
