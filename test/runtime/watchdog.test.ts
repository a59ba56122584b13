import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { silentLogger } from '../../engine/base/logger.js';
import type { Log, LogReader } from '../../engine/log/log.js';
import { Stuck, Watchdog, type WatchedTask } from '../../engine/persistent/watchdog.js';
import { Runtime } from '../../engine/runtime.js';
import { embeddedNode, readAll, type StoredNode, until, write } from './nodes.js';
import { codecServices, groupByUser, KEY, sink, source, topology, VALUE } from './support.js';

/** Time that goes on where the test says so. */
class ManualClock {
  private at = 0;
  private sleepers: { readonly due: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.at;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const aborted = () => reject(signal!.reason as Error);
      signal?.addEventListener('abort', aborted, { once: true });
      const wake = () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      this.sleepers.push({ due: this.at + ms, wake });
    });
  }

  /** Goes on in small steps; what waits runs between two of them. */
  async advance(ms: number): Promise<void> {
    for (const until = this.at + ms; this.at < until; ) {
      this.at += 500;
      const due = this.sleepers.filter((s) => s.due <= this.at);
      this.sleepers = this.sleepers.filter((s) => s.due > this.at);
      for (const s of due) s.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

type Ends = () => Promise<readonly { partition: number; earliest: number; end: number }[]>;

function watched(tasks: () => readonly WatchedTask[], ends: Ends, partitions = () => 1 as number | undefined) {
  const clock = new ManualClock();
  const found: Error[] = [];
  const aborter = new AbortController();
  const watchdog = new Watchdog({
    clock,
    logger: silentLogger,
    queryId: 'Q',
    partitions: new Map([['t', 1]]),
    log: {
      offsets: ends,
      describeTopic: async (name) => {
        const n = partitions();
        return n === undefined ? undefined : { name, partitions: n, replicas: [1], internal: false };
      },
    },
    tasks,
  });
  const ended = watchdog.watch(aborter.signal).then(
    (e) => found.push(e),
    () => {},
  );
  return {
    clock,
    found,
    stop: async () => {
      aborter.abort(new Error('over'));
      await ended;
    },
  };
}

const task = (over: Partial<WatchedTask> & { next?: number; end?: number }): WatchedTask => ({
  key: '0-0',
  inputs: [{ topic: 't', partition: 0, next: over.next ?? 5, end: over.end ?? 5 }],
  busy: false,
  done: 5,
  ...over,
});
const endAt =
  (end: number): Ends =>
  async () => [{ partition: 0, earliest: 0, end }];

describe('the watchdog', () => {
  it('finds a task whose reader knows of no more, though the log has it, within 30 s', async () => {
    const w = watched(() => [task({})], endAt(9));
    await w.clock.advance(15_000);
    expect(w.found).toEqual([]);
    await w.clock.advance(15_000);
    expect(w.found[0]).toBeInstanceOf(Stuck);
    expect(w.found[0]!.message).toMatch(/^No progress for \d+ s though 4 records wait \(t-0@5\)/);
  });

  it('finds one that does not take what is buffered, and one whose commit does not come back', async () => {
    for (const stuck of [task({ busy: true }), task({ end: 9 })]) {
      const w = watched(() => [stuck], endAt(5));
      await w.clock.advance(30_000);
      expect(w.found[0]).toBeInstanceOf(Stuck);
    }
  });

  it('leaves those alone that wait for input, make progress, or are none of ours', async () => {
    let done = 0;
    for (const tasks of [
      () => [task({})],
      () => [task({ busy: true, done: done++ })],
      () => [task({ end: 1e9, next: done++ })],
      () => [],
    ]) {
      const w = watched(tasks, endAt(5));
      await w.clock.advance(300_000);
      expect(w.found).toEqual([]);
      await w.stop();
    }
  });

  it('blames nobody while the log is away or does not answer', async () => {
    for (const ends of [
      () => Promise.reject(new Error('away')),
      () => new Promise<never>(() => {}),
    ] satisfies readonly Ends[]) {
      const w = watched(() => [task({ busy: true, end: 9 })], ends);
      await w.clock.advance(120_000);
      expect(w.found).toEqual([]);
      await w.stop();
    }
  });

  it('notices a topic that was deleted or has more partitions', async () => {
    const gone = watched(
      () => [],
      endAt(5),
      () => undefined,
    );
    await gone.clock.advance(31_000);
    expect(gone.found[0]?.message).toBe('Topic t was deleted while the query ran');
    const grown = watched(
      () => [],
      endAt(5),
      () => 3,
    );
    await grown.clock.advance(31_000);
    expect(grown.found[0]?.message).toBe('Topic t had 1 partitions when the query started and has 3 now');
  });
});

describe('a query', () => {
  let node: StoredNode;
  let runtime: Runtime;
  afterEach(async () => {
    await runtime.stop();
    await node.dispose();
  });

  const good = (n: number) => ({ key: String(n), value: `{"USER":"u","AMOUNT":${n}}`, timestamp: n });
  const through = topology([source(), sink('source', KEY, VALUE)]);

  async function start(wrap: (log: Log) => Log, plan = through): Promise<void> {
    node = await embeddedNode();
    await node.log.createTopics([
      { name: 'in', partitions: 1 },
      { name: 'out', partitions: 1 },
    ]);
    runtime = new Runtime({
      ...codecServices,
      serviceId: 's',
      log: wrap(node.log),
      state: node.state,
      // 30 s are 150 ms.
      clock: { now: () => systemClock.now() * 200, sleep: (ms, signal) => systemClock.sleep(ms / 200, signal) },
      logger: silentLogger,
    });
    await runtime.startQuery({
      queryId: 'Q',
      topology: plan,
      properties: { 'auto.offset.reset': 'earliest', 'commit.interval.ms': '5' },
    });
  }

  /** A log with one method replaced. */
  const withReader = (log: Log, reader: Log['reader']): Log =>
    new Proxy(log, { get: (target, name) => (name === 'reader' ? reader : bound(target, name)) });
  const bound = (target: object, name: string | symbol): unknown => {
    const member = Reflect.get(target, name) as unknown;
    return typeof member === 'function' ? member.bind(target) : member;
  };

  it('whose reader hangs for ever gets new clients, and loses nothing', async () => {
    let hanging = 0;
    let readers = 0;
    await start((log) =>
      withReader(log, (options) => {
        const reader = log.reader(options);
        if (readers++ > 0) return reader;
        let polls = 0;
        const poll: LogReader['poll'] = (ms) => {
          if (++polls < 5 && hanging === 0) return reader.poll(ms);
          hanging++;
          return new Promise(() => {});
        };
        return new Proxy(reader, { get: (target, name) => (name === 'poll' ? poll : bound(target, name)) });
      }),
    );
    await until('the reader hangs', () => hanging > 0);
    await write(node.log, 'in', [good(1), good(2)]);
    const out = await until('the query has gone on', async () => {
      const rows = await readAll(node.log, 'out');
      return rows.length >= 2 && rows;
    });
    expect(out.map((r) => r.key)).toEqual(['1', '2']);
    const status = runtime.query('Q')!;
    expect(status.counters().watchdogRestarts).toBe(1);
    expect(status.lastError()!.message).toMatch(/2 records wait \(in-0@0\): the clients of the query are rebuilt/);
    expect(status.state).toBe('RUNNING');
  });

  it('whose source is deleted says so, in state ERROR', async () => {
    await start((log) => log);
    await until('it runs', () => runtime.query('Q')!.state === 'RUNNING');
    await node.log.deleteTopics(['in']);
    await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
    expect(runtime.query('Q')!.lastError()!.message).toMatch(/Topic in /);
  });

  it('with state whose source gets more partitions says that it cannot follow, in state ERROR', async () => {
    let partitions = 1;
    await start(
      (log) =>
        new Proxy(log, {
          get: (target, name) => {
            if (name !== 'describeTopic') return bound(target, name);
            return async (topic: string) => {
              const info = await log.describeTopic(topic);
              return info === undefined || topic !== 'in' ? info : { ...info, partitions };
            };
          },
        }),
      groupByUser(null),
    );
    await until('it runs', () => runtime.query('Q')!.state === 'RUNNING');
    partitions = 3;
    await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
    expect(runtime.query('Q')!.lastError()!.message).toMatch(/partition/);
  });

  it('that may not read any more says so, in state ERROR', async () => {
    let denied = false;
    await start((log) =>
      withReader(log, (options) => {
        const reader = log.reader(options);
        const poll: LogReader['poll'] = (ms) =>
          denied ? Promise.reject(new Error('Not authorized to access topics: in')) : reader.poll(ms);
        return new Proxy(reader, { get: (target, name) => (name === 'poll' ? poll : bound(target, name)) });
      }),
    );
    await until('it runs', () => runtime.query('Q')!.state === 'RUNNING');
    denied = true;
    await until('it is in ERROR', () => runtime.query('Q')!.state === 'ERROR');
    expect(runtime.query('Q')!.lastError()!.message).toBe('Not authorized to access topics: in');
  });
});
