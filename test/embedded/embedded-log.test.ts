import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { EmbeddedLog, type EmbeddedLogOptions } from '../../engine/log/embedded/index.js';
import { batchKey } from '../../engine/log/embedded/keys.js';
import type { KeyValueOp, LogReader } from '../../engine/log/log.js';
import { LevelDatabase } from '../../engine/stores/level-database.js';
import { batchOf, collect, readFrom, recordsOf, values } from '../contract/log-support.js';
import { tempDir } from '../support/temp.js';

interface Opened {
  readonly database: LevelDatabase;
  readonly log: EmbeddedLog;
  close(): Promise<void>;
}

async function openLog(directory: string, options: Partial<EmbeddedLogOptions> = {}): Promise<Opened> {
  const database = new LevelDatabase({ directory });
  await database.open();
  const log = new EmbeddedLog(database, { clock: systemClock, ...options });
  await log.open();
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await log.close();
    await database.close();
  };
  onTestFinished(close);
  return { database, log, close };
}

async function write(log: EmbeddedLog, topic: string, ...batches: readonly Buffer[]): Promise<void> {
  const writer = await log.writer({ clientId: 'test' });
  for (const batch of batches) writer.append(topic, 0, batch);
  await writer.flush();
  await writer.close();
}

/** What a poll says when the log cannot give what was asked for. */
async function failureOf(reader: LogReader): Promise<unknown> {
  for (let i = 0; i < 100; i++) {
    try {
      const records = recordsOf(await reader.poll(100));
      if (records.length > 0) return records;
    } catch (e) {
      return e;
    }
  }
  return 'nothing came';
}

test('a damaged batch is an error that names its place, never an answer', async () => {
  const directory = tempDir();
  const { log, database, close } = await openLog(directory);
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const big = batchOf(Array.from({ length: 200 }, (_, i) => ({ value: `big ${i} ${'x'.repeat(100)}` })));
  await write(log, 't', values('a', 'b'));
  await write(log, 't', values('c', 'd'));
  await write(log, 't', big);
  await close();

  // Each kind of damage, at the small batch of offsets 2 and 3 and at the large, compressed one of 4 to 203.
  const damages: [string, number, (stored: Buffer) => KeyValueOp[], Buffer][] = [];
  for (const last of [3, 203]) {
    const key = batchKey(1, 0, last);
    const flip =
      (at: (n: number) => number) =>
      (stored: Buffer): KeyValueOp[] => {
        const value = Buffer.from(stored);
        value[at(value.length)]! ^= 0x10;
        return [{ type: 'put', key, value }];
      };
    damages.push(
      ['a bit of the records', last, flip((n) => n - 3), key],
      ['a bit of the checksum', last, flip(() => 18), key],
      ['a bit of the offset', last, flip(() => 7), key],
      ['a bit of the length', last, flip(() => 11), key],
      ['a bit of the count', last, flip(() => 60), key],
      ['cut short', last, (stored) => [{ type: 'put', key, value: stored.subarray(0, stored.length - 5) }], key],
      ['almost nothing', last, () => [{ type: 'put', key, value: Buffer.alloc(3) }], key],
      ['gone', last, () => [{ type: 'del', key }], key],
    );
  }
  for (const [what, last, damage, key] of damages) {
    const opened = await openLog(directory);
    const stored = opened.database.get(key)!;
    await opened.database.batch(damage(stored));
    const first = last === 3 ? 2 : 4;
    const reader = opened.log.reader({ clientId: 'test' });
    reader.assign('t', 0, first);
    expect([what, await failureOf(reader)]).toEqual([
      what,
      expect.objectContaining({
        code: 'LOG_ERROR',
        message: expect.stringMatching(new RegExp(`damaged at topic t, partition 0, offset ${first}$`)),
      }),
    ]);
    // What lies before it is given as it is.
    expect((await readFrom(opened.log, 't', 0, 0, 2)).slice(0, 2).map((r) => r.value)).toEqual(['a', 'b']);
    await opened.database.batch([{ type: 'put', key, value: stored }]);
    await opened.close();
  }
  expect(database.directory).toBe(directory);
  const { log: healed } = await openLog(directory);
  expect((await readFrom(healed, 't', 0, 0, 204)).at(-1)!.value).toMatch(/^big 199 x/);
});

