import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ConnectorFailed, type SinkTask } from '../../engine/connectors/connector.js';
import { fileSink } from '../../engine/connectors/file-sink/index.js';
import { layoutOf } from '../../engine/connectors/file-sink/layout.js';
import type { Target } from '../../engine/connectors/file-sink/target.js';
import { FileSinkTask } from '../../engine/connectors/file-sink/task.js';
import { motoMissing } from '../../testing/moto.js';
import { tempDir } from '../support/temp.js';
import { bucketPlace, folderPlace, type Place } from './support/file-targets.js';
import { describeWith } from './support/require.js';
import { type Asked, Partition, sinkContext, TestClock, TRIPS, trip } from './support/sink.js';

class Killed extends Error {}

/** The target until its `at`th call, which fails before it is made or after; the task that made it is never heard of again. */
function killedAt(target: Target, at: number, when: 'before' | 'after'): { target: Target; calls: () => number } {
  let calls = 0;
  const proxy = new Proxy(target, {
    get(of, name) {
      const member = Reflect.get(of, name, of) as unknown;
      if (typeof member !== 'function' || name === 'close') return member;
      return async (...args: unknown[]) => {
        const isLast = calls++ === at;
        if (isLast && when === 'before') throw new Killed();
        const result = await (member as (...a: unknown[]) => Promise<unknown>).apply(of, args);
        if (isLast) throw new Killed();
        return result;
      };
    },
  });
  return { target: proxy, calls: () => calls };
}

const text = (files: ReadonlyMap<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString()]));

/** Lines of all files in the order of their names. */
const lines = (files: ReadonlyMap<string, Buffer>): string[] =>
  [...files.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, bytes]) => bytes.toString().trim().split('\n'));

