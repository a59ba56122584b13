import { describe, expect, it } from 'vitest';
import type { Clock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Command } from '../../engine/catalog/index.js';
import { type Applied, CommandLog } from '../../engine/command-log/command-log.js';
import type { Log, LogWriter } from '../../engine/log/log.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { STRING } from '../../engine/values/sql-type.js';
import { FakeLog } from '../runtime/fake-log.js';

const TOPIC = '_weir_s_command_topic';
const type = (name: string): Command => ({ kind: 'createType', name, type: STRING, ifNotExists: false });
const ANSWER = { id: 'x', message: 'done' };

/** Time that passes as soon as somebody waits for it. */
class QuickClock implements Clock {
  time = 1000;
  now = (): number => this.time;
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    // A time-out that a race is decided against must not win it.
    if (ms >= 60_000) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    await new Promise((resolve) => setImmediate(resolve));
    this.time += ms;
    signal?.throwIfAborted();
  }
}

class Node {
  readonly applied: Applied[] = [];
  readonly log: CommandLog;

  constructor(log: Log, nodeId: string, clock: Clock = new QuickClock()) {
    let n = 0;
    this.log = new CommandLog({
      log,
      serviceId: 's',
      nodeId,
      clock,
      logger: silentLogger,
      uuid: () => `${nodeId}-${n++}`,
      onApplied: (a) => this.applied.push(a),
    });
  }

  get types(): string[] {
    return [...this.log.catalog.types.keys()];
  }
}

/** A fake log whose polls give way to others. */
class CommandTopic extends FakeLog {
  failing = 0;
  /** Writes that take effect and are reported as failed. */
  lying = 0;
  /** What is gone from the topic's beginning. */
  trimmed = 0;

  constructor() {
    super('kafka', new MemoryState());
  }

  override async offsets(topic: string) {
    return (await super.offsets(topic)).map((o) => ({ ...o, earliest: this.trimmed }));
  }