test('retention by time removes whole batches from the old end', async () => {
  const directory = tempDir();
  const { log, close } = await openLog(directory);
  await log.createTopics([
    { name: 't', partitions: 1, config: { 'retention.ms': '1000' } },
    { name: 'forever', partitions: 1 },
    { name: 'compacted', partitions: 1, config: { 'retention.ms': '1000', 'cleanup.policy': 'compact' } },
  ]);
  for (const topic of ['t', 'forever', 'compacted']) {
    await write(
      log,
      topic,
      batchOf([
        { value: 'a', timestamp: 1000 },
        { value: 'b', timestamp: 1900 },
      ]),
    );
    await write(log, topic, batchOf([{ value: 'c', timestamp: 3000 }]));
    await write(log, topic, batchOf([{ value: 'd', timestamp: 500 }]));
  }
  await log.enforceRetention(2900);
  expect(await log.offsets('t')).toEqual([{ partition: 0, earliest: 0, end: 4 }]);
  await log.enforceRetention(3500);
  expect(await log.offsets('t')).toEqual([{ partition: 0, earliest: 2, end: 4 }]);
  expect(await log.offsets('forever')).toEqual([{ partition: 0, earliest: 0, end: 4 }]);
  expect(await log.offsets('compacted')).toEqual([{ partition: 0, earliest: 0, end: 4 }]);

  const reader = log.reader({ clientId: 'test' });
  reader.assign('t', 0, 0);
  await expect(reader.poll(10)).rejects.toMatchObject({
    code: 'LOG_ERROR',
    message: expect.stringContaining('2 to 4'),
  });
  reader.assign('t', 0, 2);
  expect((await collect(reader, 2)).map((r) => r.value)).toEqual(['c', 'd']);
  await reader.close();

  // All may go; the next record has the next offset, also after a restart.
  await log.enforceRetention(100_000);
  expect(await log.offsets('t')).toEqual([{ partition: 0, earliest: 4, end: 4 }]);
  await close();
  const { log: again } = await openLog(directory);
  await write(again, 't', batchOf([{ value: 'e', timestamp: 99_999 }]));
  expect((await readFrom(again, 't', 0, 4, 1)).map((r) => [r.offset, r.value])).toEqual([[4, 'e']]);
});

test('retention by size keeps at least that much', async () => {
  const { log } = await openLog(tempDir());
  await log.createTopics([{ name: 't', partitions: 1, config: { 'retention.bytes': '2000' } }]);
  const one = (): Buffer => values('x'.repeat(500));
  const stored = one().length;
  for (let i = 0; i < 50; i++) await write(log, 't', one());
  await log.enforceRetention(0);
  expect((await log.offsets('t'))[0]!.earliest).toBe(50 - Math.ceil(2000 / stored));
});

test('a deleted topic takes the offsets of groups with it, and its readers learn of it', async () => {
  const directory = tempDir();
  const { log, close } = await openLog(directory);
  await log.createTopics([{ name: 't', partitions: 1 }]);
  await write(log, 't', values('a'));
  const writer = await log.writer({ clientId: 'test' });
  await writer.commit({ group: 'g', offsets: [{ topic: 't', partition: 0, offset: 1 }], state: [] });
  const reader = log.reader({ clientId: 'test' });
  reader.assign('t', 0, 1);
  const polled = reader.poll(10_000);
  const outcome = expect(polled).rejects.toMatchObject({
    code: 'LOG_ERROR',
    message: expect.stringContaining('deleted'),
  });
  await log.deleteTopics(['t', 'never-was']);
  await outcome;
  expect(await log.committed('g', ['t'])).toEqual([]);
  await log.createTopics([{ name: 't', partitions: 2 }]);
  await close();
  const { log: again } = await openLog(directory);
  expect(await again.committed('g', ['t'])).toEqual([]);
  expect(await again.offsets('t')).toHaveLength(2);
  expect((await again.offsets('t')).map((o) => o.end)).toEqual([0, 0]);
});

