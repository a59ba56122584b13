import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupContract } from './log-groups.contract.js';
import {
  batchOf,
  collect,
  eventually,
  type LogUnderTest,
  look,
  PATIENCE,
  readFrom,
  type Seen,
  sleep,
  topicOf,
  unique,
  values,
  type Written,
  withReader,
  withWriter,
} from './log-support.js';

export type { LogUnderTest } from './log-support.js';

import { transactionContract } from './log-transactions.contract.js';

/**
 * What every `Log` must do, whatever is under it. Names are unique to each test, and each wait is for a condition: it
 * runs on a broker that others use as well as on the embedded log.
 */
export function logContract(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the contract of Log:`, { timeout: 90_000 }, () => {
    let under: LogUnderTest;
    beforeAll(async () => {
      under = await make();
    }, 120_000);
    afterAll(() => under?.dispose());
    const get = (): LogUnderTest => under;
    topicContract(get);
    readContract(get);
    transactionContract(get);
    groupContract(get);
    volumeContract(get);
  });
}

function topicContract(get: () => LogUnderTest): void {
  describe('topics', () => {
    test('are created, described, listed and deleted', async () => {
      const { log } = get();
      const [a, b] = [unique('a'), unique('b')];
      expect(await log.describeTopic(a)).toBeUndefined();
      await log.createTopics([
        { name: a, partitions: 3, config: { 'retention.ms': '-1' } },
        { name: b, partitions: 1 },
      ]);
      const described = await eventually('the topic is described', () => log.describeTopic(a));
      expect(described).toMatchObject({ name: a, partitions: 3, internal: false });
      expect(described.replicas).toHaveLength(3);
      expect(described.replicas.every((r) => r >= 1)).toBe(true);
      const names = await eventually('both are listed', async () => {
        const all = await log.listTopics();
        return all.filter((t) => t.name === a || t.name === b).length === 2 && all.map((t) => t.name);
      });
      expect(names).toContain(b);

      const id = await log.topicId!(a);
      expect(id).toBe(await log.topicId!(a));
      expect(id).not.toBe(await log.topicId!(b));
      await log.deleteTopics([a]);
      await eventually('the topic is gone', async () => (await log.describeTopic(a)) === undefined);
      expect((await log.listTopics()).map((t) => t.name)).not.toContain(a);
      expect(await log.describeTopic(b)).toMatchObject({ partitions: 1 });
      await log.createTopics([{ name: a, partitions: 1 }]);
      const again = await eventually('it has an id', () => log.topicId!(a).catch(() => undefined));
      expect(again).not.toBe(id);
    });

    test('that exist stay as they are; another partition count is an error', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 1, values('kept'));
        await writer.flush();
      });
      const other = unique('other');
      await log.createTopics([
        { name: topic, partitions: 2 },
        { name: other, partitions: 1 },
      ]);
      await eventually('the missing one is created', () => log.describeTopic(other));
      expect((await readFrom(log, topic, 1, 0, 1))[0]!.value).toBe('kept');
      await expect(log.createTopics([{ name: topic, partitions: 5 }])).rejects.toMatchObject({ code: 'LOG_ERROR' });
      expect(await log.describeTopic(topic)).toMatchObject({ partitions: 2 });
    });

    test('deleted and created again start empty', async () => {
      const { log } = get();
      const topic = await topicOf(log, 1);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('old', 'older'));
        await writer.flush();
      });
      await log.deleteTopics([topic]);
      await eventually('the topic is gone', async () => (await log.describeTopic(topic)) === undefined);
      await log.createTopics([{ name: topic, partitions: 1 }]);
      await eventually('the topic is back', () => log.describeTopic(topic));
      await eventually('it is empty', async () => (await log.offsets(topic))[0]?.end === 0);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('new'));
        await writer.flush();
      });
      const seen = await readFrom(log, topic, 0, 0, 1);
      expect(seen.map((r) => [r.offset, r.value])).toEqual([[0, 'new']]);
    });

    test('tell the earliest and next offset of each partition', async () => {
      const { log } = get();
      const topic = await topicOf(log, 3);
      expect(await log.offsets(topic)).toEqual([0, 1, 2].map((partition) => ({ partition, earliest: 0, end: 0 })));
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('1', '2', '3'));
        writer.append(topic, 2, values('1'));
        writer.append(topic, 0, values('4'));
        await writer.flush();
      });
      await eventually('the ends have moved', async () => {
        const ends = (await log.offsets(topic)).map((o) => o.end);
        return ends.join() === '4,0,1';
      });
    });

    test('that do not exist are errors to writers and to offsets', async () => {
      const { log } = get();
      const missing = unique('missing');
      await expect(log.offsets(missing)).rejects.toMatchObject({ code: 'LOG_ERROR' });
      const writer = await log.writer({ clientId: 'contract' });
      writer.append(missing, 0, values('nowhere'));
      await expect(writer.flush()).rejects.toMatchObject({ code: 'LOG_ERROR' });
      await writer.close();
      expect(await log.describeTopic(missing)).toBeUndefined();
    });
  });
}

function readContract(get: () => LogUnderTest): void {
  describe('reading', () => {
    test('gives keys, values, timestamps and headers as they were written, in order within a partition', async () => {
      const { log } = get();
      const topic = await topicOf(log, 3);
      const written: Written[][] = [0, 1, 2].map((p) => [
        { key: `k${p}`, value: `v${p}`, timestamp: 1_600_000_000_000 + p },
        { key: null, value: 'no key', timestamp: 1_600_000_000_000 - 5_000_000_000 },
        { key: 'no value', value: null, timestamp: 1_600_000_000_001 },
        { key: '', value: '', timestamp: 0 },
        {
          key: 'ключ',
          value: '値 ✓',
          timestamp: 1_599_999_999_999,
          headers: [
            { key: 'h', value: Buffer.from('one') },
            { key: 'h', value: Buffer.from([0, 255]) },
            { key: 'ü', value: null },
          ],
        },
      ]);
      await withWriter(log, undefined, async (writer) => {
        for (const p of [0, 1, 2]) {
          writer.append(topic, p, batchOf(written[p]!.slice(0, 2)));
          writer.append(topic, p, batchOf(written[p]!.slice(2)));
        }
        await writer.flush();
      });
      await withReader(log, async (reader) => {
        for (const p of [0, 1, 2]) reader.assign(topic, p, 0);
        const seen = await collect(reader, 15);
        for (const p of [0, 1, 2]) {
          const mine = seen.filter((r) => r.partition === p);
          expect(mine.map((r) => r.offset)).toEqual([0, 1, 2, 3, 4]);
          for (const [i, r] of mine.entries()) {
            const w = written[p]![i]!;
            expect(r).toMatchObject({ topic, key: w.key, value: w.value, timestamp: w.timestamp });
            expect(r.headers.map((h) => [h.key, h.value === null ? null : [...h.value]])).toEqual(
              (w.headers ?? []).map((h) => [h.key, h.value === null ? null : [...h.value]]),
            );
          }
        }
      });
    });

    test('starts in the middle of a batch, and moves when assigned anew', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const hundred = Array.from({ length: 100 }, (_, i) => `v${i}`);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values(...hundred.slice(0, 60)));
        writer.append(topic, 0, values(...hundred.slice(60)));
        await writer.flush();
      });
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 37);
        const seen = await collect(reader, 63);
        expect(seen.map((r) => r.value)).toEqual(hundred.slice(37));
        expect(seen[0]!.offset).toBe(37);
        reader.assign(topic, 0, 99);
        expect((await collect(reader, 1)).map((r) => r.value)).toEqual(['v99']);
        reader.assign(topic, 0, 5);
        expect((await collect(reader, 95)).map((r) => r.value)).toEqual(hundred.slice(5));
      });
    });

    test('tells position and end', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('a', 'b', 'c'));
        await writer.flush();
      });
      await withReader(log, async (reader) => {
        expect(reader.position(topic, 0)).toBeUndefined();
        reader.assign(topic, 0, 1);
        expect(reader.position(topic, 0)!.next).toBe(1);
        const first: number[] = [];
        await eventually('the records are read', async () => {
          for (const f of await reader.poll(250)) first.push(f.nextOffset);
          return first.length > 0;
        });
        expect(first.at(-1)).toBe(3);
        expect(reader.position(topic, 0)).toEqual({ next: 3, end: 3 });
        expect(reader.position(topic, 1)).toBeUndefined();
        reader.unassign(topic, 0);
        expect(reader.position(topic, 0)).toBeUndefined();
        expect(await look(reader, 50)).toEqual([]);
      });
    });

    test('waits for what comes, and wakes up', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        expect(await look(reader, 50)).toEqual([]);

        const before = Date.now();
        const waiting = reader.poll(PATIENCE);
        await sleep(20);
        reader.wakeup();
        expect(await waiting).toEqual([]);
        expect(Date.now() - before).toBeLessThan(PATIENCE / 2);

        const arriving = collect(reader, 1);
        await withWriter(log, undefined, async (writer) => {
          writer.append(topic, 0, values('came'));
          await writer.flush();
        });
        expect((await arriving)[0]!.value).toBe('came');
      });
    });

    test('a paused partition gives nothing and loses nothing', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        reader.assign(topic, 1, 0);
        reader.pause(topic, 0);
        await withWriter(log, undefined, async (writer) => {
          writer.append(topic, 0, values('p0'));
          writer.append(topic, 1, values('p1'));
          await writer.flush();
        });
        expect((await collect(reader, 1)).map((r) => r.value)).toEqual(['p1']);
        expect(await look(reader)).toEqual([]);
        expect(reader.position(topic, 0)!.next).toBe(0);
        reader.resume(topic, 0);
        expect((await collect(reader, 1)).map((r) => r.value)).toEqual(['p0']);
      });
    });

    test('with little room no partition waits for what comes in another', async () => {
      const { log } = get();
      const topic = await topicOf(log, 5);
      for (const [partitionBytes, bufferBytes] of [
        [1000, 2000],
        [1000, 1000],
        [5000, 1000],
      ]) {
        const reader = log.reader({ clientId: 'contract', partitionBytes: partitionBytes!, bufferBytes: bufferBytes! });
        const ends = await log.offsets(topic);
        for (const { partition, end } of ends) reader.assign(topic, partition, end);
        expect(await look(reader)).toEqual([]);
        for (const { partition } of ends.toReversed()) {
          await withWriter(log, undefined, async (writer) => {
            writer.append(topic, partition, values(`v${partition}`));
            await writer.flush();
          });
          expect((await collect(reader, 1)).map((r) => r.value)).toEqual([`v${partition}`]);
        }
        await reader.close();
      }
    });

    test('batches larger than the limits still come', async () => {
      const { log } = get();
      const topic = await topicOf(log, 1, { 'max.message.bytes': String(16 * 1024 * 1024) });
      const big = (i: number): Buffer =>
        batchOf([0, 1, 2].map((j) => ({ key: `${i}.${j}`, value: String.fromCharCode(97 + i).repeat(700_000) })));
      await withWriter(log, undefined, async (writer) => {
        for (let i = 0; i < 4; i++) writer.append(topic, 0, big(i));
        await writer.ready();
        await writer.flush();
      });
      const reader = log.reader({ clientId: 'contract', partitionBytes: 16 * 1024, bufferBytes: 64 * 1024 });
      reader.assign(topic, 0, 0);
      const seen = await collect(reader, 12);
      await reader.close();
      expect(seen.map((r) => r.key)).toEqual([0, 1, 2, 3].flatMap((i) => [0, 1, 2].map((j) => `${i}.${j}`)));
      expect(seen.every((r) => r.value!.length === 700_000)).toBe(true);
    });

    test('records below an offset may be removed; what is above stays', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      await withWriter(log, undefined, async (writer) => {
        for (const batch of [values('a', 'b'), values('c', 'd'), values('e')]) {
          writer.append(topic, 0, batch);
          await writer.flush();
        }
        writer.append(topic, 1, values('other'));
        await writer.flush();
      });
      await log.deleteRecords([{ topic, partition: 0, offset: 4 }]);
      const [first, second] = await log.offsets(topic);
      expect([first!.earliest, first!.end, second!.earliest]).toEqual([4, 5, 0]);
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 4);
        expect((await collect(reader, 1)).map((r) => r.value)).toEqual(['e']);
      });
      // Again, and of what is not there: nothing happens.
      await log.deleteRecords([{ topic, partition: 0, offset: 4 }]);
      await log.deleteRecords([]);
      expect((await log.offsets(topic))[0]!.earliest).toBe(4);
    });

    test('an offset out of range is an error, not a skip', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('a', 'b'));
        await writer.flush();
      });
      const reader = log.reader({ clientId: 'contract' });
      reader.assign(topic, 0, 1000);
      const error = await eventually('the poll fails', async () => {
        try {
          await reader.poll(250);
          return undefined;
        } catch (e) {
          return e as Error;
        }
      });
      expect(error).toMatchObject({ code: 'LOG_ERROR' });
      expect(error.message).toContain(topic);
      await reader.close();
    });

    test('what a flush has acknowledged is there after a restart', async () => {
      const topic = await topicOf(get().log, 2);
      await withWriter(get().log, undefined, async (writer) => {
        writer.append(topic, 0, values('a', 'b'));
        writer.append(topic, 1, values('c'));
        await writer.flush();
      });
      const log = await get().reopen();
      expect(await log.describeTopic(topic)).toMatchObject({ partitions: 2 });
      expect((await readFrom(log, topic, 0, 0, 2)).map((r) => r.value)).toEqual(['a', 'b']);
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('d'));
        await writer.flush();
      });
      expect((await readFrom(log, topic, 0, 2, 1)).map((r) => [r.offset, r.value])).toEqual([[2, 'd']]);
    });
  });
}

function volumeContract(get: () => LogUnderTest): void {
  test('50,000 records through four partitions keep their order and their number', async () => {
    const { log } = get();
    const topic = await topicOf(log, 4);
    const total = 50_000;
    const writing = withWriter(log, undefined, async (writer) => {
      for (let from = 0; from < total; from += 1000) {
        for (let p = 0; p < 4; p++) {
          const records: Written[] = [];
          for (let i = from + p; i < from + 1000; i += 4) {
            records.push({ key: `key-${i % 97}`, value: `${i} ${'x'.repeat(100)}`, timestamp: 1_600_000_000_000 + i });
          }
          writer.append(topic, p, batchOf(records));
        }
        await writer.ready();
      }
      await writer.flush();
    });
    const seen = await withReader(log, async (reader) => {
      for (let p = 0; p < 4; p++) reader.assign(topic, p, 0);
      const all: Seen[] = await collect(reader, total, 60_000);
      expect(await look(reader, 100)).toEqual([]);
      return all;
    });
    await writing;
    expect(seen).toHaveLength(total);
    for (let p = 0; p < 4; p++) {
      let i = p;
      let offset = 0;
      let wrong = 0;
      for (const r of seen) {
        if (r.partition !== p) continue;
        if (!r.value!.startsWith(`${i} `) || r.offset !== offset || r.timestamp !== 1_600_000_000_000 + i) wrong++;
        i += 4;
        offset++;
      }
      expect([wrong, offset]).toEqual([0, total / 4]);
    }
  });
}
