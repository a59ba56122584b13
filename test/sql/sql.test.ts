import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTests, runAll } from '../../cli/test/test-command.js';

/** Behaviour is tested in SQL files first: every `.sql` file of this folder. */
for (const file of readdirSync(import.meta.dirname).filter((f) => f.endsWith('.sql'))) {
  describe(file, () => {
    for (const t of readTests(join(import.meta.dirname, file))) {
      it(t.name, () => {
        const [result] = runAll([t]);
        expect(result!.outcome).toEqual({ passed: true });
      });
    }
  });
}