function suite(open: () => Promise<Place>): void {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  }, 120_000);
  afterAll(() => place?.stop());
  beforeEach(() => place.clear());

  const contextOf = (asked: Partial<Asked>) =>
    sinkContext({ ...asked, options: { ...place.options, ...asked.options }, folders: place.folders });
  const start = (asked: Partial<Asked> = {}): Promise<SinkTask> => fileSink.start(contextOf(asked));
  const ten = Array.from({ length: 10 }, (_, i) => trip(i, `z${i}`));
  const tenLines = ten.map((_, i) => `{"ID":${i},"ZONE":"z${i}"}`);

  it('writes files of so many rows, named by topic, partition and first offset', async () => {
    const partition = new Partition(ten);
    await partition.run(await start({ options: { 'flush.size': '4' } }), 3);
    expect(text(await place.files())).toEqual({
      'trips+0+0000000000.jsonl': `${tenLines.slice(0, 4).join('\n')}\n`,
      'trips+0+0000000004.jsonl': `${tenLines.slice(4, 8).join('\n')}\n`,
      'trips+0+0000000008.jsonl': `${tenLines.slice(8).join('\n')}\n`,
    });
    expect(partition.committed).toBe(10);
  });

  it('says only what is visible, and goes on there', async () => {
    const task = await start({ options: { 'flush.size': '4' } });
    expect(await task.position!()).toBeUndefined();
    const batch = { from: 0, next: 6, partition: { topic: 'trips', partition: 0 }, reject: async () => {} };
    expect(await task.write({ ...batch, rows: ten.slice(0, 6) })).toBe(4);
    expect(await task.flush!(false)).toBe(4);
    await task.close();
    expect(lines(await place.files())).toEqual(tenLines.slice(0, 4));
    // What the group has committed may lag behind.
    expect(await (await start({ committed: 0 })).position!()).toBe(4);
    expect(await (await start({ committed: 7 })).position!()).toBe(7);
  });

  it('completes a file when its time is over, by the clock and by rows', async () => {
    const clock = new TestClock();
    const options = { 'rotate.schedule.interval.ms': '5000', 'rotate.interval.ms': '60000', 'file.prefix': 'part-' };
    const task = await start({ clock, options });
    const batch = { from: 0, next: 2, partition: { topic: 'trips', partition: 0 }, reject: async () => {} };
    expect(await task.write({ ...batch, rows: [trip(0, 'a', 0), trip(1, 'b', 60_000)] })).toBe(1);
    clock.time += 4999;
    expect(await task.flush!(false)).toBe(1);
    clock.time += 1;
    expect(await task.flush!(false)).toBe(2);
    expect(await task.flush!(false)).toBe(2);
    expect(Object.keys(text(await place.files()))).toEqual([
      'part-trips+0+0000000000.jsonl',
      'part-trips+0+0000000001.jsonl',
    ]);
    await task.close();
  });

  it('each row is there once, wherever a task is killed and whatever the clock did', async () => {
    const rows = [0, 1, 2, 4, 5, 6, 7, 9, 10, 11].map((offset) => trip(offset, `z${offset}`));
    const want = rows.map(({ offset }) => `{"ID":${offset},"ZONE":"z${offset}"}`);
    const seen = new Set<string>();
    for (const when of ['before', 'after'] as const) {
      for (let at = 0; ; at++) {
        await place.clear();
        const partition = new Partition(rows, 13);
        const context = contextOf({ options: { 'flush.size': '3' } });
        const killed = killedAt(await place.open(context.options), at, when);
        const outcome = await partition.run(new FileSinkTask(context, killed.target, layoutOf(context)), 2).then(
          () => 'whole',
          (e: unknown) => (e instanceof Killed ? 'killed' : Promise.reject(e)),
        );
        seen.add(`${when} ${outcome}`);
        // The next one would end its files elsewhere; batches differ too, and the one that is killed is killed before it commits.
        const again = contextOf({
          options: { 'flush.size': '5' },
          ...(partition.committed === undefined ? {} : { committed: partition.committed }),
        });
        await partition.run(new FileSinkTask(again, await place.open(again.options), layoutOf(again)), 5);
        expect(lines(await place.files()), `${when} call ${at}`).toEqual(want);
        expect(partition.committed).toBe(13);
        if (outcome === 'whole') break;
      }
    }
    expect([...seen].sort()).toEqual(['after killed', 'after whole', 'before killed', 'before whole']);
  });

  it('each row is there once where two tasks write the same partition', async () => {
    const [slow, quick] = [new Partition(ten), new Partition(ten)];
    const old = await start({ options: { 'flush.size': '3' } });
    await old.position!();
    await quick.run(await start({ options: { 'flush.size': '4' } }), 10);
    // It believes that nothing is there, and has decided on other ends.
    const late = old.write({
      rows: ten,
      from: 0,
      next: 10,
      partition: { topic: 'trips', partition: 0 },
      reject: async () => {},
    });
    await expect(late).rejects.toThrow(/with other contents|Another task/);
    await old.close();
    await slow.run(await start(), 10);
    expect(lines(await place.files())).toEqual(tenLines);
  });

  it('rows that come once more change nothing', async () => {
    const options = { 'flush.size': '5' };
    await new Partition(ten).run(await start({ options }), 10);
    const before = text(await place.files());
    await new Partition(ten).run(await start({ options }), 10);
    expect(text(await place.files())).toEqual(before);
  });

  it('overwrites nothing, and says what is in the way', async () => {
    await place.put('trips+0+0000000000.jsonl', 'mine');
    const failure = await new Partition(ten).run(await start(), 10).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(ConnectorFailed);
    expect((failure as Error).message).toContain('trips+0+0000000000.jsonl');
    expect((failure as Error).message).toContain('with other contents, and nothing is overwritten');
    expect(text(await place.files())).toEqual({ 'trips+0+0000000000.jsonl': 'mine' });
  });

  it('knows a topic that was made anew, and one that has lost records', async () => {
    await new Partition(ten).run(await start(), 10);
    const other = await start({ source: { ...TRIPS, topicId: 'id-2' } });
    await expect(other.position!()).rejects.toThrow(/another topic of the same name/);
    await expect((await start({ end: 9 })).position!()).rejects.toThrow(/up to offset 10 of trips, which ends at 9/);
  });

  it('rows that cannot be written become dead letters, and the rest is there', async () => {
    const bytes = (offset: number, value: string) => ({ ...trip(offset, null), valueBytes: Buffer.from(value) });
    const rows = [
      bytes(0, '{"trip_id":1010,"duration":50,"passenger_count":6}'),
      bytes(1, 'hello'),
      bytes(2, '[1]'),
      bytes(3, '{"id": 12345678901234567890,\n "x": 1.50}'),
      trip(4, null),
    ];
    const partition = new Partition(rows);
    const options = { 'value.as': 'raw', 'behavior.on.null.values': 'fail', 'file.extension': 'json' };
    await partition.run(await start({ options, source: { ...TRIPS, schema: undefined } }), 5);
    expect(text(await place.files())).toEqual({
      'trips+0+0000000000.json':
        '{"trip_id":1010,"duration":50,"passenger_count":6}\n{"id": 12345678901234567890,  "x": 1.50}\n',
    });
    expect(Object.fromEntries(partition.rejected)).toEqual({
      1: expect.stringContaining('no JSON'),
      2: 'The value is no JSON object.',
      4: expect.stringContaining('no value'),
    });
    expect(partition.committed).toBe(5);
  });

  it('puts rows into folders by time or by column, each once wherever a task is killed', async () => {
    const day = 86_400_000;
    const rows = [
      trip(0, 'a/b', 0),
      trip(1, 'c', day),
      trip(2, 'a/b', 5),
      trip(3, 'c', day + 1),
      trip(4, 'c', 2 * day),
    ];
    const byTime = { 'partition.by': 'dt=yyyy-MM-dd', 'topics.dir': 'topics', 'flush.size': '4' };
    for (let at = 0; ; at++) {
      await place.clear();
      const partition = new Partition(rows);
      const context = contextOf({ options: byTime });
      const killed = killedAt(await place.open(context.options), at, 'after');
      const outcome = await partition.run(new FileSinkTask(context, killed.target, layoutOf(context)), 5).then(
        () => 'whole',
        (e: unknown) => (e instanceof Killed ? 'killed' : Promise.reject(e)),
      );
      await partition.run(await start({ options: { ...byTime, 'flush.size': '100' } }), 5);
      const byFolder: Record<string, string> = {};
      for (const [name, bytes] of await place.files())
        byFolder[dirname(name)] = (byFolder[dirname(name)] ?? '') + bytes;
      const folder = 'topics/trips/partition=0';
      expect(byFolder, `call ${at}`).toEqual({
        [`${folder}/dt=1970-01-01`]: '{"ID":0,"ZONE":"a/b"}\n{"ID":2,"ZONE":"a/b"}\n',
        [`${folder}/dt=1970-01-02`]: '{"ID":1,"ZONE":"c"}\n{"ID":3,"ZONE":"c"}\n',
        [`${folder}/dt=1970-01-03`]: '{"ID":4,"ZONE":"c"}\n',
      });
      if (outcome === 'whole') break;
    }
    await place.clear();
    await new Partition(rows).run(await start({ options: { 'partition.by': 'zone' } }), 5);
    expect(Object.keys(text(await place.files()))).toEqual([
      'ZONE=a%2Fb/trips+0+0000000000.jsonl',
      'ZONE=c/trips+0+0000000000.jsonl',
    ]);
  });
}

