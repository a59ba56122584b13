import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaLog } from '../../engine/log/kafka/index.js';
import {
  batchOf,
  collect,
  eventually,
  look,
  Member,
  readFrom,
  recordsOf,
  topicOf,
  values,
  withReader,
} from '../contract/log-support.js';
import { type Broker, consoleConsume, describeKafka, startBroker, uniqueName } from './support/broker.js';

/** A broker of its own: it is killed. */
describeKafka('a broker that dies', () => {
  let broker: Broker;
  let log: KafkaLog;
  beforeAll(async () => {
    broker = await startBroker();
    log = new KafkaLog({ brokers: [broker.bootstrap], heartbeatIntervalMs: 200 });
    await log.open();
  });
  afterAll(async () => {
    await log?.close();
    await broker?.stop();
  });

  test('kill -9 and restart under load: reader and plain writer go on, nothing is lost, nothing comes twice', async () => {
    const topic = await topicOf(log, 2);
    const writer = await log.writer({ clientId: 'test' });
    const reader = log.reader({ clientId: 'test' });
    for (const p of [0, 1]) reader.assign(topic, p, 0);
    const seen: string[] = [];
    let written = 0;
    let stop = false;
    const writing = (async () => {
      while (!stop) {
        for (let i = 0; i < 20; i++, written++) {
          // Times of today: a broker that restarts forgets the producer of older ones, and with it what it has stored.
          writer.append(topic, written % 2, batchOf([{ value: `${written}`, timestamp: Date.now() }]));
        }
        await writer.ready();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await writer.flush();
    })();
    const reading = (async () => {
      while (!stop || seen.length < written) for (const r of recordsOf(await reader.poll(100))) seen.push(r.value!);
    })();
    await eventually('records flow', () => seen.length > 500);
    for (let kill = 0; kill < 2; kill++) {
      await broker.kill();
      const { length } = seen;
      await broker.restart();
      await eventually('records flow again', () => seen.length > length + 500);
    }
    stop = true;
    await Promise.all([writing, reading]);
    for (const p of [0, 1]) {
      const mine = seen.map(Number).filter((n) => n % 2 === p);
      expect(mine).toEqual(Array.from({ length: mine.length }, (_, i) => 2 * i + p));
    }
    expect(seen).toHaveLength(written);
    await reader.close();
    await writer.close();
    expect((await log.offsets(topic)).map((o) => o.end).reduce((a, b) => a + b)).toBe(written);
  }, 120_000);

  test('a transaction goes on over a restart, or is aborted by the next writer: all of it or nothing', async () => {
    const topic = await topicOf(log, 1);
    const id = uniqueName('tx');
    let writer = await log.writer({ clientId: 'test', transactionalId: id });
    const kept: string[] = [];
    let failed = 0;
    const transactions = async (n: number): Promise<void> => {
      for (let i = 0; i < n; i++) {
        const name = `${kept.length}.${failed}.${i}`;
        try {
          writer.append(topic, 0, values(`${name}a`));
          writer.append(topic, 0, values(`${name}b`));
          await writer.commit({ group: 'g', offsets: [{ topic, partition: 0, offset: kept.length }], state: [] });
          kept.push(`${name}a`, `${name}b`);
        } catch {
          failed++;
          await writer.close();
          writer = await log.writer({ clientId: 'test', transactionalId: id });
          // What became of it: the offset was committed with it, or not.
          const offset = (await log.committed('g', [topic]))[0]?.offset ?? -1;
          if (offset === kept.length) kept.push(`${name}a`, `${name}b`);
        }
      }
    };
    await transactions(10);
    const running = transactions(60);
    await broker.kill();
    await broker.restart();
    await running;
    await transactions(5);
    await writer.close();
    expect((await readFrom(log, topic, 0, 0, kept.length)).map((r) => r.value)).toEqual(kept);
    const java = await consoleConsume(broker, topic, kept.length);
    expect(java.map((r) => r.value)).toEqual(kept);
  }, 120_000);

  test('members of a group keep or get back their partitions', async () => {
    const topic = await topicOf(log, 4);
    const group = uniqueName('g');
    const members = [new Member(log, group, [topic]), new Member(log, group, [topic])];
    for (const m of members) await m.join();
    const shared = () => members.every((m) => m.owned.size === 2);
    await eventually('they share', shared);
    await broker.kill();
    await broker.restart();
    const names = () => new Set(members.flatMap((m) => [...m.owned]));
    // A heartbeat after the restart has been answered when a third member can join and leave.
    const third = new Member(log, group, [topic]);
    await third.join();
    await third.leave();
    await eventually('they share again', () => shared() && names().size === 4);
    for (const m of members) await m.leave();
    expect(members.flatMap((m) => [...m.faults, ...m.failures])).toEqual([]);
  }, 120_000);

  test('open() fails where there is no broker, and topics can be had again later', async () => {
    await broker.kill();
    const other = new KafkaLog({ brokers: [broker.bootstrap], connectionTimeoutMs: 500 });
    await expect(other.open()).rejects.toMatchObject({ code: 'LOG_ERROR' });
    const listing = other.listTopics(); // waits
    await broker.restart();
    expect(await listing).toBeInstanceOf(Array);
    await withReader(other, async (reader) => expect(await look(reader, 10)).toEqual([]));
    const topic = await topicOf(other);
    const writer = await other.writer({ clientId: 'test' });
    writer.append(topic, 0, values('again'));
    await writer.flush();
    await writer.close();
    await withReader(other, async (reader) => {
      reader.assign(topic, 0, 0);
      expect((await collect(reader, 1))[0]!.value).toBe('again');
    });
    await other.close();
  }, 120_000);
});
