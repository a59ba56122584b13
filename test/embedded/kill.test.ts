import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog } from '../../engine/log/embedded/index.js';
import { LevelState } from '../../engine/stores/level.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { readFrom, type Seen } from '../contract/log-support.js';
import { bundle } from '../support/bundle.js';
import { removeDir, tempDir } from '../support/temp.js';

const [TOPIC, PLAIN, GROUP] = ['out', 'plain', 'workers'];

let worker: string;
beforeAll(async () => {
  worker = await bundle('test/embedded/support/worker.ts');
});
afterAll(() => removeDir(dirname(worker)));

interface Acknowledged {
  /** Last unit of work of each task. */
  readonly tasks: number[];
  plain: number;
}

/** Runs the worker, kills it with SIGKILL once it has acknowledged `lines` commits, and notes what it acknowledged. */
async function runAndKill(directory: string, lines: number, acknowledged: Acknowledged): Promise<void> {
  const child = spawn(process.execPath, [worker, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const [kind, a, b] = line.split(' ');
    if (kind === 'task') acknowledged.tasks[Number(a)] = Number(b);
    if (kind === 'plain') acknowledged.plain = Number(a);
    if (++seen === lines) child.kill('SIGKILL');
  }
  expect(await exited).toBe('SIGKILL');
}

test('after kill -9 every acknowledged commit is there once, and state is what the outputs say', async () => {
  const directory = tempDir();
  const acknowledged: Acknowledged = { tasks: [-1, -1], plain: -1 };
  for (const lines of [1, 40, 700, 250, 1500]) {
    await runAndKill(directory, lines, acknowledged);

    const database = new LevelDatabase({ directory });
    await database.open();
    const log = new EmbeddedLog(database, { clock: systemClock });
    await log.open();
    const outputs: Seen[] = [];
    for (const { partition, end } of await log.offsets(TOPIC!)) {
      const seen = end === 0 ? [] : await readFrom(log, TOPIC!, partition, 0, end);
      expect(seen.map((r) => r.offset)).toEqual(seen.map((_, i) => i));
      outputs.push(...seen);
    }
    const state = new LevelState(database);
    for (const t of [0, 1]) {
      const committed = (await log.committed(GROUP!, [TOPIC!])).find((o) => o.partition === t)?.offset ?? 0;
      expect(committed).toBeGreaterThan(acknowledged.tasks[t]!);
      // All of the units below the committed offset, none from there on, and nothing twice.
      const units = new Map<number, number>();
      const counts = new Map<string, number>();
      for (const { value } of outputs) {
        const [task, n, key, count] = value!.split(' ');
        if (Number(task) !== t) continue;
        units.set(Number(n), (units.get(Number(n)) ?? 0) + 1);
        counts.set(key!, Math.max(counts.get(key!) ?? 0, Number(count)));
      }
      expect([...units.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: committed }, (_, n) => n));
      for (const [n, records] of units) expect(records).toBe(1 + (n % 40));
      const store = state.store({ queryId: 'Q', subtopology: 0, partition: t }, 'counts');
      const stored = new Map<string, number>();
      for await (const [key, value] of store.range(undefined, undefined)) {
        stored.set(Buffer.from(key).toString(), Number(Buffer.from(value).toString()));
      }
      expect(new Map([...stored].sort())).toEqual(new Map([...counts].sort()));
      expect([...stored.values()].reduce((a, b) => a + b, 0)).toBe([...units.values()].reduce((a, b) => a + b, 0));
    }
    const end = (await log.offsets(PLAIN!))[0]!.end;
    expect(end).toBeGreaterThan(acknowledged.plain);
    const plain = end === 0 ? [] : await readFrom(log, PLAIN!, 0, 0, end);
    expect(plain.map((r) => r.value)).toEqual(Array.from({ length: end }, (_, i) => String(i)));
    await log.close();
    await database.close();
  }
  expect(acknowledged.plain).toBeGreaterThan(50);
}, 120_000);