describe('file-sink into a folder', () => {
  suite(async () => folderPlace());

  it('is tried again while the folder is away', async () => {
    const root = join(tempDir(), 'mounted-later');
    const context = sinkContext({ options: { path: 'out' }, folders: [root] });
    const failure = await fileSink.start(context).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ConnectorFailed);
    expect((failure as Error).message).toContain('mounted-later, which weir.connectors.files.dirs names');
    mkdirSync(root);
    await new Partition([trip(0, 'a')]).run(await fileSink.start(context), 1);
    expect(readdirSync(join(root, 'out')).sort()).toEqual(['.weir', 'trips+0+0000000000.jsonl']);
  });

  it('keeps one note a partition, and nothing of a dead task', async () => {
    const root = tempDir();
    const context = sinkContext({ options: { path: root, 'flush.size': '2' }, folders: [root] });
    const dead = await fileSink.start(context);
    const batch = { from: 0, next: 1, partition: { topic: 'trips', partition: 0 }, reject: async () => {} };
    const big = trip(0, 'x'.repeat(300_000));
    await dead.write({ ...batch, rows: [big] });
    expect(readdirSync(join(root, '.weir'))).toHaveLength(1);
    await new Partition([big, trip(1, 'a'), trip(2, 'b'), trip(3, 'c')]).run(await fileSink.start(context), 4);
    expect(readdirSync(join(root, '.weir'))).toEqual(['trips+0+2.jsonl.json']);
    await dead.close();
  });

  it('leaves alone what a connector with other files has begun', async () => {
    const root = tempDir();
    const begin = async (format: string) => {
      const task = await fileSink.start(sinkContext({ options: { path: root, format }, folders: [root] }));
      await task.position!();
      const batch = { from: 0, next: 1, partition: { topic: 'trips', partition: 0 }, reject: async () => {} };
      await task.write({ ...batch, rows: [trip(0, 'x'.repeat(300_000))] });
      return task;
    };
    const [json, csv] = [await begin('jsonl'), await begin('csv')];
    expect([await json.flush!(true), await csv.flush!(true)]).toEqual([1, 1]);
    expect(readdirSync(root).sort()).toEqual(['.weir', 'trips+0+0000000000.csv', 'trips+0+0000000000.jsonl']);
    await Promise.all([json.close(), csv.close()]);
  });
});

