import { spawn } from 'node:child_process';

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; one that is not there has the status null. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly timeout: number; readonly cwd?: string },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let [out, err] = ['', ''];
    child.stdout.on('data', (d) => (out += String(d)));
    child.stderr.on('data', (d) => (err += String(d)));
    child.on('error', (e) => resolve({ status: null, out, err: e.message }));
    child.on('close', (status) => resolve({ status, out, err }));
  });
}
