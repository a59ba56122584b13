import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import { BatchCursor } from '../../engine/records/batch.js';
import {
  batchOf,
  collect,
  eventually,
  look,
  readFrom,
  topicOf,
  values,
  withReader,
  withWriter,
} from '../contract/log-support.js';
import { message, stockClient, transactionalProducer } from './stock/kafkajs.js';
import { consoleProduce, describeKafka, kcatProduce, missingKcat, NULL_MARKER, uniqueName } from './support/broker.js';

describeKafka('reading from Kafka', (kafka) => {
  let log: KafkaLog;
  beforeAll(async () => {
    log = new KafkaLog({ brokers: [kafka.bootstrap] });
    await log.open();
  });
  afterAll(() => log?.close());

  test('records of aborted transactions never leak, however the transactions overlap', async () => {
    const topic = await topicOf(log);
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) => transactionalProducer(kafka.bootstrap, uniqueName(name))),
    );
    const zero = Buffer.from([0, 0, 0, 0]);
    const send = async (tx: { send(r: object): Promise<unknown> }, key: string | Buffer, value: string) => {
      await tx.send({ topic, acks: -1, messages: [message(key, value)] });
    };
    // a begins first and is aborted last: the broker lists b's abort before a's, though a's first offset is lower.
    const ta = await a!.transaction();
    await send(ta, 'k', 'aborted a1');
    const tb = await b!.transaction();
    await send(tb, 'k', 'aborted b1');
    const tc = await c!.transaction();
    await send(tc, zero, 'kept c1');
    // The key of an abort marker, in a data batch: neither it nor what follows may slip through.
    await send(tb, zero, 'aborted b2');
    await send(tb, 'k', 'aborted b3');
    await send(ta, zero, 'aborted a2');
    await tb.abort();
    const tb2 = await b!.transaction();
    await send(tb2, 'k', 'kept b4');
    await tb2.commit();
    await send(ta, 'k', 'aborted a3');
    await ta.abort();
    await send(tc, 'k', 'kept c2');
    await tc.commit();
    const ta2 = await a!.transaction();
    await send(ta2, zero, 'kept a4');
    await ta2.commit();
    await Promise.all([a!, b!, c!].map((p) => p.disconnect()));

    await eventually('all transactions have ended', async () => (await log.offsets(topic))[0]!.end === 15);
    const expected = ['kept c1', 'kept b4', 'kept c2', 'kept a4'];
    // From every offset: the list of aborted transactions depends on where a fetch begins.
    const { end } = (await log.offsets(topic))[0]!;
    const all = await readFrom(log, topic, 0, 0, 4);
    expect(all.map((r) => r.value)).toEqual(expected);
    for (let from = 1; from < end; from++) {
      const wanted = all.filter((r) => r.offset >= from).map((r) => r.value);
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, from);
        const seen = await collect(reader, wanted.length);
        await eventually('the end is reached', async () => {
          seen.push(...(await look(reader, 10)));
          return reader.position(topic, 0)!.next === end;
        });
        expect(seen.map((r) => r.value)).toEqual(wanted);
      });
    }
    expect(all.map((r) => r.key)).toEqual(['\0\0\0\0', 'k', 'k', '\0\0\0\0']);
  });

  test('an open transaction hides what lies behind it; small fetches filter as large ones do', async () => {
    const topic = await topicOf(log);
    const producer = await transactionalProducer(kafka.bootstrap, uniqueName('open'));
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [message('k', 'open')] });
    await withWriter(log, undefined, async (writer) => {
      for (let i = 0; i < 20; i++) writer.append(topic, 0, values(`plain ${i} ${'x'.repeat(500)}`));
      await writer.flush();
    });
    const reader = log.reader({ clientId: 'small', partitionBytes: 1000, bufferBytes: 2000 });
    reader.assign(topic, 0, 0);
    expect(await look(reader)).toEqual([]);
    expect((await log.offsets(topic))[0]!.end).toBe(0);
    expect((await log.offsets(topic, true))[0]!.end).toBe(21);
    await transaction.abort();
    await producer.disconnect();
    const seen = await collect(reader, 20);
    expect(seen.map((r) => r.value!.split(' x')[0])).toEqual(Array.from({ length: 20 }, (_, i) => `plain ${i}`));
    await reader.close();
  });

  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
    test(`what Java's console producer compressed with ${codec}`, async () => {
      const topic = await topicOf(log);
      const lines = Array.from({ length: 500 }, (_, i) => `k${i}:${i} ${'compressible '.repeat(i % 20)}ü`);
      lines.push(`${NULL_MARKER}:no key`, `t:${NULL_MARKER}`);
      await consoleProduce(kafka, topic, lines, { keySeparator: ':', config: { 'compression.type': codec } });
      const seen = await readFrom(log, topic, 0, 0, 502);
      expect(seen.slice(0, 500).map((r) => `${r.key}:${r.value}`)).toEqual(lines.slice(0, 500));
      expect(seen.slice(500).map((r) => [r.key, r.value])).toEqual([
        [null, 'no key'],
        ['t', null],
      ]);
      expect((await readFrom(log, topic, 0, 250, 1))[0]).toMatchObject({ offset: 250, key: 'k250' });
    });
  }

  test.skipIf(missingKcat() !== undefined)('what kcat wrote, with headers', async () => {
    const topic = await topicOf(log);
    await kcatProduce(kafka, topic, ['a:1', 'b:'], { keySeparator: ':', headers: { h: 'v' } });
    const seen = await readFrom(log, topic, 0, 0, 2);
    expect(seen.map((r) => [r.key, r.value, r.headers.map((h) => `${h.key}=${h.value}`)])).toEqual([
      ['a', '1', ['h=v']],
      ['b', null, ['h=v']],
    ]);
  });

  test("the broker's time where the topic says so", async () => {
    const topic = await topicOf(log, 1, { 'message.timestamp.type': 'LogAppendTime' });
    const before = Date.now();
    await withWriter(log, undefined, async (writer) => {
      writer.append(topic, 0, values('a', 'b'));
      await writer.flush();
    });
    const seen = await readFrom(log, topic, 0, 0, 2);
    for (const r of seen) expect(r.timestamp).toBeGreaterThanOrEqual(before - 1000);
  });

  test('data that was deleted is an error that tells where and what to do, and a new offset mends it', async () => {
    const topic = await topicOf(log);
    await withWriter(log, undefined, async (writer) => {
      writer.append(topic, 0, values('a', 'b', 'c', 'd'));
      await writer.flush();
    });
    const admin = stockClient(kafka.bootstrap).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // kafkajs does not ask for the leader otherwise
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    await admin.disconnect();
    expect(await log.offsets(topic)).toEqual([{ partition: 0, earliest: 3, end: 4 }]);
    await withReader(log, async (reader) => {
      reader.assign(topic, 0, 1);
      const failing = async (): Promise<Error | undefined> =>
        reader.poll(250).then(
          () => undefined,
          (e: Error) => e,
        );
      const error = await eventually('the poll fails', failing);
      expect(error).toMatchObject({ code: 'LOG_ERROR', message: expect.stringContaining(`Offset 1 of ${topic}/0`) });
      expect(await failing()).toBe(error); // it stays
      reader.assign(topic, 0, 3);
      expect((await collect(reader, 1)).map((r) => r.value)).toEqual(['d']);
    });
  });

  test('a compacted topic, with gaps and empty batches', async () => {
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'min.compaction.lag.ms': '0',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '0',
    };
    const topic = await topicOf(log, 1, config);
    const write = (key: string, value: string) =>
      withWriter(log, undefined, async (writer) => {
        writer.append(topic, 0, batchOf([{ key, value, timestamp: Date.now() }]));
        await writer.flush();
      });
    for (let i = 0; i < 5; i++) await write('same', `v${i}`);
    await eventually('segments are cleaned', async () => {
      await write(uniqueName('filler'), 'x');
      const { end } = (await log.offsets(topic))[0]!;
      const seen = await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        const out = [];
        while (reader.position(topic, 0)!.next < end) out.push(...(await look(reader, 20)));
        return out;
      });
      return seen.filter((r) => r.key === 'same').length === 1 && seen.find((r) => r.key === 'same')!.value === 'v4';
    });
  }, 90_000);

  test('a resumed partition need not wait for fetches that wait at the end of others', async () => {
    const topic = await topicOf(log, 4);
    await withWriter(log, undefined, async (writer) => {
      writer.append(topic, 3, values('there'));
      await writer.flush();
    });
    const slow = new KafkaLog({ brokers: [kafka.bootstrap], fetchMaxWaitMs: 20_000 });
    await withReader(slow, async (reader) => {
      for (let p = 0; p < 3; p++) reader.assign(topic, p, 0);
      expect(await look(reader)).toEqual([]); // their fetches wait now, for 20 s
      reader.assign(topic, 3, 0);
      const before = Date.now();
      expect((await collect(reader, 1))[0]!.value).toBe('there');
      expect(Date.now() - before).toBeLessThan(15_000);
    });
    await slow.close();
  });

  test('batches stand in the order of their offsets in every poll', async () => {
    const topic = await topicOf(log, 2);
    await withWriter(log, undefined, async (writer) => {
      for (let i = 0; i < 400; i++) writer.append(topic, i % 2, values(`${i}`, 'y'.repeat(2000)));
      await writer.flush();
    });
    await withReader(log, async (reader) => {
      for (const p of [0, 1]) reader.assign(topic, p, 0);
      const next = [0, 0];
      const cursor = new BatchCursor();
      while (next[0]! + next[1]! < 800) {
        for (const f of await reader.poll(1000)) {
          for (const batch of f.batches) {
            cursor.reset(batch);
            while (cursor.next()) expect(cursor.offset).toBe(next[f.partition]!++);
          }
          expect(f.nextOffset).toBe(next[f.partition]);
          expect(reader.position(topic, f.partition)!.next).toBe(f.nextOffset);
        }
      }
    });
  });
});
