import { describe, expect, test } from 'vitest';
import type { LogWriter } from '../../engine/log/log.js';
import {
  collect,
  eventually,
  type LogUnderTest,
  look,
  readFrom,
  topicOf,
  unique,
  values,
  withReader,
  withWriter,
} from './log-support.js';

const NO_STATE = { state: [] } as const;

export function transactionContract(get: () => LogUnderTest): void {
  const transactional = (id: string): Promise<LogWriter> =>
    get().log.writer({ clientId: 'contract', transactionalId: id });

  describe('units of work', () => {
    test('outputs of a transaction are seen after its commit, not before', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      const writer = await transactional(unique('tx'));
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        reader.assign(topic, 1, 0);
        writer.append(topic, 0, values('a', 'b'));
        writer.append(topic, 1, values('c'));
        await writer.flush();
        expect(await look(reader)).toEqual([]);
        expect((await log.offsets(topic)).map((o) => o.end)).toEqual([0, 0]);
        const result = await writer.commit({ offsets: [], ...NO_STATE });
        const seen = await collect(reader, 3);
        expect(seen.map((r) => `${r.partition}:${r.value}`).sort()).toEqual(['0:a', '0:b', '1:c']);
        const ends = new Map(result.ends.map((e) => [`${e.topic}/${e.partition}`, e.offset]));
        expect([...ends.keys()].sort()).toEqual([`${topic}/0`, `${topic}/1`]);
        expect(ends.get(`${topic}/0`)).toBeGreaterThanOrEqual(2);

        // `ends` is where the next unit of work begins: nothing of it lies before, nothing of the first behind.
        writer.append(topic, 0, values('d'));
        const second = await writer.commit({ offsets: [], ...NO_STATE });
        expect(second.ends.map((e) => e.partition)).toEqual([0]);
        expect((await readFrom(log, topic, 0, ends.get(`${topic}/0`)!, 1))[0]!.value).toBe('d');
      });
      await writer.close();
    });

    test('group offsets are committed with the outputs, or not at all', async () => {
      const { log } = get();
      const input = await topicOf(log, 2);
      const output = await topicOf(log);
      const group = unique('g');
      expect(await log.committed(group, [input])).toEqual([]);
      const writer = await transactional(unique('tx'));
      writer.append(output, 0, values('one'));
      await writer.commit({ group, offsets: [{ topic: input, partition: 1, offset: 7 }], ...NO_STATE });
      const offsets = (): Promise<string> =>
        log.committed(group, [input]).then((list) => list.map((o) => `${o.partition}@${o.offset}`).join());
      await eventually('the offset is committed', async () => (await offsets()) === '1@7');
      expect((await log.committed(group, [input]))[0]).toEqual({ topic: input, partition: 1, offset: 7 });

      // No output is needed.
      await writer.commit({ group, offsets: [{ topic: input, partition: 0, offset: 3 }], ...NO_STATE });
      await eventually('both are committed', async () => (await offsets()).split(',').sort().join() === '0@3,1@7');
      expect(await log.committed(group, [output])).toEqual([]);
      expect(await log.committed(unique('another'), [input])).toEqual([]);
      await writer.close();
    });

    test('what is committed beside an offset is kept with it until the next one', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const group = unique('g');
      const committed = async () => (await log.committed(group, [topic]))[0];
      const writers = [await transactional(unique('tx')), await log.writer({ clientId: unique('plain') })];
      let offset = 0;
      for (const writer of writers) {
        for (const metadata of ['ä/+=', 'x'.repeat(4000), undefined]) {
          const next = { topic, partition: 0, offset: ++offset, ...(metadata === undefined ? {} : { metadata }) };
          await writer.commit({ group, offsets: [next], ...NO_STATE });
          await eventually('the offset is committed', async () => (await committed())?.offset === offset);
          expect(await committed()).toEqual(next);
        }
        await writer.close();
      }
    });

    test('an abort leaves nothing, and the writer goes on', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const writer = await transactional(unique('tx'));
      writer.append(topic, 0, values('gone 1', 'gone 2'));
      await writer.flush();
      await writer.abort();
      writer.append(topic, 0, values('gone 3'));
      await writer.abort();
      writer.append(topic, 0, values('kept'));
      await writer.commit({ offsets: [], ...NO_STATE });
      expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['kept']);
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        await collect(reader, 1);
        expect(await look(reader)).toEqual([]);
      });
      await writer.close();
    });

    test('many transactions, with aborted ones between, give each committed record once and in order', async () => {
      const { log } = get();
      const topic = await topicOf(log, 2);
      const writer = await transactional(unique('tx'));
      const kept: string[] = [];
      for (let i = 0; i < 40; i++) {
        writer.append(topic, 0, values(`${i}a`));
        writer.append(topic, 1, values(`${i}x`));
        writer.append(topic, 0, values(`${i}b`));
        if (i % 3 === 1) await writer.abort();
        else {
          await writer.commit({ offsets: [], ...NO_STATE });
          kept.push(`${i}a`, `${i}b`);
        }
      }
      const seen = await readFrom(log, topic, 0, 0, kept.length);
      expect(seen.map((r) => r.value)).toEqual(kept);
      await writer.close();
    });

    test('a later writer with the same id fences an earlier one', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const group = unique('g');
      const id = unique('tx');
      const zombie = await transactional(id);
      zombie.append(topic, 0, values('first'));
      await zombie.commit({ offsets: [], ...NO_STATE });
      zombie.append(topic, 0, values('of the zombie'));
      const successor = await transactional(id);
      await expect(
        zombie.commit({ group, offsets: [{ topic, partition: 0, offset: 99 }], ...NO_STATE }),
      ).rejects.toMatchObject({ code: 'LOG_ERROR', fenced: true });
      await zombie.close();
      successor.append(topic, 0, values('second'));
      await successor.commit({ group, offsets: [{ topic, partition: 0, offset: 1 }], ...NO_STATE });
      expect((await readFrom(log, topic, 0, 0, 2)).map((r) => r.value)).toEqual(['first', 'second']);
      await eventually('the offset is committed', async () => (await log.committed(group, [topic]))[0]?.offset === 1);
      await successor.close();
    });

    test('what a crashed writer left open is aborted by the next one with its id', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const id = unique('tx');
      const crashed = await transactional(id);
      crashed.append(topic, 0, values('left open'));
      await crashed.flush();
      // Neither committed nor aborted nor closed: what comes behind it must not wait for it once a successor is there.
      const next = await transactional(id);
      next.append(topic, 0, values('of the next'));
      await next.commit({ offsets: [], ...NO_STATE });
      expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['of the next']);
      await next.close();
      await crashed.close();
    });

    test('writers commit side by side into the same partition', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const writers = await Promise.all(Array.from({ length: 4 }, () => transactional(unique('tx'))));
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let i = 0; i < 10; i++) {
            writer.append(topic, 0, values(`${w}:${i}`, `${w}:${i}'`));
            await writer.commit({ offsets: [], ...NO_STATE });
          }
        }),
      );
      const seen = await readFrom(log, topic, 0, 0, 80);
      for (let w = 0; w < 4; w++) {
        const mine = seen.map((r) => r.value!).filter((v) => v.startsWith(`${w}:`));
        expect(mine).toEqual(Array.from({ length: 10 }, (_, i) => [`${w}:${i}`, `${w}:${i}'`]).flat());
      }
      const offsets = seen.map((r) => r.offset);
      expect(offsets.every((o, i) => i === 0 || o > offsets[i - 1]!)).toBe(true);
      await Promise.all(writers.map((w) => w.close()));
    });

    test('a writer without a transactional id commits offsets after its outputs', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const group = unique('g');
      await withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, values('out'));
        const result = await writer.commit({ group, offsets: [{ topic, partition: 0, offset: 42 }], ...NO_STATE });
        expect(result.ends).toEqual([{ topic, partition: 0, offset: 1 }]);
      });
      await eventually('the offset is committed', async () => (await log.committed(group, [topic]))[0]?.offset === 42);
      expect((await readFrom(log, topic, 0, 0, 1))[0]!.value).toBe('out');
    });

    test('state is written in the same step where the log says so', async () => {
      const { log } = get();
      const topic = await topicOf(log);
      const key = Buffer.from(`state-${unique('k')}`);
      const writer = await transactional(unique('tx'));
      writer.append(topic, 0, values('out'));
      const result = await writer.commit({ offsets: [], state: [{ type: 'put', key, value: Buffer.from('1') }] });
      const read = get().readState;
      expect(result.stateWritten).toBe(read !== undefined);
      if (read !== undefined) {
        expect(Buffer.from((await read(key))!).toString()).toBe('1');
        writer.append(topic, 0, values('aborted'));
        await writer.abort();
        await writer.commit({ offsets: [], state: [{ type: 'del', key }] });
        expect(await read(key)).toBeUndefined();
      }
      await writer.close();
    });

    test('what was committed is there after a restart, and what was not is not', async () => {
      const topic = await topicOf(get().log);
      const group = unique('g');
      const id = unique('tx');
      const writer = await transactional(id);
      writer.append(topic, 0, values('committed'));
      await writer.commit({ group, offsets: [{ topic, partition: 0, offset: 5 }], ...NO_STATE });
      writer.append(topic, 0, values('not committed'));
      await writer.flush();
      const log = await get().reopen();
      const next = await log.writer({ clientId: 'contract', transactionalId: id });
      next.append(topic, 0, values('after'));
      await next.commit({ offsets: [], ...NO_STATE });
      expect((await readFrom(log, topic, 0, 0, 2)).map((r) => r.value)).toEqual(['committed', 'after']);
      expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 5 }]);
      await next.close();
    });
  });
}