test('a transaction has a bound', async () => {
  const { log } = await openLog(tempDir(), { transactionBytes: 100_000 });
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const writer = await log.writer({ clientId: 'test', transactionalId: 'id' });
  for (let i = 0; i < 30; i++) writer.append('t', 0, values('x'.repeat(5000)));
  await expect(writer.commit({ offsets: [], state: [] })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect((await log.offsets('t'))[0]!.end).toBe(0);
});

test('a writer that appends faster than is written is held back by ready', async () => {
  const { log } = await openLog(tempDir(), { inFlightBytes: 50_000 });
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const writer = await log.writer({ clientId: 'test' });
  let ready = 0;
  for (let i = 0; i < 20; i++) writer.append('t', 0, values(`${i} ${'x'.repeat(5000)}`));
  const waiting = writer.ready().then(() => ready++);
  await Promise.resolve();
  expect(ready).toBe(0);
  await waiting;
  await writer.flush();
  expect((await log.offsets('t'))[0]!.end).toBe(20);
});

test('what is not a batch, and names that are none, are refused', async () => {
  const { log } = await openLog(tempDir());
  await expect(log.createTopics([{ name: 'a/b', partitions: 1 }])).rejects.toMatchObject({ code: 'LOG_ERROR' });
  await expect(log.createTopics([{ name: 't', partitions: 0 }])).rejects.toMatchObject({ code: 'LOG_ERROR' });
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const writer = await log.writer({ clientId: 'test' });
  writer.append('t', 0, Buffer.from('no batch'));
  await expect(writer.flush()).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('a failed write stops the log: nobody is told that anything was written', async () => {
  const directory = tempDir();
  const real = new LevelDatabase({ directory });
  await real.open();
  let fail = false;
  const database = {
    directory,
    get: (key: Uint8Array) => real.get(key),
    scan: (range: Parameters<LevelDatabase['scan']>[0]) => real.scan(range),
    clear: (gte: Uint8Array, lt: Uint8Array) => real.clear(gte, lt),
    batch: (ops: readonly KeyValueOp[]) => (fail ? Promise.reject(new Error('disk full')) : real.batch(ops)),
  };
  const log = new EmbeddedLog(database, { clock: systemClock });
  await log.open();
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const one = await log.writer({ clientId: 'test', transactionalId: 'one' });
  one.append('t', 0, values('a'));
  await one.commit({ offsets: [], state: [] });
  fail = true;
  one.append('t', 0, values('b'));
  const stopped = { code: 'LOG_ERROR', message: expect.stringContaining('disk full') };
  await expect(
    one.commit({ group: 'g', offsets: [{ topic: 't', partition: 0, offset: 9 }], state: [] }),
  ).rejects.toMatchObject(stopped);
  fail = false;
  expect(await log.committed('g', ['t'])).toEqual([]);
  expect((await log.offsets('t'))[0]!.end).toBe(1);
  await expect(log.createTopics([{ name: 'u', partitions: 1 }])).rejects.toMatchObject(stopped);
  await log.close();
  await real.close();
});

test('a log that is closed answers nothing any more', async () => {
  const { log, close } = await openLog(tempDir());
  await log.createTopics([{ name: 't', partitions: 1 }]);
  const reader = log.reader({ clientId: 'test' });
  reader.assign('t', 0, 0);
  const polled = expect(reader.poll(60_000)).rejects.toMatchObject({ code: 'LOG_ERROR' });
  await close();
  await polled;
  await expect(log.listTopics()).rejects.toMatchObject({ code: 'LOG_ERROR' });
});