  override reader() {
    const reader = super.reader();
    const poll = reader.poll.bind(reader);
    reader.poll = async (ms) => {
      const fetched = await poll(ms);
      if (fetched.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return fetched;
    };
    return reader;
  }

  override async writer(): Promise<LogWriter> {
    const writer = await super.writer();
    let waiting: [string, number, Buffer][] = [];
    writer.append = (topic, partition, batch) => void waiting.push([topic, partition, batch as Buffer]);
    writer.flush = async () => {
      const now = waiting;
      waiting = [];
      if (this.failing-- > 0) throw new Error('not written');
      for (const [topic, partition, batch] of now) this.write(topic, partition, batch);
      if (this.lying-- > 0) throw new Error('written, and reported as failed');
    };
    return writer;
  }

  put(value: string | null): void {
    this.produce(TOPIC, 0, [
      { key: Buffer.from('foreign'), value: value === null ? null : Buffer.from(value), timestamp: 0 },
    ]);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('the command log of several nodes', () => {
  it('applies the same commands everywhere, in one order; of two that conflict the second is refused everywhere', async () => {
    const topic = new CommandTopic();
    const [a, b] = [new Node(topic, 'a'), new Node(topic, 'b')];
    await a.log.open();
    await b.log.open();
    await a.log.append(type('A'), 'A', ANSWER);
    const both = await Promise.allSettled([a.log.append(type('X'), 'X', ANSWER), b.log.append(type('X'), 'X', ANSWER)]);
    expect(both.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    await b.log.append(type('B'), 'B', ANSWER);
    await until(() => a.types.length === 3);
    expect(a.types).toEqual(['A', 'X', 'B']);
    expect(b.types).toEqual(['A', 'X', 'B']);
    const late = new Node(topic, 'c');
    await late.log.open();
    expect(late.types).toEqual(['A', 'X', 'B']);
    expect(late.log.sequence).toBe(4);
    expect(late.applied).toEqual([]); // what was there before is not told one by one
    for (const n of [a, b, late]) await n.log.close();
  });

  it('an append that failed is repeated, and counts once though it had arrived', async () => {
    const topic = new CommandTopic();
    const [a, b] = [new Node(topic, 'a'), new Node(topic, 'b')];
    await a.log.open();
    await b.log.open();
    topic.lying = 1;
    topic.failing = 0;
    await expect(a.log.append(type('A'), 'A', ANSWER)).resolves.toMatchObject({ sequence: 0 });
    topic.failing = 2;
    await a.log.append(type('B'), 'B', ANSWER);
    await until(() => b.types.length === 2);
    for (const n of [a, b]) {
      expect(n.types).toEqual(['A', 'B']);
      expect(n.applied).toHaveLength(2);
      expect([...n.log.statuses.values()]).toEqual([{ status: 'SUCCESS', message: 'done', queryId: null }]);
      await n.log.close();
    }
  });

  it.each([
    ['no JSON', '{"version":1,', /cannot be read/],
    ['no value', null, /has no value/],
    ['no command', '[1]', /is no command/],
    ['an entry without its parts', '{"version":1,"id":"x"}', /is incomplete/],
    ['an entry of a newer version', '{"version":2,"id":"x"}', /version 2; this Weir knows 1/],
    [
      'a command of an unknown kind',
      '{"version":1,"id":"x","sql":"","command":{"kind":"paint"}}',
      /unknown kind 'paint'/,
    ],
    ['a command without its parts', '{"version":1,"id":"x","sql":"","command":{"kind":"createAs"}}', /Command 1 of/],
  ])('%s: what came before stays, nothing behind it is applied, statements are refused', async (_, value, message) => {
    const topic = new CommandTopic();
    const a = new Node(topic, 'a');
    await a.log.open();
    await a.log.append(type('A'), 'A', ANSWER);
    topic.put(value);
    const pending = a.log.append(type('B'), 'B', ANSWER);
    await expect(pending).rejects.toMatchObject({ code: 'COMMAND_LOG_DAMAGED' });
    await until(() => !a.log.healthy);
    expect(a.log.problem?.message).toMatch(message);
    expect(a.types).toEqual(['A']);
    await expect(a.log.append(type('C'), 'C', ANSWER)).rejects.toThrow(/statements are refused, running queries go on/);
    const late = new Node(topic, 'c');
    await late.log.open(); // starts all the same
    expect(late.types).toEqual(['A']);
    expect(late.log.healthy).toBe(false);
    for (const n of [a, late]) await n.log.close();
  });

  it.each([
    ['that has lost its beginning', (t: CommandTopic) => void (t.trimmed = 1), /lost its first 1 commands/],
    ['that was deleted', (t: CommandTopic) => t.deleteTopics([TOPIC]), /has been deleted/],
    [
      'that was made anew',
      async (t: CommandTopic) => {
        await t.deleteTopics([TOPIC]);
        await t.createTopics([{ name: TOPIC, partitions: 1 }]);
      },
      /ends at 0, and 2 commands were read/,
    ],
    [
      'that was made anew and is as long as before',
      async (t: CommandTopic) => {
        await t.deleteTopics([TOPIC]);
        await t.createTopics([{ name: TOPIC, partitions: 1 }]);
        for (let i = 0; i < 3; i++) t.put('{}');
      },
      /./, // by its first entry, or by the entries that are none
    ],
  ])('a topic %s is noticed', async (_, damage, message) => {
    const topic = new CommandTopic();
    const clock = new QuickClock();
    const a = new Node(topic, 'a', clock);
    await a.log.open();
    await a.log.append(type('A'), 'A', ANSWER);
    await a.log.append(type('B'), 'B', ANSWER);
    await damage(topic);
    clock.time += 10_000;
    await until(() => !a.log.healthy);
    expect(a.log.problem?.message).toMatch(message);
    expect(a.types).toEqual(['A', 'B']);
    await a.log.close();
  });

  it('starts degraded and with nothing where the beginning is lost', async () => {
    const topic = new CommandTopic();
    const a = new Node(topic, 'a');
    await a.log.open();
    await a.log.append(type('A'), 'A', ANSWER);
    await a.log.close();
    topic.trimmed = 1;
    const late = new Node(topic, 'c');
    await late.log.open();
    expect(late.types).toEqual([]);
    expect(late.log.healthy).toBe(false);
    await late.log.close();
  });
});
