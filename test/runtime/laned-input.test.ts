import { describe, expect, it } from 'vitest';
import type { SourceEntry } from '../../engine/dataflow/chain.js';
import { InputQueue } from '../../engine/dataflow/input-queue.js';
import { InputSet, type InputSetOptions, MAX_WAITING_BYTES } from '../../engine/dataflow/input-set.js';
import { LanedInput } from '../../engine/dataflow/laned-input.js';
import { mergeBatches } from '../../engine/log/kafka/merge.js';
import { batchAt, type RecordBatch } from '../../engine/records/batch.js';
import { OutputBatches } from '../../engine/records/output-batches.js';
import { AT_END, type Origin, progressHeader } from '../../engine/records/progress.js';

/** What was processed: each row's text. */
let seen: string[] = [];

function entry(table = false): SourceEntry {
  return {
    topic: table ? 'table' : 'stream',
    node: { key: [], value: [], table },
    reader: {
      read: (cursor: InputQueue['cursor'], _p: number, _k: unknown, value: unknown[], record: InputQueue['record']) => {
        record.offset = cursor.offset;
        record.timestamp = cursor.timestamp;
        value[0] = cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd);
        record.value = value as never;
        return true;
      },
    },
    entry: { process: (record: { value: unknown[] }) => void seen.push(String(record.value[0])) },
  } as unknown as SourceEntry;
}

const writers: readonly Origin[] = [0, 1, 2].map((partition) => ({ subtopology: 0, partition }));

/** A partition of a repartition topic, as its writers make it. */
class Topic {
  end = 0;
  private readonly outs = writers.map((w) => new OutputBatches('t', progressHeader(w)));

  /** A batch of rows `text@time`, and how far the writer says to be behind it. */
  batch(writer: number, rows: string, progress: number | null): Buffer {
    const out = this.outs[writer]!;
    for (const row of rows.split(' ').filter((r) => r !== '')) {
      const bytes = Buffer.from(row);
      out.add(0, Number(row.split('@')[1]), bytes, -1, -1, bytes, 0, bytes.length, []);
    }
    if (progress !== null) out.tell(0, progress, 0);
    const batches: Buffer[] = [];
    out.drain((_t, _p, b) => batches.push(b));
    return mergeBatches(batches);
  }

  at(batch: Buffer): RecordBatch {
    batch.writeBigInt64BE(BigInt(this.end), 0);
    const read = batchAt(batch, 0);
    this.end += read.count;
    return read;
  }

  write(input: LanedInput, writer: number, rows: string, progress: number | null): void {
    this.give(input, [this.at(this.batch(writer, rows, progress))]);
  }

  give(input: LanedInput, batches: readonly RecordBatch[]): void {
    input.add({ topic: 't', partition: 0, batches, nextOffset: this.end });
  }
}

function setOf(inputs: ConstructorParameters<typeof InputSet>[0], options: Partial<InputSetOptions> = {}) {
  const clock = { time: 1000, now: () => clock.time };
  const set = new InputSet(inputs, { clock, behind: () => false, idleMs: 0, ...options });
  seen = [];
  const run = () => {
    set.fetched();
    set.run(clock.time + 10, () => false);
    return seen.splice(0).join(' ');
  };
  /** Time passes in which it looks again and again. */
  const pass = (ms: number) => {
    for (const end = clock.time + ms; clock.time < end; ) {
      clock.time = Math.min(end, clock.time + 100);
      set.run(clock.time + 10, () => false);
    }
  };
  return { set, run, pass, clock };
}

const laned = (metadata = '', start = 0) => new LanedInput(entry(), 0, start, writers, metadata);

