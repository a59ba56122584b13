import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, readTests, runAll } from '../../cli/test-runner/command.js';
import { isRestFile, runRestFiles } from '../../cli/test-runner/rest-command.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';

/** Behaviour is tested in SQL files first: every `.sql` and `.json` file of these folders, those with `responses` over HTTP. */
for (const path of filesOf(import.meta.dirname)) {
  describe(relative(import.meta.dirname, path), () => {
    if (isRestFile(path)) {
      it('answers as each case says', async () => {
        const results = await runRestFiles([path], undefined, 1, {
          functions: new FunctionRegistry(BUILT_IN_FUNCTIONS),
          now: Date.now,
          random: () => 0.5,
          uuid: () => '00000000-0000-0000-0000-000000000000',
        });
        expect(results.length).toBeGreaterThan(0);
        const failed = results.filter((r) => !r.outcome.passed);
        expect(failed.map((r) => [r.test.name, r.outcome])).toEqual([]);
      }, 120_000);
      return;
    }
    for (const t of readTests(path)) {
      it(t.name, () => {
        const [result] = runAll([t]);
        expect(result!.outcome).toEqual({ passed: true });
      });
    }
  });
}
