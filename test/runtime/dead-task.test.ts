import { describe, expect, it } from 'vitest';
import type { Chain } from '../../engine/dataflow/chain.js';
import type { CommitWork, LogWriter } from '../../engine/log/log.js';
import { Sweeper } from '../../engine/persistent/sweeper.js';
import { Task } from '../../engine/persistent/task.js';
import { OutputBatches } from '../../engine/records/output-batches.js';
import { MemoryState } from '../../engine/stores/memory.js';

const bytes = (text: string): Buffer => Buffer.from(text);

function filled(...values: readonly string[]): OutputBatches {
  const out = new OutputBatches('out');
  for (const [i, v] of values.entries()) {
    const value = bytes(v);
    out.add(i, 1000, value, -1, -1, value, 0, value.length, []);
  }
  return out;
}

class Recorder implements LogWriter {
  readonly appended: string[] = [];
  readonly commits: CommitWork[] = [];
  refuse: 'append' | 'ready' | 'commit' | null = null;

  append(topic: string, partition: number): void {
    this.check('append');
    this.appended.push(`${topic}/${partition}`);
  }
  async ready(): Promise<void> {
    this.check('ready');
  }
  async flush(): Promise<void> {}
  async commit(work: CommitWork) {
    this.check('commit');
    this.commits.push(work);
    return { stateWritten: false, ends: [] };
  }
  async abort(): Promise<void> {}
  async close(): Promise<void> {}

  private check(call: string): void {
    if (this.refuse !== call) return;
    this.refuse = null;
    throw new Error(`${call} was refused`);
  }
}

/** A task that has taken ten records and has a batch to write. */
function task(writer: Recorder, out: OutputBatches): Task {
  const clock = { now: () => 0, turn: async () => {}, sleep: async () => {} };
  const source = { topic: 'in', node: { key: [], value: [], table: false } };
  const input = { source, partition: 0, next: 10, metadata: '', lanes: [] };
  const sink = {
    tells: false,
    owesEnd: false,
    drain: out.drain.bind(out),
    records: 1,
    get bytes() {
      return out.bytes;
    },
  };
  const chain = { sources: [], operators: [], sinks: [sink], results: [] };
  return new Task({
    id: { queryId: 'Q', subtopology: 0, partition: 0 },
    group: 'g',
    chain: chain as unknown as Chain,
    inputs: [input] as never,
    behind: () => false,
    stores: [],
    sweeper: new Sweeper([], clock, () => {}),
    writer,
    reportRefused: () => {},
    state: new MemoryState(),
    clock,
    committed: [],
    maxDirtyBytes: 1e6,
  });
}

describe('what waits to be appended', () => {
  it('is given up once it has been taken, batch by batch', () => {
    const out = filled('a', 'b', 'c');
    const before = out.bytes;
    const taken: number[] = [];
    expect(() =>
      out.drain((_, partition) => {
        if (partition === 1) throw new Error('no room');
        taken.push(partition);
      }),
    ).toThrow('no room');
    expect(out.bytes).toBe((before / 3) * 2);
    out.drain((_, partition) => taken.push(partition));
    expect(taken).toEqual([0, 1, 2]);
    expect(out.bytes).toBe(0);
  });
});

describe('a task that has failed', () => {
  it.each(['append', 'ready', 'commit'] as const)('commits nothing any more: %s', async (call) => {
    const writer = new Recorder();
    const t = task(writer, filled('a', 'b'));
    writer.refuse = call;
    await expect(t.commit()).rejects.toThrow(`${call} was refused`);
    // The writer would take all of it now.
    await expect(t.commit()).rejects.toThrow(`${call} was refused`);
    await expect(t.commit(true)).rejects.toThrow(`${call} was refused`);
    await expect(t.ready()).rejects.toThrow(`${call} was refused`);
    expect(() => t.run(1)).toThrow(`${call} was refused`);
    expect(writer.commits).toEqual([]);
    await t.close();
  });

  it('is dead for one who asks before the failure has been told', async () => {
    const writer = new Recorder();
    const t = task(writer, filled('a'));
    writer.refuse = 'append';
    const first = t.commit();
    const second = Promise.resolve().then(() => t.commit());
    await expect(first).rejects.toThrow('append was refused');
    await expect(second).rejects.toThrow('append was refused');
    await expect(t.commit()).rejects.toThrow('append was refused');
    expect(writer.commits).toEqual([]);
  });

  it('commits once what was handed over, where nothing fails; closed, it refuses', async () => {
    const writer = new Recorder();
    const t = task(writer, filled('a', 'b'));
    expect(await t.commit()).toBe(true);
    expect(writer.appended).toEqual(['out/0', 'out/1']);
    expect(writer.commits.map((c) => c.offsets)).toEqual([[{ topic: 'in', partition: 0, offset: 10 }]]);
    await t.close();
    await expect(t.commit(true)).rejects.toThrow('The task is closed');
  });
});