describe('rows of several writers', () => {
  it('are taken by time, and wait for one that has not come as far', () => {
    const topic = new Topic();
    const input = laned();
    const { run, set } = setOf([input]);
    topic.write(input, 0, 'a@10 b@30 c@50', AT_END);
    expect(run()).toBe('');
    expect([set.waiting, set.hasWork, input.waits]).toEqual([true, false, true]);
    topic.write(input, 1, 'd@20', 40);
    expect(run()).toBe('');
    topic.write(input, 2, 'e@5', 35);
    expect(run()).toBe('e@5 a@10 d@20 b@30');
    topic.write(input, 2, '', AT_END);
    expect(run()).toBe('');
    topic.write(input, 1, '', 60);
    expect(run()).toBe('c@50');
    expect([input.next, set.progress]).toEqual([topic.end, 60]);
    topic.write(input, 1, '', AT_END);
    run();
    expect([set.waiting, input.empty, set.progress]).toEqual([false, true, AT_END]);
  });

  it('go on without one that has more to do and says nothing for a minute; not sooner, and anew after a pause', () => {
    const topic = new Topic();
    const input = laned();
    const { run, set, clock, pass } = setOf([input]);
    topic.write(input, 0, 'a@10', AT_END);
    topic.write(input, 1, '', AT_END);
    expect(run()).toBe('');
    pass(59_000);
    expect(run()).toBe('');
    set.restarted();
    pass(59_000);
    expect(run()).toBe('');
    // A clock that is set forward is none that has passed.
    clock.time += 86_400_000;
    expect(run()).toBe('');
    pass(2000);
    expect(run()).toBe('a@10');
    topic.write(input, 2, 'b@3', 5);
    topic.write(input, 0, 'c@20', AT_END);
    expect(run()).toBe('b@3');
  });

  it('wait for nobody with max.task.idle.ms at -1, and for who may yet write with more than 0', () => {
    const rows = (idleMs: number) => {
      const topic = new Topic();
      const input = laned();
      const it = setOf([input], { idleMs });
      topic.write(input, 0, 'a@10', idleMs < 0 ? 10 : AT_END);
      if (idleMs > 0) for (const w of [1, 2]) topic.write(input, w, '', AT_END);
      return it;
    };
    expect(rows(-1).run()).toBe('a@10');
    const { run, pass } = rows(500);
    expect(run()).toBe('');
    pass(499);
    expect(run()).toBe('');
    pass(1);
    expect(run()).toBe('a@10');
  });

  it('that are history wait a moment for writers that have nothing: they may get it from a query that is on its way, too', () => {
    const topic = new Topic();
    const input = laned();
    const { run, clock, pass } = setOf([input]);
    clock.time = 3_600_000;
    for (const w of [1, 2]) topic.write(input, w, '', AT_END);
    topic.write(input, 0, 'a@10', AT_END);
    expect(run()).toBe('');
    topic.write(input, 1, 'b@5', AT_END);
    pass(999);
    expect(run()).toBe('');
    pass(1);
    expect(run()).toBe('b@5');
    pass(999);
    expect(run()).toBe('');
    pass(1);
    expect(run()).toBe('a@10');
    topic.write(input, 0, `c@${clock.time - 30_000}`, AT_END);
    expect(run()).not.toBe('');
  });

  it('are told apart where small batches of a writer were merged, and keep rows without key and value', () => {
    const topic = new Topic();
    const input = laned();
    const { run, set } = setOf([input]);
    topic.give(input, [topic.at(mergeBatches([topic.batch(0, 'a@1', 1), topic.batch(0, 'b@2', 7)]))]);
    topic.write(input, 1, '', AT_END);
    topic.write(input, 2, 'c@5 d@9', AT_END);
    expect(run()).toBe('a@1 b@2 c@5');
    topic.write(input, 0, '', 9);
    expect(run()).toBe('d@9');
    expect(set.recordsIn).toBe(4);
  });

  it('go on where each was, from what a commit says', () => {
    const topic = new Topic();
    const first = laned();
    const { run } = setOf([first]);
    const batches = [
      topic.at(topic.batch(0, 'a@10 b@90', 90)),
      topic.at(topic.batch(1, 'c@20 d@30', AT_END)),
      topic.at(topic.batch(2, 'e@40', 40)),
    ];
    topic.give(first, batches);
    expect(run()).toBe('a@10 c@20 d@30 e@40');
    expect(first.next).toBe(2);
    const second = laned(first.metadata, first.next);
    const again = setOf([second]);
    topic.give(second, [{ ...batches[0]!, firstWanted: 2 }, batches[1]!, batches[2]!]);
    expect(again.run()).toBe('');
    topic.write(second, 2, 'f@50', AT_END);
    expect(again.run()).toBe('f@50 b@90');
    expect(second.next).toBe(topic.end);
    expect(() => new LanedInput(entry(), 0, 0, writers.slice(1), first.metadata)).toThrow('cannot be read');
  });

  it('of an earlier version wait for nobody and keep nobody waiting', () => {
    const topic = new Topic();
    const input = laned();
    const { run } = setOf([input]);
    const plain = new OutputBatches('t');
    const bytes = Buffer.from('old@7');
    plain.add(0, 7, bytes, -1, -1, bytes, 0, bytes.length, []);
    plain.drain((_t, _p, b) => topic.give(input, [topic.at(b)]));
    for (const w of [0, 1, 2]) topic.write(input, w, w === 0 ? 'a@3 b@9' : '', AT_END);
    expect(run()).toBe('a@3 old@7 b@9');
  });

  it('hold back who is far ahead, and wait no longer when they are too many', () => {
    const topic = new Topic();
    const input = laned();
    const { run } = setOf([input]);
    const long = 'x'.repeat(100_000);
    topic.write(input, 0, `${long}@10`, 10);
    expect(input.isAhead(writers[0]!)).toBe(false);
    let n = 1;
    while (input.bufferedBytes < MAX_WAITING_BYTES) {
      expect(run()).toBe('');
      for (let i = 0; i < 30; i++, n++) topic.write(input, 0, `${long}@10`, 10);
    }
    expect([input.isAhead(writers[0]!), input.isAhead(writers[1]!)]).toEqual([true, false]);
    expect(run()).not.toBe('');
    expect(input.bufferedBytes).toBeLessThanOrEqual(MAX_WAITING_BYTES);
    expect(n).toBeGreaterThan(300);
  });
});

describe('partitions of others', () => {
  it('wait for one that has more on the log, and of equal times a table is first', () => {
    const [stream, table] = [new InputQueue(entry(), 0, 0), new InputQueue(entry(true), 0, 0)];
    let behind = true;
    const { run, set } = setOf([stream, table], { behind: (q) => q === table && behind });
    const add = (queue: InputQueue, text: string) => {
      const out = new OutputBatches('t');
      const bytes = Buffer.from(text);
      out.add(0, Number(text.split('@')[1]), bytes, -1, -1, bytes, 0, bytes.length, []);
      out.drain((_t, _p, b) => queue.add({ topic: 't', partition: 0, batches: [batchAt(b, 0)], nextOffset: 1 }));
    };
    add(stream, 's@10');
    expect([run(), set.hasWork]).toEqual(['', false]);
    add(table, 't@10');
    expect(run()).toBe('t@10');
    behind = false;
    expect([set.hasWork, run()]).toEqual([true, 's@10']);
  });
});