describeWith('s3', motoMissing(), 'file-sink into a bucket', () => {
  suite(bucketPlace);

  it('sends large files in parts, which appear whole and once', async () => {
    const place = await bucketPlace();
    onTestFinished(() => place.stop());
    const rows = Array.from({ length: 12 }, (_, i) => trip(i, String(i % 10).repeat(1_000_000)));
    const options = { ...place.options, 's3.part.size': String(5 * 1024 * 1024) };
    for (const attempt of [1, 2]) {
      const context = sinkContext({ options });
      // The second time nothing is known of the first, so that the same parts are sent once more.
      const target = await place.open(context.options);
      if (attempt === 2) await target.removeNote('trips+0+0.jsonl.json');
      await new Partition(rows).run(new FileSinkTask(context, target, layoutOf(context)), 100);
      // Compared as one: a difference in texts of this length cannot be shown.
      const want = rows.map((r, i) => `{"ID":${i},"ZONE":"${r.value![0]}"}\n`).join('');
      const files = await place.files();
      expect([...files.keys()]).toEqual(['trips+0+0000000000.jsonl']);
      expect(files.get('trips+0+0000000000.jsonl')!.length).toBe(want.length);
      expect(files.get('trips+0+0000000000.jsonl')!.equals(Buffer.from(want))).toBe(true);
    }
  });

  it('is tried again while the store is away, and fails where that cannot help', async () => {
    const place = await bucketPlace();
    onTestFinished(() => place.stop());
    const start = (options: Record<string, string>) =>
      fileSink.start(sinkContext({ options: { ...place.options, ...options } }));
    const noBucket = await start({ 's3.bucket.name': 'nothing' });
    await expect(noBucket.position!()).rejects.toMatchObject({
      name: 'ConnectorFailed',
      message: 'There is no bucket nothing.',
    });
    await place.moto.stop();
    const failure = await (await start({})).position!().catch((e: unknown) => e);
    expect(failure).not.toBeInstanceOf(ConnectorFailed);
    expect((failure as Error).message).toMatch(/^The store of bucket bucket-\d+ does not answer: /);
    expect(String(failure)).not.toContain('secret');
  });
});
