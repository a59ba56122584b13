import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../testing/jars.js';
import type { Contender, Measurement, Task } from './contender.js';

export type Guarantee = 'at_least_once' | 'exactly_once_v2';

/** Weir's default: shorter than the peer's, so more work, but its clock waits for the last commit. */
const COMMIT_MS = 500;

/** Weir, in a process of its own for each run; see `weir-runner.ts`. */
export class Weir implements Contender {
  readonly name: string;

  constructor(private readonly guarantee: Guarantee) {
    this.name = `Weir, ${guarantee}`;
  }

  async run(task: Task): Promise<Measurement> {
    const state = await mkdtemp(join(tmpdir(), 'weir-bench-state-'));
    try {
      const runner = fileURLToPath(new URL('./weir-runner.js', import.meta.url));
      const settings = { ...task, state, commit: COMMIT_MS, guarantee: this.guarantee };
      const args = [
        '--enable-source-maps',
        runner,
        ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ];
      const { stdout } = await run(process.execPath, args, { timeoutMs: 960_000 });
      return JSON.parse(stdout.toString().trim().split('\n').at(-1)!) as Measurement;
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  }
}
