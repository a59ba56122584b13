import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new directory; whoever asks removes it by `removeDir`. */
export const makeDir = (prefix = 'weir-test-', parent = tmpdir()): string => mkdtempSync(join(parent, prefix));

export const removeDir = (directory: string): void => rmSync(directory, { recursive: true, force: true });

/** A new directory that is removed when the test that asked for it has ended. */
export function tempDir(prefix?: string): string {
  const directory = makeDir(prefix);
  onTestFinished(() => removeDir(directory));
  return directory;
}
