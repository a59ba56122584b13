import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { idOf, readKnown, readTests, runAll } from '../../cli/test-runner/command.js';

const suite = join(import.meta.dirname, '../../../shared/conformance/query');
/** Cases that do not pass, each with its reason. It only shrinks: a case that passes leaves it, none is added. */
const known = readKnown(join(import.meta.dirname, 'known-failures.tsv'));

describe.skipIf(!existsSync(suite))("ksqlDB's own cases (skipped where ../shared/conformance is missing)", () => {
  it('pass, all but those listed as known failures, and no listed one passes', () => {
    const cases = readdirSync(suite)
      .sort()
      .flatMap((f) => readTests(join(suite, f)));
    expect(cases.length).toBeGreaterThan(1600);
    const results = runAll(cases);
    const failing = results.filter((r) => !r.outcome.passed);
    const why = new Map(failing.map((r) => [idOf(r.test), r.outcome.passed ? '' : r.outcome.reason]));
    const fresh = [...why].filter(([id]) => !known.has(id)).map(([id, reason]) => `${id}: ${reason}`);
    const fixed = [...known.keys()].filter((id) => !why.has(id));
    expect(fresh, 'cases that fail and are not listed').toEqual([]);
    expect(fixed, 'cases that pass, or are gone, and are still listed').toEqual([]);
  }, 120_000);

  it('are each listed with a reason', () => {
    expect([...known].filter(([, reason]) => reason.trim() === '')).toEqual([]);
  });
});
if (!existsSync(suite)) console.warn("SKIPPED: ksqlDB's own cases: ../shared/conformance is missing");
