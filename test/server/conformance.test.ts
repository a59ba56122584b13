import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { idOf, readKnown } from '../../cli/test-runner/command.js';
import { runRestFiles } from '../../cli/test-runner/rest-command.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';

const suite = join(import.meta.dirname, '../../../shared/conformance/rest');
/** Cases that do not pass, each with its reason. It only shrinks: a case that passes leaves it, none is added. */
const known = readKnown(join(import.meta.dirname, 'known-rest-failures.tsv'));

describe.skipIf(!existsSync(suite))(
  "ksqlDB's own cases against a server (skipped where ../shared/conformance is missing)",
  () => {
    it('pass, all but those listed as known failures, and no listed one passes', async () => {
      const files = readdirSync(suite)
        .sort()
        .map((f) => join(suite, f));
      const results = await runRestFiles(files, undefined, 2, {
        functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
        now: Date.now,
        random: () => 0.5,
        uuid: () => '00000000-0000-0000-0000-000000000000',
      });
      expect(results).toHaveLength(295);
      const failing = results.filter((r) => !r.outcome.passed);
      const why = new Map(failing.map((r) => [idOf(r.test), r.outcome.passed ? '' : r.outcome.reason]));
      expect(
        [...why].filter(([id]) => !known.has(id)),
        'cases that fail and are not listed',
      ).toEqual([]);
      expect(
        [...known.keys()].filter((id) => !why.has(id)),
        'cases that pass, or are gone, and are still listed',
      ).toEqual([]);
    }, 240_000);

    it('are each listed with a reason', () => {
      expect([...known].filter(([, reason]) => reason.trim() === '')).toEqual([]);
    });
  },
);
