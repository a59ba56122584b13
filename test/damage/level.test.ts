import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../cli/rides.js';
import { WeirError } from '../../engine/base/errors.js';
import { verifyLevel } from '../../engine/stores/level-verify.js';
import { makeDir, removeDir } from '../support/temp.js';
import { copyOf, examine, type Hit, hit, logOf, putBatch, writeTemplate } from './support/template.js';

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

/**
 * The log of LevelDB that has been cut off ends earlier, in whole batches, as after a power cut. So it is where the second of two
 * logs is gone: no other file speaks of it yet. All other damage is found.
 */
const mayEndEarlier = ({ file, kind, followsLog }: Hit): boolean =>
  file.endsWith('.log') && (kind !== 'remove' || followsLog);

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

test('a log that another one follows has lost nothing', async () => {
  const whole = join(folder, 'two-logs');
  const empty = new Level(whole);
  await empty.open();
  await empty.close();
  // As it is while what is in the first log is on its way to a table.
  const first = readdirSync(whole).find((f) => f.endsWith('.log'))!;
  const second = `${String(Number.parseInt(first, 10) + 20).padStart(6, '0')}.log`;
  const puts = Array.from({ length: 20 }, (_, i) => putBatch(i + 1, `key ${i}`, `value ${i}`));
  writeFileSync(join(whole, first), logOf(puts.slice(0, 10)));
  writeFileSync(join(whole, second), logOf(puts.slice(10)));
  expect((await verifyLevel(whole)).damage).toBeUndefined();
  const cut = async (bytes: number): Promise<string | undefined> => {
    const directory = copyOf(whole, join(folder, 'cut'));
    truncateSync(join(directory, first), bytes);
    return (await verifyLevel(directory)).damage;
  };
  const { size } = statSync(join(whole, first));
  expect(await cut(5)).toBe(`${first} has nothing before ${second}`);
  expect(await cut(size / 2)).toBe(`${second} goes on at 11, not at 6`);
  expect(await cut(size - 1)).toBe(`${second} goes on at 11, not at 10`);
  // LevelDB takes them for what they are meant to be.
  const database = new Level(whole);
  expect(await database.values().all()).toHaveLength(20);
  await database.close();
});

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
