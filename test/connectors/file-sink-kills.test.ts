import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';

const ROWS = 40_000;

let entry: string;
beforeAll(async () => {
  entry = await bundle('test/connectors/support/file-sink-process.ts');
});
afterAll(() => removeDir(dirname(entry)));

/** Runs the process; kills it once so many files are there, unless it has ended. @returns whether it was killed */
function run(args: readonly string[], folder: string, files: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const look = setInterval(() => {
      if (visible(folder).length >= files) child.kill('SIGKILL');
    }, 1);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(look);
      if (code === 0 || signal === 'SIGKILL') resolve(signal === 'SIGKILL');
      else reject(new Error(`the process ended with ${code ?? signal}`));
    });
  });
}

const visible = (folder: string): string[] => readdirSync(folder).filter((name) => name !== '.weir');

it('each row is in one file, however often the process is killed', { timeout: 120_000 }, async () => {
  const [folder, state] = [tempDir(), tempDir()];
  const options = ['flush.size=173', 'rotate.schedule.interval.ms=3', 'file.prefix=part-', 'file.extension=json'];
  const args = [folder, join(state, 'committed'), String(ROWS), ...options];
  let kills = 0;
  for (let files = 3; await run(args, folder, files); files = visible(folder).length + 3 + (kills % 7)) kills++;
  expect(kills).toBeGreaterThan(10);
  const rows = visible(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  expect(rows.length).toBe(ROWS);
  expect(rows.findIndex((line, i) => line !== `{"N":${i}}`)).toBe(-1);
  expect(readdirSync(join(folder, '.weir'))).toHaveLength(1);
});
