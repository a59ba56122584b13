import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../../engine/base/logger.js';
import type { RuntimeServices } from '../../engine/dataflow/runtime-services.js';
import type { LogReader } from '../../engine/log/log.js';
import { Standbys } from '../../engine/persistent/standby.js';
import type { StatefulTask } from '../../engine/persistent/stateful-tasks.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { FakeLog } from './fake-log.js';

const CHANGELOG = '_weir-s-q-agg-changelog';
const TASK: StatefulTask = {
  key: '0-0',
  task: { queryId: 'q', subtopology: 0, partition: 0 },
  stores: ['agg'],
  topics: ['in'],
};

/** One whose readers know the end, give way to others, and may fail. */
class ChangelogLog extends FakeLog {
  failures = 0;

  override reader(): LogReader {
    const reader = super.reader();
    const poll = reader.poll.bind(reader);
    reader.poll = async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.failures > 0) {
        this.failures--;
        throw new Error('out of range');
      }
      return poll(ms);
    };
    const position = reader.position.bind(reader);
    reader.position = (topic, partition) => {
      const at = position(topic, partition);
      return at && { ...at, end: this.topics.get(topic)![partition]!.end };
    };
    return reader;
  }

  put(key: string, value: string | null): void {
    const record = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value), timestamp: 0 };
    this.produce(CHANGELOG, 0, [record]);
  }
}

const open: Standbys[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s.close();
});

async function setUp() {
  const state = new MemoryState();
  const log = new ChangelogLog('kafka', state);
  await log.createTopics([{ name: CHANGELOG, partitions: 1 }]);
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const services = { serviceId: 's', log, state, clock, logger: silentLogger } as unknown as RuntimeServices;
  let free = Promise.resolve();
  const standbys = new Standbys(services, 'q', () => free);
  open.push(standbys);
  const content = async (): Promise<Record<string, string>> => {
    const out: Record<string, string> = {};
    for await (const [k, v] of state.reader(TASK.task, 'agg').range(undefined, undefined)) {
      out[Buffer.from(k).toString()] = Buffer.from(v).toString();
    }
    return out;
  };
  const caughtUp = async (end: number): Promise<void> => {
    while (standbys.statuses()[0]?.stores[0]?.at !== end) await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, log, standbys, content, caughtUp, setFree: (p: Promise<void>) => (free = p) };
}

test('a copy follows its changelog, and says how far it is', async () => {
  const { state, log, standbys, content, caughtUp } = await setUp();
  log.put('a', '1');
  log.put('b', '2');
  standbys.follow([TASK]);
  await caughtUp(2);
  log.put('a', null);
  log.put('c', '3');
  await caughtUp(4);
  expect(await content()).toEqual({ b: '2', c: '3' });
  expect(await state.checkpoint(TASK.task, 'agg')).toBe(4);
  expect(standbys.statuses()).toEqual([{ subtopology: 0, partition: 0, stores: [{ store: 'agg', at: 4, end: 4 }] }]);
});

test('released, it stays as it is, with the offset that it reflects; wanted again, it goes on from there', async () => {
  const { state, log, standbys, content, caughtUp } = await setUp();
  log.put('a', '1');
  standbys.follow([TASK]);
  await caughtUp(1);
  await standbys.release('0-0');
  log.put('a', '2');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await content()).toEqual({ a: '1' });
  expect(await state.checkpoint(TASK.task, 'agg')).toBe(1);
  standbys.follow([TASK]);
  await caughtUp(2);
  standbys.follow([]);
  // Whoever opens the task now waits for what is still being written.
  await standbys.release('0-0');
  expect(standbys.statuses()).toEqual([]);
  expect(await content()).toEqual({ a: '2' });
});

test('it begins when the task that was here has let go, and not where it is no longer wanted by then', async () => {
  const { log, standbys, content, caughtUp, setFree } = await setUp();
  log.put('a', '1');
  let letGo = (): void => {};
  setFree(new Promise((resolve) => (letGo = resolve)));
  standbys.follow([TASK]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await content()).toEqual({});
  standbys.follow([]);
  letGo();
  await standbys.release('0-0');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await content()).toEqual({});
  standbys.follow([TASK]);
  await caughtUp(1);
});

test('a reader that fails is replaced, and what no longer fits the changelog is read anew', async () => {
  const { state, log, standbys, content, caughtUp } = await setUp();
  log.put('a', '1');
  standbys.follow([TASK]);
  await caughtUp(1);
  log.failures = 2;
  log.put('b', '2');
  await caughtUp(2);
  expect(await content()).toEqual({ a: '1', b: '2' });
  await standbys.release('0-0');
  await state.write([state.checkpointOp(TASK.task, 'agg', 99)]); // of a changelog that was deleted and made anew
  standbys.follow([TASK]);
  await caughtUp(2);
  expect(await content()).toEqual({ a: '1', b: '2' });
});
