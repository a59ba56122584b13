import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../engine/base/clock.js';
import { Cluster } from '../../engine/log/kafka/cluster.js';
import { withDefaults } from '../../engine/log/kafka/config.js';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import { KafkaWriter } from '../../engine/log/kafka/writer.js';
import type { GroupMember, LogWriter, MemberHandler } from '../../engine/log/log.js';
import { batchOf, eventually, look, readFrom, topicOf, values, withReader } from '../contract/log-support.js';
import { message, transactionalProducer } from './stock/kafkajs.js';
import { consoleConsume, describeKafka, uniqueName } from './support/broker.js';

const NOTHING: MemberHandler = {
  assigned: async () => {},
  revoked: async () => {},
  lost: () => {},
  failed: () => {},
};

describeKafka('writing to Kafka', (kafka) => {
  let log: KafkaLog;
  beforeAll(async () => {
    log = new KafkaLog({ brokers: [kafka.bootstrap], heartbeatIntervalMs: 200 });
    await log.open();
  });
  afterAll(() => log?.close());

  const transactional = (transactionalId: string): Promise<LogWriter> =>
    log.writer({ clientId: 'test', transactionalId });
  const work = { offsets: [], state: [] } as const;

  describe('Java reads', () => {
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      test(`what was written with compression ${compression}, keys, headers, times and tombstones`, async () => {
        const topic = await topicOf(log);
        const writer = await log.writer({ clientId: 'test', compression });
        const records = Array.from({ length: 300 }, (_, i) => ({
          key: `k${i}`,
          value: i % 50 === 49 ? null : `ü${i} ${'compressible '.repeat(i % 30)}`,
          timestamp: 1_600_000_000_000 + i * 1000,
          headers: i % 2 === 0 ? [{ key: 'h', value: Buffer.from(`v${i}`) }] : [],
        }));
        writer.append(topic, 0, batchOf(records.slice(0, 120)));
        writer.append(topic, 0, batchOf(records.slice(120)));
        await writer.flush();
        await writer.close();
        const seen = await consoleConsume(kafka, topic, 300);
        expect(seen.map((r) => [r.key, r.value, r.timestamp, r.headers, r.offset])).toEqual(
          records.map((r, i) => [r.key, r.value, r.timestamp, i % 2 === 0 ? `h:v${i}` : 'NO_HEADERS', i]),
        );
        // And the broker keeps it as it was sent.
        expect((await readFrom(log, topic, 0, 200, 100)).map((r) => r.key)).toEqual(
          records.slice(200).map((r) => r.key),
        );
      });
    }

    test('committed transactions only', async () => {
      const topic = await topicOf(log);
      const writer = await transactional(uniqueName('tx'));
      writer.append(topic, 0, values('committed 1'));
      await writer.commit(work);
      writer.append(topic, 0, values('aborted'));
      await writer.flush();
      await writer.abort();
      writer.append(topic, 0, values('committed 2'));
      await writer.commit(work);
      await writer.close();
      expect((await consoleConsume(kafka, topic, 2)).map((r) => r.value)).toEqual(['committed 1', 'committed 2']);
      const all = await consoleConsume(kafka, topic, 3, { isolation: 'read_uncommitted' });
      expect(all.map((r) => r.value)).toEqual(['committed 1', 'aborted', 'committed 2']);
    });
  });

  test('a writer fenced by a stock producer with its transactional id says so, and stays dead', async () => {
    const topic = await topicOf(log);
    const id = uniqueName('tx');
    const writer = await transactional(id);
    writer.append(topic, 0, values('lost'));
    await writer.flush();
    const successor = await transactionalProducer(kafka.bootstrap, id);
    const transaction = await successor.transaction();
    await transaction.send({ topic, messages: [message('k', 'of the successor')] });
    await transaction.commit();
    await successor.disconnect();
    writer.append(topic, 0, values('of the zombie'));
    await expect(writer.commit(work)).rejects.toMatchObject({ code: 'LOG_ERROR', fenced: true });
    await expect(writer.flush()).rejects.toMatchObject({ fenced: true });
    await expect(writer.abort()).rejects.toMatchObject({ fenced: true });
    await writer.close();
    expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['of the successor']);
  });

  test('sequence numbers go on behind 2^31', async () => {
    const topic = await topicOf(log);
    const cluster = new Cluster(withDefaults({ brokers: [kafka.bootstrap] }), 'test', systemClock);
    const writer = await KafkaWriter.open(cluster, { clientId: 'test' }, 2 ** 31 - 5);
    const expected: string[] = [];
    for (let i = 0; i < 6; i++) {
      const list = [0, 1, 2].map((j) => `${i}.${j}`);
      expected.push(...list);
      writer.append(topic, 0, values(...list));
      if (i % 2 === 0) await writer.flush();
    }
    await writer.flush();
    await writer.close();
    expect((await readFrom(log, topic, 0, 0, 18)).map((r) => r.value)).toEqual(expected);
  });

  test('a batch that is too large for the topic is an error with a hint', async () => {
    const topic = await topicOf(log, 1, { 'max.message.bytes': '1000' });
    const writer = await log.writer({ clientId: 'test' });
    writer.append(topic, 0, values('z'.repeat(5000)));
    await expect(writer.flush()).rejects.toMatchObject({ hint: expect.stringContaining('max.message.bytes') });
    await writer.close();
  });

  test('closing a writer ends its transaction, and sends what a plain one was given', async () => {
    const topic = await topicOf(log);
    const writer = await transactional(uniqueName('tx'));
    writer.append(topic, 0, values('dropped'));
    await writer.flush();
    await writer.close();
    const plain = await log.writer({ clientId: 'test' });
    plain.append(topic, 0, values('kept'));
    await plain.close();
    expect((await readFrom(log, topic, 0, 0, 1)).map((r) => r.value)).toEqual(['kept']);
  });

  describe('offsets of a group with members', () => {
    async function joined(group: string, topic: string): Promise<GroupMember> {
      const member = log.member({ group, clientId: 'test', topics: [topic], copartitioned: [] });
      await member.join(NOTHING);
      return member;
    }

    for (const id of ['a transactional', 'a plain'] as const) {
      test(`${id} writer commits them for a member, and not for one that has left`, async () => {
        const topic = await topicOf(log, 2);
        const group = uniqueName('g');
        const member = await joined(group, topic);
        const open = () => (id === 'a plain' ? log.writer({ clientId: 'test' }) : transactional(uniqueName('tx')));
        const writer = await open();
        writer.append(topic, 1, values('out'));
        await writer.commit({ group, member, offsets: [{ topic, partition: 0, offset: 5 }], state: [] });
        expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 5 }]);

        await member.leave();
        const other = await joined(group, topic);
        const late = writer.commit({ group, member, offsets: [{ topic, partition: 0, offset: 6 }], state: [] });
        await expect(late).rejects.toMatchObject({ code: 'LOG_ERROR', fenced: true });
        expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 5 }]);
        await writer.close();
        const next = await open();
        await next.commit({ group, member: other, offsets: [{ topic, partition: 0, offset: 7 }], state: [] });
        expect((await log.committed(group, [topic]))[0]!.offset).toBe(7);
        await next.close();
        await other.leave();
      });
    }

    test('the group refuses offsets of a generation that is over', async () => {
      const topic = await topicOf(log);
      const group = uniqueName('g');
      const member = await joined(group, topic);
      const stale = Object.create(member, { identity: { value: () => ({ memberId: 'x', generation: 1 }) } });
      const writer = await transactional(uniqueName('tx'));
      const commit = writer.commit({ group, member: stale, offsets: [{ topic, partition: 0, offset: 5 }], state: [] });
      await expect(commit).rejects.toMatchObject({ fenced: true });
      await writer.close();
      expect(await log.committed(group, [topic])).toEqual([]);
      await member.leave();
    });

    test('committed() waits for a transaction that holds them', async () => {
      const topic = await topicOf(log);
      const group = uniqueName('g');
      const producer = await transactionalProducer(kafka.bootstrap, uniqueName('tx'));
      const transaction = await producer.transaction();
      const offsets = { topics: [{ topic, partitions: [{ partition: 0, offset: '9' }] }] };
      await transaction.sendOffsets({ consumerGroupId: group, ...offsets });
      let known = false;
      const committed = log.committed(group, [topic]).finally(() => {
        known = true;
      });
      await withReader(log, (reader) => look(reader)); // some time passes
      expect(known).toBe(false);
      await transaction.commit();
      expect(await committed).toEqual([{ topic, partition: 0, offset: 9 }]);
      await producer.disconnect();
    });
  });

  test('commits go on while a member waits for the rest of its group', async () => {
    const topic = await topicOf(log, 2);
    const group = uniqueName('g');
    const make = () => log.member({ group, clientId: 'test', topics: [topic], copartitioned: [] });
    const first = make();
    const owned = new Set<number>();
    await first.join({
      ...NOTHING,
      assigned: async (list) => {
        for (const p of list) owned.add(p.partition);
      },
      revoked: async (list) => {
        for (const p of list) owned.delete(p.partition);
      },
    });
    const writer = await transactional(uniqueName('tx'));
    const stop = new AbortController();
    let offset = 0;
    const committing = (async () => {
      while (!stop.signal.aborted) {
        const partition = [...owned][0]!;
        await writer.commit({ group, member: first, offsets: [{ topic, partition, offset: ++offset }], state: [] });
      }
    })();
    const others = [];
    for (let i = 0; i < 3; i++) {
      const other = make();
      await other.join(NOTHING);
      others.push(other);
      if (i === 1) await others.shift()!.leave();
    }
    await eventually('it has gone on', () => offset > 5);
    stop.abort();
    await committing; // no commit was refused
    for (const m of others) await m.leave();
    await first.leave();
    await writer.close();
  });
});
