import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { motoMissing } from '../../testing/moto.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';
import { bucketPlace, folderPlace, type Place } from './support/file-targets.js';
import { describeWith } from './support/require.js';

let entry: string;
beforeAll(async () => {
  entry = await bundle('test/connectors/support/file-sink-process.ts');
});
afterAll(() => removeDir(dirname(entry)));

/** Runs the process; kills it once so many files are there, unless it has ended. @returns whether it was killed */
function run(args: readonly string[], files: number, count: () => Promise<number>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = new Promise<void>((done) => child.once('exit', () => done()));
    const look = async () => {
      while (child.exitCode === null && child.signalCode === null) {
        if ((await count()) >= files) child.kill('SIGKILL');
        await Promise.race([exited, pause(1)]);
      }
    };
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(signal === 'SIGKILL');
      else reject(new Error(`the process ended with ${code ?? signal}`));
    });
    look().catch(reject);
  });
}

/** Kills the process again and again until it has written all rows. @returns how often */
async function killed(place: Place, rows: number, options: Record<string, string>): Promise<number> {
  const state = join(tempDir(), 'committed');
  const pairs = Object.entries({ ...place.options, ...options }).map(([name, value]) => `${name}=${value}`);
  const args = [place.folders[0] ?? '', state, String(rows), ...pairs];
  const count = () => place.count();
  let kills = 0;
  for (let files = 3; await run(args, files, count); files = (await count()) + 3 + (kills % 7)) kills++;
  const lines = [...(await place.files()).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, bytes]) => bytes.toString().trimEnd().split('\n'));
  expect(lines.length).toBe(rows);
  expect(lines.findIndex((line, i) => line !== `{"N":${i}}`)).toBe(-1);
  return kills;
}

it('each row is in one file, however often the process is killed', { timeout: 120_000 }, async () => {
  const place = folderPlace();
  onTestFinished(() => place.stop());
  const options = { 'flush.size': '173', 'rotate.schedule.interval.ms': '3', 'file.prefix': 'part-' };
  expect(await killed(place, 40_000, options)).toBeGreaterThan(10);
  expect(readdirSync(join(place.folders[0]!, 'out/.weir'))).toHaveLength(1);
});

describeWith('s3', motoMissing(), 'a bucket', () => {
  it('has each row in one file, however often the process is killed', { timeout: 120_000 }, async () => {
    const place = await bucketPlace();
    onTestFinished(() => place.stop());
    expect(await killed(place, 10_000, { 'flush.size': '173' })).toBeGreaterThan(5);
  });
});
