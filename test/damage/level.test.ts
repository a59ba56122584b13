import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { WeirError } from '../../engine/base/errors.js';
import { verifyLevel } from '../../engine/stores/level-verify.js';
import { makeDir, removeDir } from '../support/temp.js';
import { copyOf, examine, hit, writeTemplate } from './support/template.js';

const CASES = Number(process.env.WEIR_DAMAGE_CASES ?? 200);
const seed = Number(process.env.WEIR_DAMAGE_SEED ?? randomInt(1_000_000));
const COMMITS = 700;

let folder: string;
let template: string;
beforeAll(async () => {
  folder = makeDir('damage-');
  template = join(folder, 'template');
  await writeTemplate(template, COMMITS);
});
afterAll(() => removeDir(folder));

test('what was not damaged passes, and is complete', async () => {
  const { damage, bytes } = await verifyLevel(template);
  expect(damage).toBeUndefined();
  expect(bytes).toBeGreaterThan(50_000);
  expect(await examine(copyOf(template, join(folder, 'whole')))).toBe(COMMITS);
});

/** The log of LevelDB that has been cut off ends earlier, in whole batches, as after a power cut. All other damage is found. */
const mayEndEarlier = (h: { file: string; kind: string }): boolean => h.file.endsWith('.log') && h.kind !== 'remove';

test(`the embedded log and its state: ${CASES} damages are a right answer or a stop (WEIR_DAMAGE_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  const outcomes = { right: 0, stopped: 0, earlier: 0 };
  for (let n = 0; n < CASES; n++) {
    const directory = copyOf(template, join(folder, 'case'));
    const what = hit(directory, random);
    try {
      const commits = await examine(directory);
      if (commits === COMMITS) outcomes.right++;
      else if (mayEndEarlier(what)) outcomes.earlier++;
      else expect.unreachable(`${what.text}: ${commits} commits of ${COMMITS}`);
    } catch (e) {
      if (!(e instanceof WeirError)) throw new Error(`case ${n}: ${what.text}: ${(e as Error).message}`, { cause: e });
      expect(e.message, what.text).toMatch(/damaged|failed/);
      outcomes.stopped++;
    }
  }
  console.log(`DAMAGE embedded ${JSON.stringify({ cases: CASES, seed, ...outcomes, wrong: 0 })}`);
  expect(outcomes.stopped).toBeGreaterThan(CASES / 3);
}, 600_000);

test(`state that changelogs can restore: ${CASES} damages are a right answer or a rebuild (WEIR_DAMAGE_SEED=${seed})`, async () => {
  const random = seededRandom(seed + 1);
  const outcomes = { right: 0, rebuilt: 0, earlier: 0 };
  for (let n = 0; n < CASES; n++) {
    const directory = copyOf(template, join(folder, 'case'));
    const what = hit(directory, random);
    const reports: string[] = [];
    const setAside = { suffix: () => `.damaged-${n}`, report: (to: string) => reports.push(to) };
    const commits = await examine(directory, { setAside }).catch((e: Error) => {
      throw new Error(`case ${n}: ${what.text}: ${e.message}`, { cause: e });
    });
    if (reports.length > 0) {
      // Empty, without a checkpoint: it is restored from the beginning. What was damaged is kept for those who want to look.
      expect(commits).toBe(0);
      expect(existsSync(reports[0]!)).toBe(true);
      removeDir(reports[0]!);
      outcomes.rebuilt++;
    } else if (commits === COMMITS) outcomes.right++;
    else if (mayEndEarlier(what))
      outcomes.earlier++; // checkpoints end with it: the rest is restored
    else expect.unreachable(`${what.text}: ${commits} commits of ${COMMITS}`);
  }
  console.log(`DAMAGE state ${JSON.stringify({ cases: CASES, seed, ...outcomes, wrong: 0 })}`);
  expect(outcomes.rebuilt).toBeGreaterThan(CASES / 3);
}, 600_000);

test('without the comparison of checksums there are wrong answers', async () => {
  // What LevelDB does by itself; were it to find the damage, the comparison would not be needed.
  const random = seededRandom(1);
  let wrong = 0;
  for (let n = 0; n < 60 && wrong === 0; n++) {
    const directory = copyOf(template, join(folder, 'case'));
    hit(directory, random);
    const answer = await examine(directory, { verify: false }).catch((e: Error) => e);
    if (answer instanceof Error && !(answer instanceof WeirError)) wrong++;
  }
  expect(wrong).toBe(1);
}, 120_000);
